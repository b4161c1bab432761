"""The week editor and the days off, as they were typed, and what is wrong with them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

from helpdesk.core.text import BadText, clean_line

from .commands import LONGEST_CLOSED, near_enough
from .said import WEEKDAYS, clock
from .wall import DAY, instant, moment
from .week import ALWAYS, Span

MOST = 6  # intervals of a day
NOTE = 200
FARTHEST = timedelta(days=2 * 366)
WEEK = 7 * DAY


@dataclass(frozen=True)
class Line:
    """One interval as typed."""

    begins: str = ""
    ends: str = ""
    next_day: bool = False


@dataclass
class TypedWeek:
    zone: str
    days: list[list[Line]]  # by weekday
    since: str = ""  # a date; "" is from now on
    note: str = ""
    spans: tuple[Span, ...] = ()
    starts: datetime | None = None
    errors: dict[str, str] = field(default_factory=dict)


def week_shown(zone: str, spans: Sequence[Span]) -> TypedWeek:
    days: list[list[Line]] = [[] for _ in WEEKDAYS]
    for span in sorted(spans, key=lambda one: (one.day, one.begins)):
        end = clock(span.ends) if span.ends != DAY else "24:00"
        days[span.day].append(Line(clock(span.begins), end, span.ends > DAY))
    return TypedWeek(zone, days)


def read_week(form: Mapping[str, object], now: datetime) -> TypedWeek:
    typed = TypedWeek(str(form.get("zone", ""))[:80], [], str(form.get("since", ""))[:20])
    places: dict[tuple[int, int], tuple[int, int]] = {}  # week minutes, by day and line
    for day in range(7):
        lines = [
            Line(
                str(form.get(f"from.{day}.{n}", "")).strip()[:10],
                str(form.get(f"until.{day}.{n}", "")).strip()[:10],
                f"next.{day}.{n}" in form,
            )
            for n in range(MOST)
        ]
        typed.days.append([line for line in lines if line.begins or line.ends])
        for n, line in enumerate(typed.days[day]):
            read_line(typed, day, n, line, places)
    if form.get("always"):
        typed.spans, typed.errors = ALWAYS, {}
        typed.days = week_shown("", ALWAYS).days
    elif not typed.errors:
        check_overlaps(typed, places)
        if not places:
            typed.errors["from.0.0"] = (
                "A calendar needs at least one interval, or nothing is ever due."
            )
    try:
        typed.note = clean_line(str(form.get("note", "")), NOTE)
    except BadText as fault:
        typed.errors["note"] = str(fault)
    read_start(typed, now)
    return typed


def read_line(
    typed: TypedWeek, day: int, n: int, line: Line, places: dict[tuple[int, int], tuple[int, int]]
) -> None:
    begins, ends = minute_of(line.begins), minute_of(line.ends)
    if begins is None or begins == DAY:
        typed.errors[f"from.{day}.{n}"] = "Type a time such as 09:00."
        return
    if ends is None:
        typed.errors[f"until.{day}.{n}"] = "Type a time such as 17:00; 24:00 is midnight."
        return
    if line.next_day:
        ends += DAY
    if ends <= begins:
        typed.errors[f"until.{day}.{n}"] = (
            "It ends before it begins. If it goes on past midnight, tick “next day”."
        )
    elif ends - begins > DAY:
        typed.errors[f"until.{day}.{n}"] = "An interval lasts at most 24 hours."
    else:
        places[day, n] = (day * DAY + begins, day * DAY + ends)
        typed.spans = (*typed.spans, Span(day, begins, ends))


def minute_of(typed: str) -> int | None:
    found = re.fullmatch(r"(\d{1,2})[:.](\d{2})", typed)
    if found is None or int(found[2]) > 59:
        return None
    minute = int(found[1]) * 60 + int(found[2])
    return minute if minute <= DAY else None


def check_overlaps(typed: TypedWeek, places: Mapping[tuple[int, int], tuple[int, int]]) -> None:
    """Around the end of the week, too: a night of Sunday goes on into Monday."""
    ordered = sorted(places.items(), key=lambda one: one[1])
    for place, (_, (_, end)) in enumerate(ordered):
        (day, n), (begin, _) = ordered[(place + 1) % len(ordered)]
        later = begin + (WEEK if place + 1 == len(ordered) else 0)
        if later < end:
            before = ordered[place][0]
            typed.errors[f"from.{day}.{n}"] = (
                f"It begins before the interval of {WEEKDAYS[before[0]]} ends."
            )


def read_start(typed: TypedWeek, now: datetime) -> None:
    if typed.zone not in available_timezones():
        typed.errors["zone"] = "There is no such time zone. Choose one from the list."
        return
    if not typed.since:
        typed.starts = now
        return
    day = read_day(typed.since)
    if day is None:
        typed.errors["since"] = "Choose a date."
        return
    starts = moment(instant(ZoneInfo(typed.zone), day, 0))
    today = now.astimezone(ZoneInfo(typed.zone)).date()
    if day < today:
        typed.errors["since"] = "What was stays as it was: choose today or a later day."
    elif starts > now + FARTHEST:
        typed.errors["since"] = "This is more than two years away."
    typed.starts = max(starts, now)


def read_day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed.strip())
    except ValueError:
        return None


@dataclass
class TypedDays:
    first: str = ""
    last: str = ""
    name: str = ""
    opens: str = ""
    ends: str = ""
    days: tuple[date, date] | None = None
    but: tuple[int, int] | None = None  # minutes that stay open
    errors: dict[str, str] = field(default_factory=dict)


def read_closed(form: Mapping[str, object], now: datetime) -> TypedDays:
    """Days off by hand: the field is named that is wrong."""
    first_typed, last_typed, name, opens, ends = (
        str(form.get(n, ""))[:300] for n in ("first", "last", "name", "opens", "ends")
    )
    typed = TypedDays(first_typed, last_typed, name, opens, ends)
    read_open_part(typed)
    first, last = read_day(typed.first), read_day(typed.last or typed.first)
    if first is None:
        typed.errors["first"] = "Choose the first day."
    elif first < (now.astimezone(UTC) - timedelta(hours=14)).date():
        typed.errors["first"] = "What was stays as it was: choose today or a later day."
    elif not near_enough(first, now):
        typed.errors["first"] = "This is more than three years away."
    if last is None:
        typed.errors["last"] = "Choose the last day."
    elif first is not None and last < first:
        typed.errors["last"] = "The last day is before the first."
    elif first is not None and (last - first).days >= LONGEST_CLOSED:
        typed.errors["last"] = (
            f"At most {LONGEST_CLOSED} days at a time. A department that closes for longer "
            "needs another week, or its tickets another department."
        )
    try:
        typed.name = clean_line(typed.name, 120)
    except BadText as fault:
        typed.errors["name"] = str(fault)
    if not typed.errors and first and last:
        typed.days = first, last
    return typed


def read_open_part(typed: TypedDays) -> None:
    """Of a shorter day; both times are empty where it is closed as a whole."""
    if not typed.opens.strip() and not typed.ends.strip():
        return
    begins, ends = minute_of(typed.opens.strip()), minute_of(typed.ends.strip())
    if begins is None or begins == DAY:
        typed.errors["opens"] = "Type a time such as 09:00."
    if ends is None:
        typed.errors["ends"] = "Type a time such as 13:00; 24:00 is midnight."
    elif begins is not None and ends <= begins:
        typed.errors["ends"] = "It ends before it begins."
    elif begins is not None:
        typed.but = begins, ends
