"""Weighing a ticket that is there: when it was filed, and whenever something speaks for more.

The severity itself stays as it is: a change is for people to make.
"""

from typing import Any

from sqlmodel import col, func, select

from helpdesk.alerts.queries import Reader, reader_of
from helpdesk.cases.events import record
from helpdesk.cases.models import Case, Event, Message
from helpdesk.cases.receipts import already_done
from helpdesk.catalogue import queries as catalogue
from helpdesk.desk import Desk, Transaction
from helpdesk.people.queries import actor_of
from helpdesk.permissions import SYSTEM
from helpdesk.tickets.models import Ticket, reference
from helpdesk.tickets.queries import AlreadyMerged, hold_ticket, note_reach, staff_audience
from helpdesk.tickets.states import UNSOLVED
from triage.models import TriageSuggestion

from .facts import Facts, facts_of
from .models import SeverityTrace
from .queries import Matter, RulesInUse, around, rules_in_use
from .weighing import Suggestion, suggest_severity

ATTENTION_AT = 3  # counted follow-ups
FILED, FOLLOWED_UP, REOPENED = "filed", "followed_up", "reopened"


async def weigh_ticket(desk: Desk, event_id: int, cause: str, job: str) -> Suggestion | None:
    """Once for each event. None: done before, or of a type that is gone."""
    used = await rules_in_use(desk)
    async with desk.transaction(SYSTEM) as tx:
        if await already_done(tx, event_id, job):
            return None
        event = await tx.db.get_one(Event, event_id)
        if event.ticket_id is None:
            return None
        try:
            case, ticket = await hold_ticket(tx, event.ticket_id)
        except AlreadyMerged:  # the one that goes on is weighed by its own events
            return None
        facts = await _facts(desk, tx, ticket, cause, used)
        if facts is None:
            return None
        suggestion = suggest_severity(facts, used.rules)
        before = await _suggested_before(tx, ticket.id)
        _keep(tx, ticket, cause, used.number, facts, suggestion)
        if cause == FILED:
            _note(tx, ticket, used.number, suggestion)
        else:
            _tell(tx, case, ticket, suggestion, before)
        return suggestion


async def _facts(
    desk: Desk, tx: Transaction, ticket: Ticket, cause: str, used: RulesInUse
) -> Facts | None:
    version = await catalogue.version(desk, ticket.catalogue_version)
    type = version.catalogue.type(ticket.type_key)
    if type is None:
        return None
    person = await actor_of(desk, ticket.requester_id)
    matter = Matter(
        type,
        ticket.requester_id,
        reader_of(person) if person.id else Reader(),
        ticket.subject,
        ticket.answers,
        ticket.contract_id,
        ticket.milestone_id,
        (ticket.seen or {}).get("alerts", ()),
        ticket.id,
        ticket.follow_ups if cause != FILED else 0,
        ticket.reopenings if cause != FILED else 0,
    )
    at = ticket.opened_at if cause == FILED else tx.now
    known = await around(desk, matter, used.rules, at)
    query = select(Message.body).where(
        Message.ticket_id == ticket.id, Message.case_id == ticket.case_id
    )
    first = (await tx.db.exec(query.order_by(col(Message.id)).limit(1))).first()
    return facts_of(type, ticket.subject, first or "", ticket.answers, known, used.rules)


async def _suggested_before(tx: Transaction, ticket_id: int) -> int:
    query = select(func.max(SeverityTrace.suggested)).where(SeverityTrace.ticket_id == ticket_id)
    return (await tx.db.exec(query)).one() or 0


def _keep(
    tx: Transaction, ticket: Ticket, cause: str, version: int, facts: Facts, found: Suggestion
) -> None:
    trace: dict[str, Any] = {**facts.stored, "lines": [line.stored for line in found.trace]}
    tx.db.add(
        SeverityTrace(
            ticket_id=ticket.id,
            cause=cause,
            at=tx.now,
            rules_version=version,
            suggested=found.level,
            chosen=ticket.chosen_severity,
            working=ticket.severity,
            trace=trace,
        )
    )


def _note(tx: Transaction, ticket: Ticket, version: int, found: Suggestion) -> None:
    """With what the person chose, for those who ask how good the suggestions are."""
    tx.db.add(
        TriageSuggestion(
            kind="severity",
            ticket_id=ticket.id,
            value=str(found.level),
            engine=f"rules {version}",
            at=tx.now,
            accepted_value=str(ticket.chosen_severity),
            by_id=ticket.requester_id,
            decided_at=ticket.opened_at,
        )
    )


def _tell(tx: Transaction, case: Case, ticket: Ticket, found: Suggestion, before: int) -> None:
    """Colleagues hear of it once; the ticket keeps its severity until one of them changes it."""
    if ticket.status not in UNSOLVED:
        return
    for_staff = {"ticket_id": ticket.id, **note_reach(ticket)}
    if found.level > max(ticket.severity, before):
        because = " ".join(f"{line.title}." for line in found.counted if line.is_raising)
        record(
            tx, case, "ticket.severity_suggested", staff_audience(ticket),
            new=found.title, because=because, **for_staff,
        )  # fmt: skip
    if ticket.follow_ups == ATTENTION_AT:
        record(
            tx, case, "ticket.attention_raised", staff_audience(ticket),
            reason=f"followups>={ATTENTION_AT}", reference=reference(ticket.id),
            because=f"they followed up {ATTENTION_AT} times.", **for_staff,
        )  # fmt: skip
