"""Whether a department's chat is open now."""

from dataclasses import dataclass
from datetime import datetime

from helpdesk.calendars.queries import away, hours_of
from helpdesk.desk import Desk

from .presence import AWAY_AFTER

NOBODY_HERE = "Nobody is available for chat at the moment."
OUTSIDE_HOURS = "Chat is closed at this hour."


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether a chat can be started now, and if not, why."""

    open: bool
    reason: str = ""


AGENTS_THERE = """
SELECT g.key, array_agg(DISTINCT a.person_id) AS agents
FROM availability a
JOIN memberships m ON m.person_id = a.person_id
JOIN groups g ON g.id = m.group_id
JOIN people p ON p.id = a.person_id
WHERE a.available AND a.seen_at > $1 AND p.deactivated_at IS NULL
GROUP BY g.key
"""


async def agents_there(desk: Desk) -> dict[str, int]:
    """By open department, how many agents take chats, are connected and not absent."""
    now = desk.clock.now()
    there = await agents_by_group(desk, now)
    return {key: len(who) for key, who in there.items() if (await hours_of(desk, key)).is_open(now)}


async def agents_by_group(desk: Desk, now: datetime) -> dict[str, set[int]]:
    rows = await desk.pool.fetch(AGENTS_THERE, now - AWAY_AFTER)
    everybody = {person for row in rows for person in row["agents"]}
    absent = (await away(desk, list(everybody), now)).keys() if everybody else set()
    found = {row["key"]: set(row["agents"]) - absent for row in rows}
    return {key: who for key, who in found.items() if who}


async def chat_open(desk: Desk, group_key: str) -> Availability:
    now = desk.clock.now()
    hours = await hours_of(desk, group_key)
    if not hours.is_open(now):
        return Availability(False, OUTSIDE_HOURS)
    there = (await agents_by_group(desk, now)).get(group_key)
    return Availability(True) if there else Availability(False, NOBODY_HERE)
