"""What a macro would do here, asked before it is done and again when it is."""

from collections.abc import Mapping

from sqlmodel import col, select

from chat.models import Conversation
from chat.queries import find_conversation
from helpdesk.cases.queries import NoSuchCase
from helpdesk.desk import Transaction
from helpdesk.evidence.models import EvidenceRequest
from helpdesk.people.models import Group, Person
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.queries import find_ticket
from helpdesk.tickets.states import NotAllowed, Severity, Status
from triage.routing.models import TicketTag

from .doing import Comes, Doing, Effect, Standing, effects
from .models import CannedReply


async def standing(tx: Transaction, ticket: Ticket | None, case_id: int) -> Standing:
    open_requests = select(EvidenceRequest.label).where(
        EvidenceRequest.case_id == case_id,
        col(EvidenceRequest.fulfilled_at).is_(None),
        col(EvidenceRequest.cancelled_at).is_(None),
    )
    asked = frozenset((await tx.db.exec(open_requests)).all())
    if ticket is None:
        return Standing(is_ticket=False, asked=asked)
    tags = select(TicketTag.tag).where(TicketTag.ticket_id == ticket.id)
    group = await tx.db.get_one(Group, ticket.group_id)
    owner = await tx.db.get(Person, ticket.assignee_id) if ticket.assignee_id else None
    return Standing(
        True,
        Status(ticket.status),
        Severity(ticket.severity),
        frozenset((await tx.db.exec(tags)).all()),
        group.key,
        owner.name if owner else "",
        asked,
    )


async def departments(tx: Transaction) -> Mapping[str, str]:
    rows = (await tx.db.exec(select(Group.key, Group.name).order_by(Group.name))).all()
    return dict(rows)


async def preview(tx: Transaction, reply: CannedReply, face: str) -> list[Effect]:
    """What it would do here now. The same rows that `effects` is asked about before it is done."""
    kind, _, number = face.partition(":")
    if kind == "ticket":
        ticket: Ticket | None = await find_ticket(tx.db, tx.actor, int(number))
        assert ticket is not None
        case_id = ticket.case_id
    else:
        conversation = await find_conversation(tx.db, tx.actor, int(number))
        ticket, case_id = await ticket_of(tx, conversation), conversation.case_id
    now = await standing(tx, ticket, case_id)
    return effects(Doing.read(reply.doing), now, await departments(tx), tx.now)


async def ticket_of(tx: Transaction, conversation: Conversation) -> Ticket | None:
    """A chat may be about a ticket that this agent does not see."""
    if conversation.ticket_id is None:
        return None
    try:
        return await find_ticket(tx.db, tx.actor, conversation.ticket_id)
    except NoSuchCase:
        return None


async def check(tx: Transaction, doing: Doing, now: Standing) -> None:
    """All of it, or nothing."""
    for effect in effects(doing, now, await departments(tx), tx.now):
        if effect.comes == Comes.BLOCKED:
            raise NotAllowed(f"{effect.what}: {effect.words}")
