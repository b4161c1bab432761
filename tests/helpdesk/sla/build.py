"""What tests of service levels look at and do."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from helpdesk.calendars.commands import ensure_calendars
from helpdesk.permissions import SYSTEM
from helpdesk.relay import fire_due_timers, relay_once
from helpdesk.sla.commands import ensure_policy
from helpdesk.sla.owing.reworking import sweep_reworks
from helpdesk.tickets.filing import Filed
from helpdesk.wiring import SUBSCRIBERS, TIMERS
from tests.people import Cast


async def settled(cast: Cast) -> Cast:
    """With the policy and the calendars a desk begins with."""
    await ensure_policy(cast.desk)
    async with cast.desk.transaction(SYSTEM) as tx:
        await ensure_calendars(tx)
    await work(cast)
    return cast


async def work(cast: Cast) -> None:
    """Until the worker has nothing left to do."""
    desk = cast.desk
    while (
        await relay_once(desk, SUBSCRIBERS)
        + await fire_due_timers(desk, TIMERS)
        + await sweep_reworks(desk)
    ):
        pass


async def owed(cast: Cast, filed: Filed) -> dict[str, Any]:
    """The newest obligation of each kind."""
    rows = await cast.desk.pool.fetch(
        "SELECT * FROM sla_obligations WHERE ticket_id = $1 ORDER BY id", filed.ticket_id
    )
    return {row["kind"]: row for row in rows}


async def told(cast: Cast, filed: Filed) -> Sequence[tuple[str, str, int, datetime]]:
    """Type, kind, per cent and time of what was said about its dates."""
    rows = await cast.desk.pool.fetch(
        "SELECT type, data, occurred_at FROM events WHERE ticket_id = $1 AND type LIKE 'sla.%'"
        " ORDER BY id",
        filed.ticket_id,
    )
    return [
        (row["type"], row["data"]["kind"], row["data"].get("percent", 0), row["occurred_at"])
        for row in rows
    ]


async def due(cast: Cast, filed: Filed) -> datetime | None:
    at: datetime | None = await cast.desk.pool.fetchval(
        "SELECT due_at FROM tickets WHERE id = $1", filed.ticket_id
    )
    return at
