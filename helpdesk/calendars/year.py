"""The open time of one year, laid out so that any question about it is one bisection."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from .wall import DAY, instant, ticks
from .week import Closed, Week

Piece = tuple[int, int]  # from, until; ticks


@dataclass(frozen=True, slots=True)
class Year:
    """Open pieces in order, none touching the next, and the open time before each."""

    begins: list[int]
    ends: list[int]
    before: list[int]
    total: int
    first: int  # of the year itself
    last: int

    def counted(self, at: int) -> int:
        """Open time from the beginning of the year to `at`."""
        place = bisect_right(self.begins, at) - 1
        if place < 0:
            return 0
        return self.before[place] + min(at, self.ends[place]) - self.begins[place]

    def reached(self, work: int) -> int:
        """The first moment with `work` counted; `work` is positive and at most the total."""
        place = bisect_right(self.before, work - 1) - 1
        return self.begins[place] + work - self.before[place]


def laid_out(year: int, weeks: tuple[Week, ...], closed: dict[date, list[Closed]]) -> Year:
    first, last = (
        ticks(datetime(year, 1, 1, tzinfo=UTC)),
        ticks(datetime(year + 1, 1, 1, tzinfo=UTC)),
    )
    pieces: list[Piece] = []
    for week, following in zip(weeks, (*weeks[1:], None), strict=True):
        low = first if week.since is None else max(first, ticks(week.since))
        high = last if following is None or following.since is None else ticks(following.since)
        high = min(high, last)
        if low < high:
            pieces += clipped(open_of(year, week, closed), low, high)
    begins, ends = joined(pieces)
    before, total = [], 0
    for begin, end in zip(begins, ends, strict=True):
        before.append(total)
        total += end - begin
    return Year(begins, ends, before, total, first, last)


def open_of(year: int, week: Week, closed: dict[date, list[Closed]]) -> Iterator[Piece]:
    """A day before and after the year, too: its local days are not the year's own."""
    day, last = date(year, 1, 1) - timedelta(days=2), date(year, 12, 31) + timedelta(days=2)
    zone, days = week.zone, week.days
    while day <= last:
        minutes = days[day.weekday()]
        if minutes:
            pieces: Iterable[Piece] = (
                (instant(zone, day, begins), instant(zone, day, ends)) for begins, ends in minutes
            )
            for one in closed.get(day, ()):
                for low, high in spans_of(one, week):
                    pieces = without(pieces, low, high)
            yield from pieces
        day += timedelta(days=1)


def spans_of(closed: Closed, week: Week) -> Iterator[Piece]:
    """What a closed day closes: of a day that is under way, only what is still to come."""
    opens, shuts = closed.but or (DAY, DAY)
    for first, last in ((0, opens), (shuts, DAY)):
        begins, ends = instant(week.zone, closed.day, first), instant(week.zone, closed.day, last)
        if closed.since is not None:
            begins = max(begins, ticks(closed.since))
        if closed.until is not None:
            ends = min(ends, ticks(closed.until))
        yield begins, ends


def without(pieces: Iterable[Piece], low: int, high: int) -> Iterator[Piece]:
    for begin, end in pieces:
        if high <= low or end <= low or high <= begin:
            yield begin, end
            continue
        if begin < low:
            yield begin, low
        if high < end:
            yield high, end


def clipped(pieces: Iterable[Piece], low: int, high: int) -> Iterator[Piece]:
    for begin, end in pieces:
        begin, end = max(begin, low), min(end, high)
        if begin < end:
            yield begin, end


def joined(pieces: list[Piece]) -> tuple[list[int], list[int]]:
    begins: list[int] = []
    ends: list[int] = []
    for begin, end in sorted(pieces):
        if ends and begin <= ends[-1]:
            ends[-1] = max(ends[-1], end)
        else:
            begins.append(begin)
            ends.append(end)
    return begins, ends
