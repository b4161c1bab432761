"""What is expected, and what was promised."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from helpdesk.calendars.queries import hours_in, hours_of
from helpdesk.catalogue import queries as catalogue
from helpdesk.core.live import Envelope
from helpdesk.desk import Desk

from .estimate import FEWEST, Basis, Estimate, Sample, estimate

FRESH = 15.0  # seconds until a process asks again how long answers take, told or not
COUNTED = "promises"  # the stream on which that is told
TIMES = "SELECT group_id, severity, samples, waiting FROM answer_times"
KEYS = "SELECT id, key, name FROM groups"
NEWEST = """
SELECT p.*, g.name AS department, g.key AS group_key FROM promises p
JOIN groups g ON g.id = p.group_id
WHERE p.ticket_id = $1 ORDER BY p.because_of DESC LIMIT 1
"""
TICKET = """
SELECT t.severity, t.opened_at, g.name AS department, g.key AS group_key
FROM tickets t JOIN groups g ON g.id = t.group_id WHERE t.id = $1
"""
JUST_NOW = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Times:
    samples: tuple[Sample, ...] = ()
    waiting: int = 0


NO_TIMES = Times()


@dataclass(slots=True)
class _Shelf:
    times: dict[tuple[int, int], Times] = field(default_factory=dict)
    groups: dict[str, int] = field(default_factory=dict)
    looked_at: float = float("-inf")


async def expect(desk: Desk, group_key: str, severity: int, at: datetime | None = None) -> Estimate:
    """For a request that is not sent yet, or for whoever asks in chat."""
    shelf = await _fresh(desk)
    group_id = shelf.groups.get(group_key, 0)
    hours = await hours_of(desk, group_key)
    level = (await catalogue.current(desk)).catalogue.severity(severity)
    return estimate(
        hours,
        at or desk.clock.now(),
        chosen(shelf.times, group_id, severity),
        shelf.times.get((group_id, 0), NO_TIMES).waiting,
        level.first_response_hours if level else 0,
    )


async def expect_in(
    db: AsyncSession, group_id: int, severity: int, at: datetime, aim_hours: float
) -> Estimate:
    """As it stands in this transaction, for a promise that is kept."""
    rows = await (await db.connection()).execute(
        text(f"{TIMES} WHERE group_id = :group"), {"group": group_id}
    )
    times = {(row["group_id"], row["severity"]): read_times(row) for row in rows.mappings()}
    waiting = times.get((group_id, 0), NO_TIMES).waiting
    hours = await hours_in(db, group_id)
    return estimate(hours, at, chosen(times, group_id, severity), waiting, aim_hours)


def chosen(
    times: Mapping[tuple[int, int], Times], group_id: int, severity: int
) -> tuple[Sample, ...]:
    """Those of the same severity, or of all where these are too few."""
    own = times.get((group_id, severity), NO_TIMES).samples
    return own if len(own) >= FEWEST else times.get((group_id, 0), NO_TIMES).samples


@dataclass(frozen=True, slots=True)
class Given:
    """A promise, and whose it is."""

    one: Estimate
    department: str
    group_key: str
    severity: int


async def promise_of(desk: Desk, ticket_id: int) -> Given:
    """The newest one. Until the worker has given the first, what it will say."""
    if row := await desk.pool.fetchrow(NEWEST, ticket_id):
        return Given(from_row(row), row["department"], row["group_key"], row["severity"])
    row, now = await desk.pool.fetchrow(TICKET, ticket_id), desk.clock.now()
    at = row["opened_at"] if now - row["opened_at"] < JUST_NOW else now
    one = await expect(desk, row["group_key"], row["severity"], at)
    return Given(one, row["department"], row["group_key"], row["severity"])


def read_times(row: Mapping[Any, Any]) -> Times:
    return Times(tuple(Sample(*one) for one in row["samples"]), row["waiting"])


def from_row(row: Mapping[str, Any]) -> Estimate:
    """A promise as it was given."""
    half, most = (
        (row[f"{name}_from"], row[f"{name}_until"]) if row[f"{name}_from"] else None
        for name in ("half", "most")
    )
    usual = None if row["usual_from"] is None else (row["usual_from"], row["usual_until"])
    return Estimate(
        Basis(row["basis"]), row["given_at"], row["starts_at"], half, most, usual,
        row["ahead"], row["counted"], row["aim_at"], row["aim_hours"],
    )  # fmt: skip


def answers_counted() -> Envelope:
    """Word to every process that there are new figures."""
    return Envelope(COUNTED, 0, {}, {"t": "changed"})


def look_again(desk: Desk) -> None:
    _shelf(desk).looked_at = float("-inf")


def _shelf(desk: Desk) -> _Shelf:
    shelf: _Shelf | None = desk.parts.get("promises")
    if shelf is None:
        shelf = desk.parts["promises"] = _Shelf()
        desk.live.follow(COUNTED, lambda _: look_again(desk))
    return shelf


async def _fresh(desk: Desk) -> _Shelf:
    shelf = _shelf(desk)
    if time.monotonic() - shelf.looked_at >= FRESH:
        rows = await desk.pool.fetch(TIMES)
        shelf.times = {(row["group_id"], row["severity"]): read_times(row) for row in rows}
        shelf.groups = {row["key"]: row["id"] for row in await desk.pool.fetch(KEYS)}
        shelf.looked_at = time.monotonic()
    return shelf
