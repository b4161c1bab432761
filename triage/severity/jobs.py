"""After the commit: the trace of a new ticket, and a second look when people ask again."""

from helpdesk.core.jobs import job
from helpdesk.desk import Desk

from .reweighing import FILED, FOLLOWED_UP, REOPENED, weigh_ticket


@job
async def weigh_new(desk: Desk, event_id: int) -> None:
    await weigh_ticket(desk, event_id, FILED, "triage.weigh_new")


@job
async def weigh_follow_up(desk: Desk, event_id: int) -> None:
    await weigh_ticket(desk, event_id, FOLLOWED_UP, "triage.weigh_follow_up")


@job
async def weigh_reopened(desk: Desk, event_id: int) -> None:
    """Of all changes of the status, only those from solved to open."""
    row = await desk.pool.fetchrow("SELECT data FROM events WHERE id = $1", event_id)
    if row and (row["data"].get("old"), row["data"].get("new")) == ("solved", "open"):
        await weigh_ticket(desk, event_id, REOPENED, "triage.weigh_reopened")
