"""Tickets that belong together, or do not: what was said about a pair, by whom and why.

Seen by staff who may open both tickets; nobody else learns of the other one.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, or_, text
from sqlmodel import Field, SQLModel, and_, col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from helpdesk.cases.events import record
from helpdesk.cases.models import Case
from helpdesk.contracts.models import Contract
from helpdesk.core.tables import names, primary_key, references, text_enum
from helpdesk.desk import Transaction

from .models import Ticket, reference
from .queries import AlreadyMerged, hold_tickets, note_reach, staff_audience
from .states import NotAllowed

REASON_LIMIT = 500  # characters


class LinkKind(StrEnum):
    POSSIBLE_DUPLICATE = "possible_duplicate"  # the requester filed all the same, and said why
    RELATED = "related"
    SAME_CASE = "same_case"  # worked as one matter, though each has a case of its own
    NOT_SAME = "not_same"  # never suggested again


LINK_WORDS = {
    LinkKind.POSSIBLE_DUPLICATE: "possible duplicate",
    LinkKind.RELATED: "related",
    LinkKind.SAME_CASE: "on the same case",
    LinkKind.NOT_SAME: "not the same",
}


class TicketLink(SQLModel, table=True):
    """One for each pair, whichever of the two comes first."""

    __tablename__ = "ticket_links"
    __table_args__ = (
        Index(
            "uq_ticket_links_pair",
            text("LEAST(ticket_id, other_id)"),
            text("GREATEST(ticket_id, other_id)"),
            unique=True,
        ),
    )

    id: int = primary_key()
    ticket_id: int = references("tickets.id", ondelete="CASCADE")
    other_id: int = references("tickets.id", ondelete="CASCADE")
    kind: LinkKind = text_enum(LinkKind)
    by_id: int | None = names("people", default=None)
    reason: str = Field(default="", max_length=REASON_LIMIT)
    at: datetime


class TriageVerdict(SQLModel, table=True):
    """What an agent decided about two tickets; training and calibration read it."""

    __tablename__ = "triage_verdicts"

    ticket_id: int = names("tickets", primary_key=True)  # the earlier one
    other_id: int = names("tickets", primary_key=True)
    same: bool
    by_id: int | None = names("people", default=None)
    at: datetime
    probability: float | None = None  # what was shown to them, 0 to 1
    engine: str = Field(default="", max_length=80)  # its name and version


async def link_tickets(
    tx: Transaction, ticket_id: int, other_id: int, kind: LinkKind, reason: str = ""
) -> TicketLink:
    """Say how two tickets belong together; what was said before about the pair is replaced."""
    case, ticket, other = await hold_pair(tx, ticket_id, other_id)
    if kind == LinkKind.SAME_CASE and not await joinable(tx.db, ticket, other):
        raise NotAllowed(
            "Only tickets of one requester, or of the parties of one contract, are worked as one "
            "case. Link them as related."
        )
    link = await said_of(tx, ticket.id, other.id)
    if link is not None and (link.kind, link.reason) == (kind, reason):
        return link
    if link is None:
        link = TicketLink(ticket_id=ticket.id, other_id=other.id, kind=kind, at=tx.now)
    link.kind, link.reason, link.at, link.by_id = kind, reason, tx.now, tx.actor.id or None
    tx.db.add(link)
    tell(tx, case, ticket, "ticket.linked", other, new=LINK_WORDS[kind])
    return link


async def unlink_tickets(tx: Transaction, ticket_id: int, other_id: int) -> bool:
    """Nothing is said about the pair any more; it may be suggested again. False: as it was."""
    case, ticket, other = await hold_pair(tx, ticket_id, other_id)
    link = await said_of(tx, ticket.id, other.id)
    if link is None:
        return False
    if link.kind == LinkKind.NOT_SAME:
        await forget_verdict(tx, ticket.id, other.id)
    await tx.db.delete(link)
    tell(tx, case, ticket, "ticket.unlinked", other)
    return True


async def not_the_same(
    tx: Transaction,
    ticket_id: int,
    other_id: int,
    probability: float | None = None,
    engine: str = "",
    reason: str = "",
) -> TicketLink:
    """Remembered: this pair is never suggested again, and training learns from it."""
    link = await link_tickets(tx, ticket_id, other_id, LinkKind.NOT_SAME, reason)
    await keep_verdict(tx, ticket_id, other_id, False, probability, engine)
    return link


async def hold_pair(tx: Transaction, ticket_id: int, other_id: int) -> tuple[Case, Ticket, Ticket]:
    if not tx.actor.is_staff:
        raise NotAllowed("Only agents say which tickets belong together.")
    if ticket_id == other_id:
        raise NotAllowed("That is the same ticket.")
    cases, (ticket, other) = await hold_tickets(tx, ticket_id, other_id)
    for one in (ticket, other):
        if one.merged_into_id is not None:
            raise AlreadyMerged(one)
    return cases[ticket.case_id], ticket, other


def pair(ticket_id: int, other_id: int) -> tuple[int, int]:
    return min(ticket_id, other_id), max(ticket_id, other_id)


async def said_of(tx: Transaction, ticket_id: int, other_id: int) -> TicketLink | None:
    """Either of the two may come first."""
    one_way = and_(col(TicketLink.ticket_id) == ticket_id, col(TicketLink.other_id) == other_id)
    other_way = and_(col(TicketLink.ticket_id) == other_id, col(TicketLink.other_id) == ticket_id)
    return (await tx.db.exec(select(TicketLink).where(or_(one_way, other_way)))).one_or_none()


async def joinable(db: AsyncSession, ticket: Ticket, other: Ticket) -> bool:
    """A ticket without a contract joins the case of its own requester, or of its own contract."""
    if ticket.contract_id is not None:
        return False
    if ticket.requester_id == other.requester_id:
        return True
    contract = await db.get(Contract, other.contract_id) if other.contract_id else None
    return contract is not None and ticket.requester_id in (
        contract.client_id,
        contract.freelancer_id,
    )


async def keep_verdict(
    tx: Transaction,
    ticket_id: int,
    other_id: int,
    same: bool,
    probability: float | None,
    engine: str,
) -> None:
    first, second = pair(ticket_id, other_id)
    verdict = TriageVerdict(
        ticket_id=first,
        other_id=second,
        same=same,
        by_id=tx.actor.id or None,
        at=tx.now,
        probability=probability,
        engine=engine,
    )
    await tx.db.merge(verdict)


async def forget_verdict(tx: Transaction, ticket_id: int, other_id: int) -> None:
    """What was taken back teaches nothing."""
    first, second = pair(ticket_id, other_id)
    of_pair = and_(col(TriageVerdict.ticket_id) == first, col(TriageVerdict.other_id) == second)
    await tx.db.exec(delete(TriageVerdict).where(of_pair))


def tell(
    tx: Transaction, case: Case, ticket: Ticket, type: str, other: Ticket, **data: Any
) -> None:
    """To staff, who learn nothing of a ticket that is restricted to another department."""
    hidden = other.restricted and not (ticket.restricted and ticket.group_id == other.group_id)
    record(
        tx,
        case,
        type,
        staff_audience(ticket),
        ticket_id=ticket.id,
        reference=reference(ticket.id),
        other="a restricted ticket" if hidden else reference(other.id),
        **data,
        **note_reach(ticket),
    )
