"""What the worker throws away once an hour: ended sessions, links nobody can use, old counts."""

from datetime import datetime, timedelta

from helpdesk.desk import Desk

EVERY = timedelta(hours=1)
OLD = timedelta(days=1)
STATEMENTS = (
    "DELETE FROM sessions WHERE expires_at <= $1",
    "DELETE FROM single_use_tokens WHERE expires_at <= $1",
    "DELETE FROM throttles WHERE window_start <= $1",
)


async def sweep_ended(desk: Desk) -> int:
    now = desk.clock.now()
    last: datetime | None = desk.parts.get("people.swept_at")
    if last is None or now - last >= EVERY:
        desk.parts["people.swept_at"] = now
        for statement in STATEMENTS:
            await desk.pool.execute(statement, now - OLD)
    return 0
