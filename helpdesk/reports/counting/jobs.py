"""What the worker does for the figures: it marks cases that changed, and counts them."""

from helpdesk.core.jobs import job
from helpdesk.desk import Desk

from .commands import count_stale as count_stale
from .queries import MARK


@job
async def mark_case(desk: Desk, event_id: int) -> None:
    """Counting itself is done for many cases at once."""
    await desk.pool.execute(MARK, event_id, "reports.mark_case", desk.clock.now())
