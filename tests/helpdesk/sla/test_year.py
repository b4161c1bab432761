"""A year, twenty departments, every deadline beside a count of every minute, every notice once."""

import os
import random
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from helpdesk.core.clock import FrozenClock
from helpdesk.sla.commands import ensure_policy
from tests.people import Cast

from .year import MINUTE, START, Expected, Script, departments, expected, script
from .year_play import FOLLOWED, Player, furnish

TICKETS = int(os.environ.get("HELPDESK_YEAR_TICKETS", "24"))
KILLS = max(1, TICKETS // 100)
OWED = "SELECT * FROM sla_obligations WHERE ticket_id = ANY($1) ORDER BY ticket_id, began_by, id"
TOLD = """
SELECT (e.data->>'obligation')::bigint AS id, (e.data->>'percent')::int AS percent,
    n.at, count(DISTINCT e.id) AS times, count(DISTINCT n.id) AS notices
FROM events e JOIN sla_notices n ON n.obligation_id = (e.data->>'obligation')::bigint
    AND n.percent = (e.data->>'percent')::int AND n.told_at IS NOT NULL
WHERE e.type IN ('sla.warned', 'sla.breached')
GROUP BY 1, 2, 3
"""


async def test_every_deadline_is_the_count_of_its_minutes_and_every_notice_is_told_once(
    cast: Cast, clock: FrozenClock
) -> None:
    chance = random.Random(20260105)
    clock.set(START - timedelta(days=1))
    await ensure_policy(cast.desk)
    made = departments(chance, 20)
    groups = await furnish(cast, made)
    scripts = [script(chance, list(groups)) for _ in range(TICKETS)]
    # Nobody waits for anything else that happens, so that a year passes in less time.
    cast = replace(cast, desk=replace(cast.desk, relayed=FOLLOWED))
    player = Player(cast, clock, chance, groups, {})
    await player.play(scripts, KILLS)

    is_open = {one.key: one.open_minutes() for one in made}
    rows = await cast.desk.pool.fetch(OWED, list(player.tickets.values()))
    wrong: list[str] = []
    notices: dict[tuple[int, int], datetime] = {}
    for n, told in enumerate(scripts):
        own = [row for row in rows if row["ticket_id"] == player.tickets[n]]
        wrong += compared(n, told, expected(told, is_open), own, notices)
    assert not wrong, "\n".join(wrong[:20])
    told_at: dict[tuple[int, int], list[datetime]] = {}
    for row in await cast.desk.pool.fetch(TOLD):
        assert row["times"] == len(await moments(cast, row["id"], row["percent"])), row
        told_at.setdefault((row["id"], row["percent"]), []).append(row["at"])
    for key, at in notices.items():
        assert any(moment >= at for moment in told_at.get(key, ())), (key, at)
    twice = Counter((key, at) for key, ats in told_at.items() for at in ats)
    assert max(twice.values()) == 1
    assert await cast.desk.pool.fetchval("SELECT count(*) FROM failures") == 0
    assert player.killed or TICKETS < 100
    print(f"{TICKETS} tickets, {len(rows)} obligations, {len(told_at)} notices,"
          f" {player.killed} kills, {player.interrupted} interruptions")  # fmt: skip


async def moments(cast: Cast, obligation: int, percent: int) -> list[datetime]:
    rows = await cast.desk.pool.fetch(
        "SELECT at FROM sla_notices WHERE obligation_id = $1 AND percent = $2"
        " AND told_at IS NOT NULL",
        obligation,
        percent,
    )
    return [row["at"] for row in rows]


def compared(
    n: int,
    told: Script,
    wanted: list[Expected],
    rows: list[Any],
    notices: dict[tuple[int, int], datetime],
) -> list[str]:
    """What differs; and which notices there must have been."""
    wrong = []
    kept = [one for one in wanted if not (one.state == "dropped" and one.ended == one.began)]
    left = {(row["kind"], row["started_at"]): row for row in rows}
    for one in kept:
        row = left.pop((one.kind, START + one.began * MINUTE), None)
        if row is None:
            wrong.append(f"{n}: nothing for {one}")
            continue
        if (row["due_at"], row["state"]) != (one.due, one.state):
            wrong.append(f"{n}: {one} but {row['due_at']} {row['state']} {told.acts}")
        end = START + (one.ended * MINUTE if one.ended is not None else timedelta(days=600))
        for percent, at in ((75, one.warned), (100, one.due)):
            if at is not None and at <= end:
                notices[row["id"], percent] = at
    return wrong + [f"{n}: too much: {row}" for row in left.values() if row["state"] != "dropped"]
