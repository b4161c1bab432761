"""Two tickets of one requester become one, and two again within seven days.

Merging moves as little as it can: a state and a pointer, open requests for evidence, and the
dates by which something is due. What was moved is kept with the merge and goes back with it.
docs/decisions/0011-merging.md says why.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Index, text
from sqlmodel import Field, SQLModel, col, select, update

from helpdesk.cases.events import record
from helpdesk.cases.models import Case
from helpdesk.cases.queries import NoSuchCase
from helpdesk.core.tables import json_field, names, primary_key
from helpdesk.desk import Transaction
from helpdesk.evidence.moving import Place, move_requests

from .claims import settle_claims
from .due import Due, earliest_survives, give_back
from .links import forget_verdict, keep_verdict
from .models import Ticket, reference
from .queries import AlreadyMerged, audience, hold_tickets, placed, reach
from .states import UNSOLVED, NotAllowed, Status

UNDOABLE = timedelta(days=7)


class TicketMerge(SQLModel, table=True):
    """One act, with what must go back when it is undone; a ticket is merged once at a time."""

    __tablename__ = "ticket_merges"
    __table_args__ = (
        Index(
            "uq_ticket_merges_ticket_id",
            "ticket_id",
            unique=True,
            postgresql_where=text("undone_at IS NULL"),
        ),
    )

    id: int = primary_key()
    ticket_id: int = names("tickets")
    into_id: int = Field(sa_type=BigInteger, index=True)
    reason: str = Field(default="", max_length=500)
    by_id: int | None = names("people", default=None)
    merged_at: datetime
    kept: dict[str, Any] = json_field()  # status, solved_at, requests, timers
    undone_at: datetime | None = None
    undone_by_id: int | None = names("people", default=None)


class OtherRequester(NotAllowed):
    def __init__(self) -> None:
        super().__init__("different requesters cannot be merged; link them to the case instead")


def is_dispute(type_key: str) -> bool:
    """Two sides are heard on it, each on its own ticket."""
    return type_key.endswith("_dispute")


def check_staff(tx: Transaction) -> None:
    if not tx.actor.is_staff:
        raise NotAllowed("Only agents merge tickets.")


def check(ticket: Ticket, into: Ticket) -> None:
    """Raises NotAllowed with the sentence that says why these two stay apart."""
    for one in (ticket, into):
        if one.merged_into_id is not None:
            raise AlreadyMerged(one)
    if ticket.id == into.id:
        raise NotAllowed("A ticket cannot be merged into itself.")
    if ticket.requester_id != into.requester_id:
        raise OtherRequester
    if is_dispute(ticket.type_key) or is_dispute(into.type_key):
        raise NotAllowed("Disputes are not merged: link them instead.")
    if ticket.restricted != into.restricted:
        raise NotAllowed("A restricted ticket is not merged with one that everybody may open.")
    if ticket.restricted and ticket.group_id != into.group_id:
        raise NotAllowed("Both are restricted to different departments. Hand one over first.")
    for one in (ticket, into):
        if one.status == Status.CLOSED:
            raise NotAllowed(f"{reference(one.id)} is closed. Link them instead.")
    if into.status == Status.SOLVED and ticket.status in UNSOLVED:
        raise NotAllowed(
            f"{reference(into.id)} is solved and {reference(ticket.id)} is not. "
            f"Merge {reference(into.id)} into {reference(ticket.id)}, or reopen it first."
        )


async def merge_tickets(
    tx: Transaction,
    ticket_id: int,
    into_id: int,
    reason: str = "",
    probability: float | None = None,
    engine: str = "",
) -> TicketMerge:
    """The second goes on, the first is read on it. `probability` is what the engine had said."""
    check_staff(tx)
    cases, (ticket, into) = await hold_tickets(tx, ticket_id, into_id)
    check(ticket, into)
    case, onto = cases[ticket.case_id], cases[into.case_id]
    requests = await move_requests(tx, place(ticket), place(into))
    due = await earliest_survives(tx, ticket, into)
    merge = TicketMerge(
        ticket_id=ticket.id,
        into_id=into.id,
        reason=reason,
        by_id=tx.actor.id or None,
        merged_at=tx.now,
        kept={
            "status": ticket.status.value,
            "solved_at": ticket.solved_at.isoformat() if ticket.solved_at else None,
            "requests": requests,
            "due": due.stored,
        },
    )
    tx.db.add(merge)
    await keep_verdict(tx, ticket.id, into.id, True, probability, engine)
    ticket.status, ticket.merged_into_id = Status.MERGED, into.id
    ticket.updated_at = into.updated_at = tx.now
    await tx.db.flush()
    await point(tx, ticket.id, into.id)
    await settle_claims(tx, into)
    tell(tx, case, ticket, "ticket.merged_away", into)
    tell(tx, onto, into, "ticket.merged", ticket)
    return merge


async def unmerge(tx: Transaction, merge_id: int) -> TicketMerge:
    """Both go on, each with what belonged to it; what was written since stays where it is."""
    check_staff(tx)
    merge, cases, ticket, survivor = await hold_merge(tx, merge_id)
    if merge.undone_at is not None:
        raise NotAllowed("This was undone already.")
    if tx.now > merge.merged_at + UNDOABLE:
        raise NotAllowed(f"A merge can be undone for {UNDOABLE.days} days, which are over.")
    kept = merge.kept
    await move_requests(tx, place(survivor), place(ticket), kept["requests"])
    solved_at = kept["solved_at"]
    ticket.status, ticket.merged_into_id = Status(kept["status"]), None
    ticket.solved_at = datetime.fromisoformat(solved_at) if solved_at else None
    ticket.updated_at = survivor.updated_at = tx.now
    merge.undone_at, merge.undone_by_id = tx.now, tx.actor.id or None
    due = Due.read(kept["due"])
    await give_back(tx, ticket, survivor, due, own=survivor.id == merge.into_id)
    await forget_verdict(tx, ticket.id, merge.into_id)
    await tx.db.flush()
    await point(tx, ticket.id, ticket.id)
    await settle_claims(tx, ticket)
    await settle_claims(tx, survivor)
    tell(tx, cases[ticket.case_id], ticket, "ticket.restored", survivor)
    tell(tx, cases[survivor.case_id], survivor, "ticket.unmerged", ticket)
    return merge


async def hold_merge(
    tx: Transaction, merge_id: int
) -> tuple[TicketMerge, dict[int, Case], Ticket, Ticket]:
    """The merge with both tickets held. The one that goes on now may itself have been merged."""
    query = select(TicketMerge).where(TicketMerge.id == merge_id)
    found = (await tx.db.exec(query)).one_or_none()
    if found is None:
        raise NoSuchCase
    _, survivor_id = await placed(tx, found.ticket_id)
    survivor_id = survivor_id or found.into_id
    cases, (ticket, survivor) = await hold_tickets(tx, found.ticket_id, survivor_id)
    merge = (await tx.db.exec(query.execution_options(populate_existing=True))).one()
    if merge.undone_at is None and ticket.merged_into_id != survivor.id:
        raise NotAllowed("This ticket was merged again just now. Look at it first.")
    return merge, cases, ticket, survivor


UNDER = """
WITH RECURSIVE under (id) AS (
    SELECT cast(:top AS bigint)
    UNION SELECT m.ticket_id FROM ticket_merges m JOIN under u ON m.into_id = u.id
    WHERE m.undone_at IS NULL
) SELECT id FROM under WHERE id <> :top
"""


async def point(tx: Transaction, top: int, into: int) -> None:
    """Whatever was merged into `top` before is read on `into` from now on: one step, not two."""
    connection = await tx.db.connection()
    under = (await connection.execute(text(UNDER), {"top": top})).scalars().all()
    if under:
        await tx.db.exec(
            update(Ticket).where(col(Ticket.id).in_(under)).values(merged_into_id=into)
        )


def place(ticket: Ticket) -> Place:
    return Place(ticket.case_id, ticket.id, ticket.side_id)


def tell(tx: Transaction, case: Case, ticket: Ticket, type: str, other: Ticket) -> None:
    record(
        tx,
        case,
        type,
        audience(ticket),
        ticket_id=ticket.id,
        reference=reference(ticket.id),
        other=reference(other.id),
        **reach(ticket),
    )
