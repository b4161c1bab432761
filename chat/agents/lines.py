"""Every department's line as it is now. Each figure comes from a partial index of what is open
or of today, so none costs more as chats add up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from helpdesk.calendars.hours import Hours
from helpdesk.calendars.queries import away, hours_of
from helpdesk.desk import Desk

from .loads import AgentNow, agents_now
from .models import AlarmKind, LineRules
from .presence import AWAY_AFTER, State

# $1: departments, $2: when their day began.
NOW = """
SELECT g.id, g.key, g.name, waiting.chats AS waiting, waiting.since, served.chats AS served,
    lost.chats AS abandoned, to_jsonb(l) AS rules
FROM unnest($1::bigint[], $2::timestamptz[]) AS d (id, midnight)
JOIN groups g ON g.id = d.id
LEFT JOIN chat_lines l ON l.group_id = g.id
CROSS JOIN LATERAL (
    SELECT count(*) AS chats, min(opened_at) AS since FROM conversations
    WHERE group_id = g.id AND status = 'waiting'
) waiting
CROSS JOIN LATERAL (
    SELECT count(*) AS chats FROM conversations WHERE group_id = g.id AND status = 'active'
) served
CROSS JOIN LATERAL (
    SELECT count(*) AS chats FROM conversations
    WHERE group_id = g.id AND abandoned_at IS NOT NULL AND abandoned_at >= d.midnight
) lost
ORDER BY g.name
"""
RULES = {name: field.default for name, field in LineRules.model_fields.items()}


@dataclass(frozen=True, slots=True)
class LineNow:
    id: int
    key: str
    name: str
    waiting: int
    since: datetime | None  # the longest wait began
    served: int
    free: int  # places with agents who take chats now
    agents: int  # who take chats now
    abandoned: int  # today, by the department's own clock
    open: bool
    next_open: datetime | None
    rules: LineRules

    def longest(self, now: datetime) -> int:
        """Seconds of the longest wait."""
        return int((now - self.since).total_seconds()) if self.since else 0

    def crossed(self, now: datetime) -> dict[AlarmKind, tuple[int, int]]:
        """Threshold and value of each alarm that holds. Free places count while it is open."""
        rules = self.rules
        more = [
            (AlarmKind.WAITING, rules.waiting_alarm, self.waiting),
            (AlarmKind.WAIT, rules.wait_alarm, self.longest(now)),
            (AlarmKind.ABANDONED, rules.abandoned_alarm, self.abandoned),
        ]
        found = {
            kind: (limit, value)
            for kind, limit, value in more
            if limit is not None and value >= limit
        }
        if self.open and rules.free_alarm is not None and self.free < rules.free_alarm:
            found[AlarmKind.FREE] = (rules.free_alarm, self.free)
        return found


def rules_of(group_id: int, stored: Mapping[str, Any] | None) -> LineRules:
    return LineRules(**(RULES | {"group_id": group_id} | dict(stored or {})))


def day_began(hours: Hours, now: datetime) -> datetime:
    zone = hours.zone_at(now)
    return datetime.combine(now.astimezone(zone).date(), time(), zone)


async def lines_now(desk: Desk) -> tuple[Sequence[LineNow], Sequence[AgentNow]]:
    """The lines, and the agents who are here or have a chat."""
    now = desk.clock.now()
    groups = await desk.pool.fetch("SELECT id, key FROM groups ORDER BY id")
    hours = {row["id"]: await hours_of(desk, row["key"]) for row in groups}
    midnights = [day_began(hours[row["id"]], now) for row in groups]
    rows = await desk.pool.fetch(NOW, [row["id"] for row in groups], midnights)
    everybody = await agents_now(desk.pool, now)
    absent = await away(desk, [one.id for one in everybody if one.free], now)
    free = [one for one in everybody if one.state == State.AVAILABLE and one.id not in absent]
    lines = []
    for row in rows:
        own = [one for one in free if row["id"] in one.groups]
        works = hours[row["id"]]
        lines.append(
            LineNow(
                row["id"],
                row["key"],
                row["name"],
                row["waiting"],
                row["since"],
                row["served"],
                sum(one.free for one in own),
                len(own),
                row["abandoned"],
                works.is_open(now),
                None if works.is_open(now) else works.next_opening(now),
                rules_of(row["id"], row["rules"]),
            )
        )
    return lines, [one for one in everybody if is_here(one, now)]


def is_here(agent: AgentNow, now: datetime) -> bool:
    """Somebody whose page was closed a while ago is shown for as long as a chat is theirs."""
    return agent.chats > 0 or agent.seen_at > now - max(AWAY_AFTER, timedelta(seconds=60))
