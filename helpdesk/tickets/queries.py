"""The doors to tickets: who may see which, and how one is found."""

from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, true
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from helpdesk.cases.models import Audience, Case, Side
from helpdesk.cases.queries import NoSuchCase, hold_case, own_side
from helpdesk.desk import Transaction
from helpdesk.permissions import Actor, Can, allowed

from .models import Ticket, from_reference, reference
from .states import NotAllowed


class AlreadyMerged(NotAllowed):
    """It is a part of another ticket."""

    def __init__(self, ticket: Ticket) -> None:
        into = reference(ticket.merged_into_id or 0)
        super().__init__(f"{reference(ticket.id)} was merged into {into}. Go on there.")


def tickets_visible_to(viewer: Actor) -> ColumnElement[bool]:
    """A condition for any query over Ticket.

    Restricted tickets are for the requester, the owning department and managers alone.
    """
    if allowed(viewer, Can.READ_ALL_PRIVATE):
        return true()
    if allowed(viewer, Can.READ_ALL_CASES):
        return or_(col(Ticket.restricted).is_(False), col(Ticket.group_id).in_(viewer.groups))
    if not viewer.id:
        return false()
    return or_(
        col(Ticket.requester_id) == viewer.id,
        and_(
            col(Ticket.restricted).is_(False),
            col(Ticket.side_id).in_(select(Side.id).where(own_side(viewer))),
        ),
    )


async def find_ticket(db: AsyncSession, viewer: Actor, ticket_id: int) -> Ticket:
    query = select(Ticket).where(Ticket.id == ticket_id, tickets_visible_to(viewer))
    if ticket := (await db.exec(query)).one_or_none():
        return ticket
    raise NoSuchCase


async def hold_ticket(tx: Transaction, ticket_id: int, follow: bool = False) -> tuple[Case, Ticket]:
    """The ticket with its case locked until commit; what is read now stays true.

    A merged ticket takes no work: AlreadyMerged. With `follow` the one that goes on is held.
    """
    case_id, into = await placed(tx, ticket_id)
    if into is not None and follow:
        return await hold_ticket(tx, into, follow)
    case = await hold_case(tx, case_id)
    ticket = await fresh(tx, ticket_id)
    if ticket.merged_into_id is None:
        return case, ticket
    if not follow:
        raise AlreadyMerged(ticket)
    return await hold_survivor(tx, ticket)


async def placed(tx: Transaction, ticket_id: int) -> tuple[int, int | None]:
    """Its case, and the ticket it was merged into."""
    query = select(Ticket.case_id, Ticket.merged_into_id).where(Ticket.id == ticket_id)
    if not tx.actor.is_system:
        query = query.where(tickets_visible_to(tx.actor))
    if found := (await tx.db.exec(query)).one_or_none():
        return found
    raise NoSuchCase


async def fresh(tx: Transaction, ticket_id: int) -> Ticket:
    """As it is now that its case is held."""
    again = select(Ticket).where(Ticket.id == ticket_id)
    return (await tx.db.exec(again.execution_options(populate_existing=True))).one()


async def hold_survivor(tx: Transaction, merged: Ticket) -> tuple[Case, Ticket]:
    """It was merged while we waited for its case. Cases are held in the order of their ids, so
    the other one is taken only if it is free."""
    assert merged.merged_into_id is not None
    case_id, _ = await placed(tx, merged.merged_into_id)
    query = select(Case).where(Case.id == case_id).with_for_update(skip_locked=True)
    query = query.execution_options(populate_existing=True)
    case = (await tx.db.exec(query)).one_or_none()
    survivor = await fresh(tx, merged.merged_into_id)
    if case is None or survivor.merged_into_id is not None:
        raise AlreadyMerged(merged)
    return case, survivor


async def hold_tickets(tx: Transaction, *ticket_ids: int) -> tuple[dict[int, Case], list[Ticket]]:
    """Several tickets at once, merged or not: their cases are locked in the order of their ids."""
    case_ids = {(await placed(tx, id))[0] for id in ticket_ids}
    cases = {id: await hold_case(tx, id) for id in sorted(case_ids)}
    return cases, [await fresh(tx, id) for id in ticket_ids]


def id_named(text: str) -> int:
    """The ticket a reference in an address names; nonsense names none there is."""
    id = from_reference(text)
    if id is None:
        raise NoSuchCase
    return id


def reach(ticket: Ticket, private: bool = False) -> dict[str, Any]:
    """Who sees what is said on this ticket, as arguments for `record`."""
    if ticket.restricted or private:
        return {
            "side_id": ticket.side_id,
            "group_id": ticket.group_id,
            "owner_id": ticket.requester_id,
        }
    return {"side_id": ticket.side_id}


def audience(ticket: Ticket, private: bool = False) -> Audience:
    return Audience.PRIVATE if ticket.restricted or private else Audience.SIDE


def staff_audience(ticket: Ticket) -> Audience:
    """Notes on a restricted ticket stay within its department (see `note_reach`)."""
    return Audience.PRIVATE if ticket.restricted else Audience.STAFF


def note_reach(ticket: Ticket) -> dict[str, Any]:
    """A private row without an owner: the department and managers, never the requester."""
    return {"group_id": ticket.group_id} if ticket.restricted else {}
