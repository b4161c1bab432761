"""Chats whose agent, or whose visitor, is not there any more."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from chat.commands import end, told
from chat.models import Conversation, ConversationStatus
from chat.queries import hold_conversation
from helpdesk.desk import Desk, Transaction
from helpdesk.people.models import Person
from helpdesk.permissions import SYSTEM

from .loads import IDLE_MINUTES
from .presence import AWAY_AFTER

VISITOR_GONE = timedelta(minutes=15)  # without an open page, the place in the line is given up
PAUSE = 10.0  # seconds without a look: the desk itself was away, so nobody's page could be heard

# A chat whose visitor has been silent since the agent's last word waits for the visitor, not
# for an agent: it goes back when something is said. $1: seen since then; $2: now.
DROPPED = f"""
SELECT c.id FROM conversations c
JOIN people p ON p.id = c.agent_id
LEFT JOIN availability a ON a.person_id = c.agent_id
LEFT JOIN chat_lines l ON l.group_id = c.group_id
LEFT JOIN LATERAL (
    SELECT e.occurred_at AS at, NOT EXISTS (SELECT FROM sides s
        WHERE s.case_id = c.case_id AND s.person_id = e.actor_id) AS by_desk
    FROM events e
    WHERE e.case_id = c.case_id AND e.conversation_id = c.id AND e.type = 'message.posted'
    ORDER BY e.seq DESC LIMIT 1
) last ON true
WHERE c.status = 'active'
    AND (coalesce(a.seen_at, c.claimed_at) <= $1 OR p.deactivated_at IS NOT NULL)
    AND NOT coalesce(last.by_desk AND last.at
        < $2::timestamptz - make_interval(mins => coalesce(l.idle_minutes, {IDLE_MINUTES})), false)
ORDER BY c.ahead DESC, c.opened_at, c.id
LIMIT 500
"""
STILL_GONE = """
SELECT NOT EXISTS (SELECT FROM availability a JOIN people p ON p.id = a.person_id
    WHERE a.person_id = $1 AND a.seen_at > $2 AND p.deactivated_at IS NULL)
"""
LEFT = """
SELECT id FROM conversations
WHERE status = 'waiting' AND coalesce(visitor_seen_at, opened_at) <= $1
ORDER BY opened_at, id LIMIT 500
"""


@dataclass
class Looked:
    """When this worker last looked, and since when it has looked without a pause."""

    last: float = float("-inf")
    since: float = float("-inf")


async def sweep_gone(desk: Desk) -> int:
    """After the desk itself was away, pages have a while to be heard of again."""
    looked = desk.parts.setdefault("chat.looked_for_gone", Looked())
    now = asyncio.get_running_loop().time()
    if now - looked.last > PAUSE:
        looked.since = now
    looked.last = now
    if now - looked.since < AWAY_AFTER.total_seconds():
        return 0
    done = await return_dropped(desk) + await give_up_places(desk)
    looked.last = asyncio.get_running_loop().time()
    return done


async def return_dropped(desk: Desk) -> int:
    """Chats of agents without an open page go to the front of the line; how many."""
    now = desk.clock.now()
    rows = await desk.pool.fetch(DROPPED, now - AWAY_AFTER, now)
    returned = 0
    for row in rows:
        async with desk.transaction(SYSTEM) as tx:
            returned += await return_to_line(tx, row["id"])
    return returned


async def return_to_line(tx: Transaction, conversation_id: int) -> bool:
    case, conversation = await hold_conversation(tx, conversation_id)
    agent_id = conversation.agent_id
    if conversation.status != ConversationStatus.ACTIVE or agent_id is None:
        return False
    connection = await tx.db.connection()
    since = tx.now - AWAY_AFTER
    if not (await connection.exec_driver_sql(STILL_GONE, (agent_id, since))).scalar_one():
        return False
    agent = await tx.db.get_one(Person, agent_id)
    put_back(conversation)
    told(tx, case, conversation, "conversation.returned", old=agent.name, agent_id=agent_id)
    return True


def put_back(conversation: Conversation) -> None:
    """Into the line, before everybody who was never served."""
    conversation.status = ConversationStatus.WAITING
    conversation.agent_before_id = conversation.agent_id
    conversation.agent_id = None
    conversation.ahead = True


async def give_up_places(desk: Desk) -> int:
    """Of visitors who have left without a word."""
    rows = await desk.pool.fetch(LEFT, desk.clock.now() - VISITOR_GONE)
    for row in rows:
        async with desk.transaction(SYSTEM) as tx:
            _, conversation = await hold_conversation(tx, row["id"])
            if conversation.status == ConversationStatus.WAITING:
                await end(tx, row["id"], "gone")
    return len(rows)
