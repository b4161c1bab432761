"""The time a dashboard is about, what it is compared with, and the sums it is made of. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from helpdesk.core.formats import local_clock, local_date, localised, zone

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
LONGEST = 731  # days
# All but the two days are whole weeks, so that they compare with as many of each weekday.
CHOICES: Mapping[str, tuple[str, int, int]] = {  # key: name, days before today it begins, ends
    "today": ("Today", 0, 0),
    "yesterday": ("Yesterday", 1, 1),
    "week": ("Last 7 days", 6, 0),
    "4-weeks": ("Last 4 weeks", 27, 0),
    "quarter": ("Last 13 weeks", 90, 0),
    "year": ("Last 52 weeks", 363, 0),
}
USUAL = "week"


class Segment(NamedTuple):
    """Time that one kind of sum covers exactly; `fact` for what no sum does."""

    grain: str  # month | day | hour | fact
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Period:
    key: str
    name: str
    since: datetime
    until: datetime  # the first moment that is not in it
    tz: str
    is_running: bool = False  # it ends now

    @property
    def days(self) -> int:
        """Calendar days it touches, by the clocks of its zone."""
        last = localised(self.until - timedelta(microseconds=1), self.tz).date()
        return max(1, (last - localised(self.since, self.tz).date()).days + 1)

    @property
    def weeks(self) -> int:
        return -(-self.days // 7)

    @property
    def earlier(self) -> "Period":
        """As long, some whole weeks before: the same weekdays until the same time of day."""
        name = "the week before" if self.weeks == 1 else f"the {self.weeks} weeks before"
        if self.days == 1:
            name = "the same day a week before"
        since, until = (back(at, self.weeks, self.tz) for at in (self.since, self.until))
        return Period(self.key, name, since, max(since, until), self.tz)

    @property
    def words(self) -> str:
        """From when until when."""
        first, last = local_date(self.since, self.tz), local_date(self.until, self.tz)
        end = localised(self.until, self.tz)
        if (end.hour, end.minute, end.second) == (0, 0, 0):
            last = local_date(self.until - HOUR, self.tz)
            return first if first == last else f"{first} to {last}"
        clock = local_clock(self.until, self.tz)
        return f"{first}, until {clock}" if first == last else f"{first} to {last}, {clock}"

    @property
    def unit(self) -> str:
        if self.days <= 2:
            return "hour"
        return "day" if self.days <= 62 else "week"

    def edges(self) -> list[datetime]:
        """Of its hours, days or weeks; days begin at midnight in its zone."""
        if self.unit == "hour":
            edges = [*every(self.since, self.until, HOUR)]
        else:
            edges = [*midnights(self.since, self.until, 1 if self.unit == "day" else 7, self.tz)]
        return [*edges, self.until]

    def steps(self) -> list[tuple[datetime, datetime]]:
        return list(pairwise(self.edges()))

    def segments(self) -> list[Segment]:
        """Nothing has happened after now: one that is running ends with its last month."""
        until = self.until
        return cut(self.since, begins(until, "month") if self.is_running else until)


def back(at: datetime, weeks: int, tz: str) -> datetime:
    """The same weekday and time on the wall."""
    return (localised(at, tz) - weeks * WEEK).astimezone(UTC)


def midnight(day: date, tz: str) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone(tz)).astimezone(UTC)


def every(since: datetime, until: datetime, step: timedelta) -> Iterator[datetime]:
    while since < until:
        yield since
        since += step


def midnights(since: datetime, until: datetime, days: int, tz: str) -> Iterator[datetime]:
    day = localised(since, tz).date()
    while (at := midnight(day, tz)) < until:
        yield max(at, since)
        day += timedelta(days=days)


def minute_after(now: datetime) -> datetime:
    """So that what happened just now is in."""
    return now.replace(second=0, microsecond=0) + timedelta(minutes=1)


def chosen(key: str, now: datetime, tz: str) -> Period:
    key = key if key in CHOICES else USUAL
    name, first, last = CHOICES[key]
    today = localised(now, tz).date()
    until = minute_after(now)
    if last:
        until = midnight(today - timedelta(days=last - 1), tz)
    since = midnight(today - timedelta(days=first), tz)
    return Period(key, name, since, max(since, until), tz, is_running=not last)


def between(first: str, last: str, now: datetime, tz: str) -> Period | None:
    """From one day to another, as dates; None when they are no such days."""
    try:
        begin, end = date.fromisoformat(first), date.fromisoformat(last)
    except ValueError:
        return None
    today = localised(now, tz).date()
    end = min(end, today)
    if begin.year < 2000 or begin > end or (end - begin).days >= LONGEST:
        return None
    until = min(midnight(end + timedelta(days=1), tz), minute_after(now))
    since = midnight(begin, tz)
    return Period("", "Chosen days", since, max(since, until), tz, is_running=end == today)


def cut(since: datetime, until: datetime) -> list[Segment]:
    """Into whole months, days and hours of UTC, and what is left of an hour at either end."""
    since, until = since.astimezone(UTC), until.astimezone(UTC)
    found: list[Segment] = []
    _cut(since, until, ("month", "day", "hour"), found)
    return found


def _cut(since: datetime, until: datetime, grains: Sequence[str], found: list[Segment]) -> None:
    if since >= until:
        return
    if not grains:
        found.append(Segment("fact", since, until))
        return
    begin, end = begins(since, grains[0]), floor(until, grains[0])
    if begin >= end:
        _cut(since, until, grains[1:], found)
        return
    _cut(since, begin, grains[1:], found)
    found.append(Segment(grains[0], begin, end))
    _cut(end, until, grains[1:], found)


def floor(at: datetime, grain: str) -> datetime:
    at = at.replace(minute=0, second=0, microsecond=0)
    if grain == "hour":
        return at
    at = at.replace(hour=0)
    return at if grain == "day" else at.replace(day=1)


def begins(at: datetime, grain: str) -> datetime:
    """The first hour, day or month that begins at this moment or later."""
    start = floor(at := at.astimezone(UTC), grain)
    if start == at:
        return at
    longest = {"hour": HOUR, "day": DAY, "month": timedelta(days=31)}[grain]
    return floor(start + longest, grain)
