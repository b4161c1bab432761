"""Testing rules on history: nothing differs for the same rules, all of it for others."""

import asyncio
import os
import time
from typing import Any

import pytest

from helpdesk.core.clock import FrozenClock
from helpdesk.desk import Desk
from tests.conftest import EMPTY
from tests.people import Cast, settle
from triage.routing.commands import ask_replay, save_draft
from triage.routing.logic.rules import Mode, Rule
from triage.routing.queries import standing
from triage.routing.replay.testing import test_next as run_next_test

from .build import a_rule, anything, asks, do, everything, key, nothing, publish_rules
from .life import Life, counted, live, ran

TODAY = [
    a_rule(
        "Cards",
        everything(asks("words", "card", "refund*")),
        do("department", "PAY"),
        do("tag", "card"),
        key=key(1),
    ),
    a_rule(
        "Spanish",
        everything(asks("language", "es")),
        do("tag", "lang es"),
        do("skill", "spanish"),
        key=key(2),
    ),
    a_rule(
        "Asked again",
        everything(asks("follow_ups", "1"), nothing(asks("tag", "card"))),
        do("severity", "one"),
        moments=("followed_up",),
        key=key(3),
    ),
]
TOMORROW = [
    a_rule(
        "Stolen",
        everything(asks("words", "stole*", "somebody")),
        do("department", "TAS"),
        do("severity", "urgent"),
        do("escalate", text="An account was taken"),
        mode=Mode.STOP,
        key=key(4),
    ),
    a_rule(
        "Large sums",
        everything(
            anything(
                asks("amount", "100000", unit="USD"),
                everything(asks("type", "payment_dispute"), asks("severity", "high")),
            ),
            nothing(asks("department", "TAS")),
        ),
        do("department", "PAY"),
        do("severity", "high"),
        key=key(5),
    ),
    a_rule(
        "Payments is full",
        everything(asks("department", "PAY"), asks("load", "25", unit="PAY")),
        do("department", "GEN"),
        do("tag", "overflow"),
        key=key(6),
    ),
    a_rule("Nights", everything(asks("hour", "20", "6", unit="GEN")), do("tag", "night")),
    a_rule(
        "Regraded",
        everything(asks("previous_severity", "high", "urgent")),
        do("tag", "regraded"),
        moments=("severity_changed", "department_changed"),
    ),
    *TODAY[1:],
]


# How many tickets are lived through twice; HELPDESK_REPLAY_TICKETS=500 takes a minute.
LIVED = int(os.environ.get("HELPDESK_REPLAY_TICKETS", "160"))


async def replayed(cast: Cast, rules: list[Rule] | None = None, days: int = 30) -> Any:
    """The row of a test, finished as the worker does it."""
    desk, actor = cast.desk, await cast.actor("max")
    if rules is not None:
        seen = (await standing(desk)).seen
        async with desk.transaction(actor) as tx:
            await save_draft(tx, seen, rules)
    async with desk.transaction(actor) as tx:
        id = (await ask_replay(tx, days)).id
    assert await run_next_test(desk) == 1
    row = await desk.pool.fetchrow("SELECT * FROM routing_replays WHERE id = $1", id)
    assert row["state"] == "done", row["error"]
    return row


async def moves_of(life: Life, id: int) -> Any:
    rows = await life.cast.desk.pool.fetch(
        "SELECT ticket_id, moment, at, was, becomes FROM routing_replay_moves"
        " WHERE replay_id = $1 ORDER BY number", id,
    )  # fmt: skip
    return rows


async def test_the_same_rules_over_the_same_days_give_no_difference(
    cast: Cast, clock: FrozenClock
) -> None:
    await publish_rules(cast, *TODAY)
    await live(cast, clock, 120)
    row = await replayed(cast)
    result = row["result"]
    assert (result["filed"], result["changed"], result["matrix"]) == (120, 0, [])
    # It is no tautology: what is replayed is what really happened, moment by moment.
    assert result["checked"] == result["moments"] > 125
    assert result["agreed"] == result["checked"]


async def test_other_rules_do_what_really_running_them_does(
    desk: Desk, cast: Cast, clock: FrozenClock
) -> None:
    start = clock.at
    await publish_rules(cast, *TODAY)
    life = await live(cast, clock, LIVED)
    really = await ran(life)
    row = await replayed(cast, TOMORROW)
    moves = await moves_of(life, row["id"])
    assert len(moves) == row["result"]["changed"] > LIVED // 4
    expected = predicted(life, really, await order_of(life), moves)

    await desk.pool.execute(EMPTY)
    clock.at = start
    cast = await settle(desk)
    await publish_rules(cast, *TOMORROW)
    other = await live(cast, clock, LIVED)
    actual = await ran(other)
    assert actual.keys() == expected.keys()
    wrong = {at: (expected[at], actual[at]) for at in actual if actual[at] != expected[at]}
    assert not wrong, list(wrong.items())[:3]
    again = await replayed(cast)
    assert again["result"]["agreed"] == again["result"]["checked"] == again["result"]["moments"]


async def order_of(life: Life) -> list[tuple[int, str, Any]]:
    rows = await life.cast.desk.pool.fetch(
        "SELECT ticket_id, facts ->> 'moment' AS moment, facts ->> 'at' AS at FROM routing_runs"
        " ORDER BY id"
    )
    return [(row["ticket_id"], row["moment"], row["at"]) for row in rows]


def predicted(life: Life, really: Any, order: Any, moves: Any) -> Any:
    """What the replay says of every moment: its move, or what today's rules did."""
    moved = {
        (row["ticket_id"], row["moment"], row["at"].strftime("%Y-%m-%dT%H:%M:%SZ")): row["becomes"]
        for row in moves
    }
    changed = []
    for (id, moment, at), was in zip(order, really.values(), strict=True):
        becomes = moved.get((id, moment, at))
        kept = {k: v for k, v in becomes.items() if k != "matched"} if becomes else was
        changed.append((id, moment, kept))
    return counted(life.tickets, changed)


async def test_a_test_shows_what_moves_from_where_to_where(cast: Cast, clock: FrozenClock) -> None:
    await publish_rules(cast, *TODAY)
    life = await live(cast, clock, 60)
    row = await replayed(
        cast, [*TODAY, a_rule("To TAS", everything(asks("department", "TECH")), do(
            "department", "TAS"))],
    )  # fmt: skip
    result = row["result"]
    [[old, new, count]] = result["matrix"]
    assert (old, new) == ("TECH", "TAS")
    assert count == result["changed"] == len(await moves_of(life, row["id"]))
    assert sum(result["hours"]) == count


async def test_only_the_days_asked_for_are_replayed(cast: Cast, clock: FrozenClock) -> None:
    await publish_rules(cast, *TODAY)
    await live(cast, clock, 40, days=60)
    short = (await replayed(cast))["result"]["filed"]
    long = (await replayed(cast, days=90))["result"]["filed"]
    assert 0 < short < long == 40


async def test_a_worker_that_died_is_followed_by_another(cast: Cast, clock: FrozenClock) -> None:
    desk = cast.desk
    async with desk.transaction(await cast.actor("max")) as tx:
        await ask_replay(tx, 30)
    await desk.pool.execute(
        "UPDATE routing_replays SET state = 'running', claimed_at = $1", desk.clock.now()
    )
    assert await run_next_test(desk) == 0
    clock.advance(minutes=3)
    assert await run_next_test(desk) == 1


BULK = """
WITH c AS (INSERT INTO cases (last_seq, opened_at)
    SELECT 1, $1::timestamptz + n * interval '3 minutes' FROM generate_series(1, $2) n
    RETURNING id, opened_at),
s AS (INSERT INTO sides (case_id, person_id, role) SELECT id, $3, 'client' FROM c
    RETURNING id, case_id),
t AS (INSERT INTO tickets (case_id, side_id, requester_id, once, subject, type_key,
        catalogue_version, status, severity, chosen_severity, group_id, restricted, contract_text,
        answers, lacking, source, follow_ups, reopenings, opened_at, updated_at)
    SELECT c.id, s.id, $3, gen_random_uuid(), (ARRAY['My card was charged', 'The timer stops',
        'Please refund me'])[1 + c.id % 3], 'level1_tech', 1, 'solved', 2, 2, $4, false, '', '{}',
        '{}', 'form', 0, 0, c.opened_at, c.opened_at
    FROM c JOIN s ON s.case_id = c.id RETURNING id, case_id, opened_at)
INSERT INTO events (case_id, seq, type, audience, ticket_id, data, occurred_at, relayed_at)
SELECT case_id, 1, 'ticket.opened', 'side', id, '{}', opened_at, opened_at FROM t
"""


async def test_ten_thousand_tickets_take_seconds_and_hold_up_nobody(
    cast: Cast, clock: FrozenClock
) -> None:
    desk = cast.desk
    await publish_rules(cast, *TODAY)
    await desk.pool.execute(
        BULK, clock.at.replace(day=1, month=5), 10_000, cast.cora.id, cast.groups["GEN"].id
    )
    longest = 0.0  # processor time, so that a busy machine is no fault of ours

    async def look() -> None:
        nonlocal longest
        while True:
            began = time.thread_time()
            await asyncio.sleep(0.01)
            longest = max(longest, time.thread_time() - began)

    watching = asyncio.create_task(look())
    began = time.process_time()
    row = await replayed(cast, days=90)
    took = time.process_time() - began
    watching.cancel()
    assert row["result"]["filed"] == 10_000
    assert row["result"]["changed"] == 0
    assert took < 200
    assert longest < 5


@pytest.mark.parametrize("days", [30, 90])
async def test_an_empty_desk_has_nothing_to_replay(cast: Cast, days: int) -> None:
    row = await replayed(cast, days=days)
    assert row["result"]["moments"] == 0
