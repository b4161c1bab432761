"""What the worker does for the outbox."""

import asyncio

from helpdesk.core.logs import log_failure
from helpdesk.desk import Desk

from .deliver import deliver_due

RUNNING = "mail.delivery"


async def deliver_beside(desk: Desk) -> int:
    """Deliver while the worker goes on: a slow mail server must not hold up timers."""
    task: asyncio.Task[None] | None = desk.parts.get(RUNNING)
    if task is None or task.done():
        desk.parts[RUNNING] = asyncio.create_task(deliver_all(desk))
    return 0


async def deliver_all(desk: Desk) -> None:
    try:
        while await deliver_due(desk):
            pass
    except Exception:
        log_failure("mail.delivery_failed")
