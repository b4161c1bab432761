"""The hours of a department, and who is away. Hours are laid out once per process and edition."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from helpdesk.desk import Desk

from .hours import Hours, around_the_clock
from .said import in_words
from .week import Closed, Span, Week

FRESH = 3.0  # seconds until a process asks again which editions there are
KEPT = 500  # calendars laid out at a time

EDITIONS = "SELECT c.group_id, g.key, c.edition FROM calendars c JOIN groups g ON g.id = c.group_id"
ROWS = """
SELECT jsonb_build_object(
    'weeks', (SELECT coalesce(jsonb_agg(jsonb_build_object('zone', w.zone, 'spans', w.spans,
        'offset', w.offset_minutes, 'since', w.since) ORDER BY w.since NULLS FIRST, w.id), '[]')
        FROM calendar_weeks w WHERE w.group_id = {group} AND w.withdrawn_at IS NULL),
    'closed', (SELECT coalesce(jsonb_agg(jsonb_build_object('day', d.day, 'since', d.known_from,
        'until', d.withdrawn_at, 'from', d.open_from, 'to', d.open_until)), '[]')
        FROM calendar_days_off d WHERE d.group_id = {group}
            AND (d.withdrawn_at IS NULL OR d.withdrawn_at > d.day - interval '1 day'))
) AS stored
"""
AWAY = """
SELECT person_id, max(ends_at) AS until FROM absences
WHERE withdrawn_at IS NULL AND begins_at <= $2 AND ends_at > $2 AND person_id = ANY($1)
GROUP BY person_id
"""

_laid_out: dict[int, Hours] = {}  # by edition, which no two calendars ever share


@dataclass(slots=True)
class _Shelf:
    editions: dict[int | str, tuple[int, int]] = field(default_factory=dict)
    looked_at: float = float("-inf")


async def hours_of(desk: Desk, group: int | str) -> Hours:
    """Of a department, by its id or key. One without a calendar works around the clock."""
    editions = await _editions(desk)
    if group not in editions:
        look_again(desk)
        editions = await _editions(desk)
    if group not in editions:
        return ALWAYS_OPEN
    group_id, edition = editions[group]
    if edition not in _laid_out:
        stored = await desk.pool.fetchval(ROWS.format(group="$1::bigint"), group_id)
        _keep(edition, stored)
    return _laid_out[edition]


async def said_now(desk: Desk, group: int | str) -> str:
    """The week that holds now, in words."""
    week = (await hours_of(desk, group)).week_at(desk.clock.now())
    return in_words(week.zone, week.spans)


async def all_hours(desk: Desk) -> Mapping[str, Hours]:
    """By the key of each department that has a calendar."""
    keys = [name for name in await _editions(desk) if isinstance(name, str)]
    return {key: await hours_of(desk, key) for key in keys}


async def _editions(desk: Desk) -> Mapping[int | str, tuple[int, int]]:
    shelf = _shelf(desk)
    if time.monotonic() - shelf.looked_at >= FRESH:
        rows = await desk.pool.fetch(EDITIONS)
        shelf.editions = {
            name: (row["group_id"], row["edition"])
            for row in rows
            for name in (row["group_id"], row["key"])
        }
        shelf.looked_at = time.monotonic()
    return shelf.editions


async def hours_in(db: AsyncSession, group_id: int) -> Hours:
    """As they stand in this transaction, for what is decided in it."""
    connection = await db.connection()
    edition = (
        await connection.execute(
            text("SELECT edition FROM calendars WHERE group_id = :group"), {"group": group_id}
        )
    ).scalar()
    if edition is None:
        return ALWAYS_OPEN
    if edition not in _laid_out:
        rows = await connection.execute(text(ROWS.format(group=":group")), {"group": group_id})
        _keep(edition, rows.scalar_one())
    return _laid_out[edition]


def look_again(desk: Desk) -> None:
    """The next question asks the database."""
    _shelf(desk).looked_at = float("-inf")


async def absent(desk: Desk, person_id: int, at: datetime) -> bool:
    return bool(await away(desk, [person_id], at))


async def away(desk: Desk, people: Sequence[int], at: datetime) -> dict[int, datetime]:
    """Of these, who is away, and until when."""
    rows = await desk.pool.fetch(AWAY, list(people), at)
    return {row["person_id"]: row["until"] for row in rows}


def read(stored: Mapping[str, Any]) -> Hours:
    weeks = [
        Week(
            zone_of(week["zone"], week["offset"]),
            tuple(Span(*span) for span in week["spans"]),
            _moment(week["since"]),
        )
        for week in stored["weeks"]
    ]
    closed = (
        Closed(
            datetime.fromisoformat(one["day"]).date(),
            _moment(one["since"]),
            _moment(one["until"]),
            None if one.get("from") is None else (one["from"], one["to"]),
        )
        for one in stored["closed"]
    )
    return Hours(tuple(weeks), tuple(closed)) if weeks else ALWAYS_OPEN


def zone_of(name: str, offset_minutes: int) -> tzinfo:
    """A zone that has vanished goes on as it was when it was chosen: no deadline is lost."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return timezone(timedelta(minutes=offset_minutes))


def _moment(stored: str | None) -> datetime | None:
    return datetime.fromisoformat(stored) if stored else None


def _keep(edition: int, stored: Mapping[str, Any]) -> None:
    while len(_laid_out) >= KEPT:
        del _laid_out[next(iter(_laid_out))]
    _laid_out[edition] = read(stored)


def _shelf(desk: Desk) -> _Shelf:
    shelf: _Shelf = desk.parts.setdefault("calendars", _Shelf())
    return shelf


ALWAYS_OPEN = around_the_clock()
