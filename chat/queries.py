"""Finding conversations: who may see one, who waits, who is there to answer."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, false, true
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from helpdesk.cases.models import Case, Side
from helpdesk.cases.queries import NoSuchCase, hold_case, own_side
from helpdesk.cases.timeline import read_page
from helpdesk.desk import Desk, Transaction
from helpdesk.permissions import Actor, Can, allowed

from .agents.doors import NOBODY_HERE as NOBODY_HERE
from .agents.doors import Availability as Availability
from .agents.doors import agents_there as agents_there
from .agents.doors import chat_open as chat_open
from .agents.presence import AWAY_AFTER as AWAY_AFTER
from .models import Conversation

LINE_PREVIEW = 120


def conversations_visible_to(viewer: Actor) -> ColumnElement[bool]:
    if viewer.is_system or allowed(viewer, Can.READ_ALL_CASES):
        return true()
    if not viewer.id:
        return false()
    return col(Conversation.side_id).in_(select(Side.id).where(own_side(viewer)))


async def find_conversation(db: AsyncSession, viewer: Actor, conversation_id: int) -> Conversation:
    query = select(Conversation).where(
        Conversation.id == conversation_id, conversations_visible_to(viewer)
    )
    if conversation := (await db.exec(query)).one_or_none():
        return conversation
    raise NoSuchCase


async def hold_conversation(tx: Transaction, conversation_id: int) -> tuple[Case, Conversation]:
    """The conversation with its case locked until commit; what is read now stays true."""
    found = await find_conversation(tx.db, tx.actor, conversation_id)
    case = await hold_case(tx, found.case_id)
    await tx.db.refresh(found)
    return case, found


async def is_available(desk: Desk, person_id: int) -> bool:
    found = await desk.pool.fetchval(
        "SELECT available FROM availability WHERE person_id = $1", person_id
    )
    return bool(found)


POSITION = """
SELECT count(*) FROM conversations other
JOIN conversations mine ON mine.id = $1 AND mine.status = 'waiting'
WHERE other.status = 'waiting' AND other.group_id = mine.group_id
AND (NOT other.ahead, other.opened_at, other.id) <= (NOT mine.ahead, mine.opened_at, mine.id)
"""


async def position(desk: Desk, conversation_id: int) -> int:
    """The visitor's place in the department's line, from 1; 0 when not waiting."""
    return int(await desk.pool.fetchval(POSITION, conversation_id))


@dataclass(frozen=True, slots=True)
class ChatRow:
    """One conversation in an agent's list."""

    id: int
    case_id: int
    visitor: str
    subject: str
    group_key: str
    group: str
    status: str
    agent_id: int | None
    agent: str
    opened_at: datetime
    waiting_since: datetime | None  # nobody has answered the visitor since then
    line: str  # the last words
    line_by_staff: bool


# The first message of the visitor after the desk's last one, and the last words of either.
CHATS = f"""
SELECT c.id, c.case_id, v.name AS visitor, c.subject, g.key AS group_key, g.name AS "group",
    c.status, c.agent_id, coalesce(a.name, '') AS agent, c.opened_at,
    CASE WHEN c.status = 'waiting' THEN c.opened_at ELSE unanswered.at END AS waiting_since,
    coalesce(left(last.body, {LINE_PREVIEW}), '') AS line,
    coalesce(last.side_of_desk, false) AS line_by_staff
FROM conversations c
JOIN people v ON v.id = c.visitor_id
JOIN groups g ON g.id = c.group_id
LEFT JOIN people a ON a.id = c.agent_id
LEFT JOIN LATERAL (
    SELECT m.body, m.posted_at, NOT (s.id IS NOT NULL) AS side_of_desk
    FROM events e JOIN messages m ON m.id = e.message_id
    LEFT JOIN sides s ON s.case_id = c.case_id AND s.person_id = m.author_id
    WHERE e.case_id = c.case_id AND m.conversation_id = c.id AND e.audience <> 'staff'
    ORDER BY e.seq DESC LIMIT 1
) last ON true
LEFT JOIN LATERAL (
    SELECT min(m.posted_at) AS at
    FROM events e JOIN messages m ON m.id = e.message_id
    JOIN sides s ON s.case_id = c.case_id AND s.person_id = m.author_id
    WHERE e.case_id = c.case_id AND m.conversation_id = c.id AND e.audience <> 'staff'
    AND e.seq > coalesce((
        SELECT max(e2.seq) FROM events e2 JOIN messages m2 ON m2.id = e2.message_id
        WHERE e2.case_id = c.case_id AND m2.conversation_id = c.id AND e2.audience <> 'staff'
        AND NOT EXISTS (
            SELECT FROM sides s2 WHERE s2.case_id = c.case_id AND s2.person_id = m2.author_id)
    ), 0)
) unanswered ON true
WHERE {{which}}
ORDER BY {{order}}
LIMIT 200
"""
WAITING = CHATS.format(
    which="c.status = 'waiting' AND ($1::bigint[] IS NULL OR c.group_id = ANY($1))",
    order="c.ahead DESC, c.opened_at, c.id",
)
OWN = CHATS.format(
    which="c.status = 'active' AND c.agent_id = $1",
    order="unanswered.at ASC NULLS LAST, c.opened_at, c.id",
)
OTHERS = CHATS.format(which="c.status = 'active' AND c.agent_id <> $1", order="c.opened_at, c.id")
ONE = CHATS.format(which="c.id = $1", order="c.id")


async def waiting_chats(desk: Desk, groups: frozenset[int] | None = None) -> list[ChatRow]:
    """The lines of these departments (all without), who came first on top."""
    given = None if groups is None else list(groups)
    return [ChatRow(**row) for row in await desk.pool.fetch(WAITING, given)]


async def own_chats(desk: Desk, agent_id: int) -> list[ChatRow]:
    """An agent's conversations: whoever has waited longest for an answer on top."""
    return [ChatRow(**row) for row in await desk.pool.fetch(OWN, agent_id)]


async def others_chats(desk: Desk, agent_id: int) -> list[ChatRow]:
    """What colleagues talk about now."""
    return [ChatRow(**row) for row in await desk.pool.fetch(OTHERS, agent_id)]


async def chat_row(desk: Desk, conversation_id: int) -> ChatRow:
    row = await desk.pool.fetchrow(ONE, conversation_id)
    if row is None:
        raise NoSuchCase
    return ChatRow(**row)


WAITING_BY_GROUP = """
SELECT g.key, count(*) AS waiting, min(c.opened_at) AS since
FROM conversations c JOIN groups g ON g.id = c.group_id
WHERE c.status = 'waiting' GROUP BY g.key ORDER BY g.key
"""


async def waiting_by_group(desk: Desk) -> dict[str, tuple[int, datetime]]:
    """By department: how many wait, and since when the first of them."""
    rows = await desk.pool.fetch(WAITING_BY_GROUP)
    return {row["key"]: (row["waiting"], row["since"]) for row in rows}


async def said(
    desk: Desk, viewer: Actor, conversation: Conversation, limit: int = 10_000
) -> list[dict[str, Any]]:
    """Everything of the conversation this person may see, as frames in order."""
    frames: list[dict[str, Any]] = []
    after = 0
    mine = f"chat:{conversation.id}"
    while page := await read_page(desk.pool, viewer, conversation.case_id, after):
        frames += [entry.frame for entry in page.entries if entry.frame["face"] == mine]
        after = page.reaches
        if not page.full or len(frames) >= limit:
            break
    return frames
