"""What is done to a case. The case given is new or held."""

from uuid import UUID, uuid4

from sqlmodel import select

from helpdesk.core.personal import Kind, mask_personal
from helpdesk.desk import Transaction
from helpdesk.permissions import Actor

from .events import record
from .models import Audience, Case, Message, Side


async def open_case(tx: Transaction, contract_id: int | None = None) -> Case:
    case = Case(contract_id=contract_id, opened_at=tx.now)
    tx.db.add(case)
    await tx.db.flush()
    return case


async def join_side(tx: Transaction, case: Case, person: Actor, role: str) -> Side:
    """The person's side of the case, made when it is not there yet."""
    query = select(Side).where(Side.case_id == case.id, Side.person_id == person.id)
    if side := (await tx.db.exec(query)).one_or_none():
        return side
    side = Side(case_id=case.id, person_id=person.id, company_id=person.company_id, role=role)
    tx.db.add(side)
    await tx.db.flush()
    return side


async def post_message(
    tx: Transaction,
    case: Case,
    body: str,
    audience: Audience,
    *,
    side_id: int | None = None,
    group_id: int | None = None,
    owner_id: int | None = None,
    ticket_id: int | None = None,
    conversation_id: int | None = None,
    client_id: UUID | None = None,
    type: str = "message.posted",
) -> tuple[Message, bool]:
    """Post once: a sender who repeats a `client_id` gets the first message and False."""
    body = without_secrets(tx.actor, body)
    if client_id is not None and (earlier := await sent_before(tx, case, client_id)):
        if (earlier.author_id or 0, earlier.body) == (tx.actor.id, body):
            return earlier, False
        client_id = None  # a page brought back by the browser, with another text

    message = await write_message(
        tx, case, body, audience, side_id, ticket_id, conversation_id, client_id
    )
    record(
        tx,
        case,
        type,
        audience,
        side_id=side_id,
        group_id=group_id,
        owner_id=owner_id,
        ticket_id=ticket_id,
        conversation_id=conversation_id,
        message=message,
    )
    return message, True


def without_secrets(author: Actor, body: str) -> str:
    """What is kept of a message. Colleagues may pass on a code; card numbers nobody may."""
    return mask_personal(body, (Kind.CARD,)) if author.is_staff else mask_personal(body)


async def sent_before(tx: Transaction, case: Case, client_id: UUID) -> Message | None:
    sent = select(Message).where(Message.case_id == case.id, Message.client_id == client_id)
    return (await tx.db.exec(sent)).one_or_none()


async def write_message(
    tx: Transaction,
    case: Case,
    body: str,
    audience: Audience,
    side_id: int | None,
    ticket_id: int | None = None,
    conversation_id: int | None = None,
    client_id: UUID | None = None,
) -> Message:
    """Text without its own event: the reason of a change, named by the change's event."""
    body = without_secrets(tx.actor, body)
    message = Message(
        case_id=case.id,
        client_id=client_id or uuid4(),
        author_id=tx.actor.id or None,
        audience=audience,
        side_id=side_id,
        ticket_id=ticket_id,
        conversation_id=conversation_id,
        body=body,
        posted_at=tx.now,
    )
    tx.db.add(message)
    await tx.db.flush()
    return message
