"""When a department works, and what that makes of a time to work in. Pure: no clock, no I/O."""

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cached_property

from .wall import length, moment, ticks
from .week import ALWAYS, Closed, Week
from .year import Year, laid_out

BARREN = 3  # years without any open time, after which there will be none
LONGEST = 200  # years, that a span may have


class NoOpenTime(ValueError):
    """The calendar is never open again, so nothing can be due by it."""


@dataclass(frozen=True)
class Hours:
    """The weeks of a calendar in the order they hold, and its days off.

    All moments are aware; what comes back is in UTC. Open time is that of the clocks on the
    wall (wall.py says what becomes of the hours that come twice or never).
    """

    weeks: tuple[Week, ...]
    closed: tuple[Closed, ...] = ()
    _years: dict[int, Year] = field(default_factory=dict, init=False, repr=False, compare=False)

    def due_at(self, start: datetime, work: timedelta) -> datetime:
        """The first moment with `work` of open time since `start`; raises NoOpenTime."""
        left = length(work)
        if left <= 0:
            return start.astimezone(UTC)
        at = ticks(start)
        number, barren = start.astimezone(UTC).year, 0
        year = self._year(number)
        left += year.counted(at)
        while left > year.total:
            barren = 0 if year.total else barren + 1
            if barren > BARREN or number >= 9990:
                raise NoOpenTime(f"no open time after {start.isoformat()}")
            left -= year.total
            number += 1
            year = self._year(number)
        return moment(year.reached(left))

    def elapsed(self, since: datetime, until: datetime) -> timedelta:
        """The open time between the two; none when the second is not later."""
        begin, end = ticks(since), ticks(until)
        if end <= begin:
            return timedelta(0)
        first, last = since.astimezone(UTC).year, until.astimezone(UTC).year
        if last - first > LONGEST:
            raise ValueError("a span of more than two hundred years")
        open_time = self._year(last).counted(end) - self._year(first).counted(begin)
        open_time += sum(self._year(number).total for number in range(first, last))
        return timedelta(microseconds=open_time)

    def is_open(self, at: datetime) -> bool:
        begin, end = self._piece(at)
        return begin <= ticks(at) < end

    def next_opening(self, at: datetime) -> datetime | None:
        """The first time it opens after `at`; None when it never does, as it never closes."""
        now = ticks(at)
        for number in self._from(at):
            year = self._year(number)
            place = bisect_right(year.begins, now)
            if place < len(year.begins):
                begins = year.begins[place]
                if begins != year.first or begins not in self._year(number - 1).ends[-1:]:
                    return moment(begins)
                if place + 1 < len(year.begins):
                    return moment(year.begins[place + 1])
        return None

    def next_closing(self, at: datetime) -> datetime | None:
        """The first time it closes after `at`; None when it never does."""
        now = ticks(at)
        for number in self._from(at):
            year = self._year(number)
            place = bisect_right(year.ends, now)
            if place < len(year.ends):
                ends = year.ends[place]
                if ends != year.last or ends not in self._year(number + 1).begins[:1]:
                    return moment(ends)
        return None

    def starts_at(self, at: datetime) -> datetime | None:
        """When work that arrives at `at` can begin: at once, or when it next opens."""
        return at.astimezone(UTC) if self.is_open(at) else self.next_opening(at)

    def pieces(self, since: datetime, until: datetime) -> list[tuple[datetime, datetime]]:
        """What is open between the two, in order."""
        low, high, found = ticks(since), ticks(until), list[tuple[int, int]]()
        for number in range(since.astimezone(UTC).year, until.astimezone(UTC).year + 1):
            year = self._year(number)
            for begin, end in zip(year.begins, year.ends, strict=True):
                begin, end = max(begin, low), min(end, high)
                if begin < end:
                    if found and found[-1][1] == begin:
                        begin = found.pop()[0]
                    found.append((begin, end))
        return [(moment(begin), moment(end)) for begin, end in found]

    def zone_at(self, at: datetime) -> tzinfo:
        """Whose clocks hold at `at`."""
        return self.week_at(at).zone

    def week_at(self, at: datetime) -> Week:
        holding = [week for week in self.weeks if week.since is None or week.since <= at]
        return holding[-1] if holding else self.weeks[0]

    def _piece(self, at: datetime) -> tuple[int, int]:
        year = self._year(at.astimezone(UTC).year)
        place = bisect_right(year.begins, ticks(at)) - 1
        return (year.begins[place], year.ends[place]) if place >= 0 else (0, 0)

    def _from(self, at: datetime) -> range:
        first = at.astimezone(UTC).year
        return range(first, first + BARREN + 1)

    def _year(self, number: int) -> Year:
        year = self._years.get(number)
        if year is None:
            year = self._years[number] = laid_out(number, self.weeks, self._by_day)
        return year

    @cached_property
    def _by_day(self) -> dict[date, list[Closed]]:
        days: dict[date, list[Closed]] = defaultdict(list)
        for one in self.closed:
            days[one.day].append(one)
        return days


def around_the_clock() -> Hours:
    return Hours((Week(UTC, ALWAYS),))
