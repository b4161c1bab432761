"""What is owed on one ticket and why, computed as the page asks."""

from collections.abc import Iterable
from datetime import UTC, date, datetime

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from helpdesk.catalogue import queries as catalogue
from helpdesk.desk import Desk
from helpdesk.sla.queries import policies_in
from helpdesk.sla.sentences import Names

from .explaining import Explained, explain
from .gathering import departments_in, gather, hours_for
from .obligations import Obligation, obligations

MOST_ENDED = 20
NEVER = datetime.max.replace(tzinfo=UTC)
DAYS_OFF = text("""
SELECT g.key, d.day, d.name FROM calendar_days_off d JOIN groups g ON g.id = d.group_id
WHERE g.key = ANY(:keys) AND d.withdrawn_at IS NULL AND d.name <> ''
    AND d.day BETWEEN :first AND :last
""")


async def names_of(desk: Desk) -> Names:
    offered = (await catalogue.current(desk)).catalogue
    return Names(
        {type.key: type.title for type in offered.types},
        {group.key: group.name for group in offered.groups},
    )


async def explained(
    desk: Desk, db: AsyncSession, ticket_id: int, now: datetime
) -> tuple[list[Explained], list[Explained]]:
    """What is owed now, the nearest first; and what was, the newest first."""
    departments = await departments_in(db)
    [ticket] = await gather(db, [ticket_id], departments)
    hours = await hours_for(db, [ticket.history], departments)
    owed = obligations(ticket.history, await policies_in(db), hours)
    off = await days_off(db, owed)
    names = await names_of(desk)
    live = sorted((one for one in owed if one.is_live), key=lambda one: one.due_at or NEVER)
    ended = [one for one in owed if not one.is_live][::-1][:MOST_ENDED]
    return (
        [explain(one, hours, off, names, now) for one in live],
        [explain(one, hours, off, names, now) for one in ended],
    )


async def days_off(db: AsyncSession, owed: Iterable[Obligation]) -> dict[str, dict[date, str]]:
    keys, days = set[str](), set[date]()
    for one in owed:
        keys |= {stretch.department for stretch in one.stretches}
        days |= {at.date() for at in (one.started_at, one.due_at, one.ended_at) if at}
    if not days:
        return {}
    named = {"keys": sorted(keys), "first": min(days), "last": max(days)}
    found: dict[str, dict[date, str]] = {}
    for row in (await (await db.connection()).execute(DAYS_OFF, named)).all():
        found.setdefault(row.key, {})[row.day] = row.name
    return found
