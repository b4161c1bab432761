"""Whether somebody who looks for help can talk to the desk now."""

from dataclasses import dataclass

from helpdesk.desk import Desk


@dataclass(frozen=True)
class ChatState:
    open: bool
    reason: str = ""  # why not, and when again


async def chat_state(desk: Desk) -> ChatState:
    return ChatState(False, "Live chat is closed at the moment.")
