"""Whether somebody who looks for help can talk to the desk now."""

from dataclasses import dataclass

from chat.queries import NOBODY_HERE, agents_there
from helpdesk.desk import Desk


@dataclass(frozen=True)
class ChatState:
    open: bool
    reason: str = ""  # why not, and when again


async def chat_state(desk: Desk) -> ChatState:
    """Open when any department has an agent there; the chat page asks for the right one."""
    return ChatState(True) if await agents_there(desk) else ChatState(False, NOBODY_HERE)
