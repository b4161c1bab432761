"""What the desk owed on each ticket, and what was said when the time for it ran out."""

from datetime import datetime, timedelta

from helpdesk.cases.models import Timer
from helpdesk.cases.queries import hold_case
from helpdesk.cases.timers import take_timer
from helpdesk.core.clock import FrozenClock
from helpdesk.desk import Desk
from helpdesk.permissions import SYSTEM
from helpdesk.sla.jobs import tell_notice
from helpdesk.sla.owing.keeping import rework

# Each ticket as it was when something last happened to it.
TICKETS = """
SELECT t.id, max(e.occurred_at) AS at FROM tickets t
JOIN events e ON e.case_id = t.case_id AND e.ticket_id = t.id GROUP BY t.id ORDER BY at, t.id
"""
# Of what is over, nobody is told any more.
FORGET = """
UPDATE sla_notices n SET told_at = n.at FROM sla_obligations o
WHERE o.id = n.obligation_id AND o.ended_at IS NOT NULL AND n.told_at IS NULL
"""
SETTLE = """
UPDATE timers t SET fired_at = t.due_at FROM sla_notices n
WHERE t.kind = 'sla_notice' AND t.subject_id = n.id AND n.told_at IS NOT NULL AND t.fired_at IS NULL
"""
DUE = """
SELECT t.id, t.case_id, n.at, k.last AS since FROM timers t
JOIN sla_notices n ON n.id = t.subject_id
JOIN LATERAL (SELECT max(occurred_at) AS last FROM events e WHERE e.case_id = t.case_id) k ON true
WHERE t.kind = 'sla_notice' AND t.fired_at IS NULL AND n.at <= $1 ORDER BY n.at, n.id
"""


async def play_owed(desk: Desk, clock: FrozenClock, now: datetime) -> None:
    for row in await desk.pool.fetch(TICKETS):
        clock.at = min(row["at"] + timedelta(seconds=5), now)
        async with desk.transaction(SYSTEM) as tx:
            await rework(tx, row["id"])
    await desk.pool.execute(FORGET)
    await desk.pool.execute(SETTLE)
    for row in await desk.pool.fetch(DUE, now):
        clock.at = min(max(row["at"], row["since"] + timedelta(seconds=30)), now)
        async with desk.transaction(SYSTEM) as tx:
            await hold_case(tx, row["case_id"])
            timer = await tx.db.get_one(Timer, row["id"])
            if await take_timer(tx, timer):
                await tell_notice(tx, timer)
    clock.at = now
