"""How much a desk can do in each hour: people at work by their calendars, and what they solve."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from helpdesk.calendars.hours import Hours
from helpdesk.calendars.queries import hours_of
from helpdesk.core.formats import localised
from helpdesk.desk import Desk
from helpdesk.permissions import STAFF

from .periods import HOUR, Period, cut, every
from .sums import Filter, departments, tally

LOOKED_AT = timedelta(days=28)  # for what one person solves in an hour
WEEK_HOURS = 7 * 24
KEPT = 64

# Who works for several departments counts for a part in each.
PEOPLE = """
    WITH staff AS (
        SELECT m.group_id, m.person_id, count(*) OVER (PARTITION BY m.person_id) AS among
        FROM memberships m JOIN people p ON p.id = m.person_id
        WHERE p.deactivated_at IS NULL AND p.roles && $1::text[])
    SELECT group_id, person_id, 1.0 / among AS part FROM staff"""
AWAY = """
    SELECT person_id, begins_at, ends_at FROM absences
    WHERE withdrawn_at IS NULL AND begins_at < $2 AND ends_at > $1"""


@dataclass(frozen=True, slots=True)
class Line:
    """One department: who works in it, when, and how much each solves in an hour at work."""

    hours: Hours
    people: Mapping[int, float]  # their part of the time
    pace: float

    def at(self, hour: datetime, away: Sequence[tuple[int, datetime, datetime]]) -> float:
        share = self.hours.elapsed(hour, hour + HOUR) / HOUR
        if not share:
            return 0.0
        gone = {person for person, begins, ends in away if begins <= hour < ends}
        return share * self.pace * sum(p for id, p in self.people.items() if id not in gone)


async def capacity(desk: Desk, period: Period, group_id: int) -> list[float] | None:
    """Tickets per hour of the day (24, in the period's zone), over the last week of the period.

    None while the desk has solved nothing in four weeks: nobody can know then.
    """
    until = period.until.replace(minute=0, second=0, microsecond=0) + HOUR
    kept = desk.parts.setdefault("capacities", {})
    key = until, period.tz, group_id
    if key not in kept:
        while len(kept) >= KEPT:
            del kept[next(iter(kept))]
        kept[key] = await reckoned(desk, until, period.tz, group_id)
    found: list[float] | None = kept[key]
    return found


async def reckoned(desk: Desk, until: datetime, tz: str, group_id: int) -> list[float] | None:
    since = until - timedelta(hours=WEEK_HOURS)
    rows = await desk.pool.fetch(AWAY, since, until)
    away = [(row["person_id"], row["begins_at"], row["ends_at"]) for row in rows]
    lines = await lines_of(desk, until, group_id)
    if not any(line.pace for line in lines):
        return None
    by_hour, times = [0.0] * 24, [0] * 24
    for hour in every(since, until, HOUR):
        local = localised(hour, tz).hour
        by_hour[local] += sum(line.at(hour, away) for line in lines)
        times[local] += 1
    return [whole / max(1, count) for whole, count in zip(by_hour, times, strict=True)]


async def lines_of(desk: Desk, until: datetime, group_id: int) -> list[Line]:
    people: dict[int, dict[int, float]] = {}
    for row in await desk.pool.fetch(PEOPLE, sorted(STAFF)):
        people.setdefault(row["group_id"], {})[row["person_id"]] = float(row["part"])
    since = until - LOOKED_AT
    solved = await tally(desk, [cut(since, until)], Filter(), ("solved",), by_group=True)
    lines = []
    for group in await departments(desk):
        if group_id in (0, group):
            hours, staff = await hours_of(desk, group), people.get(group, {})
            worked = hours.elapsed(since, until) / HOUR * sum(staff.values())
            count = solved.count("solved", group=group)
            lines.append(Line(hours, staff, count / worked if worked else 0.0))
    return lines
