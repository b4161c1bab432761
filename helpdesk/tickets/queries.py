"""The doors to tickets: who may see which, and how one is found."""

from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, true
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from helpdesk.cases.models import Audience, Case, Side
from helpdesk.cases.queries import NoSuchCase, hold_case, own_side
from helpdesk.desk import Transaction
from helpdesk.permissions import Actor, Can, allowed

from .models import Ticket, from_reference


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


async def hold_ticket(tx: Transaction, ticket_id: int) -> tuple[Case, Ticket]:
    """The ticket with its case locked until commit; what is read now stays true."""
    query = select(Ticket.case_id).where(Ticket.id == ticket_id)
    if not tx.actor.is_system:
        query = query.where(tickets_visible_to(tx.actor))
    case_id = (await tx.db.exec(query)).one_or_none()
    if case_id is None:
        raise NoSuchCase
    case = await hold_case(tx, case_id)
    again = select(Ticket).where(Ticket.id == ticket_id)
    fresh = await tx.db.exec(again.execution_options(populate_existing=True))
    return case, fresh.one()


def id_named(text: str) -> int:
    """The ticket a reference in an address names; nonsense names none there is."""
    id = from_reference(text)
    if id is None:
        raise NoSuchCase
    return id


def reach(ticket: Ticket) -> dict[str, Any]:
    """Who sees what is said on this ticket, as arguments for `record`."""
    if ticket.restricted:
        return {
            "side_id": ticket.side_id,
            "group_id": ticket.group_id,
            "owner_id": ticket.requester_id,
        }
    return {"side_id": ticket.side_id}


def audience(ticket: Ticket) -> Audience:
    return Audience.PRIVATE if ticket.restricted else Audience.SIDE


def staff_audience(ticket: Ticket) -> Audience:
    """Notes on a restricted ticket stay within its department (see `note_reach`)."""
    return Audience.PRIVATE if ticket.restricted else Audience.STAFF


def note_reach(ticket: Ticket) -> dict[str, Any]:
    """A private row without an owner: the department and managers, never the requester."""
    return {"group_id": ticket.group_id} if ticket.restricted else {}
