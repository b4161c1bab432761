"""Who is at the desk when the demonstration begins, and how its lines are run."""

from datetime import datetime, timedelta

from helpdesk.desk import Desk

from .people import Company

# Nobody sits at these pages: what waits stays as it is for whoever looks at it.
PAGE_STAYS_OPEN = timedelta(days=1)

AT_THE_DESK = """
INSERT INTO availability AS a (person_id, available, reason, since, seen_at, capacity)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (person_id) DO UPDATE SET available = $2, reason = $3, since = $4, seen_at = $5,
    capacity = $6
"""
RULES = """
INSERT INTO chat_lines (group_id, gives, offer_seconds, idle_minutes, waiting_alarm, wait_alarm,
    free_alarm, abandoned_alarm, sound)
SELECT id, true, 20, 10, 5, 600, NULL, 10, true FROM groups WHERE key = ANY($1)
ON CONFLICT DO NOTHING
"""
STILL_WAITING = """
WITH held AS (SELECT id FROM conversations WHERE status = 'waiting')
UPDATE conversations c SET visitor_seen_at = $1 FROM held WHERE c.id = held.id
"""


async def open_lines(desk: Desk, company: Company, now: datetime) -> None:
    """Amy and Pete take chats as soon as a page of theirs is open; Tess has one, and is busy."""
    later = now + PAGE_STAYS_OPEN
    people = company.people
    for name, capacity, hours in (("amy", 4, 2), ("pete", 3, 1)):
        since = now - timedelta(hours=hours)
        row = (people[name].id, True, "", since, now, capacity)
        await desk.pool.execute(AT_THE_DESK, *row)
    since = now - timedelta(minutes=25)
    await desk.pool.execute(AT_THE_DESK, people["tess"].id, False, "tickets", since, later, None)
    await desk.pool.execute(RULES, ["GEN", "PAY", "TECH"])
    await desk.pool.execute(STILL_WAITING, later)
