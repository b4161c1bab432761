"""Calendars as their pages show them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import available_timezones

from helpdesk.desk import Desk

from .hours import Hours
from .queries import hours_of
from .said import in_words
from .week import Closed, Span, Week

ALL = """
SELECT g.id, g.key, g.name,
    (SELECT jsonb_agg(jsonb_build_array(d.day, d.name) ORDER BY d.day) FROM (
        SELECT o.day, min(o.name) || coalesce(' (only ' || CASE WHEN bool_and(
            o.open_from IS NOT NULL) THEN to_char(make_time(max(o.open_from) / 60,
            max(o.open_from) % 60, 0), 'HH24:MI') || '–' || lpad((min(o.open_until) / 60)::text,
            2, '0') || ':' || lpad((min(o.open_until) % 60)::text, 2, '0') END || ')', '') AS name
        FROM calendar_days_off o
        WHERE o.group_id = g.id AND o.withdrawn_at IS NULL AND o.day >= $1::date
        GROUP BY o.day ORDER BY o.day LIMIT 3) d) AS next_days,
    (SELECT count(*) FROM calendar_sources s WHERE s.group_id = g.id AND s.removed_at IS NULL
        AND s.tries > 0) AS failing
FROM groups g JOIN calendars c ON c.group_id = g.id ORDER BY g.name
"""
WEEKS = """
SELECT w.id, w.zone, w.spans, w.since, w.note, w.saved_at, w.withdrawn_at, p.name AS saved_by
FROM calendar_weeks w LEFT JOIN people p ON p.id = w.saved_by_id
WHERE w.group_id = $1 ORDER BY w.since DESC NULLS LAST, w.id DESC LIMIT 40
"""
DAYS = """
SELECT d.id, d.day, d.name, d.open_from, d.open_until, d.source_id, s.kind, s.country, s.part
FROM calendar_days_off d
LEFT JOIN calendar_sources s ON s.id = d.source_id
WHERE d.group_id = $1 AND d.withdrawn_at IS NULL AND d.day >= $2::date
ORDER BY d.day, d.id LIMIT 120
"""
OF_SOURCE = """
SELECT day, open_from, open_until FROM calendar_days_off
WHERE group_id = $1 AND source_id = $3 AND withdrawn_at IS NULL AND day >= $2::date
"""
SOURCES = """
SELECT id, kind, country, part, address, looked_at, worked_at, problem, tries, next_look_at
FROM calendar_sources WHERE group_id = $1 AND removed_at IS NULL ORDER BY id
"""


@dataclass(frozen=True)
class Department:
    id: int
    key: str
    name: str
    words: str
    zone: str
    is_open: bool
    changes_at: datetime | None  # when it closes, or opens
    hours: Hours
    next_days: tuple[tuple[date, str], ...]
    failing: int
    vanished: bool  # the zone is no longer known


@dataclass(frozen=True)
class WeekRow:
    id: int
    words: str
    since: datetime | None
    note: str
    saved_at: datetime
    saved_by: str
    state: str  # now | coming | past | withdrawn


async def departments(desk: Desk) -> list[Department]:
    now = desk.clock.now()
    return [await _department(desk, row, now) for row in await desk.pool.fetch(ALL, now)]


async def department(desk: Desk, key: str) -> Department | None:
    return next((one for one in await departments(desk) if one.key == key), None)


async def _department(desk: Desk, row: Mapping[str, Any], now: datetime) -> Department:
    hours = await hours_of(desk, row["id"])
    week, is_open = hours.week_at(now), hours.is_open(now)
    return Department(
        row["id"],
        row["key"],
        row["name"],
        in_words(week.zone, week.spans),
        str(week.zone),
        is_open,
        hours.next_closing(now) if is_open else hours.next_opening(now),
        hours,
        tuple((date.fromisoformat(day), name) for day, name in row["next_days"] or ()),
        row["failing"],
        str(week.zone) not in available_timezones(),
    )


async def weeks(desk: Desk, one: Department) -> list[WeekRow]:
    now, found, held = desk.clock.now(), list[WeekRow](), False
    for row in await desk.pool.fetch(WEEKS, one.id):
        state = "withdrawn" if row["withdrawn_at"] else "past"
        if state == "past" and row["since"] is not None and row["since"] > now:
            state = "coming"
        elif state == "past" and not held:
            state, held = "now", True
        spans = tuple(Span(*span) for span in row["spans"])
        found.append(
            WeekRow(
                row["id"], in_words(row["zone"], spans), row["since"], row["note"],
                row["saved_at"], row["saved_by"] or "Helpdesk", state,
            )
        )  # fmt: skip
    return found


async def days_off(desk: Desk, one: Department) -> Sequence[Mapping[str, Any]]:
    today = desk.clock.now().astimezone(one.hours.zone_at(desk.clock.now())).date()
    rows: Sequence[Mapping[str, Any]] = await desk.pool.fetch(DAYS, one.id, today)
    return rows


async def days_of_source(desk: Desk, one: Department, id: int) -> Sequence[Mapping[str, Any]]:
    today = desk.clock.now().astimezone(one.hours.zone_at(desk.clock.now())).date()
    rows: Sequence[Mapping[str, Any]] = await desk.pool.fetch(OF_SOURCE, one.id, today, id)
    return rows


async def sources(desk: Desk, one: Department) -> Sequence[Mapping[str, Any]]:
    rows: Sequence[Mapping[str, Any]] = await desk.pool.fetch(SOURCES, one.id)
    return rows


def with_days_off(
    hours: Hours, days: Iterable[date], now: datetime, but: tuple[int, int] | None = None
) -> Hours:
    """As they would be with these days off, too; or shorter, instead of what is known of them."""
    days = set(days)
    known = (
        replace(one, until=now) if but and one.day in days and one.until is None else one
        for one in hours.closed
    )
    more = (Closed(day, now, None, but) for day in days)
    return replace(hours, closed=(*known, *more))


def without_days(hours: Hours, rows: Iterable[Mapping[str, Any]], now: datetime) -> Hours:
    """As they would be with these days off taken back."""
    closed = list(hours.closed)
    for row in rows:
        but = None if row["open_from"] is None else (row["open_from"], row["open_until"])
        for at, one in enumerate(closed):
            if (one.day, one.but, one.until) == (row["day"], but, None):
                closed[at] = replace(one, until=now)
                break  # another source may close it, too
    return replace(hours, closed=tuple(closed))


def without_week(hours: Hours, since: datetime | None) -> Hours:
    """As they would be with a week to come withdrawn."""
    newest = max((at for at, one in enumerate(hours.weeks) if one.since == since), default=None)
    return replace(hours, weeks=tuple(w for at, w in enumerate(hours.weeks) if at != newest))


def shortened(hours: Hours) -> set[date]:
    """Days with a part that stays open: said by hand, so that no source closes them."""
    return {one.day for one in hours.closed if one.but and one.until is None}


REGIONS = ("Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


def zone_choices(current: str) -> list[tuple[str, str]]:
    """Zones people know; and the one that is set, whatever it is."""
    names = sorted(
        name for name in available_timezones() if "/" in name and name.split("/")[0] in REGIONS
    )
    more = [] if current in names or current == "UTC" else [current]
    return [("UTC", "UTC"), *((name, name.replace("_", " ")) for name in (*more, *names))]


def next_change(hours: Hours, now: datetime) -> tuple[bool, datetime | None]:
    """Whether it is open, and when that is over."""
    is_open = hours.is_open(now)
    return is_open, hours.next_closing(now) if is_open else hours.next_opening(now)


def changed(hours: Hours, week: Week) -> Hours:
    """As they would be with another week."""
    first = [
        one for one in hours.weeks if one.since is None or one.since <= (week.since or one.since)
    ]
    return replace(hours, weeks=(*first, week, *(w for w in hours.weeks if w not in first)))
