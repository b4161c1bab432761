"""Keeping up with what is filed, and with what was filed before."""

from collections.abc import Sequence
from datetime import timedelta

from helpdesk.cases.models import Event
from helpdesk.core.jobs import job
from helpdesk.desk import Desk

from .indexing import index_tickets
from .vectors import usable

AT_ONCE = 50  # tickets of one round
STEP = 5_000  # ids looked through at once
REST = timedelta(minutes=10)  # after all were looked through
PLACE = "tickets indexed up to"
RESTING = "tickets indexed, rest until"

UNKEPT = """
SELECT t.id FROM tickets t
WHERE t.id > $1 AND t.id <= $1 + $2
    AND NOT EXISTS (SELECT FROM ticket_terms x WHERE x.ticket_id = t.id)
ORDER BY t.id LIMIT $3
"""
UNKEPT_VECTORS = """
SELECT t.id FROM tickets t
WHERE t.id > $1 AND t.id <= $1 + $2
    AND NOT EXISTS (SELECT FROM ticket_vectors v WHERE v.ticket_id = t.id AND v.embedder = $4)
ORDER BY t.id LIMIT $3
"""


@job
async def index_ticket(desk: Desk, event_id: int) -> None:
    """Once or twice is the same: what is kept already stays."""
    async with desk.reading() as db:
        event = await db.get_one(Event, event_id)
    if event.ticket_id is not None:
        await index_tickets(desk, [event.ticket_id])


async def sweep_unindexed(desk: Desk) -> int:
    """Tickets from before, or of another embedder; a part at a time."""
    now, rest = desk.clock.now(), desk.parts.get(RESTING)
    if rest is not None and now < rest:
        return 0
    start: int = desk.parts.get(PLACE, 0)
    ids = await unkept(desk, start)
    if ids:
        return await index_tickets(desk, ids)
    newest = await desk.pool.fetchval("SELECT max(id) FROM tickets") or 0
    if start + STEP < newest:
        desk.parts[PLACE] = start + STEP
        return 1
    desk.parts[PLACE] = 0
    desk.parts[RESTING] = now + REST
    return 0


async def unkept(desk: Desk, start: int) -> Sequence[int]:
    embedder = await usable(desk)
    if embedder is None:
        rows = await desk.pool.fetch(UNKEPT, start, STEP, AT_ONCE)
    else:
        rows = await desk.pool.fetch(UNKEPT_VECTORS, start, STEP, AT_ONCE, embedder.name)
    return [row["id"] for row in rows]
