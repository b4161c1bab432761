"""What follows from what happened to a ticket: mails to the people it concerns."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import col, select

from helpdesk.cases.models import Event, Message, Timer
from helpdesk.cases.receipts import already_done
from helpdesk.core.formats import local_time
from helpdesk.core.jobs import job
from helpdesk.desk import Desk, Transaction
from helpdesk.mail.commands import send_mail
from helpdesk.people.models import Person
from helpdesk.permissions import STAFF, SYSTEM, Role
from helpdesk.security import canonical_url
from helpdesk.sla.promises.commands import expected_on

from .commands import close_after_reopen_time
from .models import Ticket, reference
from .next_step import STEP, in_words
from .rating import FORGET, LINK_LASTS, SCALE, issue_rating_link
from .states import Status
from .words import OWN_STATUS

SWEEP_EVERY = timedelta(hours=1)
FOOT = """

Read and answer it here: {url}
You can write there at any time. A second request about the same thing would not be faster.
"""


@dataclass(frozen=True)
class Told:
    """An event of a ticket, and the person to be told."""

    event: Event
    ticket: Ticket
    person: Person

    @property
    def reference(self) -> str:
        return reference(self.ticket.id)


async def about(tx: Transaction, event_id: int, job_name: str) -> Told | None:
    """None when there is nobody to tell, or it was done."""
    if await already_done(tx, event_id, job_name):
        return None
    event = await tx.db.get_one(Event, event_id)
    if event.ticket_id is None:
        return None
    ticket = await tx.db.get_one(Ticket, event.ticket_id)
    person = await tx.db.get_one(Person, ticket.requester_id)
    # Nobody is mailed about what they did themselves, nor at an address they did not prove.
    if event.actor_id == person.id or person.deactivated_at is not None:
        return None
    if Role.GUEST in person.roles and person.email_confirmed_at is None:
        return None
    return Told(event, ticket, person)


async def tell(
    desk: Desk, tx: Transaction, told: Told, subject: str, text: str, due_at: datetime | None = None
) -> None:
    url = f"{desk.settings.public_url}/requests/{told.reference}"
    await send_mail(
        tx,
        dedupe_key=mail_key(told.event.id, told.person.id),
        to_name=told.person.name,
        to_address=told.person.email,
        subject=f"[{told.reference}] {subject}",
        body=f"Hello {told.person.name},\n\n{text}" + FOOT.format(url=url),
        due_at=due_at,
    )


def mail_key(event_id: int, person_id: int) -> str:
    return f"event:{event_id}:{person_id}"


@job
async def confirm_ticket(desk: Desk, event_id: int) -> None:
    """To somebody with an account. A guest's first mail carries the link and is sent at filing."""
    async with desk.transaction(SYSTEM) as tx:
        if await already_done(tx, event_id, "tickets.confirm_ticket"):
            return
        event = await tx.db.get_one(Event, event_id)
        assert event.ticket_id is not None
        ticket = await tx.db.get_one(Ticket, event.ticket_id)
        person = await tx.db.get_one(Person, ticket.requester_id)
        if not person.is_account:
            return
        expected = await expected_on(tx, ticket.id)
        await tell(
            desk,
            tx,
            Told(event, ticket, person),
            ticket.subject,
            f"We have received your request “{ticket.subject}”. Its reference is "
            f"{reference(ticket.id)}. An agent will read it and answer you. {expected.dated}.",
        )


@job
async def mail_answer(desk: Desk, event_id: int) -> None:
    """A staff answer on a ticket. Chats are read live; their transcript comes at the end."""
    async with desk.transaction(SYSTEM) as tx:
        told = await about(tx, event_id, "tickets.mail_answer")
        if told is None or told.event.message_id is None:
            return
        author = await tx.db.get(Person, told.event.actor_id) if told.event.actor_id else None
        if author is None or STAFF.isdisjoint(author.roles):
            return
        message = await tx.db.get_one(Message, told.event.message_id)
        await tell(
            desk,
            tx,
            told,
            told.ticket.subject,
            f"{author.name} answered your request:\n\n{message.body}{await told_next(tx, told)}",
        )


async def told_next(tx: Transaction, told: Told) -> str:
    """What was said with the answer: the event right after it."""
    event, zone = told.event, told.person.time_zone
    query = (
        select(Event, Message.body)
        .join(Message, col(Message.id) == col(Event.message_id))
        .where(Event.case_id == event.case_id, Event.seq == event.seq + 1, Event.type == STEP)
    )
    if (found := (await tx.db.exec(query)).one_or_none()) is None:
        return ""
    clock = f" ({zone})" if found[0].data.get("until") else ""
    return f"\n\n{in_words(found[0].data, found[1], zone)}{clock}"


@job
async def mail_change(desk: Desk, event_id: int) -> None:
    """Status, severity, department: whatever changed, in one sentence."""
    async with desk.transaction(SYSTEM) as tx:
        told = await about(tx, event_id, "tickets.mail_change")
        if told is None:
            return
        text = await change_in_words(tx, told)
        if told.event.data.get("new") == Status.SOLVED and told.ticket.status == Status.SOLVED:
            text += await question(desk, tx, told.ticket)
        await tell(desk, tx, told, told.ticket.subject, text)


async def question(desk: Desk, tx: Transaction, ticket: Ticket) -> str:
    """Each answer is a link to a page with a form: opening it says nothing yet."""
    page = canonical_url(desk.settings, f"/rate/{await issue_rating_link(tx, ticket.id)}")
    choices = "\n".join(f"{words}: {page}?score={score}" for score, words in SCALE.items())
    return (
        "\n\nDid this solve it? Choose the answer that fits, "
        f"and say more on the page that opens if you like.\n\n{choices}\n\n"
        f"The links work once, for {LINK_LASTS.days} days. If it is not solved, you can also "
        "reopen the request within 14 days, on its page."
    )


async def sweep_rating_links(desk: Desk) -> int:
    """Once an hour: links nobody can use any more."""
    now = desk.clock.now()
    last: datetime | None = desk.parts.get("rating links swept at")
    if last is None or now - last >= SWEEP_EVERY:
        desk.parts["rating links swept at"] = now
        await desk.pool.execute(FORGET, now)
    return 0


async def change_in_words(tx: Transaction, told: Told) -> str:
    data = told.event.data
    match told.event.type:
        case "ticket.status_changed":
            return f"The status of your request is now: {OWN_STATUS[Status(data['new'])]}."
        case "ticket.severity_changed":
            message = await tx.db.get(Message, told.event.message_id)
            why = f"\n\nThe reason: {message.body}" if message else ""
            return (
                f"We changed the severity of your request from {data['old']} to {data['new']}."
                + why
            )
        case "sla.extended":
            message = await tx.db.get(Message, told.event.message_id)
            why = f"\n\nThe reason: {message.body}" if message else ""
            until = datetime.fromisoformat(data["until"])
            when = local_time(until, told.person.time_zone)
            return f"We moved the date of the {data['what']} to {when}.{why}"
        case "ticket.handed_over":
            return (
                f"Your request moved from {data['old']} to {data['new']}, "
                "the department that can help you."
            )
        case "ticket.merged":
            return (
                f"Your requests {data['other']} and {data['reference']} are about the same, so "
                f"we put them together. {data['reference']} goes on, and everything from "
                f"{data['other']} is on it. Links to {data['other']} still work."
            )
        case "ticket.unmerged":
            return (
                f"{data['other']} is a request of its own again: it is not about the same as "
                f"{data['reference']} after all. Each has everything that belonged to it."
            )
        case "ticket.kept_waiting":
            return (
                f"We have not answered you for {data['days']} days. Your request is not forgotten: "
                f"we have told whoever has it. {data['promise']}. You need not do anything."
            )
        case "evidence.requested":
            return f"We need something from you: {data['label']}, by {data['due']}."
        case "evidence.request_overdue":
            return f"We are still waiting for: {data['label']}. Without it we cannot go on."
    raise LookupError(told.event.type)


async def close_ticket(tx: Transaction, timer: Timer) -> None:
    await close_after_reopen_time(tx, timer.subject_id)
