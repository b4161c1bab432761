"""Tickets an agent may see that seem to tell of the same, with how likely it is and why."""

from dataclasses import dataclass

from helpdesk.desk import Desk
from helpdesk.permissions import Actor
from helpdesk.tickets.models import reference
from triage.engine.embedders import level_named
from triage.engine.queries import weights_in_use

from .candidates import Found, asked_for, search
from .indexing import FROM, REPORTED, report_of

LEAST = 0.05  # below it is noise

ASKED = f"SELECT {REPORTED} FROM {FROM} WHERE t.id = $1"


@dataclass(frozen=True, slots=True)
class Similar:
    """`probability` 0 to 1, calibrated; `reasons` are short sentences, the weightiest first."""

    ticket_id: int
    reference: str
    subject: str
    status: str
    probability: float
    reasons: tuple[str, ...]
    engine: str = ""  # what said so, for whoever learns from the verdict


async def similar_tickets(
    desk: Desk, actor: Actor, ticket_id: int, limit: int = 5
) -> list[Similar]:
    """The caller has checked that they may see this one."""
    row = await desk.pool.fetchrow(ASKED, ticket_id)
    if row is None:
        return []
    asked = await asked_for(desk, report_of(row))
    found = await search(desk, actor, asked, limit, but=[ticket_id])
    engine = (await weights_in_use(desk, level_named(asked.embedder))).name
    return [shown(one, engine) for one in found if one.probability >= LEAST]


def shown(one: Found, engine: str) -> Similar:
    return Similar(
        one.ticket_id,
        reference(one.ticket_id),
        one.subject,
        one.status,
        one.probability,
        tuple(reason.text for reason in one.reasons),
        engine,
    )
