"""A sentence to colleagues about a ticket, on the desk or by mail, if they may see it."""

from collections.abc import Sequence

from sqlalchemy import text
from sqlmodel import col, or_, select

from helpdesk.desk import Desk, Transaction
from helpdesk.mail.commands import send_mail
from helpdesk.people.models import Group, Membership, Person
from helpdesk.security import canonical_url
from helpdesk.tickets.models import Ticket, reference
from triage.routing.logic.actions import MANAGERS, Action, By
from triage.routing.models import Notice

USUAL = "The rules of the desk ask you to look at this."
LEADS = text("people.roles && ARRAY['manager', 'admin']")
STAFF = text("people.roles && ARRAY['agent', 'mediator', 'arbitrator', 'manager', 'admin']")


async def tell(desk: Desk, tx: Transaction, ticket: Ticket, action: Action) -> int:
    """How many were told."""
    people = await recipients(tx, ticket, action.value)
    words = action.text.strip() or USUAL
    for person in people:
        if action.by == By.MAIL:
            await mail(desk, tx, ticket, person, words)
        else:
            tx.db.add(Notice(person_id=person.id, ticket_id=ticket.id, text=words[:300], at=tx.now))
    return len(people)


async def recipients(tx: Transaction, ticket: Ticket, value: str) -> Sequence[Person]:
    """Of a restricted ticket: members of its department, and managers."""
    await tx.db.flush()
    query = select(Person).where(col(Person.deactivated_at).is_(None), STAFF)
    kind, _, whom = value.partition(":")
    if value == MANAGERS:
        query = query.where(LEADS)
    elif kind == "person":
        query = query.where(Person.id == int(whom))
    else:
        members = select(Membership.person_id).join(Group).where(Group.key == whom)
        query = query.where(col(Person.id).in_(members))
    if ticket.restricted:
        own = select(Membership.person_id).where(Membership.group_id == ticket.group_id)
        query = query.where(or_(col(Person.id).in_(own), LEADS))
    return (await tx.db.exec(query.order_by(col(Person.id)))).all()


async def mail(desk: Desk, tx: Transaction, ticket: Ticket, person: Person, words: str) -> None:
    """The reference and the sentence, nothing of what the requester wrote."""
    name = reference(ticket.id)
    url = canonical_url(desk.settings, f"/desk/tickets/{name}")
    await send_mail(
        tx,
        f"routing:{ticket.id}:{person.id}:{int(tx.now.timestamp())}",
        person.name,
        person.email,
        f"[{name}] {words}",
        f"Hello {person.name},\n\n{words}\n\nThe ticket: {url}\n",
    )
