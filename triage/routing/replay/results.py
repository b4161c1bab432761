"""Tests on history, as they are listed and read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from helpdesk.desk import Desk

PAGE = 25
NEWEST = """
SELECT r.id, r.edition, r.days, r.state, r.done, r.total, r.asked_at, r.against_version,
    (r.result ->> 'changed')::integer AS changed, p.name AS asked_by
FROM routing_replays r LEFT JOIN people p ON p.id = r.asked_by_id
ORDER BY r.id DESC LIMIT 5
"""
ONE = """
SELECT r.id, r.edition, r.days, r.since, r.until, r.state, r.done, r.total, r.result, r.error,
    r.asked_at, r.finished_at, r.against_version, p.name AS asked_by
FROM routing_replays r LEFT JOIN people p ON p.id = r.asked_by_id WHERE r.id = $1
"""
MOVES = """
SELECT m.number, m.ticket_id, m.moment, m.at, m.was, m.becomes, t.subject
FROM routing_replay_moves m JOIN tickets t ON t.id = m.ticket_id
WHERE m.replay_id = $1 AND m.number > $2
    AND ($3 = '' OR (m.was ->> 'department' = $3 AND m.becomes ->> 'department' = $4))
ORDER BY m.number LIMIT $5
"""


async def newest_tests(desk: Desk) -> Sequence[asyncpg.Record]:
    """Of this draft and of earlier ones."""
    rows: Sequence[asyncpg.Record] = await desk.pool.fetch(NEWEST)
    return rows


async def one_test(desk: Desk, id: int) -> asyncpg.Record | None:
    return await desk.pool.fetchrow(ONE, id) if id < 2**62 else None


@dataclass(frozen=True)
class Moves:
    rows: Sequence[asyncpg.Record]
    following: int | None


async def moves_of(desk: Desk, id: int, after: int, way: tuple[str, str]) -> Moves:
    """A page of them, in the order of time; `way` narrows it to one cell of the matrix."""
    rows = await desk.search_pool.fetch(MOVES, id, after, *way, PAGE + 1)
    following = rows[PAGE - 1]["number"] if len(rows) > PAGE else None
    return Moves(rows[:PAGE], following)


@dataclass(frozen=True)
class Matrix:
    """From the department of the row to that of the column."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    counts: dict[tuple[str, str], int]


def matrix_of(result: dict[str, Any]) -> Matrix:
    counts = {(old, new): count for old, new, count in result["matrix"]}
    rows, columns = sorted({old for old, _ in counts}), sorted({new for _, new in counts})
    return Matrix(tuple(rows), tuple(columns), counts)
