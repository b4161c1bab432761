"""When people are away: said by themselves, or for them by a manager."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from helpdesk.core.formats import zone
from helpdesk.core.text import BadText
from helpdesk.desk import Desk, Transaction
from helpdesk.people.models import Person
from helpdesk.permissions import STAFF, Can, allowed

from .models import Absence, AbsenceKind
from .wall import instant, moment

LONGEST = 366  # days
FARTHEST = timedelta(days=2 * 366)
COMING = """
SELECT a.id, a.person_id, p.name, a.kind, a.begins_at, a.ends_at, p.time_zone,
    s.name AS said_by FROM absences a
JOIN people p ON p.id = a.person_id LEFT JOIN people s ON s.id = a.said_by_id
WHERE a.withdrawn_at IS NULL AND a.ends_at > $1 AND ($2::bigint IS NULL OR a.person_id = $2)
ORDER BY a.begins_at, a.id LIMIT 300
"""
WORKERS = """
SELECT id, name FROM people WHERE is_account AND deactivated_at IS NULL AND roles && $1::text[]
ORDER BY name, id
"""


class NotTheirs(Exception):
    """Only managers say so for somebody else."""


class BadDays(BadText):
    def __init__(self, field: str, said: str) -> None:
        super().__init__(said)
        self.field = field


async def say_away(
    tx: Transaction, person_id: int, kind: AbsenceKind, first: date, last: date
) -> Absence:
    """Whole days on the person's own clock. From today on it begins at once."""
    if person_id != tx.actor.id and not allowed(tx.actor, Can.MANAGE_HOURS):
        raise NotTheirs(person_id)
    person = await tx.db.get(Person, person_id)
    if person is None or STAFF.isdisjoint(person.roles):
        raise NotTheirs(person_id)
    clock = zone(person.time_zone)
    today = tx.now.astimezone(clock).date()
    if last < first:
        raise BadDays("until", "The last day is before the first.")
    if last < today:
        raise BadDays("until", "These days are over.")
    if (last - first).days >= LONGEST:
        raise BadDays("until", f"At most {LONGEST} days at a time.")
    if first > (tx.now + FARTHEST).date():
        raise BadDays("from", "This is more than two years away.")
    begins = max(moment(instant(clock, first, 0)), tx.now)
    absence = Absence(
        person_id=person_id, kind=kind, begins_at=begins,
        ends_at=moment(instant(clock, last + timedelta(days=1), 0)), said_by_id=tx.actor.id or None,
        said_at=tx.now,
    )  # fmt: skip
    tx.db.add(absence)
    await tx.db.flush()
    tx.has_work = True
    return absence


async def come_back(tx: Transaction, absence_id: int) -> None:
    """Before it was said; what is over stays."""
    absence = await tx.db.get(Absence, absence_id)
    if absence is None or (
        absence.person_id != tx.actor.id and not allowed(tx.actor, Can.MANAGE_HOURS)
    ):
        raise NotTheirs(absence_id)
    if absence.begins_at >= tx.now:
        absence.withdrawn_at = absence.withdrawn_at or tx.now
    else:
        absence.ends_at = min(absence.ends_at, tx.now)


async def coming(desk: Desk, person_id: int | None, now: datetime) -> Sequence[Mapping[str, Any]]:
    """Of one person, or of all."""
    rows: Sequence[Mapping[str, Any]] = await desk.pool.fetch(COMING, now, person_id)
    return rows


async def workers(desk: Desk) -> list[tuple[str, str]]:
    return [(str(id), name) for id, name in await desk.pool.fetch(WORKERS, sorted(STAFF))]
