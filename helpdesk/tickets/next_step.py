"""What happens after an answer, who does it and by when: told with the answer, kept in mind."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from sqlmodel import col, select

from helpdesk.calendars.hours import Hours
from helpdesk.calendars.queries import hours_in
from helpdesk.cases.commands import write_message
from helpdesk.cases.events import record
from helpdesk.cases.models import Case, Event, Timer
from helpdesk.cases.timers import clear_timer, set_timer
from helpdesk.core.formats import local_time
from helpdesk.core.text import clean_line, is_blank
from helpdesk.desk import Transaction

from .models import Ticket, reference
from .queries import audience, hold_ticket, note_reach, reach, staff_audience
from .states import UNSOLVED, NotAllowed

STEP = "ticket.next_step"
LONGEST = 300  # characters
FARTHEST = timedelta(days=400)
BEFORE = timedelta(hours=4)  # the date, the assignee is reminded


class Doer(StrEnum):
    US = "us"
    YOU = "you"
    OTHER = "other"


# As whoever asked reads it, and as colleagues do.
WHO = {
    Doer.US: ("We do this", "We do this"),
    Doer.YOU: ("You do this", "They do this"),
    Doer.OTHER: ("Somebody else does this", "Somebody else does this"),
}


@dataclass(frozen=True, slots=True)
class NextStep:
    words: str
    who: Doer
    day: date | None = None  # None: not known yet


def read_step(typed: Mapping[str, Any]) -> tuple[NextStep | None, dict[str, str]]:
    """The three fields of an answer; all may be empty. What is wrong, by field."""
    errors: dict[str, str] = {}
    given, day = str(typed.get("next_by", "")).strip(), None
    words = ""
    try:
        words = clean_line(str(typed.get("next_step", "")), LONGEST)
    except ValueError as fault:
        errors["next_step"] = str(fault)
    try:
        day = date.fromisoformat(given) if given else None
    except ValueError:
        errors["next_by"] = "Choose the day, or leave it empty if it is not known."
    who = str(typed.get("next_who", "")) or Doer.US.value
    if who not in set(Doer):
        errors["next_who"] = "Choose who does it."
    if given and is_blank(words) and not errors:
        errors["next_step"] = "Say what happens by then."
    if errors or is_blank(words):
        return None, errors
    return NextStep(words, Doer(who), day), errors


async def tell_next(tx: Transaction, case: Case, ticket: Ticket, step: NextStep | None) -> None:
    """With an answer that was just given: an answer ends whatever was promised before it."""
    if step is None:
        return await clear_timer(tx, case.id, "next_step", ticket.id)
    until = await end_of(tx, ticket, step.day) if step.day else None
    message = await write_message(tx, case, step.words, audience(ticket), ticket.side_id, ticket.id)
    when = f"by {local_time(until)} UTC" if until else "when is not known yet"
    record(
        tx, case, STEP, audience(ticket), ticket_id=ticket.id, message=message,
        who=step.who.value, until=until.isoformat() if until else None,
        what=f"{WHO[step.who][1].lower()}, {when}", reference=reference(ticket.id), **reach(ticket),
    )  # fmt: skip
    if until is None or step.who == Doer.YOU:
        return await clear_timer(tx, case.id, "next_step", ticket.id)
    first = max(until - BEFORE, tx.now + (until - tx.now) / 2)
    await set_timer(tx, case.id, "next_step", first, ticket.id)


async def end_of(tx: Transaction, ticket: Ticket, day: date) -> datetime:
    """When the department closes on that day, on its own clock; raises NotAllowed."""
    if not timedelta(days=-1) <= day - tx.now.date() <= FARTHEST:
        raise NotAllowed("Choose a day for the next step that is not over, within 400 days.")
    until = closing(await hours_in(tx.db, ticket.group_id), day)
    if until <= tx.now:
        raise NotAllowed("The department closes before then: choose a later day for the next step.")
    return until


def closing(hours: Hours, day: date) -> datetime:
    noon = datetime.combine(day, time(12), hours.weeks[0].zone)
    start = datetime.combine(day, time(), hours.zone_at(noon))
    end = datetime.combine(day, time(23, 59), hours.zone_at(noon))
    open_then = hours.pieces(start, end)
    return open_then[-1][1] if open_then else end


async def next_step_near(tx: Transaction, timer: Timer) -> None:
    """Before the date, and when it has come: whoever has the ticket is reminded."""
    try:
        case, ticket = await hold_ticket(tx, timer.subject_id)
    except NotAllowed:  # it became a part of another ticket
        return
    query = (
        select(Event)
        .where(Event.case_id == case.id, Event.ticket_id == ticket.id, Event.type == STEP)
        .order_by(col(Event.seq).desc())
        .limit(1)
    )
    told = (await tx.db.exec(query)).one_or_none()
    if told is None or ticket.status not in UNSOLVED or not told.data.get("until"):
        return
    until = datetime.fromisoformat(told.data["until"])
    over = until <= tx.now
    because = f"the next step they were told {'was' if over else 'is'} due {local_time(until)} UTC."
    record(
        tx, case, "ticket.next_step_due", staff_audience(ticket), ticket_id=ticket.id,
        reference=reference(ticket.id), because=because, over=over, **note_reach(ticket),
    )  # fmt: skip
    if not over:
        await set_timer(tx, case.id, "next_step", until, ticket.id)


def in_words(data: Mapping[str, Any], step: str, zone: str, staff: bool = False) -> str:
    """As a page and a mail say it, on the clock of whoever reads it."""
    who = WHO[Doer(data["who"])][staff]
    if not data.get("until"):
        return f"Next step: {ended(step)} {who}; when is not known yet."
    return f"Next step: {ended(step)} {who} by {local_time(read(data), zone)}."


def ended(step: str) -> str:
    return step if step.endswith((".", "!", "?", "…")) else f"{step}."


def read(data: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(data["until"])
