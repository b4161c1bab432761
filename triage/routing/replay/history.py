"""What happened in a period, as it was at each moment: rebuilt from events and first values."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import asyncpg

from helpdesk.desk import Desk
from triage.routing.logic.phrases import Phrases
from triage.routing.logic.vocabulary import LEVELS, UNKNOWN, Moment
from triage.routing.running.gathering import (
    ABOUT,
    FROM,
    MOMENTS,
    Known,
    before,
    known_to,
    unchanging,
)

from .replaying import Happening, Still

CHUNK = 1_000  # tickets read at once
OPEN = frozenset({"new", "open", "waiting_on_user", "on_hold"})
STATUS = ("ticket.status_changed", "ticket.closed", "ticket.merged_away", "ticket.restored")

FILED = f"""
SELECT {ABOUT}, t.case_id, t.opened_at FROM {FROM}
WHERE t.opened_at >= $1 AND t.opened_at < $2 AND (t.opened_at, t.id) > ($3, $4)
ORDER BY t.opened_at, t.id LIMIT {CHUNK}
"""
# Older ones that were not solved when the period began.
OLDER = f"""
SELECT {ABOUT}, t.case_id, t.opened_at FROM {FROM}
WHERE t.opened_at < $1 AND t.id > $2
    AND (t.status IN ('new', 'open', 'waiting_on_user', 'on_hold') OR t.updated_at >= $1)
ORDER BY t.id LIMIT {CHUNK}
"""
# What rules did is known by the run it belongs to.
EVENTS = """
SELECT e.id, e.ticket_id, e.type, e.data, e.occurred_at,
    EXISTS (SELECT FROM routing_runs r WHERE r.ticket_id = e.ticket_id
        AND e.seq BETWEEN r.first_seq AND r.last_seq) AS by_rules,
    k.version AS ran, k.effects -> 'outcome' AS outcome, k.facts ->> 'severity' AS met,
    k.facts ->> 'language' AS read_as
FROM events e LEFT JOIN routing_runs k ON k.event_id = e.id
WHERE e.case_id = ANY($1) AND e.ticket_id = ANY($2) AND e.type = ANY($3)
ORDER BY e.ticket_id, e.id
"""
TAGS = "SELECT ticket_id, tag FROM ticket_tags WHERE ticket_id = ANY($1) AND added_at < $2"


@dataclass
class History:
    hours: Mapping[str, Any]
    tickets: dict[int, Still] = field(default_factory=dict)
    happenings: list[Happening] = field(default_factory=list)


@dataclass(frozen=True)
class Wanted:
    """What the rules that are compared ask for: the rest is not read."""

    since: datetime
    until: datetime
    phrases: Phrases
    moments: frozenset[Moment]
    load: bool
    version: int | None  # whose real runs are compared with the replay's

    @property
    def older(self) -> bool:
        return self.load or self.moments != {Moment.FILED}

    @property
    def events(self) -> list[str]:
        """All changes: the first of each kind says what was there at filing."""
        return [*MOMENTS, "ticket.routed", *(STATUS if self.load else ())]


async def read_history(desk: Desk, wanted: Wanted) -> History:
    known = await known_to(desk)
    history = History(known.hours)
    async for rows in tickets_of(desk, wanted):
        ids, cases = [row["id"] for row in rows], list({row["case_id"] for row in rows})
        events: dict[int, list[asyncpg.Record]] = {}
        for event in await desk.search_pool.fetch(EVENTS, cases, ids, wanted.events):
            events.setdefault(event["ticket_id"], []).append(event)
        tags: dict[int, set[str]] = {}
        for id, tag in await desk.pool.fetch(TAGS, ids, wanted.since):
            tags.setdefault(id, set()).add(tag)
        for row in rows:
            told = events.get(row["id"], [])
            one = Past(row, told, frozenset(tags.get(row["id"], ())), known, wanted)
            history.tickets[row["id"]] = one.still()
            history.happenings += one.happenings()
    history.happenings.sort(key=lambda one: (one.at, one.event_id))
    return history


async def tickets_of(desk: Desk, wanted: Wanted) -> AsyncIterator[Sequence[asyncpg.Record]]:
    at, id = wanted.since, 0
    while rows := await desk.search_pool.fetch(FILED, wanted.since, wanted.until, at, id):
        yield rows
        at, id = rows[-1]["opened_at"], rows[-1]["id"]
    id = 0
    while wanted.older and (rows := await desk.search_pool.fetch(OLDER, wanted.since, id)):
        yield rows
        id = rows[-1]["id"]


@dataclass
class Past:
    """One ticket and its events."""

    row: asyncpg.Record
    events: Sequence[asyncpg.Record]
    tags: frozenset[str]
    known: Known
    wanted: Wanted

    def still(self) -> Still:
        """At filing, or when the period began if that was later."""
        type, severity = self.first("type", "type_key"), self.first_severity()
        department = self.first("department", "department")
        follow_ups, moves, is_open = 0, 0, True
        since = self.wanted.since
        is_older = self.row["opened_at"] < since
        for event in self.events if is_older else ():
            if event["occurred_at"] >= since:
                break
            now = self.change(event)[1]
            department = now.get("department", department)
            type = now.get("type", type)
            severity = LEVELS.index(now["severity"]) + 1 if "severity" in now else severity
            follow_ups += event["type"] == "ticket.followed_up"
            routed = event["type"] == "ticket.routed"
            moves = 0 if event["type"] == "ticket.handed_over" else moves + routed
            is_open = opens(event) if event["type"] in STATUS else is_open
        same = unchanging(self.row, self.wanted.phrases) | self.language()
        tags = self.tags if is_older else frozenset()
        return Still(
            same, type, department, severity, follow_ups, moves, tags, is_older and is_open
        )

    def happenings(self) -> list[Happening]:
        """In the period, without what rules did: that is done again."""
        return [
            self.happening(event)
            for event in self.events
            if self.wanted.since <= event["occurred_at"] < self.wanted.until
            and not event["by_rules"]
            and event["type"] != "ticket.routed"
        ]

    def happening(self, event: asyncpg.Record) -> Happening:
        now = self.change(event)[1]
        recorded = event["outcome"] if event["ran"] == self.wanted.version else None
        return Happening(
            event["occurred_at"],
            event["id"],
            self.row["id"],
            MOMENTS.get(event["type"]),
            now,
            opens(event),
            recorded,
        )

    def change(self, event: asyncpg.Record) -> tuple[dict[str, str], dict[str, str]]:
        if event["type"] == "ticket.routed":
            data = event["data"]
            return {"department": data["old_key"]}, {"department": data["new_key"]}
        return before(event["type"], event["data"], self.known)

    def language(self) -> dict[str, str | None]:
        """As it was read when the rules ran, which may have been put right since."""
        for event in self.events:
            if event["type"] == "ticket.opened" and event["read_as"]:
                return {"language": None if event["read_as"] == UNKNOWN else event["read_as"]}
        return {}

    def first(self, name: str, column: str) -> str:
        for event in self.events:
            if old := self.change(event)[0].get(name):
                return old
        return str(self.row[column])

    def first_severity(self) -> int:
        for event in self.events:
            met = event["met"] if event["type"] == "ticket.opened" else None
            old = met or self.change(event)[0].get("severity")
            if old in LEVELS:
                return LEVELS.index(old) + 1
        return int(self.row["severity"])


def opens(event: asyncpg.Record) -> bool:
    """Whether the ticket is work of its department after it."""
    if event["type"] in ("ticket.closed", "ticket.merged_away"):
        return False
    if event["type"] == "ticket.restored":
        return True
    return event["data"].get("new") in OPEN
