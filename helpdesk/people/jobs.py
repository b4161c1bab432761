"""What the worker throws away now and then: sessions that are over, links nobody can use."""

from datetime import timedelta

from helpdesk.desk import Desk

OLD = timedelta(days=1)
SWEEPS = (
    "DELETE FROM sessions WHERE expires_at <= $1",
    "DELETE FROM single_use_tokens WHERE expires_at <= $1",
    "DELETE FROM throttles WHERE window_start <= $1",
)


async def sweep(desk: Desk) -> None:
    before = desk.clock.now() - OLD
    for statement in SWEEPS:
        await desk.pool.execute(statement, before)
