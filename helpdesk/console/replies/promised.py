"""The promise a reply may repeat: when somebody hears from the desk at the latest."""

from typing import Any

from helpdesk.core.formats import local_time
from helpdesk.desk import Desk

NEXT = """
    SELECT min(due_at) FROM sla_obligations
    WHERE ticket_id = $1 AND ended_at IS NULL AND due_at > $2"""


async def promise_of(desk: Desk, ticket: Any) -> str:
    """The next thing the desk owes them, by their clock; nothing when nothing is owed in time."""
    due = await desk.pool.fetchval(NEXT, ticket["id"], desk.clock.now())
    if due is None:
        return ""
    zone = ticket["time_zone"]
    clock = "UTC" if zone == "UTC" else f"{zone.rsplit('/', 1)[-1].replace('_', ' ')} time"
    return f"by {local_time(due, zone)} ({clock})"
