"""What is due next, as lists show it: words, a sign and a bar. Pure but for the calendars."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from helpdesk.calendars.hours import Hours
from helpdesk.calendars.queries import hours_of
from helpdesk.desk import Desk

from .owing.counting import ALWAYS
from .policy import Clock, Kind
from .sentences import TITLES

STEP = 5  # per cent; a bar need not be finer, and rows that look alike are written once


@dataclass(frozen=True, slots=True)
class DueShown:
    what: str  # First answer
    at: datetime
    is_late: bool
    tone: str  # "", warn, danger
    percent: int  # of the time there was


def due_shown(
    at: datetime,
    warn_at: datetime | None,
    kind: str,
    seconds: int,
    clock: str,
    hours: Hours,
    now: datetime,
) -> DueShown:
    what = TITLES[Kind(kind)]
    if at <= now:
        return DueShown(what, at, True, "danger", 100)
    counting = ALWAYS if clock == Clock.CALENDAR else hours
    left = counting.elapsed(now, at) / timedelta(seconds=max(1, seconds))
    percent = min(99, max(0, round(100 * (1 - left)))) // STEP * STEP
    tone = "warn" if warn_at is not None and warn_at <= now else ""
    return DueShown(what, at, False, tone, percent)


async def dues_of(desk: Desk, tickets: Iterable[Any], now: datetime) -> Mapping[int, DueShown]:
    """Of rows with the columns `due_…` and the department's key; by ticket."""
    found = {}
    for row in tickets:
        if row["due_at"] is not None:
            found[row["id"]] = due_shown(
                row["due_at"], row["due_warn_at"], row["due_kind"], row["due_seconds"],
                row["due_clock"], await hours_of(desk, row["group_key"]), now,
            )  # fmt: skip
    return found
