"""What is done to a conversation. Its case is held first, so two people cannot do two things."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select

from helpdesk.cases.commands import join_side, open_case, post_message
from helpdesk.cases.events import record
from helpdesk.cases.models import Audience, Case
from helpdesk.catalogue.document import Sensitivity
from helpdesk.contracts.models import Contract
from helpdesk.core.live import Envelope
from helpdesk.desk import Desk, Transaction
from helpdesk.evidence.commands import attach_upload
from helpdesk.people.models import Group, Person
from helpdesk.people.queries import actor_of
from helpdesk.permissions import Actor, Role
from helpdesk.tickets.claims import ticket_named
from helpdesk.tickets.filing import OPEN_CASE_OF_CONTRACT, Filed, Filing, file_ticket
from helpdesk.tickets.models import reference
from helpdesk.tickets.queries import hold_ticket

from .models import Availability, Conversation, ConversationStatus
from .queries import hold_conversation

QUEUE = "chat:queue"


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
        subject=opening.subject,
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
    """An event of the conversation; those who watch the lines hear of it too."""
    record(
        tx,
        case,
        type,
        Audience.SIDE,
        side_id=conversation.side_id,
        conversation_id=conversation.id,
        **data,
    )
    announce_line(tx, [conversation.id], type.partition(".")[2])


def announce_line(tx: Transaction, ids: list[int], what: str) -> None:
    shown = {"t": "queue", "s": QUEUE, "ids": ids, "what": what}
    reach = {"audience": Audience.STAFF.value}
    tx.outgoing.append(lambda: Envelope(QUEUE, 0, reach, shown))


async def claim(tx: Transaction, conversation_id: int) -> Conversation:
    """Take a chat nobody has. Two agents at once: one gets it, the other is told who."""
    case, conversation = await hold_conversation(tx, conversation_id)
    if conversation.status == ConversationStatus.ENDED:
        raise NotAllowed("This chat has ended.")
    if conversation.agent_id == tx.actor.id:
        return conversation
    if conversation.agent_id is not None:
        other = await tx.db.get_one(Person, conversation.agent_id)
        raise NotAllowed(f"{other.name} has taken this chat already.")
    conversation.agent_id = tx.actor.id
    conversation.status = ConversationStatus.ACTIVE
    conversation.claimed_at = tx.now
    told(tx, case, conversation, "conversation.claimed")
    return conversation


async def take_next(tx: Transaction) -> Conversation | None:
    """Whoever has waited longest for one of the agent's departments."""
    query = (
        select(Conversation.id)
        .join(Case, col(Case.id) == col(Conversation.case_id))
        .where(
            Conversation.status == ConversationStatus.WAITING,
            col(Conversation.group_id).in_(tx.actor.groups),
        )
        .order_by(col(Conversation.opened_at), col(Conversation.id))
        .limit(1)
        .with_for_update(skip_locked=True, of=Case)
    )
    conversation_id = (await tx.db.exec(query)).one_or_none()
    return None if conversation_id is None else await claim(tx, conversation_id)


async def end(tx: Transaction, conversation_id: int) -> Conversation:
    """Either side may. From here on the desk takes no more messages on it."""
    case, conversation = await hold_conversation(tx, conversation_id)
    if conversation.status == ConversationStatus.ENDED:
        return conversation
    waiting = conversation.status == ConversationStatus.WAITING
    conversation.status = ConversationStatus.ENDED
    conversation.ended_at = tx.now
    conversation.ended_by_id = tx.actor.id or None
    left = waiting and not tx.actor.is_staff
    told(tx, case, conversation, "conversation.left_line" if left else "conversation.ended")
    return conversation


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
    await attach_upload(
        tx,
        case,
        upload_id,
        sensitivity=Sensitivity.PRIVATE if private else Sensitivity.SUPPORT,
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


async def turn_into_ticket(
    desk: Desk, agent: Actor, conversation: Conversation, wish: TicketWish
) -> Filed:
    """A ticket of the visitor on the same case. Once: a repeat gives the first one."""
    visitor = await actor_of(desk, conversation.visitor_id)
    filed = await file_ticket(
        desk,
        visitor,
        Filing(
            once=uuid5(conversation.once, "ticket"),
            subject=wish.subject,
            description=wish.description,
            type_key=wish.type_key,
            group_key=wish.group_key,
            catalogue_version=wish.catalogue_version,
            severity=wish.severity,
            restricted=wish.restricted,
            source="chat",
            case_id=conversation.case_id,
            conversation_id=conversation.id,
        ),
    )
    async with desk.transaction(agent) as tx:
        await name_ticket(tx, conversation.id, filed.ticket_id)
    return filed


async def name_ticket(tx: Transaction, conversation_id: int, ticket_id: int) -> None:
    case, conversation = await hold_conversation(tx, conversation_id)
    if conversation.ticket_id == ticket_id:
        return
    conversation.ticket_id = ticket_id
    told(tx, case, conversation, "conversation.ticketed", reference=reference(ticket_id))


async def set_availability(tx: Transaction, available: bool) -> None:
    """Whether the agent takes chats. The socket keeps it fresh; gone for long means away."""
    values = {"person_id": tx.actor.id, "available": available, "seen_at": tx.now}
    row = insert(Availability).values(values)
    await tx.db.exec(row.on_conflict_do_update(index_elements=["person_id"], set_=values))
    announce_line(tx, [], "availability")
