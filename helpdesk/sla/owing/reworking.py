"""All open tickets again, in batches, after a policy or a calendar changed; nothing is lost when
the worker stops half-way."""

from sqlalchemy import text
from sqlmodel import col, select

from helpdesk.desk import Desk, Transaction
from helpdesk.permissions import SYSTEM
from helpdesk.sla.models import SlaRework

from .keeping import rework

BATCH = 50  # tickets a sweep
# A calendar that is seen for the first time is the one its deadlines were computed by.
NEW_EDITIONS = text("""
WITH now AS (
    SELECT g.id AS group_id, coalesce(c.edition, 0) AS edition
    FROM groups g LEFT JOIN calendars c ON c.group_id = g.id
), seen AS (
    INSERT INTO sla_calendars (group_id, edition, seen_at)
    SELECT now.group_id, now.edition, :at FROM now LEFT JOIN sla_calendars s USING (group_id)
    WHERE s.edition IS DISTINCT FROM now.edition
    ON CONFLICT (group_id) DO UPDATE SET edition = excluded.edition, seen_at = excluded.seen_at
)
INSERT INTO sla_reworks (group_id, because, asked_at, reached, tickets)
SELECT now.group_id, 'calendar', :at, 0, 0 FROM now JOIN sla_calendars s USING (group_id)
WHERE s.edition <> now.edition
""")
ANY_NEW = """
SELECT EXISTS (SELECT FROM sla_reworks WHERE done_at IS NULL) OR EXISTS (
    SELECT FROM groups g LEFT JOIN calendars c ON c.group_id = g.id
    LEFT JOIN sla_calendars s ON s.group_id = g.id
    WHERE s.edition IS DISTINCT FROM coalesce(c.edition, 0))
"""
# What was in another department before is not touched: calendars never rewrite the past.
OPEN_AFTER = text("""
SELECT t.id FROM tickets t
WHERE t.id > :reached AND t.status IN ('new', 'open', 'waiting_on_user', 'on_hold')
    AND (CAST(:group AS bigint) IS NULL OR t.group_id = :group)
ORDER BY t.id LIMIT :batch
""")


def ask_rework(tx: Transaction, because: str, group_id: int | None = None) -> None:
    tx.db.add(SlaRework(because=because, group_id=group_id, asked_at=tx.now))


async def sweep_reworks(desk: Desk) -> int:
    """One batch of the oldest; how many tickets were computed again."""
    if not await desk.pool.fetchval(ANY_NEW):
        return 0
    async with desk.transaction(SYSTEM) as tx:
        await (await tx.db.connection()).execute(NEW_EDITIONS, {"at": tx.now})
    asked = await next_batch(desk)
    if asked is None:
        return 0
    rework_id, tickets = asked
    for ticket_id in tickets:
        async with desk.transaction(SYSTEM) as tx:
            await rework(tx, ticket_id)
    async with desk.transaction(SYSTEM) as tx:
        row = await tx.db.get_one(SlaRework, rework_id)
        row.tickets += len(tickets)
        row.reached = max(row.reached, *tickets) if tickets else row.reached
        if len(tickets) < BATCH:
            row.done_at = tx.now
        tx.db.add(row)
    return len(tickets) or 1


async def next_batch(desk: Desk) -> tuple[int, list[int]] | None:
    query = select(SlaRework).where(col(SlaRework.done_at).is_(None))
    async with desk.reading() as db:
        row = (await db.exec(query.order_by(col(SlaRework.id)).limit(1))).one_or_none()
        if row is None:
            return None
        named = {"reached": row.reached, "group": row.group_id, "batch": BATCH}
        found = (await (await db.connection()).execute(OPEN_AFTER, named)).scalars()
        return row.id, list(found)
