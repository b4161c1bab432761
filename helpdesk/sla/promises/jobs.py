"""The worker's part: promises for what happened, and how long first answers take."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert

from helpdesk.calendars.hours import Hours
from helpdesk.calendars.queries import hours_of
from helpdesk.cases.models import Event
from helpdesk.cases.receipts import already_done
from helpdesk.core.jobs import job
from helpdesk.desk import Desk
from helpdesk.permissions import SYSTEM

from .commands import promise
from .models import AnswerTimes
from .queries import answers_counted

LOOK_EVERY = timedelta(minutes=5)
LOOK_BACK = timedelta(days=60)
MOST_READ = 20_000
KEPT = 300  # answers of each department and severity
WITH_US = "t.status IN ('new', 'open', 'on_hold')"
# As it was at $2, so that the past can be counted, too.
LATELY = f"""
SELECT t.group_id, t.severity, t.opened_at,
    CASE WHEN t.first_answered_at <= $2 THEN t.first_answered_at END AS answered_at,
    CASE WHEN gone.at <= $2 THEN gone.at END AS gone_at
FROM tickets t CROSS JOIN LATERAL (SELECT coalesce(t.first_answered_at, t.solved_at,
    CASE WHEN NOT {WITH_US} THEN t.updated_at END) AS at) gone
WHERE t.opened_at > $1 AND t.opened_at <= $2 AND t.merged_into_id IS NULL
ORDER BY t.opened_at DESC LIMIT {MOST_READ}
"""
WAITING = f"""
SELECT t.group_id, count(*) AS waiting FROM tickets t
WHERE t.first_answered_at IS NULL AND {WITH_US} AND t.merged_into_id IS NULL GROUP BY t.group_id
"""
ASKED = text("SELECT status, first_answered_at FROM tickets WHERE id = :ticket")


@job
async def give_promise(desk: Desk, event_id: int) -> None:
    """At filing, and anew when severity or department are others before the first answer."""
    async with desk.transaction(SYSTEM) as tx:
        if await already_done(tx, event_id, "sla.give_promise"):
            return
        event = await tx.db.get_one(Event, event_id)
        assert event.ticket_id is not None
        connection = await tx.db.connection()
        ticket = (await connection.execute(ASKED, {"ticket": event.ticket_id})).one()
        if event.type == "ticket.opened":
            await promise(tx, event.ticket_id)
        elif ticket.first_answered_at is None and ticket.status in ("new", "open", "on_hold"):
            await promise(tx, event.ticket_id, event_id)


async def sweep_answer_times(desk: Desk) -> int:
    """Counts anew every few minutes. Returns how many summaries were written."""
    now = desk.clock.now()
    last = await desk.pool.fetchval("SELECT max(computed_at) FROM answer_times")
    if last is not None and timedelta(0) <= now - last < LOOK_EVERY:
        return 0
    return await count_answer_times(desk, now)


async def count_answer_times(desk: Desk, now: datetime, of_the_past: bool = False) -> int:
    """As things stand, or as they stood at a moment of the past."""
    by_group: dict[int, list[Any]] = defaultdict(list)
    for row in await desk.search_pool.fetch(LATELY, now - LOOK_BACK, now):
        by_group[row["group_id"]].append(row)
    waiting = {
        group_id: sum(row["gone_at"] is None for row in rows) for group_id, rows in by_group.items()
    }
    if not of_the_past:  # older ones wait, too
        waiting = dict(await desk.search_pool.fetch(WAITING))
    rows: list[dict[str, Any]] = []
    async with desk.transaction(SYSTEM) as tx:
        groups = await desk.pool.fetch("SELECT id FROM groups")
        for (group_id,) in groups:
            hours = await hours_of(desk, group_id)
            found = samples_of(by_group[group_id], hours, now)
            rows += [
                {
                    "group_id": group_id, "severity": severity, "samples": samples,
                    "waiting": waiting.get(group_id, 0), "computed_at": now,
                }
                for severity, samples in found.items()
            ]  # fmt: skip
        statement = insert(AnswerTimes).values(rows) if rows else None
        if statement is not None:
            new = {name: statement.excluded[name] for name in ("samples", "waiting", "computed_at")}
            await tx.db.exec(
                statement.on_conflict_do_update(index_elements=["group_id", "severity"], set_=new)
            )
    desk.live.deliver([answers_counted()])
    return len(rows)


def samples_of(
    tickets: Sequence[Any], hours: Hours, now: datetime
) -> dict[int, list[tuple[int, int]]]:
    """By severity, and under 0 all: how many were ahead, and the open seconds to an answer.

    Whoever waits longer than half of the others did counts with the time so far: leaving them
    out would make a desk that has fallen behind look quick.
    """
    opened = sorted(one["opened_at"] for one in tickets)
    gone = sorted(one["gone_at"] for one in tickets if one["gone_at"])
    done = sorted(
        hours.elapsed(one["opened_at"], one["answered_at"]).total_seconds()
        for one in tickets
        if one["answered_at"]
    )
    middle = done[len(done) // 2] if done else 0.0
    found: dict[int, list[tuple[int, int]]] = {severity: [] for severity in range(5)}
    for one in tickets:
        if one["gone_at"] and not one["answered_at"]:
            continue
        at = one["opened_at"]
        seconds = hours.elapsed(at, one["answered_at"] or now).total_seconds()
        if one["answered_at"] is None and seconds <= middle:
            continue
        ahead = max(0, bisect_left(opened, at) - bisect_right(gone, at))
        for severity in (0, one["severity"]):
            if len(found[severity]) < KEPT:
                found[severity].append((ahead, int(seconds)))
    return found
