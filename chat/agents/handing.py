"""Handing a chat on: to a colleague at once, or to another department's line."""

from dataclasses import dataclass

from sqlmodel import select

from chat.commands import NotAllowed, got_chat, told
from chat.models import Conversation
from chat.queries import hold_conversation
from helpdesk.cases.commands import post_message
from helpdesk.cases.models import Audience
from helpdesk.core.text import clean_text, is_blank
from helpdesk.desk import Transaction
from helpdesk.people.models import Group, Person
from helpdesk.permissions import Actor, Can, Role, allowed

from .loads import agents_of, hold_agent
from .presence import State
from .returning import put_back
from .together import check_active, colleague_of

REASONS = {
    "knows": "Knows this matter better",
    "department": "Belongs to another department",
    "language": "Speaks the visitor’s language",
    "shift": "My shift ends",
    "access": "Needs rights I do not have",
    "other": "Another reason",
}
SUMMARY = 4_000  # characters


@dataclass(frozen=True)
class HandOver:
    """A checked wish: to a colleague or to a department, why, and what they must know."""

    reason: str
    summary: str
    agent_id: int | None = None
    group_key: str = ""


def check_hand_over(reason: str, summary: str, agent_id: int | None, group_key: str) -> HandOver:
    """Raises BadText or NotAllowed with a sentence."""
    if reason not in REASONS:
        raise NotAllowed("Choose why you hand it over.")
    summary = clean_text(summary, SUMMARY)
    if is_blank(summary):
        raise NotAllowed("Write what your colleague must know.")
    if (agent_id is None) == (not group_key):
        raise NotAllowed("Choose a colleague or a department.")
    return HandOver(reason, summary, agent_id, group_key)


async def transfer(tx: Transaction, conversation_id: int, wish: HandOver) -> Conversation:
    """Whoever has the chat, or a manager, hands it on. The summary is a note for colleagues."""
    case, conversation = await hold_conversation(tx, conversation_id)
    check_active(conversation)
    if conversation.agent_id != tx.actor.id and not allowed(tx.actor, Can.SUPERVISE_CHATS):
        raise NotAllowed("Only who has this chat hands it over.")
    if wish.agent_id is not None:
        to = await to_colleague(tx, conversation, wish.agent_id)
    else:
        to = await to_department(tx, conversation, wish.group_key)
    await stop_helping(tx, conversation)
    await post_message(
        tx,
        case,
        f"{REASONS[wish.reason]}. {wish.summary}",
        Audience.STAFF,
        conversation_id=conversation.id,
        type="note.added",
    )
    told(tx, case, conversation, "conversation.transferred", to=to, reason=wish.reason)
    return conversation


async def to_colleague(tx: Transaction, conversation: Conversation, agent_id: int) -> str:
    if agent_id == conversation.agent_id:
        raise NotAllowed("They have this chat already.")
    agent = await hold_agent(tx, agent_id)
    if agent is None or not await works_chats(tx, agent_id):
        raise NotAllowed("This colleague does not take chats.")
    if agent.state != State.AVAILABLE:
        raise NotAllowed(f"{agent.name} is not available. Choose somebody else, or a department.")
    if not agent.free:
        raise NotAllowed(f"{agent.name} has {agent.load} of {agent.capacity} chats already.")
    conversation.agent_id = agent_id
    await got_chat(tx, agent_id)
    return agent.name


async def to_department(tx: Transaction, conversation: Conversation, key: str) -> str:
    """First in its line, where somebody is there to take it."""
    group = (await tx.db.exec(select(Group).where(Group.key == key))).one_or_none()
    if group is None or group.id == conversation.group_id:
        raise NotAllowed("Choose another department.")
    here = [one for one in await agents_of(tx, group.id) if one.state == State.AVAILABLE]
    if not here:
        raise NotAllowed(f"Nobody of {group.name} takes chats now. A ticket reaches them.")
    put_back(conversation)
    conversation.agent_before_id = None
    conversation.group_id = group.id
    return group.name


async def works_chats(tx: Transaction, person_id: int) -> bool:
    person = await tx.db.get_one(Person, person_id)
    roles = frozenset(Role(role) for role in person.roles)
    return person.deactivated_at is None and allowed(Actor(roles=roles), Can.WORK_CHATS)


async def stop_helping(tx: Transaction, conversation: Conversation) -> None:
    """Whoever has it now is no colleague in it any more."""
    if conversation.agent_id is not None:
        mine = await colleague_of(tx, conversation, conversation.agent_id)
        mine.left_at = mine.left_at or tx.now
