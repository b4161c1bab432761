"""One escalation with all that was gathered: why it is here, both sides, evidence, the past."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from helpdesk.cases.events import sentence
from helpdesk.desk import Desk
from helpdesk.escalations.states import Outcome
from helpdesk.escalations.words import CAUSES, OUTCOMES
from helpdesk.permissions import Actor
from helpdesk.tickets.models import reference
from triage.twins.similar import similar_tickets

from .queue import Row

# What each side said last, and what the desk said to it; and the party of the contract of whom
# nothing is on the case.
SIDES = """
SELECT p.name, s.role, t.subject, said.body, said.posted_at, ours.posted_at AS answered_at
FROM sides s JOIN people p ON p.id = s.person_id
LEFT JOIN LATERAL (SELECT o.subject FROM tickets o WHERE o.side_id = s.id
    ORDER BY o.id DESC LIMIT 1) t ON true
LEFT JOIN LATERAL (SELECT m.body, m.posted_at FROM messages m JOIN people a ON a.id = m.author_id
    WHERE m.case_id = s.case_id AND m.side_id = s.id AND NOT a.roles && $2
    ORDER BY m.id DESC LIMIT 1) said ON true
LEFT JOIN LATERAL (SELECT m.posted_at FROM messages m JOIN people a ON a.id = m.author_id
    WHERE m.case_id = s.case_id AND m.side_id = s.id AND a.roles && $2
    ORDER BY m.id DESC LIMIT 1) ours ON true
WHERE s.case_id = $1
UNION ALL
SELECT p.name, CASE WHEN p.id = c.client_id THEN 'client' ELSE 'freelancer' END,
    NULL, NULL, NULL, NULL
FROM cases k JOIN contracts c ON c.id = k.contract_id
JOIN people p ON p.id IN (c.client_id, c.freelancer_id)
WHERE k.id = $1 AND NOT EXISTS (SELECT FROM sides s JOIN people q ON q.id = s.person_id
    WHERE s.case_id = k.id
        AND (s.person_id = p.id OR (q.company_id = p.company_id)))
LIMIT 6
"""
STAFF = ["agent", "mediator", "arbitrator", "manager", "admin"]
STEPS = """
SELECT e.type, e.data, e.occurred_at, p.name AS by, m.body FROM events e
LEFT JOIN people p ON p.id = e.actor_id LEFT JOIN messages m ON m.id = e.message_id
WHERE e.case_id = $1 AND e.ticket_id = $2 AND e.type LIKE 'escalation.%'
ORDER BY e.seq DESC LIMIT 40
"""
DECIDED = """
SELECT DISTINCT ON (e.ticket_id) e.id, e.ticket_id, e.outcome, e.said, e.ended_at, p.name AS by
FROM escalations e LEFT JOIN people p ON p.id = e.ended_by_id
WHERE e.ticket_id = ANY($1) AND e.state = 'decided' AND e.outcome <> 'settled' AND e.id <> $2
ORDER BY e.ticket_id, e.id DESC
"""
LOOKED_AT = 60  # tickets that are alike
MOST_DECISIONS = 8


@dataclass(frozen=True)
class Step:
    words: str
    said: str
    at: datetime


@dataclass(frozen=True)
class Peek:
    row: Row
    sides: Sequence[asyncpg.Record]
    steps: Sequence[Step]
    cause: str

    @property
    def why(self) -> list[dict[str, Any]]:
        return [step | {"at": datetime.fromisoformat(step["at"])} for step in self.row.why]


async def peek_of(desk: Desk, row: Row) -> Peek:
    steps = await desk.pool.fetch(STEPS, row.case_id, row.ticket_id)
    return Peek(
        row,
        await desk.pool.fetch(SIDES, row.case_id, STAFF),
        [
            Step(
                sentence(one["type"], one["data"], one["by"]), one["body"] or "", one["occurred_at"]
            )
            for one in steps
        ],
        CAUSES[row.cause],
    )


@dataclass(frozen=True)
class Decision:
    """A past one about something alike."""

    reference: str
    subject: str
    outcome: str
    said: str
    by: str
    at: datetime
    percent: int  # how likely it is about the same


async def similar_decisions(desk: Desk, actor: Actor, row: Row) -> list[Decision]:
    """Of the tickets most alike that were escalated and decided; the most alike first."""
    alike = {
        one.ticket_id: one for one in await similar_tickets(desk, actor, row.ticket_id, LOOKED_AT)
    }
    rows = await desk.pool.fetch(DECIDED, list(alike), row.id)
    found = [
        Decision(
            reference(one["ticket_id"]),
            alike[one["ticket_id"]].subject,
            OUTCOMES[Outcome(one["outcome"])],
            one["said"],
            one["by"] or "",
            one["ended_at"],
            round(100 * alike[one["ticket_id"]].probability),
        )
        for one in rows
    ]
    return sorted(found, key=lambda one: -one.percent)[:MOST_DECISIONS]
