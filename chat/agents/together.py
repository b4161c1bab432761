"""More than one of the desk in a chat: joining, looking on, whispering, taking it over."""

from typing import Any
from uuid import UUID

from sqlmodel import select

from chat.commands import NotAllowed, claim, close_offer, got_chat, told
from chat.models import Conversation, ConversationStatus
from chat.queries import hold_conversation
from helpdesk.cases.commands import sent_before, write_message
from helpdesk.cases.events import record
from helpdesk.cases.models import Audience, Case
from helpdesk.desk import Transaction
from helpdesk.people.models import Person

from .models import Answer, ChatColleague


def check_active(conversation: Conversation) -> None:
    if conversation.status == ConversationStatus.ENDED:
        raise NotAllowed("This chat has ended.")
    if conversation.status == ConversationStatus.WAITING:
        raise NotAllowed("Nobody has this chat yet. Take it first.")


async def join(tx: Transaction, conversation_id: int) -> Conversation:
    """Write along: the visitor is told who."""
    case, conversation = await hold_conversation(tx, conversation_id)
    check_active(conversation)
    if conversation.agent_id == tx.actor.id:
        return conversation
    colleague = await colleague_of(tx, conversation)
    if colleague.left_at is None and not colleague.watching:
        return conversation
    colleague.watching, colleague.left_at, colleague.joined_at = False, None, tx.now
    told(tx, case, conversation, "conversation.joined")
    return conversation


async def watch(tx: Transaction, conversation_id: int) -> Conversation:
    """A manager looks on. The visitor is not told; colleagues are."""
    case, conversation = await hold_conversation(tx, conversation_id)
    check_active(conversation)
    colleague = await colleague_of(tx, conversation)
    if conversation.agent_id == tx.actor.id or colleague.left_at is None:
        return conversation
    colleague.watching, colleague.left_at, colleague.joined_at = True, None, tx.now
    for_staff(tx, case, conversation, "conversation.watched")
    return conversation


async def leave(tx: Transaction, conversation_id: int) -> Conversation:
    case, conversation = await hold_conversation(tx, conversation_id)
    colleague = await colleague_of(tx, conversation)
    if colleague.left_at is not None:
        return conversation
    colleague.left_at = tx.now
    if not colleague.watching and conversation.agent_id is not None:
        agent = await tx.db.get_one(Person, conversation.agent_id)
        told(tx, case, conversation, "conversation.colleague_left", to=agent.name)
    return conversation


async def take_over(tx: Transaction, conversation_id: int) -> Conversation:
    """A manager goes on in place of the agent, who stays as a colleague; from the line it is
    a plain claim."""
    case, conversation = await hold_conversation(tx, conversation_id)
    if conversation.agent_id == tx.actor.id:
        return conversation
    if conversation.agent_id is None:
        return await claim(tx, conversation_id)
    check_active(conversation)
    before = await tx.db.get_one(Person, conversation.agent_id)
    conversation.agent_id = tx.actor.id
    await got_chat(tx, tx.actor.id)
    await close_offer(tx, conversation.id, Answer.WITHDRAWN)
    mine = await colleague_of(tx, conversation)
    mine.left_at = mine.left_at or tx.now
    theirs = await colleague_of(tx, conversation, before.id)
    theirs.watching, theirs.left_at = False, None
    told(tx, case, conversation, "conversation.taken_over", old=before.name)
    return conversation


async def whisper(tx: Transaction, conversation_id: int, body: str, client_id: UUID) -> None:
    """Words to the agent beside the reply. Staff alone see them, by every path."""
    case, conversation = await hold_conversation(tx, conversation_id)
    check_active(conversation)
    if await sent_before(tx, case, client_id) is not None:
        return
    if conversation.agent_id == tx.actor.id:
        raise NotAllowed("You have this chat yourself. Write a note.")
    agent = await tx.db.get_one(Person, conversation.agent_id)
    message = await write_message(
        tx,
        case,
        body,
        Audience.STAFF,
        None,
        conversation_id=conversation.id,
        client_id=client_id,
    )
    record(
        tx,
        case,
        "conversation.whispered",
        Audience.STAFF,
        conversation_id=conversation.id,
        message=message,
        to=agent.name,
        agent_id=agent.id,
    )


async def colleague_of(
    tx: Transaction, conversation: Conversation, person_id: int | None = None
) -> ChatColleague:
    """The row of somebody in this chat; for who is not, one that says so."""
    person_id = person_id or tx.actor.id
    query = select(ChatColleague).where(
        ChatColleague.conversation_id == conversation.id, ChatColleague.person_id == person_id
    )
    if found := (await tx.db.exec(query)).one_or_none():
        return found
    made = ChatColleague(
        conversation_id=conversation.id, person_id=person_id, joined_at=tx.now, left_at=tx.now
    )
    tx.db.add(made)
    await tx.db.flush()
    return made


def for_staff(
    tx: Transaction, case: Case, conversation: Conversation, type: str, **data: Any
) -> None:
    record(tx, case, type, Audience.STAFF, conversation_id=conversation.id, **data)
