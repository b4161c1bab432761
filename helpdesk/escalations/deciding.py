"""By when it is decided, what was decided, and what is missing."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import col, select

from helpdesk.cases.commands import write_message
from helpdesk.cases.models import Event
from helpdesk.core.formats import local_time
from helpdesk.desk import Transaction
from helpdesk.mail.commands import recall_mail
from helpdesk.tickets.commands import add_note, after_move, move
from helpdesk.tickets.jobs import mail_key
from helpdesk.tickets.queries import audience, hold_ticket
from helpdesk.tickets.states import NotAllowed, Status

from .due import watch_level
from .models import Escalation
from .queries import Held, hold_escalation, live_of, person_of, rules_in
from .states import Outcome, decide, give_back, settle
from .telling import stand, tell, whisper
from .words import DECIDED

BY_MISTAKE = "The date was moved by mistake. The one before holds again."
LATEST = timedelta(days=366)


async def extend(
    tx: Transaction, id: int, until: datetime, reason: str, mailed_from: datetime | None = None
) -> Escalation:
    """A later date for the decision. The requester's side reads why; the old date stays known.
    The mail waits until `mailed_from`, for as long as this can be taken back."""
    held = await hold_escalation(tx, id)
    escalation, ticket = held.escalation, held.ticket
    if not escalation.standing.is_live:
        raise NotAllowed("This was decided already.")
    if until <= max(escalation.due_at, tx.now):
        raise NotAllowed("Choose a moment after the date that stands, and not in the past.")
    if until > tx.now + LATEST:
        raise NotAllowed("Choose a moment within a year.")
    old, escalation.due_at = escalation.due_at, until
    message = await write_message(
        tx, held.case, reason, audience(ticket), ticket.side_id, ticket.id
    )
    waits = {"mailed_from": mailed_from.isoformat()} if mailed_from else {}
    tell(tx, held, "escalation.extended", message=message, old=moment(old), new=moment(until),
         until=until.isoformat(), **waits)  # fmt: skip
    return escalation


async def date_as_before(tx: Transaction, held: Held, until: datetime) -> None:
    """Somebody moved it by mistake, a moment ago; both sides read that it is as it was. A mail
    follows only where one has gone."""
    escalation, ticket = held.escalation, held.ticket
    unsaid = await recall_news(tx, held)
    old, escalation.due_at = escalation.due_at, until
    message = await write_message(
        tx, held.case, BY_MISTAKE, audience(ticket), ticket.side_id, ticket.id
    )
    tell(tx, held, "escalation.extended", message=message, old=moment(old), new=moment(until),
         until=until.isoformat(), taken_back="unsaid" if unsaid else "said")  # fmt: skip


async def recall_news(tx: Transaction, held: Held) -> bool:
    """The mail about the date that stands. True: nobody has it, or will."""
    query = (
        select(Event)
        .where(
            Event.case_id == held.case.id,
            Event.type == "escalation.extended",
            col(Event.data)["escalation"].as_integer() == held.escalation.id,
        )
        .order_by(col(Event.seq).desc())
        .limit(1)
    )
    event = (await tx.db.exec(query)).one_or_none()
    return event is not None and await recall_mail(tx, mail_key(event.id, held.ticket.requester_id))


def moment(at: datetime) -> str:
    return f"{local_time(at, 'UTC')} UTC"


async def conclude(
    tx: Transaction, id: int, outcome: Outcome, reasons: str, then: Status | None = None
) -> Escalation:
    """The decision, with reasons the requester reads. `then` is the status it leaves."""
    held = await hold_escalation(tx, id)
    escalation, ticket = held.escalation, held.ticket
    if outcome == Outcome.SETTLED:
        raise NotAllowed("Choose what you decide.")
    stand(escalation, decide(escalation.standing, person_of(tx.actor), outcome))
    await end(tx, held, reasons)
    message = await write_message(
        tx, held.case, reasons, audience(ticket), ticket.side_id, ticket.id
    )
    tell(tx, held, "escalation.decided", message=message, new=DECIDED[outcome],
         outcome=outcome.value)  # fmt: skip
    ticket.first_answered_at = ticket.first_answered_at or tx.now
    if then is None and ticket.status == Status.NEW:
        then = Status.OPEN
    if then is not None:
        move(tx, held.case, ticket, then)
        await after_move(tx, held.case, ticket)
    return escalation


async def return_it(
    tx: Transaction, id: int, missing: str, ask_requester: bool, once: UUID
) -> Escalation:
    """Back, with what is missing: to the requester, or to the colleagues who had it."""
    held = await hold_escalation(tx, id)
    escalation, ticket = held.escalation, held.ticket
    stand(escalation, give_back(escalation.standing, person_of(tx.actor)))
    escalation.asked_requester = ask_requester
    await end(tx, held, missing)
    if not ask_requester:
        await add_note(tx, ticket.id, f"What is missing: {missing}", once)
        tell(tx, held, "escalation.returned", to="the department, to complete it")
        return escalation
    message = await write_message(
        tx, held.case, missing, audience(ticket), ticket.side_id, ticket.id, client_id=once
    )
    tell(tx, held, "escalation.returned", message=message, to="the requester, something is missing")
    move(tx, held.case, ticket, Status.WAITING_ON_USER)
    await after_move(tx, held.case, ticket)
    return escalation


async def settle_of(tx: Transaction, ticket_id: int, words: str) -> Escalation | None:
    """There is nothing left to decide: the ticket is solved, or part of another one."""
    case, ticket = await hold_ticket(tx, ticket_id, follow=True)
    found = await live_of(tx, ticket_id)
    if found is None:
        return None
    held = Held(case, ticket, found)
    stand(found, settle(found.standing))
    await end(tx, held, "")
    whisper(tx, held, "escalation.settled", because=words)
    return found


async def end(tx: Transaction, held: Held, said: str) -> None:
    escalation = held.escalation
    escalation.said, escalation.ended_at = said, tx.now
    escalation.ended_by_id = tx.actor.id or None
    held.ticket.updated_at = tx.now
    await watch_level(tx, held.ticket, escalation, (await rules_in(tx)).rules)
