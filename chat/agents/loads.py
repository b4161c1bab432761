"""How busy agents are: chats that count, and those held out to them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from helpdesk.desk import Transaction

from .choosing import Candidate
from .models import LineRules
from .presence import AWAY_AFTER, CAPACITY, State, state_of

IDLE_MINUTES = LineRules.model_fields["idle_minutes"].default

# A chat whose visitor has been silent since the agent's last word, for as long as the line says,
# takes no attention. $1: now; $2: these agents alone, or nothing for all who may be here.
AGENTS = f"""
SELECT a.person_id AS id, p.name, p.languages, p.skills, a.available, a.reason, a.since,
    a.seen_at, coalesce(a.capacity, {CAPACITY}) AS capacity, a.given_at,
    ARRAY(SELECT m.group_id FROM memberships m WHERE m.person_id = p.id) AS groups,
    busy.chats, busy.idle, held.offers
FROM availability a
JOIN people p ON p.id = a.person_id
CROSS JOIN LATERAL (
    SELECT count(*) AS chats, count(*) FILTER (WHERE last.by_desk AND last.at
        < $1::timestamptz - make_interval(mins => coalesce(l.idle_minutes, {IDLE_MINUTES}))) AS idle
    FROM conversations c
    LEFT JOIN chat_lines l ON l.group_id = c.group_id
    LEFT JOIN LATERAL (
        SELECT e.occurred_at AS at, NOT EXISTS (SELECT FROM sides s
            WHERE s.case_id = c.case_id AND s.person_id = e.actor_id) AS by_desk
        FROM events e
        WHERE e.case_id = c.case_id AND e.conversation_id = c.id AND e.type = 'message.posted'
        ORDER BY e.seq DESC LIMIT 1
    ) last ON true
    WHERE c.status = 'active' AND c.agent_id = a.person_id
) busy
CROSS JOIN LATERAL (
    SELECT count(*) AS offers FROM chat_offers o
    WHERE o.agent_id = a.person_id AND o.answer IS NULL
) held
WHERE p.deactivated_at IS NULL AND ($2::bigint[] IS NULL OR a.person_id = ANY($2))
ORDER BY a.person_id
"""


@dataclass(frozen=True, slots=True)
class AgentNow:
    """An agent who takes chats at times, as they are at this moment."""

    id: int
    name: str
    groups: frozenset[int]
    languages: frozenset[str]
    skills: frozenset[str]
    state: State
    reason: str
    since: datetime | None
    seen_at: datetime
    chats: int
    idle: int  # of these: they do not count
    offers: int
    capacity: int
    given_at: datetime | None

    @property
    def load(self) -> int:
        return self.chats - self.idle + self.offers

    @property
    def free(self) -> int:
        """Places for chats that may be given now."""
        return max(0, self.capacity - self.load) if self.state == State.AVAILABLE else 0

    def candidate(self, absent: bool = False) -> Candidate:
        return Candidate(
            self.id,
            self.groups,
            self.languages,
            self.skills,
            self.state == State.AVAILABLE and not absent,
            self.load,
            self.capacity,
            self.given_at,
        )


def agent_now(row: Any, now: datetime) -> AgentNow:
    connected = row["seen_at"] > now - AWAY_AFTER
    return AgentNow(
        row["id"],
        row["name"],
        frozenset(row["groups"]),
        frozenset(row["languages"]),
        frozenset(skill_key(skill) for skill in row["skills"]),
        state_of(row["available"], row["reason"], connected),
        row["reason"],
        row["since"],
        row["seen_at"],
        row["chats"],
        row["idle"],
        row["offers"],
        row["capacity"],
        row["given_at"],
    )


def skill_key(words: str) -> str:
    """“Bank transfers” → bank_transfers, as the catalogue names types and services."""
    return "_".join(words.lower().split())


async def agents_now(
    pool: asyncpg.Pool, now: datetime, ids: Iterable[int] | None = None
) -> list[AgentNow]:
    wanted = None if ids is None else list(ids)
    return [agent_now(row, now) for row in await pool.fetch(AGENTS, now, wanted)]


async def hold_agent(tx: Transaction, agent_id: int) -> AgentNow | None:
    """The agent, whom nobody else gives a chat until commit. The case is held before, if any."""
    connection = await tx.db.connection()
    lock = "SELECT person_id FROM availability WHERE person_id = $1 FOR UPDATE"
    if (await connection.exec_driver_sql(lock, (agent_id,))).first() is None:
        return None
    found = (await connection.exec_driver_sql(AGENTS, (tx.now, [agent_id]))).mappings().first()
    return None if found is None else agent_now(found, tx.now)


async def agents_of(tx: Transaction, group_id: int) -> list[AgentNow]:
    """Who may take chats of a department, as this transaction sees them."""
    connection = await tx.db.connection()
    rows = (await connection.exec_driver_sql(AGENTS, (tx.now, None))).mappings()
    found = [agent_now(row, tx.now) for row in rows]
    return [agent for agent in found if group_id in agent.groups]
