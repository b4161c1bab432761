"""What a calendar is made of: the spans of a week, from when they hold, and days off."""

from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from functools import cached_property

from .wall import DAY


@dataclass(frozen=True, slots=True)
class Span:
    """Open from one minute of a weekday to another; beyond 24 hours it goes past midnight."""

    day: int  # 0 is Monday
    begins: int  # minutes after its midnight
    ends: int

    def __post_init__(self) -> None:
        if not (0 <= self.day < 7 and 0 <= self.begins < DAY and 0 < self.length <= DAY):
            raise ValueError(f"not a span of a day: {self}")

    @property
    def length(self) -> int:
        return self.ends - self.begins


ALWAYS = tuple(Span(day, 0, DAY) for day in range(7))


@dataclass(frozen=True)
class Week:
    """What holds from a moment on: the spans of a week, on the clocks of a zone."""

    zone: tzinfo
    spans: tuple[Span, ...]
    since: datetime | None = None  # None: always has

    @cached_property
    def days(self) -> tuple[tuple[tuple[int, int], ...], ...]:
        """By weekday, cut at midnight."""
        days: list[list[tuple[int, int]]] = [[] for _ in range(7)]
        for span in self.spans:
            days[span.day].append((span.begins, min(span.ends, DAY)))
            if span.ends > DAY:
                days[(span.day + 1) % 7].append((0, span.ends - DAY))
        return tuple(tuple(sorted(day)) for day in days)


@dataclass(frozen=True, slots=True)
class Closed:
    """A day off, midnight to midnight; from when it was known, until it was taken back.

    `but` keeps a part of a shorter day open, as far as its week is open then: minutes of the day.
    """

    day: date
    since: datetime | None = None
    until: datetime | None = None
    but: tuple[int, int] | None = None
