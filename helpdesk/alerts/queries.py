"""Reading alerts: the open ones from memory, the rest from the tables."""

import asyncio
import time
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from helpdesk.catalogue import queries as catalogue
from helpdesk.catalogue.document import Catalogue
from helpdesk.core.live import Envelope
from helpdesk.desk import Desk

from .models import Level, Stage
from .shown import AlertShown, Reader, for_reader, matching, reaches, reader_of
from .words import EVERYTHING

__all__ = [
    "AlertShown", "Reader", "alerts_now", "for_reader", "matching", "reaches", "reader_of",
]  # fmt: skip

STREAM = "alerts"
FRESH = 3.0  # seconds until a process asks again, should no envelope reach it
FIXED_SHOWN = timedelta(hours=24)  # to those who said it affects them
MOST = 200  # open ones
PAGE = 20

ROW = """
a.id, a.title, a.area, a.level, a.stage, a.words, a.type_keys, a.countries, a.roles,
a.app_versions, a.starts_at, a.ends_at, a.next_update_at, a.updated_at, a.changed_at,
a.resolved_at, a.affected, a.last_number, u.body AS latest
"""
FROM = "alerts a JOIN alert_updates u ON u.alert_id = a.id AND u.number = a.last_number"
OPEN = f"""
SELECT {ROW} FROM {FROM} WHERE a.resolved_at IS NULL OR a.resolved_at > $1
ORDER BY a.starts_at DESC, a.id DESC LIMIT {MOST}
"""
ALL_OPEN = f"""
SELECT {ROW} FROM {FROM} WHERE a.resolved_at IS NULL AND (a.ends_at IS NULL OR a.ends_at > $1)
ORDER BY a.starts_at DESC, a.id DESC LIMIT {MOST}
"""
ONE = f"SELECT {ROW} FROM {FROM} WHERE a.id = $1"
PAST = f"""
SELECT {ROW} FROM {FROM}
WHERE (a.resolved_at IS NOT NULL OR a.ends_at <= $3) AND (a.starts_at, a.id) < ($1, $2)
ORDER BY a.starts_at DESC, a.id DESC LIMIT $4
"""
UPDATES = """
SELECT u.number, u.stage, u.body, u.at, p.name AS author
FROM alert_updates u LEFT JOIN people p ON p.id = u.author_id
WHERE u.alert_id = $1 ORDER BY u.number
"""
FOLLOWING = "SELECT email FROM alert_followers WHERE alert_id = $1 AND reader = ANY($2) LIMIT 1"

SEVERITY = {Level.OUTAGE: 0, Level.DEGRADED: 1, Level.MAINTENANCE: 2, Level.NOTICE: 3}


@dataclass
class Shelf:
    """What a process remembers of open alerts, until it hears or fears that they changed."""

    rows: tuple[AlertShown, ...] = ()
    looked_at: float = float("-inf")
    changes: int = 0  # heard of so far
    looking: asyncio.Lock = field(default_factory=asyncio.Lock)

    def look_again(self) -> None:
        self.changes += 1
        self.looked_at = float("-inf")

    def hear(self, envelope: Envelope) -> None:
        self.look_again()

    @property
    def is_fresh(self) -> bool:
        return time.monotonic() - self.looked_at < FRESH


def shelf_of(desk: Desk) -> Shelf:
    found: Shelf | None = desk.parts.get("alerts")
    if found is None:
        found = desk.parts["alerts"] = Shelf()
        desk.live.follow(STREAM, found.hear)
        desk.live.reconnected.add(found.look_again)
    return found


async def rows_of(desk: Desk) -> tuple[AlertShown, ...]:
    """Everything that is open, planned, or was solved a short while ago."""
    shelf = shelf_of(desk)
    if shelf.is_fresh:
        return shelf.rows
    async with shelf.looking:  # many pages at once ask one question
        if not shelf.is_fresh:
            heard = shelf.changes
            asked_at = time.monotonic()
            rows = await desk.pool.fetch(OPEN, desk.clock.now() - FIXED_SHOWN)
            offered = (await catalogue.current(desk)).catalogue
            shelf.rows = tuple(as_shown(row, offered) for row in rows)
            if shelf.changes == heard:  # else it changed while we read
                shelf.looked_at = asked_at
    return shelf.rows


def as_shown(row: Mapping[str, Any], offered: Catalogue) -> AlertShown:
    service = offered.service(row["area"])
    types = offered.types_of(row["area"]) if row["area"] else offered.types
    return AlertShown(
        id=row["id"],
        title=row["title"],
        area=row["area"],
        area_title=service.title if service else row["area"] or EVERYTHING,
        level=Level(row["level"]),
        stage=Stage(row["stage"]),
        words=tuple(row["words"]),
        type_keys=frozenset(row["type_keys"]),
        covers=frozenset(type.key for type in types),
        countries=frozenset(row["countries"]),
        roles=frozenset(row["roles"]),
        app_versions=tuple(row["app_versions"]),
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        next_update_at=row["next_update_at"],
        updated_at=row["updated_at"],
        changed_at=row["changed_at"],
        resolved_at=row["resolved_at"],
        affected=row["affected"],
        last_number=row["last_number"],
        latest=row["latest"],
    )


async def alerts_now(desk: Desk) -> tuple[AlertShown, ...]:
    """Known issues, the worst first; then planned work that begins soon. For `for_reader`."""
    now = desk.clock.now()
    soon = now + timedelta(days=desk.settings.alert_planned_days)
    found = [
        alert for alert in await rows_of(desk) if not alert.is_over(now) and alert.starts_at <= soon
    ]
    return tuple(sorted(found, key=lambda alert: (alert.is_planned(now), SEVERITY[alert.level])))


async def alerts_fixed(desk: Desk) -> tuple[AlertShown, ...]:
    """Solved within the last day."""
    since = desk.clock.now() - FIXED_SHOWN
    return tuple(a for a in await rows_of(desk) if a.resolved_at and a.resolved_at > since)


async def fingerprint(desk: Desk) -> int:
    """Another number than a page was made with: something changed since."""
    rows = await rows_of(desk)
    return zlib.crc32(repr([(a.id, a.last_number, a.changed_at) for a in rows]).encode())


async def open_rows(desk: Desk) -> Sequence[asyncpg.Record]:
    """For the board: everything that is not over, straight from the table."""
    rows: Sequence[asyncpg.Record] = await desk.pool.fetch(ALL_OPEN, desk.clock.now())
    return rows


async def find_alert(desk: Desk, id: int, reader: Reader) -> AlertShown | None:
    """Hidden from this reader and absent are the same. Planned work is public once announced."""
    row = await desk.pool.fetchrow(ONE, id) if id < 2**63 else None
    if row is None:
        return None
    alert = as_shown(row, (await catalogue.current(desk)).catalogue)
    return alert if reaches(alert, reader) and is_announced(desk, alert, reader) else None


def is_announced(desk: Desk, alert: AlertShown, reader: Reader) -> bool:
    """Planned work becomes public some days before it begins."""
    soon = desk.clock.now() + timedelta(days=desk.settings.alert_planned_days)
    return reader.is_staff or alert.starts_at <= soon


async def updates_of(desk: Desk, id: int) -> Sequence[asyncpg.Record]:
    rows: Sequence[asyncpg.Record] = await desk.pool.fetch(UPDATES, id)
    return rows


async def is_told(desk: Desk, id: int, keys: Sequence[bytes]) -> str | None:
    """None: does not follow. Else the address that gets the one mail, or an empty text."""
    found: str | None = await desk.pool.fetchval(FOLLOWING, id, list(keys))
    return found


async def past_alerts(
    desk: Desk, reader: Reader, before: tuple[datetime, int] | None, limit: int = PAGE
) -> tuple[list[AlertShown], bool]:
    """What is over, the newest start first, and whether there is more."""
    offered = (await catalogue.current(desk)).catalogue
    now = desk.clock.now()
    at, id = before or (now + timedelta(days=3650), 2**62)
    found: list[AlertShown] = []
    while len(found) <= limit:
        rows = await desk.pool.fetch(PAST, at, id, now, 2 * limit)
        alerts = for_reader((as_shown(row, offered) for row in rows), reader)
        found += [alert for alert in alerts if is_announced(desk, alert, reader)]
        if len(rows) < 2 * limit:
            break
        at, id = rows[-1]["starts_at"], rows[-1]["id"]
    return found[:limit], len(found) > limit
