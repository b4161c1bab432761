"""What a requester was promised, for colleagues: on that person's clock, and on their own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from helpdesk.calendars.queries import hours_of
from helpdesk.calendars.said import city
from helpdesk.core.formats import local_time, localised
from helpdesk.desk import Desk

from .estimate import Estimate
from .queries import from_row
from .words import told

KEPT = (
    "basis", "given_at", "starts_at", "half_from", "half_until", "most_from", "most_until",
    "usual_from", "usual_until", "ahead", "counted", "aim_at", "aim_hours",
)  # fmt: skip
# In a statement about a ticket `t`: its newest promise, as `promised_from` takes it.
PROMISED = f"""(SELECT (d.key, d.name, {", ".join(f"p.{name}" for name in KEPT)})
    FROM promises p JOIN groups d ON d.id = p.group_id
    WHERE p.ticket_id = t.id ORDER BY p.because_of DESC LIMIT 1)"""
EVERY = f"""
SELECT (d.key, d.name, {", ".join(f"p.{name}" for name in KEPT)}) AS promised
FROM promises p JOIN groups d ON d.id = p.group_id
WHERE p.ticket_id = $1 ORDER BY p.because_of DESC LIMIT 20
"""


@dataclass(frozen=True, slots=True)
class Clocks:
    """The time zones of whoever was told, and of the colleague who reads it."""

    theirs: str
    own: str


@dataclass(frozen=True, slots=True)
class Promised:
    """`what` was told; `until`: when the time it names is over."""

    at: datetime  # it was told
    what: str
    theirs: str
    own: str = ""  # the same on the reader's clock, where that is another
    why: str = ""
    until: datetime | None = None
    by_answer: bool = True  # kept by the first answer, and by nothing else

    def stands(self, now: datetime, kept_at: datetime | None = None) -> tuple[str, str]:
        """What became of it, and how that looks."""
        if self.until is None:
            return "", ""
        if not self.by_answer:
            return ("Its time is over", "") if self.until < now else ("", "")
        if kept_at is not None and kept_at >= self.at:
            return ("Kept", "ok") if kept_at <= self.until else ("Kept late", "danger")
        if self.until >= now:
            return "", ""
        return ("Passed", "danger") if kept_at is None else ("Its time is over", "")


async def promised_from(desk: Desk, record: Sequence[Any] | None, on: Clocks) -> Promised | None:
    """As it was told. `record`: what PROMISED found."""
    if record is None:
        return None
    key, department, *rest = record
    one = from_row(dict(zip(KEPT, rest, strict=True)))
    hours = await hours_of(desk, key)
    words = told(one, department, hours, on.theirs, one.at)
    why = (words.why or words.range).replace(" your time)", " their time)")  # a colleague reads it
    return Promised(
        one.at, "First answer", ranges(one, on.theirs) or words.when, other_clock(one, on),
        why, one.most[1] if one.most else one.aim_at,
    )  # fmt: skip


async def every_promise(desk: Desk, ticket_id: int, on: Clocks) -> list[Promised]:
    """Of a ticket the reader was found to see; the newest first."""
    rows = await desk.pool.fetch(EVERY, ticket_id)
    found = [await promised_from(desk, row["promised"], on) for row in rows]
    return [one for one in found if one is not None]


def other_clock(one: Estimate, on: Clocks) -> str:
    return "" if same_clock(one.at, on) else ranges(one, on.own)


def ranges(one: Estimate, zone: str) -> str:
    """`23 Nov 2026, 15:00 to 19:00, nine of ten by 24 Nov 2026, 11:00 (New York)`."""
    where = clock(zone)
    if one.half and one.most:
        first, last = one.half
        by = local_time(one.most[1], zone)
        return f"{between(first, last, zone)}, nine of ten by {by} ({where})"
    return f"by {local_time(one.aim_at, zone)}, our aim ({where})" if one.aim_at else ""


def between(first: datetime, last: datetime, zone: str) -> str:
    end = local_time(last, zone)
    if localised(first, zone).date() == localised(last, zone).date():
        end = end.rpartition(", ")[2]
    return f"{local_time(first, zone)} to {end}"


def by_date(until: datetime, on: Clocks) -> tuple[str, str]:
    """A date that was told: on their clock, and on the reader's where that is another."""
    theirs = f"by {local_time(until, on.theirs)} ({clock(on.theirs)})"
    own = "" if same_clock(until, on) else f"by {local_time(until, on.own)} ({clock(on.own)})"
    return theirs, own


def same_clock(at: datetime, on: Clocks) -> bool:
    return localised(at, on.theirs).utcoffset() == localised(at, on.own).utcoffset()


def clock(zone: str) -> str:
    return "UTC" if zone == "UTC" else city(zone)
