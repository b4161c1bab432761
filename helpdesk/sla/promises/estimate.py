"""When an answer will come, from the calendar, the line, and how long it took lately. Pure.

The past is taken as it was: of the last first answers those are chosen that met a line about as
long as today's, and their quantiles are the range. For n answers the k-th smallest has k/(n+1)
of all future ones below it if nothing changes (order statistics; the rule of split conformal
prediction), so bounds are rounded outwards, never to the flattering side.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from helpdesk.calendars.hours import Hours, NoOpenTime

FEWEST = 20  # answers, below which nothing is known
NEAREST = 60  # that are looked at
ROUNDED = timedelta(minutes=5)
SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Sample:
    """One first answer: how many waited before it, and its open time in seconds."""

    ahead: int
    seconds: float


class Basis(StrEnum):
    PAST = "past"  # a range, from what happened lately
    AIM = "aim"  # too little is known: only what we aim for
    CLOSED = "closed"  # the department has no hours to work in


@dataclass(frozen=True, slots=True)
class Estimate:
    """Half of all answers come within `half`, nine of ten within `most`."""

    basis: Basis
    at: datetime  # when it was made
    starts_at: datetime | None = None  # when work on it can begin
    half: tuple[datetime, datetime] | None = None
    most: tuple[datetime, datetime] | None = None
    usual: tuple[int, int] | None = None  # seconds of open time: what `half` is made of
    ahead: int = 0
    counted: int = 0
    aim_at: datetime | None = None
    aim_hours: float = 0


def estimate(
    hours: Hours, at: datetime, samples: Sequence[Sample], ahead: int, aim_hours: float
) -> Estimate:
    """`samples`: the newest first. `aim_hours`: open hours within which an answer is due."""
    starts_at = hours.starts_at(at)
    if starts_at is None:
        return Estimate(Basis.CLOSED, at, ahead=ahead, aim_hours=aim_hours)
    try:
        aim_at = hours.due_at(at, timedelta(hours=aim_hours)) if aim_hours else None
        if len(samples) < FEWEST:
            return Estimate(
                Basis.AIM, at, starts_at, ahead=ahead, counted=len(samples), aim_at=aim_at,
                aim_hours=aim_hours,
            )  # fmt: skip
        work = likely(samples, ahead)
        low, first, last, high = (quantile(work, part) for part in (0.05, 0.25, 0.75, 0.95))
        return Estimate(
            Basis.PAST, at, starts_at,
            between(hours, at, first, last), between(hours, at, low, high),
            (round(first), round(last)), ahead, len(work), aim_at, aim_hours,
        )  # fmt: skip
    except NoOpenTime:
        return Estimate(Basis.CLOSED, at, ahead=ahead, aim_hours=aim_hours)


def likely(samples: Sequence[Sample], ahead: int) -> list[float]:
    """Open seconds of those who met a line like this one; longer where none was as long."""
    near = sorted(samples, key=lambda one: abs(math.log1p(one.ahead) - math.log1p(ahead)))
    near = near[:NEAREST]
    longest = max(one.ahead for one in near)
    stretch = max(1.0, (ahead + 1) / (longest + 1))
    return sorted(one.seconds * stretch for one in near)


def quantile(ordered: Sequence[float], part: float) -> float:
    place = part * (len(ordered) + 1)
    rank = math.floor(place) if part < 0.5 else math.ceil(place)
    return ordered[min(max(rank, 1), len(ordered)) - 1]


def between(hours: Hours, at: datetime, low: float, high: float) -> tuple[datetime, datetime]:
    first = hours.due_at(at, max(SECOND, timedelta(seconds=low)))
    last = hours.due_at(at, max(SECOND, timedelta(seconds=high)))
    return rounded(first, up=False), rounded(last, up=True)


def rounded(at: datetime, up: bool) -> datetime:
    over = timedelta(minutes=at.minute % 5, seconds=at.second, microseconds=at.microsecond)
    return at - over + (ROUNDED if up and over else timedelta(0))
