"""When a department is open, read from the words its hours are written in."""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from helpdesk.core.formats import zone

from .vocabulary import DAYS

_DAY = "(" + "|".join(f"{day}[a-z]*" for day in DAYS) + ")"
_SPAN = re.compile(rf"{_DAY}(?: (?:to|-|–) {_DAY})?", re.I)
_TIMES = re.compile(r"(\d{1,2})[:.](\d{2}) ?(?:to|-|–) ?(\d{1,2})[:.](\d{2})")
_ZONE = re.compile(r"\d\s+([A-Z][A-Za-z_/ ]*?)(?: time)?(?:,|$)")


@dataclass(frozen=True, slots=True)
class Opening:
    """Days and times of a week, in a time zone. Holidays are not known here."""

    zone: ZoneInfo
    days: frozenset[str]
    begins: int = 0  # minutes after midnight
    ends: int = 24 * 60

    def is_open(self, at: datetime) -> bool:
        local = at.astimezone(self.zone)
        minute = local.hour * 60 + local.minute
        return DAYS[local.weekday()] in self.days and self.begins <= minute < self.ends


@cache
def opening(words: str) -> Opening | None:
    """`Monday to Friday, 09:00–17:00 New York time`; None when it is said in another way."""
    days = _days(words)
    if not days:
        return None
    if "around the clock" in words.lower():
        return Opening(ZoneInfo("UTC"), days)
    times = _TIMES.search(words)
    named = zone_named(words)
    if times is None or named is None:
        return None
    first, minute, last, end_minute = map(int, times.groups())
    begins, ends = first * 60 + minute, last * 60 + end_minute
    return Opening(named, days, begins, ends) if 0 <= begins < ends <= 24 * 60 else None


def _days(words: str) -> frozenset[str]:
    if words.lower().startswith(("every day", "daily")):
        return frozenset(DAYS)
    found = _SPAN.match(words.strip())
    if found is None:
        return frozenset()
    first = DAYS.index(found[1][:3].lower())
    last = DAYS.index((found[2] or found[1])[:3].lower())
    if first > last:
        return frozenset(DAYS[first:] + DAYS[: last + 1])
    return frozenset(DAYS[first : last + 1])


def zone_named(words: str) -> ZoneInfo | None:
    """By its name, or by the city people say."""
    found = _ZONE.search(words)
    if found is None:
        return None
    name = found[1].strip().replace(" ", "_")
    known = sorted(available_timezones())
    exact = [one for one in known if one == name] or [
        one for one in known if one.endswith(f"/{name}")
    ]
    return zone(exact[0]) if exact else None
