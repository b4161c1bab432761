"""A week in the words people use for it, and back."""

import re
from collections.abc import Sequence
from datetime import tzinfo
from functools import cache
from zoneinfo import available_timezones

from .wall import DAY
from .week import ALWAYS, Span

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_DAY = "(" + "|".join(f"{day[:3].lower()}[a-z]*" for day in WEEKDAYS) + ")"
_RUN = re.compile(rf"{_DAY}(?: (?:to|-|–) {_DAY})?", re.I)
_TIMES = re.compile(r"(\d{1,2})[:.](\d{2}) ?(?:to|-|–) ?(\d{1,2})[:.](\d{2})")
_ZONE = re.compile(r"\d\s+([A-Z][A-Za-z_/ ]*?)(?: time)?(?:,|$)")


@cache
def understood(words: str) -> tuple[str, tuple[Span, ...]] | None:
    """`Monday to Friday, 09:00–17:00 New York time`: the zone and the spans, or None."""
    days = _days(words)
    if not days:
        return None
    if "around the clock" in words.lower():
        return "UTC", tuple(Span(day, 0, DAY) for day in days)
    times, zone = _TIMES.search(words), zone_named(words)
    if times is None or zone is None:
        return None
    first, minute, last, end_minute = map(int, times.groups())
    begins, ends = first * 60 + minute, last * 60 + end_minute
    if not 0 <= begins < ends <= DAY:
        return None
    return zone, tuple(Span(day, begins, ends) for day in days)


def _days(words: str) -> list[int]:
    if words.lower().startswith(("every day", "daily")):
        return list(range(7))
    found = _RUN.match(words.strip())
    if found is None:
        return []
    first, last = (_weekday(found[1]), _weekday(found[2] or found[1]))
    return [day % 7 for day in range(first, last + 1 + (7 if last < first else 0))]


def _weekday(word: str) -> int:
    return [day[:3].lower() for day in WEEKDAYS].index(word[:3].lower())


def zone_named(words: str) -> str | None:
    """By its name, or by the city people say."""
    found = _ZONE.search(words)
    if found is None:
        return None
    name = found[1].strip().replace(" ", "_")
    known = sorted(available_timezones())
    return next(
        (one for one in known if one == name),
        next((z for z in known if z.endswith(f"/{name}")), None),
    )


def city(zone: tzinfo | str) -> str:
    """`New York` of America/New_York."""
    return str(zone).rpartition("/")[2].replace("_", " ")


def in_words(zone: tzinfo | str, spans: Sequence[Span]) -> str:
    """`Monday to Friday, 09:00–17:00 New York time`; several runs joined by semicolons."""
    if set(spans) == set(ALWAYS):
        return "Every day, around the clock"
    if not spans:
        return "Closed"
    days: dict[tuple[tuple[int, int], ...], list[int]] = {}
    for day in range(7):
        times = tuple(sorted((one.begins, one.ends) for one in spans if one.day == day))
        if times:
            days.setdefault(times, []).append(day)
    parts = [
        f"{runs(numbers)}, {' and '.join(f'{clock(a)}–{clock(b)}' for a, b in times)}"
        for times, numbers in days.items()
    ]
    return "; ".join(parts) + (" UTC" if str(zone) == "UTC" else f" {city(zone)} time")


def runs(days: Sequence[int]) -> str:
    """`Monday to Friday`, `Monday and Wednesday`."""
    if len(days) == 7:
        return "Every day"
    if len(days) > 2 and list(days) == list(range(days[0], days[-1] + 1)):
        return f"{WEEKDAYS[days[0]]} to {WEEKDAYS[days[-1]]}"
    return " and ".join(WEEKDAYS[day] for day in days)


def clock(minute: int) -> str:
    """`09:00`; `24:00` is the end of a day, `06:00` that of a night."""
    if minute > DAY:
        minute -= DAY
    return f"{minute // 60:02}:{minute % 60:02}"
