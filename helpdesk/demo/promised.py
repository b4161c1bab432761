"""When answers were promised, day by day, from what was known then; and whether that held."""

from datetime import datetime, timedelta

from helpdesk.core.clock import FrozenClock
from helpdesk.desk import Desk
from helpdesk.permissions import SYSTEM
from helpdesk.sla.promises.commands import promise
from helpdesk.sla.promises.honesty import sweep_promises
from helpdesk.sla.promises.jobs import count_answer_times

OPENED = """
SELECT id, opened_at FROM tickets WHERE opened_at >= $1 AND opened_at < $2 ORDER BY opened_at, id
"""


async def play_promises(desk: Desk, clock: FrozenClock, now: datetime, days: int) -> None:
    for day in range(days, -1, -1):
        begins = now - timedelta(days=day)
        clock.at = begins
        await count_answer_times(desk, begins, of_the_past=True)
        filed = await desk.pool.fetch(OPENED, begins, min(begins + timedelta(days=1), now))
        async with desk.transaction(SYSTEM) as tx:
            for row in filed:
                tx.now = row["opened_at"]
                await promise(tx, row["id"])
    clock.at = now
    await count_answer_times(desk, now)
    while await sweep_promises(desk):
        pass
