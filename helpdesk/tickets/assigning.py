"""Who works on a ticket: taken, given, handed over to another department."""

from sqlmodel import col, select

from helpdesk.cases.commands import write_message
from helpdesk.cases.events import record
from helpdesk.cases.models import Case
from helpdesk.desk import Transaction
from helpdesk.people.models import Group, Membership, Person

from .models import Ticket, reference
from .queries import audience, hold_ticket, note_reach, reach, staff_audience
from .states import NotAllowed, Status
from .together import move_rows


def assign_to(
    tx: Transaction, case: Case, ticket: Ticket, assignee_id: int | None, name: str
) -> None:
    if ticket.assignee_id == assignee_id:
        return
    ticket.assignee_id, ticket.updated_at = assignee_id, tx.now
    record(
        tx,
        case,
        "ticket.assigned" if assignee_id else "ticket.unassigned",
        staff_audience(ticket),
        ticket_id=ticket.id,
        reference=reference(ticket.id),
        to=name,
        **note_reach(ticket),
    )


async def claim(tx: Transaction, ticket_id: int) -> Ticket:
    """Take a ticket nobody has. Two agents at once: one gets it, the other is told who."""
    case, ticket = await hold_ticket(tx, ticket_id)
    if ticket.assignee_id not in (None, tx.actor.id):
        owner = await tx.db.get_one(Person, ticket.assignee_id)
        raise NotAllowed(f"{owner.name} has taken {reference(ticket.id)} already.")
    assign_to(tx, case, ticket, tx.actor.id, tx.actor.name)
    return ticket


async def take_next(tx: Transaction) -> Ticket | None:
    """The most urgent, then oldest, unassigned ticket of the agent's departments.

    The case is locked, skipping those in use: no two agents are given the same ticket.
    """
    query = (
        select(Ticket.id)
        .join(Case, col(Case.id) == col(Ticket.case_id))
        .where(
            col(Ticket.group_id).in_(tx.actor.groups),
            col(Ticket.assignee_id).is_(None),
            col(Ticket.status).in_([Status.NEW, Status.OPEN, Status.ON_HOLD]),
        )
        .order_by(-col(Ticket.severity), col(Ticket.opened_at), col(Ticket.id))
        .limit(1)
        .with_for_update(skip_locked=True, of=Case)
    )
    ticket_id = (await tx.db.exec(query)).one_or_none()
    return None if ticket_id is None else await claim(tx, ticket_id)


async def assign(tx: Transaction, ticket_id: int, assignee_id: int | None) -> Ticket:
    case, ticket = await hold_ticket(tx, ticket_id)
    name = ""
    if assignee_id is not None:
        member = (
            select(Person)
            .join(Membership)
            .where(
                Person.id == assignee_id,
                Membership.group_id == ticket.group_id,
                col(Person.deactivated_at).is_(None),
            )
        )
        person = (await tx.db.exec(member)).one_or_none()
        if person is None:
            raise NotAllowed("Choose somebody of the ticket's department.")
        name = person.name
    assign_to(tx, case, ticket, assignee_id, name)
    return ticket


async def hand_over(tx: Transaction, ticket_id: int, group_id: int, reason: str) -> Ticket:
    """To another department, with a reason its people read. Private rows follow."""
    case, ticket = await hold_ticket(tx, ticket_id)
    if ticket.group_id == group_id:
        return ticket
    old = await tx.db.get_one(Group, ticket.group_id)
    new = await tx.db.get(Group, group_id)
    if new is None:
        raise NotAllowed("Choose a department from the list.")
    ticket.group_id, ticket.assignee_id, ticket.updated_at = new.id, None, tx.now
    await move_rows(tx, ticket, old.id, new.id)
    note = await write_message(tx, case, reason, staff_audience(ticket), None, ticket.id)
    record(
        tx,
        case,
        "note.added",
        staff_audience(ticket),
        ticket_id=ticket.id,
        message=note,
        **note_reach(ticket),
    )
    record(
        tx,
        case,
        "ticket.handed_over",
        audience(ticket),
        ticket_id=ticket.id,
        reference=reference(ticket.id),
        old=old.name,
        new=new.name,
        old_key=old.key,
        new_key=new.key,
        **reach(ticket),
    )
    return ticket
