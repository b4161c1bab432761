"""What is done to a conversation. Its case is held first, so two people cannot do two things."""

from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select

from helpdesk.cases.commands import join_side, open_case, post_message
from helpdesk.cases.events import record
from helpdesk.cases.models import Audience, Case
from helpdesk.catalogue.document import Sensitivity
from helpdesk.contracts.models import Contract
from helpdesk.core.live import Envelope
from helpdesk.core.personal import mask_personal
from helpdesk.desk import Transaction
from helpdesk.evidence.commands import asked_in_chat, attach_upload
from helpdesk.people.models import Group, Person
from helpdesk.permissions import Role
from helpdesk.tickets.claims import ticket_named
from helpdesk.tickets.filing import OPEN_CASE_OF_CONTRACT
from helpdesk.tickets.queries import hold_ticket

from .agents.loads import hold_agent
from .agents.models import Answer, ChatOffer
from .agents.presence import state_of
from .models import Availability, Conversation, ConversationStatus
from .queries import hold_conversation

QUEUE = "chat:queue"
SUBJECT = 120  # characters
MOST_OPEN = 10  # chats of one person at a time
TO_FORM = "form"  # the visitor left the line for a request: nobody was lost


class NotAllowed(Exception):
    """The sentence says why this cannot be done now."""


@dataclass(frozen=True)
class Opening:
    """A checked request to talk."""

    once: UUID
    group_key: str
    subject: str
    body: str
    type_key: str = ""
    ticket_id: int | None = None  # talk about this request of one's own
    contract_id: int | None = None


async def open_conversation(tx: Transaction, opening: Opening) -> Conversation:
    """Join the line. The same `once` again is the same conversation."""
    mine = select(Conversation).where(
        Conversation.visitor_id == tx.actor.id, Conversation.once == opening.once
    )
    if earlier := (await tx.db.exec(mine)).one_or_none():
        return earlier
    group = (await tx.db.exec(select(Group).where(Group.key == opening.group_key))).one_or_none()
    if group is None:
        raise NotAllowed("Choose what it is about.")
    if await chats_going_on(tx) >= MOST_OPEN:
        raise NotAllowed("You have many chats going on already. Go on with one of them, or end it.")
    if opening.ticket_id is None and opening.contract_id is None:
        named = await ticket_named(tx, f"{opening.subject} {opening.body}")
        opening = replace(opening, ticket_id=named)
    case, role = await case_for(tx, opening)
    side = await join_side(tx, case, tx.actor, role)
    conversation = Conversation(
        case_id=case.id,
        side_id=side.id,
        visitor_id=tx.actor.id,
        once=opening.once,
        group_id=group.id,
        type_key=opening.type_key,
        subject=mask_personal(opening.subject)[:SUBJECT],
        opened_at=tx.now,
        ticket_id=opening.ticket_id,
    )
    tx.db.add(conversation)
    await tx.db.flush()
    told(tx, case, conversation, "conversation.opened", group=group.name)
    await post_message(
        tx,
        case,
        opening.body,
        Audience.SIDE,
        side_id=side.id,
        conversation_id=conversation.id,
        client_id=opening.once,
    )
    return conversation


async def chats_going_on(tx: Transaction) -> int:
    query = select(func.count()).where(
        Conversation.visitor_id == tx.actor.id, Conversation.status != ConversationStatus.ENDED
    )
    return (await tx.db.exec(query)).one()


async def case_for(tx: Transaction, opening: Opening) -> tuple[Case, str]:
    """The case of the named request, of the contract while it has an open one, or a new case."""
    if opening.ticket_id is not None:
        case, _ = await hold_ticket(tx, opening.ticket_id, follow=True)
        return case, role_of(tx, None)
    if opening.contract_id is None:
        return await open_case(tx), role_of(tx, None)
    # Both parties may come at once: they meet on one case.
    of_contract = select(Contract).where(Contract.id == opening.contract_id)
    locked = of_contract.with_for_update(key_share=True)
    contract = (await tx.db.exec(locked)).one_or_none()
    if contract is None or tx.actor.id not in (contract.client_id, contract.freelancer_id):
        raise NotAllowed("This is not one of your contracts.")
    connection = await tx.db.connection()
    found = await connection.exec_driver_sql(OPEN_CASE_OF_CONTRACT, (contract.id,))
    case_id = found.scalar_one_or_none()
    role = role_of(tx, contract)
    if case_id is None:
        return await open_case(tx, contract.id), role
    # Not hold_case: one may be a party of the contract and not yet of the case.
    shared = select(Case).where(Case.id == case_id).with_for_update()
    return (await tx.db.exec(shared)).one(), role


def role_of(tx: Transaction, contract: Contract | None) -> str:
    if contract is not None:
        return "client" if tx.actor.id == contract.client_id else "freelancer"
    for role in (Role.CLIENT, Role.FREELANCER):
        if role in tx.actor.roles:
            return role.value
    return Role.GUEST.value


def told(tx: Transaction, case: Case, conversation: Conversation, type: str, **data: Any) -> None:
    """An event of the conversation; those who watch the lines hear of it too, and the worker,
    which gives chats."""
    record(
        tx,
        case,
        type,
        Audience.SIDE,
        side_id=conversation.side_id,
        conversation_id=conversation.id,
        **data,
    )
    announce_line(tx, [conversation.id], type.partition(".")[2], case=case.id)


def announce_line(tx: Transaction, ids: list[int], what: str, **more: Any) -> None:
    shown = {"t": "queue", "s": QUEUE, "ids": ids, "what": what, **more}
    tx.has_work = True
    reach = {"audience": Audience.STAFF.value}
    tx.outgoing.append(lambda: Envelope(QUEUE, 0, reach, shown))


async def claim(tx: Transaction, conversation_id: int) -> Conversation:
    """Take a chat nobody has, by hand also beyond one's capacity. Two agents at once: one gets
    it, the other is told who."""
    case, conversation = await hold_conversation(tx, conversation_id)
    if conversation.status == ConversationStatus.ENDED:
        raise NotAllowed("This chat has ended.")
    if conversation.agent_id == tx.actor.id:
        return conversation
    if conversation.agent_id is not None:
        other = await tx.db.get_one(Person, conversation.agent_id)
        raise NotAllowed(f"{other.name} has taken this chat already.")
    conversation.agent_id = tx.actor.id
    conversation.agent_before_id = None
    conversation.status = ConversationStatus.ACTIVE
    conversation.claimed_at = conversation.claimed_at or tx.now
    await got_chat(tx, tx.actor.id)
    await close_offer(tx, conversation.id, Answer.WITHDRAWN, taken_by=tx.actor.id)
    told(tx, case, conversation, "conversation.claimed")
    return conversation


async def got_chat(tx: Transaction, agent_id: int) -> None:
    """Their row is held until commit: whoever gives chats counts this one. Whoever acts is here."""
    new = {"person_id": agent_id, "seen_at": tx.now, "given_at": tx.now, "missed": 0}
    seen = {"seen_at": tx.now} if agent_id == tx.actor.id else {}
    again = {"given_at": tx.now, "missed": 0} | seen
    row = insert(Availability).values(new)
    await tx.db.exec(row.on_conflict_do_update(index_elements=["person_id"], set_=again))


async def close_offer(
    tx: Transaction, conversation_id: int, answer: Answer, taken_by: int | None = None
) -> None:
    """Whoever it was held out to is asked no more; if they took it, they have accepted."""
    query = select(ChatOffer).where(
        ChatOffer.conversation_id == conversation_id, col(ChatOffer.answer).is_(None)
    )
    if offer := (await tx.db.exec(query.with_for_update())).one_or_none():
        offer.answer = Answer.ACCEPTED if offer.agent_id == taken_by else answer
        offer.answered_at = tx.now
        announce_line(tx, [conversation_id], "answered", to=offer.agent_id)


async def take_next(tx: Transaction) -> Conversation | None:
    """What is held out to the agent; else whoever is next in one of their departments."""
    agent = await hold_agent(tx, tx.actor.id)
    if agent is not None and agent.chats - agent.idle >= agent.capacity:
        raise NotAllowed(f"You have {agent.capacity} chats. End one before you take the next.")
    # What is held out keeps its place: at the limit, nothing else is taken beside it.
    at_limit = agent is not None and agent.load >= agent.capacity
    held_out = (
        select(ChatOffer.agent_id)
        .where(
            col(ChatOffer.conversation_id) == col(Conversation.id), col(ChatOffer.answer).is_(None)
        )
        .scalar_subquery()
    )
    query = (
        select(Conversation.id)
        .join(Case, col(Case.id) == col(Conversation.case_id))
        .where(
            Conversation.status == ConversationStatus.WAITING,
            col(Conversation.group_id).in_(tx.actor.groups),
            (held_out if at_limit else func.coalesce(held_out, tx.actor.id)) == tx.actor.id,
        )
        .order_by(
            held_out.is_(None),
            col(Conversation.ahead).desc(),
            col(Conversation.opened_at),
            col(Conversation.id),
        )
        .limit(1)
        .with_for_update(skip_locked=True, of=Case)
    )
    conversation_id = (await tx.db.exec(query)).one_or_none()
    return None if conversation_id is None else await claim(tx, conversation_id)


async def end(tx: Transaction, conversation_id: int, reason: str = "") -> Conversation:
    """Either side may. From here on the desk takes no more messages on it."""
    case, conversation = await hold_conversation(tx, conversation_id)
    if conversation.status == ConversationStatus.ENDED:
        return conversation
    left = conversation.status == ConversationStatus.WAITING and (
        tx.actor.is_system or not tx.actor.is_staff
    )
    conversation.status = ConversationStatus.ENDED
    conversation.ended_at = tx.now
    conversation.ended_by_id = tx.actor.id or None
    conversation.end_reason = reason
    if left and reason != TO_FORM:
        conversation.abandoned_at = tx.now
    await close_offer(tx, conversation.id, Answer.WITHDRAWN)
    told(tx, case, conversation, ending(tx, left))
    return conversation


def ending(tx: Transaction, left: bool) -> str:
    if not left:
        return "conversation.ended"
    return "conversation.abandoned" if tx.actor.is_system else "conversation.left_line"


async def attach_file(
    tx: Transaction,
    conversation_id: int,
    upload_id: UUID,
    private: bool = False,
    note: bool = False,
) -> None:
    """A finished upload joins the case; in the chat it shows as a card, private or not.

    With a note of an agent only colleagues see it.
    """
    for_staff = note and tx.actor.is_staff
    case, conversation = await hold_conversation(tx, conversation_id)
    if conversation.status == ConversationStatus.ENDED:
        raise NotAllowed("This chat has ended. Send the file with a request.")
    asked = None if tx.actor.is_staff else await asked_in_chat(tx, conversation.id)
    usual = None if asked else Sensitivity.SUPPORT  # what was asked for says itself who sees it
    await attach_upload(
        tx,
        case,
        upload_id,
        request=asked,
        sensitivity=Sensitivity.PRIVATE if private else usual,
        audience=Audience.STAFF if for_staff else None,
        side_id=None if for_staff else conversation.side_id,
        group_id=conversation.group_id,
        owner_id=None if for_staff else conversation.visitor_id,
        conversation_id=conversation.id,
        note=for_staff,
    )


@dataclass(frozen=True)
class TicketWish:
    """What the agent may change of the pre-filled ticket."""

    type_key: str
    group_key: str
    catalogue_version: int
    severity: int
    subject: str
    description: str
    restricted: bool = False
    contract_id: int | None = None
    answers: dict[str, Any] = field(default_factory=dict)
    despite: str = ""  # why, though another ticket of theirs is about the same


async def set_availability(tx: Transaction, available: bool, reason: str = "") -> None:
    """Whether the agent takes chats, and if not, why: a key of REASONS. The socket keeps it
    fresh; gone for long means away. What is held out to somebody who goes away is withdrawn."""
    mine = {"person_id": tx.actor.id, "available": False, "seen_at": tx.now}
    await tx.db.exec(insert(Availability).values(mine).on_conflict_do_nothing())
    query = select(Availability).where(Availability.person_id == tx.actor.id)
    row = (await tx.db.exec(query.with_for_update())).one()
    reason = "" if available else reason
    if row.since is None or (row.available, row.reason) != (available, reason):
        row.available, row.reason, row.since = available, reason, tx.now
    row.seen_at, row.missed = tx.now, 0
    await tx.db.flush()
    if not available:
        await withdraw_offers(tx, tx.actor.id)
    announce_line(tx, [], "availability", who=tx.actor.id, state=state_of(available, reason).value)


async def withdraw_offers(tx: Transaction, agent_id: int) -> None:
    """Whoever gives chats finds somebody else."""
    open_ones = (col(ChatOffer.agent_id) == agent_id, col(ChatOffer.answer).is_(None))
    change = update(ChatOffer).where(*open_ones)
    await tx.db.exec(change.values(answer=Answer.WITHDRAWN, answered_at=tx.now))
