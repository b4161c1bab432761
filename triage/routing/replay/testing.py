"""Testing a draft on history: claimed by one worker, taken on in steps, kept as rows."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import orjson

from helpdesk.desk import Desk
from triage.routing.logic.rules import Rule, asks_about, phrases_of
from triage.routing.logic.vocabulary import About, Moment
from triage.routing.queries import version_rules

from .history import History, Wanted, read_history
from .replaying import Course, Move, Tally, document, go_through

log = logging.getLogger("helpdesk.worker")

STEP = 500  # happenings between two looks at the clock
LEASE = timedelta(minutes=2)  # without news from whoever works on it, another takes it over
MOST_MOVES = 20_000  # kept one by one; all are counted

CLAIM = """
UPDATE routing_replays SET state = 'running', claimed_at = $1, done = 0
WHERE id = (
    SELECT id FROM routing_replays
    WHERE state = 'waiting' OR (state = 'running' AND claimed_at < $2)
    ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, since, until, rules, against_version
"""
PROGRESS = "UPDATE routing_replays SET done = $2, total = $3, claimed_at = $4 WHERE id = $1"
FORGET_MOVES = "DELETE FROM routing_replay_moves WHERE replay_id = $1"
KEEP_MOVES = """
INSERT INTO routing_replay_moves (replay_id, number, ticket_id, moment, at, was, becomes)
SELECT $1, m.number, m.ticket_id, m.moment, m.at, m.was, m.becomes
FROM jsonb_to_recordset($2::jsonb) AS m(
    number integer, ticket_id bigint, moment text, at timestamptz, was jsonb, becomes jsonb)
"""
FINISH = """
UPDATE routing_replays SET state = $2, result = $3, error = $4, finished_at = $5, done = total
WHERE id = $1
"""


async def test_next(desk: Desk) -> int:
    """Whether there was one to work on."""
    now = desk.clock.now()
    row = await desk.pool.fetchrow(CLAIM, now, now - LEASE)
    if row is None:
        return 0
    try:
        result = await replay(desk, row)
        done: tuple[str, Any, str] = ("done", result, "")
    except Exception as error:
        log.exception("routing.replay_failed")
        done = ("failed", None, type(error).__name__[:80])
    await desk.pool.execute(FINISH, row["id"], *done, desk.clock.now())
    return 1


async def replay(desk: Desk, row: Any) -> dict[str, Any]:
    tested = tuple(Rule.model_validate(rule) for rule in row["rules"])
    found = await version_rules(desk, row["against_version"] or 0)
    today: tuple[Rule, ...] = found[1] if found else ()
    history = await read_history(desk, wanted(row, today, tested))
    total = len(history.happenings)
    await progress(desk, row["id"], 0, total)
    await desk.pool.execute(FORGET_MOVES, row["id"])
    return await take_on(desk, row["id"], history, today, tested)


def wanted(row: Any, today: Sequence[Rule], tested: Sequence[Rule]) -> Wanted:
    both = [rule for rule in (*today, *tested) if rule.on]
    moments = frozenset(moment for rule in both for moment in rule.when.moments)
    return Wanted(
        row["since"],
        row["until"],
        phrases_of(both),
        moments | {Moment.FILED},
        asks_about(both, About.LOAD),
        row["against_version"],
    )


async def take_on(
    desk: Desk, id: int, history: History, today: Sequence[Rule], tested: Sequence[Rule]
) -> dict[str, Any]:
    """In a thread and in steps: neither the worker's other parts nor a page wait for it."""
    courses = [Course(rules, history.tickets, history.hours) for rules in (today, tested)]
    tally, kept = Tally(), 0
    for start in range(0, len(history.happenings), STEP):
        some = history.happenings[start : start + STEP]
        moves = await asyncio.to_thread(go_through, some, courses[0], courses[1], tally)
        rows = [move_row(kept + at, move) for at, move in enumerate(moves, start=1)]
        rows = rows[: max(0, MOST_MOVES - kept)]
        if rows:
            await desk.pool.execute(KEEP_MOVES, id, rows)
        kept += len(rows)
        await progress(desk, id, start + len(some), len(history.happenings))
    return tally.result() | {"kept": kept}


def move_row(number: int, move: Move) -> dict[str, Any]:
    happening = move.happening
    assert happening.moment is not None
    row = {
        "number": number,
        "ticket_id": happening.ticket_id,
        "moment": happening.moment.value,
        "at": happening.at,
        "was": document(move.was) | {"matched": move.was.matched},
        "becomes": document(move.becomes) | {"matched": move.becomes.matched},
    }
    read: dict[str, Any] = orjson.loads(orjson.dumps(row))
    return read


async def progress(desk: Desk, id: int, done: int, total: int) -> None:
    await desk.pool.execute(PROGRESS, id, done, total, desk.clock.now())
