"""What changes a ticket once it is filed; who works on it is in `assigning`."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import col, select

from helpdesk.cases.commands import post_message, sent_before, write_message
from helpdesk.cases.events import record
from helpdesk.cases.models import Case, Event, Message
from helpdesk.cases.timers import clear_timer, set_timer
from helpdesk.core.formats import span
from helpdesk.desk import Transaction
from helpdesk.people.models import Person
from helpdesk.permissions import STAFF

from .assigning import assign_to
from .claims import settle_claims
from .models import Ticket, reference
from .next_step import NextStep, tell_next
from .queries import audience, hold_ticket, note_reach, reach, staff_audience
from .states import MOVES, REOPEN_DAYS, UNSOLVED, Severity, Status, WrongMove
from .states import NotAllowed as NotAllowed
from .together import said_before

FOLLOW_UP_EVERY = timedelta(hours=24)  # a second one within it is a message, not counted


class AnsweredMeanwhile(Exception):
    """Somebody wrote after what this person had read when they sent."""

    def __init__(self, name: str, staff: bool, ago: str, newest: int) -> None:
        super().__init__(f"{name} {'answered' if staff else 'wrote'} {ago} ago. Read it first.")
        self.newest = newest


def move(tx: Transaction, case: Case, ticket: Ticket, status: Status) -> None:
    """The one place where a status changes."""
    if status == ticket.status:
        return
    if status not in MOVES[ticket.status]:
        raise WrongMove(ticket.status, status)
    old, ticket.status = ticket.status, status
    ticket.updated_at = tx.now
    type = "ticket.closed" if status == Status.CLOSED else "ticket.status_changed"
    ticket.solved_at = tx.now if status == Status.SOLVED else ticket.solved_at
    if status in UNSOLVED:
        ticket.solved_at = None
    record(
        tx,
        case,
        type,
        audience(ticket),
        ticket_id=ticket.id,
        old=old.value,
        new=status.value,
        reference=reference(ticket.id),
        **reach(ticket),
    )


async def change_status(tx: Transaction, ticket_id: int, status: Status) -> Ticket:
    case, ticket = await hold_ticket(tx, ticket_id)
    move(tx, case, ticket, status)
    await after_move(tx, case, ticket)
    return ticket


async def after_move(tx: Transaction, case: Case, ticket: Ticket) -> None:
    if ticket.status == Status.SOLVED:
        closing = tx.now + timedelta(days=REOPEN_DAYS)
        await set_timer(tx, case.id, "close_ticket", closing, ticket.id)
    else:
        await clear_timer(tx, case.id, "close_ticket", ticket.id)
    await settle_claims(tx, ticket)


async def reply(
    tx: Transaction,
    ticket_id: int,
    body: str,
    client_id: UUID,
    then: Status | None = None,
    seen: int | None = None,
    step: NextStep | None = None,
) -> Message:
    """A staff answer everybody on this side sees; `then` is the status it leaves.

    With `seen`, the last number its author has read, it does not cross another message.
    """
    case, ticket = await hold_ticket(tx, ticket_id)
    if ticket.status == Status.CLOSED:
        raise NotAllowed("This ticket is closed. Nothing can be added to it.")
    if seen is not None and seen < case.last_seq and not await sent_before(tx, case, client_id):
        await check_unanswered(tx, case, ticket, seen)
    message, new = await post_message(
        tx,
        case,
        body,
        audience(ticket),
        ticket_id=ticket.id,
        client_id=client_id,
        **reach(ticket),
    )
    if not new:
        return message
    await tell_next(tx, case, ticket, step)
    ticket.updated_at = tx.now
    ticket.first_answered_at = ticket.first_answered_at or tx.now
    if ticket.assignee_id is None:
        assign_to(tx, case, ticket, tx.actor.id, tx.actor.name)
    if then is None and ticket.status == Status.NEW:
        then = Status.OPEN
    if then is not None:
        move(tx, case, ticket, then)
        await after_move(tx, case, ticket)
    return message


async def check_unanswered(tx: Transaction, case: Case, ticket: Ticket, seen: int) -> None:
    """Nobody else has written to this side since."""
    query = (
        select(Event.occurred_at, Person.name, Person.roles)
        .join(Person, col(Person.id) == col(Event.actor_id))
        .where(
            Event.case_id == case.id,
            Event.seq > seen,
            Event.type == "message.posted",
            Event.side_id == ticket.side_id,
            Event.actor_id != tx.actor.id,
        )
        .order_by(col(Event.seq).desc())
        .limit(1)
    )
    if found := (await tx.db.exec(query)).one_or_none():
        at, name, roles = found
        ago = span((tx.now - at).total_seconds())
        raise AnsweredMeanwhile(name, not STAFF.isdisjoint(roles), ago, case.last_seq)


async def add_note(tx: Transaction, ticket_id: int, body: str, client_id: UUID) -> Message:
    """For colleagues only; it never leaves the desk."""
    case, ticket = await hold_ticket(tx, ticket_id)
    message, new = await post_message(
        tx,
        case,
        body,
        staff_audience(ticket),
        ticket_id=ticket.id,
        client_id=client_id,
        type="note.added",
        **note_reach(ticket),
    )
    if new:
        ticket.updated_at = tx.now
    return message


async def add_message(
    tx: Transaction, ticket_id: int, body: str, client_id: UUID, private: bool = False
) -> Message:
    """The requester's side writes: answers a question, or simply adds something.

    `private`: for them and the department alone, on a ticket that others may read.
    """
    case, ticket = await hold_ticket(tx, ticket_id, follow=True)
    if earlier := await said_before(tx, ticket_id, ticket, client_id):
        return earlier
    if ticket.status == Status.CLOSED:
        raise NotAllowed("This request is closed. Please file a new one and mention its reference.")
    message, new = await post_message(
        tx,
        case,
        body,
        audience(ticket, private),
        ticket_id=ticket.id,
        client_id=client_id,
        **reach(ticket, private),
    )
    if new:
        ticket.updated_at = tx.now
        if ticket.status in (Status.WAITING_ON_USER, Status.SOLVED):
            reopened = ticket.status == Status.SOLVED
            move(tx, case, ticket, Status.OPEN)
            ticket.reopenings += int(reopened)
            await after_move(tx, case, ticket)
    return message


async def follow_up(tx: Transaction, ticket_id: int, body: str, client_id: UUID) -> bool:
    """Ask again on the same ticket. True when it counted (once in 24 hours)."""
    case, ticket = await hold_ticket(tx, ticket_id, follow=True)
    if await said_before(tx, ticket_id, ticket, client_id):
        return False
    if ticket.status not in UNSOLVED:
        raise NotAllowed("This request is solved. If it is not, choose “Not solved”.")
    _, new = await post_message(
        tx,
        case,
        body,
        audience(ticket),
        ticket_id=ticket.id,
        client_id=client_id,
        **reach(ticket),
    )
    last = ticket.last_follow_up_at
    if not new or (last is not None and tx.now - last < FOLLOW_UP_EVERY):
        return False
    ticket.follow_ups += 1
    ticket.last_follow_up_at = ticket.updated_at = tx.now
    record(
        tx,
        case,
        "ticket.followed_up",
        audience(ticket),
        ticket_id=ticket.id,
        count=ticket.follow_ups,
        **reach(ticket),
    )
    if ticket.status == Status.WAITING_ON_USER:
        move(tx, case, ticket, Status.OPEN)
    return True


async def close_by_requester(tx: Transaction, ticket_id: int) -> Ticket:
    case, ticket = await hold_ticket(tx, ticket_id)
    if ticket.status in UNSOLVED:
        move(tx, case, ticket, Status.SOLVED)
        await after_move(tx, case, ticket)
    return ticket


async def reopen(tx: Transaction, ticket_id: int, reason: str, client_id: UUID) -> Ticket:
    """“Not solved”, within 14 days of the solution."""
    case, ticket = await hold_ticket(tx, ticket_id)
    if ticket.status in UNSOLVED:
        return ticket
    if not may_reopen(ticket.status, ticket.solved_at, tx.now):
        raise NotAllowed(
            f"A request can be reopened within {REOPEN_DAYS} days. "
            "Please file a new one and mention its reference."
        )
    move(tx, case, ticket, Status.OPEN)
    ticket.reopenings += 1
    known = await sent_before(tx, case, client_id)  # by another form of the same page
    message = await write_message(
        tx,
        case,
        reason,
        audience(ticket),
        ticket.side_id,
        ticket.id,
        client_id=None if known else client_id,
    )
    record(
        tx,
        case,
        "ticket.reopened",
        audience(ticket),
        ticket_id=ticket.id,
        message=message,
        reference=reference(ticket.id),
        **reach(ticket),
    )
    await after_move(tx, case, ticket)
    return ticket


def may_reopen(status: Status, solved_at: datetime | None, now: datetime) -> bool:
    if status != Status.SOLVED or solved_at is None:
        return False
    return now <= solved_at + timedelta(days=REOPEN_DAYS)


async def close_after_reopen_time(tx: Transaction, ticket_id: int) -> None:
    """By timer: nobody said it was not solved."""
    case, ticket = await hold_ticket(tx, ticket_id)
    if ticket.status == Status.SOLVED:
        move(tx, case, ticket, Status.CLOSED)


async def change_severity(
    tx: Transaction, ticket_id: int, severity: Severity, reason: str
) -> Ticket:
    """Regrade, with a reason the requester reads. Both values stay in the history."""
    case, ticket = await hold_ticket(tx, ticket_id)
    if severity == ticket.severity:
        return ticket
    old, ticket.severity = Severity(ticket.severity), severity
    ticket.updated_at = tx.now
    message = await write_message(tx, case, reason, audience(ticket), ticket.side_id, ticket.id)
    record(
        tx,
        case,
        "ticket.severity_changed",
        audience(ticket),
        ticket_id=ticket.id,
        message=message,
        old=old.name.title(),
        new=severity.name.title(),
        **reach(ticket),
    )
    return ticket
