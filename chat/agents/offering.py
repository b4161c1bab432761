"""Waiting chats are held out to one agent at a time, who takes them, passes, or lets it lapse."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import asyncpg
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select

from chat.commands import NotAllowed, announce_line, claim, withdraw_offers
from chat.models import Availability, Conversation, ConversationStatus
from chat.queries import hold_conversation
from helpdesk.calendars.queries import away
from helpdesk.cases.models import Timer
from helpdesk.cases.timers import clear_timer, set_timer
from helpdesk.catalogue.queries import current
from helpdesk.desk import Desk, Transaction
from helpdesk.permissions import SYSTEM

from .choosing import Candidate, Waiting, choose
from .loads import agents_now, hold_agent
from .models import Answer, ChatOffer, LineRules
from .presence import MISSED

AGAIN = timedelta(minutes=1)  # whoever passed a chat is not asked about it for so long
MOST_MISSED = 2  # offers in a row; then the agent is not there, whatever the page says
GONE_AFTER = timedelta(minutes=3)  # a visitor without an open page keeps the place, unasked
OFFER_SECONDS = LineRules.model_fields["offer_seconds"].default

# $1: now, $2: passed since then, $3: the visitor was there since then.
TO_GIVE = f"""
SELECT c.id, c.group_id, c.type_key, c.opened_at, c.agent_before_id,
    left(v.language, 2) AS language,
    coalesce(l.offer_seconds, {OFFER_SECONDS}) AS seconds, l.at_once,
    ARRAY(SELECT o.agent_id FROM chat_offers o WHERE o.conversation_id = c.id
        AND o.answer IN ('passed', 'lapsed') AND o.answered_at > $1) AS passed
FROM conversations c
JOIN people v ON v.id = c.visitor_id
LEFT JOIN chat_lines l ON l.group_id = c.group_id
WHERE c.status = 'waiting' AND coalesce(l.gives, true)
    AND coalesce(c.visitor_seen_at, c.opened_at) > $2
    AND NOT EXISTS (SELECT FROM chat_offers o WHERE o.conversation_id = c.id AND o.answer IS NULL)
ORDER BY c.ahead DESC, c.opened_at, c.id
LIMIT 200
"""
SERVED = """
SELECT (SELECT count(*) FROM conversations WHERE group_id = $1 AND status = 'active')
    + (SELECT count(*) FROM chat_offers o JOIN conversations c ON c.id = o.conversation_id
        WHERE o.answer IS NULL AND c.group_id = $1)
"""


async def give_chats(desk: Desk) -> int:
    """Hold out every chat that waits to whoever should have it; how many were."""
    now = desk.clock.now()
    rows = await desk.pool.fetch(TO_GIVE, now - AGAIN, now - GONE_AFTER)
    if not rows:
        return 0
    agents = await agents_now(desk.pool, now)
    absent = await away(desk, [agent.id for agent in agents if agent.free], now)
    candidates = [agent.candidate(agent.id in absent) for agent in agents]
    services = (await current(desk)).catalogue.by_key
    extra: Counter[int] = Counter()
    given = 0
    for row in rows:
        type = services.get(row["type_key"])
        skills = frozenset({row["type_key"], type.service} if type else {row["type_key"]})
        chosen = choose(with_more(candidates, extra), waiting_of(row, skills, now))
        if chosen is not None and await offer(desk, row, chosen.id):
            extra[chosen.id] += 1
            given += 1
    return given


def with_more(candidates: Sequence[Candidate], extra: Counter[int]) -> list[Candidate]:
    """What was held out a moment ago counts."""
    return [one.busier(extra[one.id]) if extra[one.id] else one for one in candidates]


def waiting_of(row: asyncpg.Record, skills: frozenset[str], now: Any) -> Waiting:
    return Waiting(
        row["group_id"],
        row["language"],
        skills,
        now - row["opened_at"],
        frozenset(row["passed"]),
        row["agent_before_id"],
    )


async def offer(desk: Desk, row: asyncpg.Record, agent_id: int) -> bool:
    """Hold it out, unless the chat, the agent or the department has changed meanwhile."""
    async with desk.transaction(SYSTEM) as tx:
        case, conversation = await hold_conversation(tx, row["id"])
        if conversation.status != ConversationStatus.WAITING:
            return False
        if conversation.group_id != row["group_id"] or not await has_room(tx, row):
            return False
        agent = await hold_agent(tx, agent_id)
        if agent is None or not agent.free:
            return False
        until = tx.now + timedelta(seconds=row["seconds"])
        values = {
            "conversation_id": conversation.id,
            "agent_id": agent_id,
            "offered_at": tx.now,
            "expires_at": until,
        }
        held = insert(ChatOffer).values(values).on_conflict_do_nothing()
        if (await tx.db.exec(held.returning(col(ChatOffer.id)))).first() is None:
            return False  # another worker was faster
        await set_timer(tx, case.id, "chat_offer", until, conversation.id)
        shown = until.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        announce_line(tx, [conversation.id], "offered", to=agent_id, until=shown)
    return True


async def has_room(tx: Transaction, row: asyncpg.Record) -> bool:
    """Of the department, where it has a limit; its row is held until commit."""
    if row["at_once"] is None:
        return True
    query = select(LineRules).where(LineRules.group_id == row["group_id"])
    rules = (await tx.db.exec(query.with_for_update())).one_or_none()
    if rules is None or rules.at_once is None:
        return True
    connection = await tx.db.connection()
    served = (await connection.exec_driver_sql(SERVED, (row["group_id"],))).scalar_one()
    return int(served) < rules.at_once


async def accept_offer(tx: Transaction, conversation_id: int) -> Conversation:
    """Take what is held out to the agent."""
    case, conversation = await hold_conversation(tx, conversation_id)
    # Only read: who takes a chat holds the agent's row before an offer, as everybody does.
    held_out_to = await asked(tx, conversation_id)
    if conversation.agent_id is None and held_out_to != tx.actor.id:
        raise NotAllowed("This chat is not held out to you any more. You can take it by hand.")
    await clear_timer(tx, case.id, "chat_offer", conversation_id)
    return await claim(tx, conversation_id)


async def pass_offer(tx: Transaction, conversation_id: int) -> None:
    """Not now: the next agent is asked at once."""
    case, _ = await hold_conversation(tx, conversation_id)
    offer = await open_offer(tx, conversation_id)
    if offer is None or offer.agent_id != tx.actor.id:
        return
    offer.answer, offer.answered_at = Answer.PASSED, tx.now
    await clear_timer(tx, case.id, "chat_offer", conversation_id)
    announce_line(tx, [conversation_id], "passed", to=tx.actor.id)


async def lapse_offer(tx: Transaction, timer: Timer) -> None:
    """Nobody answered. Whoever misses two in a row is not asked again until they say so."""
    agent_id = await asked(tx, timer.subject_id)
    if agent_id is None:
        return
    query = select(Availability).where(Availability.person_id == agent_id).with_for_update()
    agent = (await tx.db.exec(query)).one_or_none()
    offer = await open_offer(tx, timer.subject_id)
    if offer is None or offer.agent_id != agent_id:
        return
    offer.answer, offer.answered_at = Answer.LAPSED, tx.now
    announce_line(tx, [offer.conversation_id], "lapsed", to=agent_id)
    if agent is None:
        return
    agent.missed += 1
    if agent.missed >= MOST_MISSED and agent.available:
        agent.available, agent.reason, agent.since, agent.missed = False, MISSED, tx.now, 0
        await withdraw_offers(tx, agent_id)
        announce_line(tx, [], "availability", who=agent_id, state="away")


async def asked(tx: Transaction, conversation_id: int) -> int | None:
    query = select(ChatOffer.agent_id).where(
        ChatOffer.conversation_id == conversation_id, col(ChatOffer.answer).is_(None)
    )
    return (await tx.db.exec(query)).one_or_none()


async def open_offer(tx: Transaction, conversation_id: int) -> ChatOffer | None:
    query = select(ChatOffer).where(
        ChatOffer.conversation_id == conversation_id, col(ChatOffer.answer).is_(None)
    )
    return (await tx.db.exec(query.with_for_update())).one_or_none()
