"""A macro on a ticket or a chat: its text and everything it does, in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select

from chat.models import Conversation, ConversationStatus
from chat.queries import hold_conversation
from helpdesk.cases.commands import post_message
from helpdesk.cases.models import Audience, Case
from helpdesk.desk import Transaction
from helpdesk.evidence.commands import request_evidence
from helpdesk.evidence.models import EvidenceRequest
from helpdesk.people.models import Group
from helpdesk.tickets import assigning, commands
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.next_step import NextStep
from helpdesk.tickets.queries import hold_ticket
from helpdesk.tickets.states import NotAllowed, Severity, Status
from triage.routing.models import TicketTag

from .commands import ChangedSince, count_use, find_reply
from .doing import Doing, due_day
from .previewing import check, standing, ticket_of

SEVERITIES = {severity.name.lower(): severity for severity in Severity}


@dataclass(frozen=True)
class Sending:
    """What the composer had when somebody pressed the button."""

    reply_id: int
    number: int  # the version whose preview was looked at
    body: str
    once: UUID
    seen: int | None = None
    step: NextStep | None = None


def read_once(given: str) -> UUID | None:
    try:
        return UUID(given)
    except ValueError:
        return None


def read_sending(typed: Mapping[str, Any], body: str, once: UUID, seen: int | None) -> Sending:
    """ChangedSince when the form names no reply as it could be previewed."""
    numbers = [str(typed.get(name, "")) for name in ("macro", "macro_number")]
    if not all(one.isascii() and one.isdigit() and len(one) < 18 for one in numbers):
        raise ChangedSince("Choose the reply again.")
    return Sending(int(numbers[0]), int(numbers[1]), body, once, seen)


async def use_on_ticket(
    tx: Transaction, ticket_id: int, sending: Sending, then: Status | None = None
) -> None:
    """`then`: the status its author chose, where the macro names none."""
    case, ticket = await hold_ticket(tx, ticket_id)
    doing = await begun(tx, sending, f"ticket:{ticket.id}")
    if doing is None:
        return
    await check(tx, doing, await standing(tx, ticket, case.id))
    check_solving(doing, ticket)
    if sending.body:
        then = None if doing.status else then
        await commands.reply(
            tx, ticket_id, sending.body, sending.once, then, sending.seen, sending.step
        )
    await do(tx, case, ticket, doing)


async def use_in_chat(tx: Transaction, id: int, sending: Sending) -> None:
    case, conversation = await hold_conversation(tx, id)
    doing = await begun(tx, sending, f"chat:{id}")
    if doing is None:
        return
    if conversation.status == ConversationStatus.ENDED:
        raise NotAllowed("This chat has ended. Your text was not sent.")
    ticket = await ticket_of(tx, conversation)
    await check(tx, doing, await standing(tx, ticket, case.id))
    if ticket is not None:
        check_solving(doing, ticket)
    if sending.body:
        await post_message(
            tx,
            case,
            sending.body,
            Audience.SIDE,
            side_id=conversation.side_id,
            conversation_id=id,
            client_id=sending.once,
        )
    if ticket is not None and doing.needs_ticket:
        case, ticket = await hold_ticket(tx, ticket.id)
    await do(tx, case, ticket, doing, conversation)


async def begun(tx: Transaction, sending: Sending, face: str) -> Doing | None:
    """What is to be done; None when this very message was sent before."""
    reply = await find_reply(tx, sending.reply_id)
    if not sending.body and Doing.read(reply.doing).empty:
        raise NotAllowed("Write something first.")
    if not await count_use(tx, reply, face, sending.once):
        return None
    if reply.number != sending.number or reply.archived_at is not None:
        raise ChangedSince("Somebody changed this reply meanwhile. Choose it again.")
    return Doing.read(reply.doing)


def check_solving(doing: Doing, ticket: Ticket) -> None:
    if doing.status == Status.SOLVED and ticket.coverage is None:
        raise NotAllowed("Say first whether an article has the answer.")


async def do(
    tx: Transaction,
    case: Case,
    ticket: Ticket | None,
    doing: Doing,
    conversation: Conversation | None = None,
) -> None:
    """The department last: afterwards others decide."""
    if doing.ask_label:
        await ask(tx, case, ticket, conversation, doing, due_day(doing, tx.now))
    if ticket is None:
        return
    await tag(tx, ticket.id, doing.tags)
    if doing.severity:
        severity = SEVERITIES[doing.severity]
        await commands.change_severity(tx, ticket.id, severity, doing.severity_reason)
    if doing.status:
        await commands.change_status(tx, ticket.id, Status(doing.status))
    if doing.department:
        key = select(Group.id).where(Group.key == doing.department)
        group_id = (await tx.db.exec(key)).one()
        await assigning.hand_over(tx, ticket.id, group_id, doing.department_reason)


async def tag(tx: Transaction, ticket_id: int, tags: tuple[str, ...]) -> None:
    for name in tags:
        row = insert(TicketTag).values(ticket_id=ticket_id, tag=name, added_at=tx.now)
        await tx.db.exec(row.on_conflict_do_nothing())


async def ask(
    tx: Transaction,
    case: Case,
    ticket: Ticket | None,
    conversation: Conversation | None,
    doing: Doing,
    due: datetime,
) -> None:
    waited: Any = select(EvidenceRequest.id).where(
        EvidenceRequest.case_id == case.id,
        EvidenceRequest.label == doing.ask_label,
        col(EvidenceRequest.fulfilled_at).is_(None),
        col(EvidenceRequest.cancelled_at).is_(None),
    )
    if (await tx.db.exec(waited)).first() is not None:
        return
    side_id = ticket.side_id if ticket else conversation.side_id if conversation else 0
    await request_evidence(
        tx,
        case,
        ticket_id=ticket.id if ticket else None,
        conversation_id=conversation.id if conversation else None,
        side_id=side_id,
        kind=doing.ask_kind or "other",
        label=doing.ask_label,
        due_at=due,
    )
    if ticket is not None:
        commands.move(tx, case, ticket, Status.WAITING_ON_USER)
        await commands.after_move(tx, case, ticket)
