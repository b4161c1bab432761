"""Cleaning up: tokens that were good for once are remembered only while they are valid."""

from datetime import datetime, timedelta

from helpdesk.desk import Desk

from .keys import SKEW

FORGET = "DELETE FROM widget_tokens WHERE expires_at < $1"
EVERY = timedelta(hours=1)


async def sweep_used_tokens(desk: Desk) -> int:
    now = desk.clock.now()
    last: datetime | None = desk.parts.get("widget tokens swept at")
    if last is None or now - last >= EVERY:
        desk.parts["widget tokens swept at"] = now
        await desk.pool.execute(FORGET, now - 2 * SKEW)
    return 0
