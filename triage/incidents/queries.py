"""What the pages of incidents show. Nobody's restricted ticket is quoted; it is counted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

import asyncpg

from helpdesk.desk import Desk
from helpdesk.tickets.models import reference

from .watch import State

EXAMPLES = 5
MOST_OPEN, MOST_PAST = 50, 20
STALE = timedelta(days=2)  # after which nobody needs to be reminded of a proposal

ROW = """
i.id, i.state, i.area, i.words, i.type_keys, i.tickets, i.people, i.expected, i.chance, i.first_at,
i.last_at, i.proposed_at, i.decided_at, i.resolved_at, i.alert_id, a.title, p.name AS decided_by
"""
FROM = """
incidents i LEFT JOIN alerts a ON a.id = i.alert_id LEFT JOIN people p ON p.id = i.decided_by_id
"""
LISTED = f"SELECT {ROW} FROM {FROM} WHERE i.state = $1 ORDER BY i.id DESC LIMIT $2"
ONE = f"SELECT {ROW} FROM {FROM} WHERE i.id = $1"
TICKETS = """
SELECT t.id, t.subject, t.opened_at, t.status, it.linked, it.answer
FROM incident_tickets it JOIN tickets t ON t.id = it.ticket_id
WHERE it.incident_id = $1 AND NOT t.restricted ORDER BY t.id LIMIT $2
"""
COUNTS = """
SELECT count(*) FILTER (WHERE it.linked) AS linked,
    count(*) FILTER (WHERE NOT it.linked) AS unlinked,
    count(*) FILTER (WHERE it.answer = 'solved') AS solved,
    count(*) FILTER (WHERE it.answer = 'not_solved') AS not_solved,
    count(*) FILTER (WHERE t.restricted) AS restricted
FROM incident_tickets it JOIN tickets t ON t.id = it.ticket_id WHERE it.incident_id = $1
"""
WAITING = "SELECT count(*) FROM incidents WHERE state = 'proposed' AND last_at > $1"


@dataclass(frozen=True)
class Shown:
    """An incident with some of its tickets."""

    row: asyncpg.Record
    tickets: Sequence[Any]
    counts: asyncpg.Record

    @property
    def id(self) -> int:
        return cast(int, self.row["id"])

    @property
    def state(self) -> State:
        return State(self.row["state"])

    @property
    def minutes(self) -> int:
        lasted: timedelta = self.row["last_at"] - self.row["first_at"]
        return max(1, round(lasted.total_seconds() / 60))

    @property
    def times(self) -> str:
        """How much more than usual."""
        usual = self.row["expected"]
        more = self.row["people"] / usual if usual > 0 else 1_000
        return f"{more:,.0f}" if more < 1_000 else "more than 1,000"


async def listed(desk: Desk, state: State, limit: int) -> list[Shown]:
    rows = await desk.pool.fetch(LISTED, state.value, limit)
    return [await shown(desk, row, EXAMPLES) for row in rows]


async def shown(desk: Desk, row: asyncpg.Record, most: int) -> Shown:
    tickets = [
        {**ticket, "reference": reference(ticket["id"])}
        for ticket in await desk.pool.fetch(TICKETS, row["id"], most)
    ]
    return Shown(row, tickets, await desk.pool.fetchrow(COUNTS, row["id"]))


async def find_incident(desk: Desk, id: int, most: int = 200) -> Shown | None:
    row = await desk.pool.fetchrow(ONE, id) if id < 2**63 else None
    return await shown(desk, row, most) if row is not None else None


async def proposals_waiting(desk: Desk, now: datetime) -> int:
    """For the rail."""
    waiting: int = await desk.pool.fetchval(WAITING, now - STALE)
    return waiting
