"""Tickets that are told apart by their words, and kept as the worker keeps them."""

from typing import Any

from helpdesk.desk import Desk
from helpdesk.tickets.filing import Filed
from tests.build import a_ticket
from tests.people import Cast
from triage.twins.indexing import index_tickets

WITHDRAWAL = "My withdrawal has not arrived on my bank account"
LATE = "The money I withdrew never came to the bank"
TIMER = "The timer of the team app stops after sleep"
BODY = "I waited for five days. I expected it on Monday, and nothing happened since."


async def indexed(cast: Cast, who: str, subject: str, body: str = BODY, **more: Any) -> Filed:
    filed = await a_ticket(cast, who, subject=subject, description=body, **more)
    await index_tickets(cast.desk, [filed.ticket_id])
    return filed


def forget_words(desk: Desk) -> None:
    for part in ("rarity of words", "vectors", "tickets indexed up to"):
        desk.parts.pop(part, None)
    desk.parts.pop("tickets indexed, rest until", None)
