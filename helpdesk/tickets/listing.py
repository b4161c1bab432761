"""My requests: a person's own tickets, and those of their company, newest first."""

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from helpdesk.cases.queries import NoSuchCase
from helpdesk.desk import Desk
from helpdesk.permissions import Actor

from .together import MERGED

PAGE = 25

# $1 the person, $2 their company (or null), $3 only tickets below this id
MINE = """
    SELECT t.id, t.subject, t.status, t.severity, t.opened_at, t.updated_at, t.type_key,
        t.catalogue_version, g.name AS group_name, r.name AS requester, t.requester_id
    FROM tickets t JOIN groups g ON g.id = t.group_id JOIN people r ON r.id = t.requester_id
    WHERE t.id < $3 AND {which} AND (t.requester_id = $1 OR (NOT t.restricted AND t.side_id IN (
        SELECT s.id FROM sides s WHERE s.company_id = $2)))
    ORDER BY t.id DESC LIMIT {limit}"""

TABS = {
    "open": "t.status IN ('new', 'open', 'waiting_on_user', 'on_hold')",
    "waiting": "t.status = 'waiting_on_user'",
    "closed": "t.status IN ('solved', 'closed')",
}

ONE = f"""
    SELECT t.*, g.name AS group_name, r.name AS requester, a.name AS assignee,
        c.reference AS contract, c.title AS contract_title, c.currency, c.funding,
        m.title AS milestone, m.amount_minor, m.state AS milestone_state, k.last_seq,
        o.score, o.comment, o.created_at AS rated_at,
        {MERGED}, x.state AS escalated, x.level AS escalation_level, x.due_at AS decision_due_at,
        x.outcome AS decided_as, x.asked_requester, EXISTS (SELECT FROM sla_obligations y
            WHERE y.ticket_id = t.id AND y.kind = 'first_response' AND y.breached_at IS NOT NULL
        ) AS overdue
    FROM tickets t JOIN groups g ON g.id = t.group_id JOIN people r ON r.id = t.requester_id
        JOIN cases k ON k.id = t.case_id
        LEFT JOIN people a ON a.id = t.assignee_id LEFT JOIN contracts c ON c.id = t.contract_id
        LEFT JOIN milestones m ON m.id = t.milestone_id
        LEFT JOIN ticket_ratings o ON o.ticket_id = t.id
        LEFT JOIN LATERAL (SELECT * FROM escalations e WHERE e.ticket_id = t.id
            ORDER BY e.id DESC LIMIT 1) x ON true
    WHERE t.id = $3 AND (t.requester_id = $1 OR (NOT t.restricted AND t.side_id IN (
        SELECT s.id FROM sides s WHERE s.case_id = t.case_id AND s.company_id = $2)))"""


@dataclass(frozen=True)
class RequestPage:
    rows: Sequence[asyncpg.Record]
    following: int | None


async def my_requests(desk: Desk, actor: Actor, tab: str, below: int | None) -> RequestPage:
    query = MINE.format(which=TABS[tab], limit=PAGE + 1)
    rows = await desk.pool.fetch(query, actor.id, actor.company_id, below or 2**62)
    following = rows[PAGE - 1]["id"] if len(rows) > PAGE else None
    return RequestPage(rows[:PAGE], following)


async def waiting_for_me(desk: Desk, actor: Actor) -> int:
    """How many requests wait for this person, up to 10."""
    query = MINE.format(which=TABS["waiting"], limit=10)
    return len(await desk.pool.fetch(query, actor.id, actor.company_id, 2**62))


async def my_request(desk: Desk, actor: Actor, ticket_id: int) -> asyncpg.Record:
    """The request, or the one it was merged into, for those who may see that one."""
    row = await desk.pool.fetchrow(ONE, actor.id, actor.company_id, ticket_id)
    if row is None:
        raise NoSuchCase
    if into := row["merged_into_id"]:
        return await my_request(desk, actor, into)
    return row
