"""What the console shows, read by prepared statements: lists, counts, search, one ticket."""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import asyncpg

from helpdesk.cases.queries import NoSuchCase
from helpdesk.core.live import Envelope
from helpdesk.desk import Desk
from helpdesk.permissions import Actor, Can, allowed
from helpdesk.sla.promises.promised import PROMISED
from helpdesk.tickets.models import from_reference
from helpdesk.tickets.together import MERGED
from triage.severity.queries import WEIGHED
from triage.text.queries import SOUNDS_LIKE

from .views import OPEN, SEEN, VIEWS, Cursor, View

PAGE = 50
COUNT_LIMIT = 100  # a count stops here and reads "99+"
NAMES_FRESH = 5.0  # seconds
DRAFT_SHOWN = timedelta(days=1)  # colleagues see that somebody has an unsent one
COUNT_FRESH = 1.0  # seconds: without a change, counts of one agent are not read more often
NEWEST = 120  # search ranks among the newest hits only

COLUMNS = """t.id, t.subject, t.status, t.severity, t.opened_at, t.updated_at, t.solved_at,
    t.type_key, t.restricted, t.follow_ups, t.language, t.due_at, t.due_warn_at, t.due_kind,
    t.due_seconds, t.due_clock, r.name AS requester, g.key AS group_key,
    g.name AS group_name, a.name AS assignee, t.assignee_id"""
JOINS = """JOIN people r ON r.id = t.requester_id JOIN groups g ON g.id = t.group_id
    LEFT JOIN people a ON a.id = t.assignee_id"""


@dataclass(frozen=True)
class TicketPage:
    rows: Sequence[asyncpg.Record]
    following: str | None  # the cursor of the next page


def seen_by(actor: Actor) -> tuple[list[int], bool]:
    """The first two arguments of every list: departments, and whether restricted rows show."""
    return list(actor.groups), allowed(actor, Can.READ_ALL_PRIVATE)


def list_sql(view: View, following: bool) -> str:
    after = ""
    if following and view.at != "opened_at":
        sign = "<" if "DESC" in view.order else ">"
        after = f"AND (t.{view.at}, t.id) {sign} ($5, $6) AND $4::int IS NOT NULL"
    elif following:
        after = "AND (-t.severity, t.opened_at, t.id) > (-$4::int, $5, $6)"
    # The limit stands inside, so that names are looked up for one page only. $3 is the agent.
    end = f"ORDER BY {view.order} LIMIT {PAGE + 1}"
    own = "t.group_id = own.id AND" if view.by_department else ""
    where = f"{own} {view.where} AND {SEEN} AND $3::bigint IS NOT NULL {after}"
    page = f"SELECT t.* FROM {view.source} t WHERE {where} {end}"
    if view.by_department:  # each gives its first rows in order; those with none cost nothing
        page = f"SELECT t.* FROM unnest($1::bigint[]) own(id) CROSS JOIN LATERAL ({page}) t {end}"
    return f"""
        SELECT {COLUMNS}{view.columns} FROM ({page}) t {JOINS} ORDER BY {view.order}"""


LIST_SQL = {(view.key, more): list_sql(view, more) for view in VIEWS for more in (False, True)}


async def list_tickets(
    desk: Desk, actor: Actor, view: View, after: Cursor | None = None
) -> TicketPage:
    arguments: list[Any] = [*seen_by(actor), actor.id]
    if after is not None:
        arguments += [after.severity, after.at, after.id]
    rows = await desk.pool.fetch(LIST_SQL[view.key, after is not None], *arguments)
    following = None
    if len(rows) > PAGE:
        last = rows[PAGE - 1]
        following = str(Cursor(last["severity"], last[view.at], last["id"]))
    return TicketPage(rows[:PAGE], following)


COUNTS = (
    "SELECT "
    + ", ".join(
        f"(SELECT count(*) FROM (SELECT FROM {view.source} t WHERE {view.where} AND {SEEN} "
        f"LIMIT {COUNT_LIMIT}) x) AS {view.key}"
        for view in VIEWS
        if view.counted
    )
    + " WHERE $3::bigint IS NOT NULL"
)


class KeptCounts:
    """Of each agent, until COUNT_FRESH has passed or a list changed: pages ask because it did."""

    def __init__(self, desk: Desk) -> None:
        self.of: dict[int, tuple[float, dict[str, int]]] = {}
        self.changes = 0
        desk.live.follow("desk", self.outdate)

    def outdate(self, change: Envelope) -> None:
        self.of.clear()
        self.changes += 1


async def counts(desk: Desk, actor: Actor) -> dict[str, int]:
    """How many tickets each view holds, up to COUNT_LIMIT: the cost is bounded."""
    if "view counts" not in desk.parts:
        desk.parts["view counts"] = KeptCounts(desk)
    kept: KeptCounts = desk.parts["view counts"]
    began, changes = time.monotonic(), kept.changes
    at, known = kept.of.get(actor.id, (float("-inf"), {}))
    if began - at < COUNT_FRESH:
        return known
    found = dict(await desk.pool.fetchrow(COUNTS, *seen_by(actor), actor.id))
    if changes == kept.changes:  # else a change came while they were read
        kept.of[actor.id] = (began, found)
    return found


# A merged ticket is found as the one that goes on.
BY_NUMBER = f"""
    SELECT {COLUMNS} FROM tickets asked
        JOIN tickets t ON t.id = coalesce(asked.merged_into_id, asked.id) {JOINS}
    WHERE asked.id = $3 AND {SEEN}"""

SEARCH = f"""
    SELECT {COLUMNS} FROM (
        SELECT coalesce(t.merged_into_id, t.id) AS id,
            max(ts_rank(t.search, websearch_to_tsquery('english', $3))) AS rank
        FROM (
            SELECT t.id, t.merged_into_id, t.search FROM tickets t
            WHERE t.search @@ websearch_to_tsquery('english', $3) AND {SEEN}
            ORDER BY t.id DESC LIMIT {NEWEST}
        ) t
        GROUP BY 1 ORDER BY 2 DESC, 1 DESC LIMIT 25
    ) found JOIN tickets t ON t.id = found.id {JOINS}
    WHERE {SEEN} ORDER BY found.rank DESC, t.id DESC"""


IN_LANGUAGE = f"""
    SELECT {COLUMNS} FROM (
        SELECT t.* FROM tickets t
        WHERE t.language = $3 AND t.language <> 'en' AND {SEEN}
        AND ($4 = '' OR t.search @@ websearch_to_tsquery('english', $4))
        ORDER BY t.id DESC LIMIT 25
    ) t {JOINS} ORDER BY t.id DESC"""
_LANGUAGE = re.compile(r"(?i)(?<!\S)lang:([a-z]{2,3})(?!\S)")


def language_asked(words: str) -> tuple[str, str]:
    """`lang:es refund` → `es` and `refund`."""
    found = _LANGUAGE.search(words)
    return (found[1].lower(), _LANGUAGE.sub(" ", words).strip()) if found else ("", words)


async def search_tickets(desk: Desk, actor: Actor, words: str) -> Sequence[asyncpg.Record]:
    """Tickets by reference, by words of subject and description, the best 25 of the newest; or by
    the language they are written in, `lang:es`."""
    language, words = language_asked(words)
    if language:
        tagged: Sequence[asyncpg.Record] = await desk.search_pool.fetch(
            IN_LANGUAGE, *seen_by(actor), language, words
        )
        return tagged
    by_number = from_reference(words)
    if by_number is not None:
        found: Sequence[asyncpg.Record] = await desk.pool.fetch(
            BY_NUMBER, *seen_by(actor), by_number
        )
        if found:
            return found
    rows: Sequence[asyncpg.Record] = await desk.search_pool.fetch(SEARCH, *seen_by(actor), words)
    return rows


# Other tickets of the case, and earlier ones of the same person: with the ticket itself, for a
# round trip more costs as much as a third of the page.
OTHERS_SEEN = "(NOT o.restricted OR o.group_id = ANY($1) OR $2)"
MOST_AROUND = 30
# One's own, else what was begun on a ticket that was merged into it.
DRAFT = """
    SELECT d.kind, d.body FROM reply_drafts d JOIN tickets o ON o.id = d.ticket_id
    WHERE d.person_id = $4 AND (o.id = t.id OR o.merged_into_id = t.id)
    ORDER BY o.id <> t.id, d.updated_at DESC LIMIT 1"""
ESCALATION = """y.id AS escalation_id, y.state AS escalation_state, y.level AS escalation_level,
    y.due_at AS escalation_due_at, y.why AS escalation_why, y.reason AS escalation_reason,
    y.summary AS escalation_summary, y.owner_id AS escalation_owner_id,
    yo.name AS escalation_owner, y.said AS escalation_said, y.outcome AS escalation_outcome"""
TICKET = f"""
    SELECT {COLUMNS}, t.case_id, t.side_id, t.requester_id, t.group_id, t.chosen_severity,
        t.catalogue_version, t.answers, t.lacking, t.contract_text, t.first_answered_at,
        t.conversation_id, t.source, t.seen, r.public_id, r.email, r.time_zone, r.roles,
        c.reference AS contract, c.title AS contract_title, c.currency, c.funding,
        t.contract_id, t.milestone_id, k.last_seq, t.merged_into_id, {MERGED},
        t.coverage, h.slug AS covered_by, (SELECT x.title FROM article_texts x
            WHERE x.article_id = h.id ORDER BY x.language <> 'en' LIMIT 1) AS covered_title,
        v.score, v.comment AS rating_words, v.changed_at AS rated_at,
        EXISTS (SELECT FROM evidence x WHERE x.case_id = t.case_id) AS has_evidence,
        EXISTS (SELECT FROM evidence_requests q WHERE q.ticket_id = t.id
            AND q.fulfilled_at IS NULL AND q.cancelled_at IS NULL) AS has_asked,
        ARRAY(SELECT (o.id, o.subject, o.status, w.name)
            FROM tickets o JOIN people w ON w.id = o.requester_id
            WHERE o.case_id = t.case_id AND o.id <> t.id AND o.merged_into_id IS NULL
                AND {OTHERS_SEEN}
            ORDER BY o.id LIMIT {MOST_AROUND}) AS on_case,
        ARRAY(SELECT (o.id, o.subject, o.status, '')
            FROM tickets o
            WHERE o.requester_id = t.requester_id AND o.id <> t.id AND o.case_id <> t.case_id
                AND o.merged_into_id IS NULL AND {OTHERS_SEEN}
            ORDER BY o.id DESC LIMIT 5) AS earlier,
        ARRAY(SELECT (m.id, left(m.body, 90)) FROM messages m
            WHERE t.first_answered_at IS NOT NULL AND NOT t.restricted AND m.case_id = t.case_id
                AND m.ticket_id = t.id AND m.author_id = $4 AND m.side_id IS NOT NULL
            ORDER BY m.id DESC LIMIT 5) AS own_answers,
        ARRAY(SELECT w.name FROM reply_drafts o JOIN people w ON w.id = o.person_id
            WHERE o.ticket_id = t.id AND o.person_id <> $4
            AND o.updated_at > t.updated_at - interval '1 day' ORDER BY w.name LIMIT 5) AS drafting,
        {ESCALATION}, {PROMISED} AS promised,
        {WEIGHED} AS weighed, {SOUNDS_LIKE} AS sounds_like, d.kind AS draft_kind, d.body AS draft
    FROM tickets t {JOINS} JOIN cases k ON k.id = t.case_id
        LEFT JOIN contracts c ON c.id = t.contract_id
        LEFT JOIN ticket_ratings v ON v.ticket_id = t.id
        LEFT JOIN articles h ON h.id = t.covered_by_id
        LEFT JOIN LATERAL ({DRAFT}) d ON true
        LEFT JOIN LATERAL (SELECT * FROM escalations y WHERE y.ticket_id = t.id
            ORDER BY y.id DESC LIMIT 1) y ON true LEFT JOIN people yo ON yo.id = y.owner_id
    WHERE t.id = $3 AND {SEEN}"""

MILESTONES = """
    SELECT position, title, amount_minor, state, id FROM milestones
    WHERE contract_id = $1 ORDER BY position LIMIT 30"""

COLLEAGUES = """
    SELECT p.id, p.name FROM memberships m JOIN people p ON p.id = m.person_id
    WHERE m.group_id = $1 AND p.deactivated_at IS NULL ORDER BY p.name LIMIT 200"""

WAITING_CHATS = """
    SELECT count(*) FROM conversations c WHERE c.status = 'waiting' AND c.group_id = ANY($1)"""

GROUPS = "SELECT id, key, name FROM groups ORDER BY name"


async def kept(desk: Desk, key: str, statement: str, *arguments: Any) -> Any:
    """Names of departments and colleagues: asked again after a few seconds."""
    shelf: dict[str, tuple[float, Any]] = desk.parts.setdefault("console names", {})
    at, rows = shelf.get(key, (float("-inf"), ()))
    if time.monotonic() - at > NAMES_FRESH:
        rows = await desk.pool.fetch(statement, *arguments)
        shelf[key] = (time.monotonic(), rows)
    return rows


async def colleagues(desk: Desk, group_id: int) -> Sequence[asyncpg.Record]:
    rows: Sequence[asyncpg.Record] = await kept(desk, f"{group_id}", COLLEAGUES, group_id)
    return rows


async def departments(desk: Desk) -> Sequence[asyncpg.Record]:
    rows: Sequence[asyncpg.Record] = await kept(desk, "", GROUPS)
    return rows


async def ticket_row(desk: Desk, actor: Actor, ticket_id: int) -> asyncpg.Record:
    row = await desk.pool.fetchrow(TICKET, *seen_by(actor), ticket_id, actor.id)
    if row is None:
        raise NoSuchCase
    return row


@dataclass(frozen=True, slots=True)
class Other:
    """Another ticket beside the one that is shown."""

    id: int
    subject: str
    status: str
    requester: str  # "" when it is the same


def others(records: Sequence[Any]) -> list[Other]:
    return [Other(*record) for record in records]


CHAT = """
    SELECT c.id, c.case_id, c.side_id, c.subject, c.status, c.agent_id, c.opened_at,
        c.ended_at, c.ticket_id, c.type_key, c.conduct_notices, c.visitor_id, g.name AS group_name,
        a.name AS agent, v.name AS visitor, v.public_id, v.email, v.time_zone, v.roles,
        k.contract_id, k.last_seq, x.reference AS contract, x.title AS contract_title,
        x.currency, x.funding, d.kind AS draft_kind, d.body AS draft,
        ARRAY(SELECT w.name FROM chat_drafts o JOIN people w ON w.id = o.person_id
            WHERE o.conversation_id = c.id AND o.person_id <> $2
            AND o.updated_at > $3 ORDER BY w.name LIMIT 5) AS drafting
    FROM conversations c JOIN cases k ON k.id = c.case_id JOIN people v ON v.id = c.visitor_id
        JOIN groups g ON g.id = c.group_id LEFT JOIN people a ON a.id = c.agent_id
        LEFT JOIN contracts x ON x.id = k.contract_id
        LEFT JOIN chat_drafts d ON d.conversation_id = c.id AND d.person_id = $2
            AND d.updated_at > coalesce((SELECT max(m.posted_at) FROM messages m
                WHERE m.case_id = c.case_id AND m.conversation_id = c.id AND m.author_id = $2),
                '-infinity')
    WHERE c.id = $1"""

ASKED_IN_CHAT = """
    SELECT q.id, q.label, q.evidence_key, q.due_at FROM evidence_requests q
    WHERE q.conversation_id = $1 AND q.fulfilled_at IS NULL AND q.cancelled_at IS NULL
    ORDER BY q.id LIMIT 20"""

# How much came in since the agent last looked, and up to which number the page knows.
UNREAD = """
    SELECT c.id, k.last_seq AS newest, count(e.id) AS count
    FROM conversations c JOIN cases k ON k.id = c.case_id
        LEFT JOIN read_marks r ON r.case_id = c.case_id AND r.person_id = $1
        LEFT JOIN events e ON e.case_id = c.case_id AND e.conversation_id = c.id
            AND e.seq > greatest(r.seq, (SELECT max(o.seq) FROM events o WHERE o.case_id = c.case_id
                AND o.conversation_id = c.id AND o.type = 'message.posted' AND o.actor_id = $1), 0)
            AND e.type = 'message.posted'
            AND e.actor_id = c.visitor_id
    WHERE c.id = ANY($2) GROUP BY c.id, k.last_seq"""


async def unread(desk: Desk, actor: Actor, ids: Sequence[int]) -> dict[int, asyncpg.Record]:
    """Of one's own chats."""
    rows = await desk.pool.fetch(UNREAD, actor.id, list(ids)) if ids else ()
    return {row["id"]: row for row in rows}


OF_PERSON = f"""
    SELECT t.id, t.subject, t.status, t.severity, t.case_id, ({OPEN}) AS is_open,
        t.due_at, t.due_kind, t.first_answered_at,
        CASE WHEN {OPEN} THEN {PROMISED} END AS promised
    FROM tickets t WHERE t.requester_id = $3 AND t.merged_into_id IS NULL AND {SEEN}
    ORDER BY ({OPEN}) DESC, t.id DESC LIMIT 8"""

ON_CASE = f"""
    SELECT t.id, t.subject, t.status, t.severity, r.name AS requester
    FROM tickets t JOIN people r ON r.id = t.requester_id
    WHERE t.case_id = $3 AND t.requester_id <> $4 AND t.merged_into_id IS NULL AND {SEEN}
    ORDER BY t.id DESC LIMIT 8"""


async def chat(desk: Desk, actor: Actor, id: int) -> asyncpg.Record:
    row = await desk.pool.fetchrow(CHAT, id, actor.id, desk.clock.now() - DRAFT_SHOWN)
    if row is None:
        raise NoSuchCase
    return row


async def tickets_around_chat(
    desk: Desk, actor: Actor, row: asyncpg.Record
) -> tuple[Sequence[asyncpg.Record], Sequence[asyncpg.Record]]:
    """The visitor's tickets, open ones first; and those of others on the same case."""
    own = await desk.pool.fetch(OF_PERSON, *seen_by(actor), row["visitor_id"])
    case = (row["case_id"], row["visitor_id"])
    return own, await desk.pool.fetch(ON_CASE, *seen_by(actor), *case)
