"""Which way of contact suits a problem, and why. Pure advice: nothing is closed off by it,
except chat for what must never be handled there."""

from dataclasses import dataclass
from enum import StrEnum

from helpdesk.catalogue.document import Channel, TicketType

LESS_SUITABLE = "Less suitable for this issue."
NEVER_IN_CHAT = "This is not handled in chat."
CHAT_CLOSED = "Live chat is closed at the moment."


class Way(StrEnum):
    TICKET = "ticket"
    CHAT = "chat"
    EITHER = "either"
    SELF_SERVICE = "self_service"


@dataclass(frozen=True, slots=True)
class Advice:
    recommended: Way
    chat_offered: bool
    reason: str
    chat_note: str = ""  # beside the chat: why it is less suitable, or not offered
    ticket_note: str = ""  # beside the form

    @property
    def chat_less_suitable(self) -> bool:
        return self.chat_offered and self.recommended in (Way.TICKET, Way.SELF_SERVICE)

    @property
    def ticket_less_suitable(self) -> bool:
        return self.recommended is Way.CHAT


def advise_channel(
    type: TicketType,
    chat_open: bool,
    *,
    holds_private_data: bool = False,
    self_service_open: bool = False,
    chat_closed_because: str = CHAT_CLOSED,
) -> Advice:
    """`holds_private_data` is what people mark themselves; `self_service_open` says whether they
    can settle it without the desk right now."""
    if type.channel is Channel.TICKET_ONLY:
        return Advice(Way.TICKET, False, type.channel_reason, chat_note=NEVER_IN_CHAT)
    if holds_private_data:
        return _ticket_for_private_data(type, chat_open, chat_closed_because)

    way = _preferred(type, self_service_open)
    if not chat_open:
        return _without_chat(type, way, chat_closed_because)
    if way is Way.CHAT:
        return Advice(way, True, type.channel_reason, ticket_note=LESS_SUITABLE)
    if way is Way.EITHER:
        return Advice(way, True, type.channel_reason)
    return Advice(way, True, type.channel_reason, chat_note=_less_suitable(type))


def _preferred(type: TicketType, self_service_open: bool) -> Way:
    if type.channel is not Channel.SELF_SERVICE:
        return Way(type.channel.value)
    return Way.SELF_SERVICE if self_service_open else Way(type.channel_otherwise.value)


def _less_suitable(type: TicketType) -> str:
    return f"{LESS_SUITABLE} {type.channel_reason}"


def _without_chat(type: TicketType, way: Way, because: str) -> Advice:
    if way in (Way.TICKET, Way.SELF_SERVICE):
        return Advice(way, False, type.channel_reason, chat_note=because)
    reason = f"{because} Send a ticket now: what you have typed is kept."
    return Advice(Way.TICKET, False, reason, chat_note=because)


def _ticket_for_private_data(type: TicketType, chat_open: bool, because: str) -> Advice:
    reason = "Ticket is best: private data stay with the department in charge."
    note = f"{LESS_SUITABLE} {reason}" if chat_open else because
    return Advice(Way.TICKET, chat_open, reason, chat_note=note)
