"""What the worker does: reads the rules for each ticket, and tests drafts on history."""

from sqlmodel import col, func, select

from helpdesk.cases.models import Event
from helpdesk.cases.receipts import already_done
from helpdesk.core.jobs import job
from helpdesk.desk import Desk, Transaction
from helpdesk.people.models import Group
from helpdesk.permissions import SYSTEM
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.queries import hold_ticket
from helpdesk.tickets.states import NotAllowed

from .logic.actions import MANAGERS
from .logic.engine import explain, trace
from .models import Notice, RoutingRun
from .queries import InUse, rules_in_use
from .replay.replaying import document
from .replay.testing import test_next
from .running.applying import MOVE_EVENTS, Place, apply
from .running.gathering import MOMENTS, facts_now, known_to, meanwhile
from .running.telling import recipients

LEVEL_OF_MANAGERS = 3
MOST_RUNS = 50  # of one ticket; beyond that something goes round and round, and people look


@job
async def move_events(desk: Desk, event_id: int) -> None:
    """After rules sent a ticket elsewhere: its private events belong to the department it is in."""
    async with desk.transaction(SYSTEM) as tx:
        if await already_done(tx, event_id, "triage.move_events"):
            return
        event = await tx.db.get_one(Event, event_id)
        await (await tx.db.connection()).execute(MOVE_EVENTS, {"ticket": event.ticket_id})


@job
async def alert_assignee(desk: Desk, event_id: int) -> None:
    """Somebody asks again, or has waited too long: a notice for whoever has the ticket."""
    async with desk.transaction(SYSTEM) as tx:
        if await already_done(tx, event_id, "triage.alert_assignee"):
            return
        event = await tx.db.get_one(Event, event_id)
        ticket = await tx.db.get_one(Ticket, event.ticket_id)
        because = event.data.get("because", "they ask for news.")
        whom = MANAGERS if ticket.assignee_id is None else f"person:{ticket.assignee_id}"
        whom = event.data.get("whom", whom)
        if ticket.assignee_id is None and event.type == "ticket.followed_up":
            return  # it stands first in line; nobody forgot it
        for person in await recipients(tx, ticket, whom):
            words = f"Please look again: {because}"
            tx.db.add(Notice(person_id=person.id, ticket_id=ticket.id, text=words, at=tx.now))


@job
async def alert_of_escalation(desk: Desk, event_id: int) -> None:
    """Whoever was given one, managers whose level it has reached, and whom one came back to."""
    async with desk.transaction(SYSTEM) as tx:
        if await already_done(tx, event_id, "triage.alert_of_escalation"):
            return
        event = await tx.db.get_one(Event, event_id)
        ticket = await tx.db.get_one(Ticket, event.ticket_id)
        group = await tx.db.get_one(Group, ticket.group_id)
        whom, words = escalation_notice(event, ticket, group.key)
        for person in await recipients(tx, ticket, whom) if whom else ():
            if person.id != event.actor_id:
                tx.db.add(Notice(person_id=person.id, ticket_id=ticket.id, text=words, at=tx.now))


def escalation_notice(event: Event, ticket: Ticket, group: str) -> tuple[str, str]:
    """Who is told, and what; nobody, if it is no news to anybody."""
    data = event.data
    match event.type:
        case "escalation.owned":
            return f"person:{data['to_id']}", "An escalation was given to you."
        case "escalation.raised" | "escalation.moved" if data["level"] == LEVEL_OF_MANAGERS:
            return MANAGERS, f"Escalated to the managers: {data['because']}."[:300]
        case "escalation.raised" | "escalation.moved":
            words = f"Escalated, because {data['because']}. Somebody of the department takes it."
            return f"department:{group}", words[:300]
        case "escalation.released" if data.get("arrived"):
            words = "An escalation came with a request from another department. Somebody takes it."
            return f"department:{group}", words
        case "escalation.returned" if event.message_id is None and ticket.assignee_id:
            return f"person:{ticket.assignee_id}", "An escalation came back: something is missing."
    return "", ""


@job
async def route_ticket(desk: Desk, event_id: int) -> None:
    """Read the rules for one event of a ticket, once."""
    in_use = await rules_in_use(desk)
    if in_use is None:
        return
    async with desk.transaction(SYSTEM) as tx:
        if await already_done(tx, event_id, "triage.route_ticket"):
            return
        event = await tx.db.get_one(Event, event_id)
        if event.ticket_id is not None and event.type in MOMENTS:
            await read_rules(desk, tx, event, in_use)


async def read_rules(desk: Desk, tx: Transaction, event: Event, in_use: InUse) -> None:
    assert event.ticket_id is not None
    try:
        case, ticket = await hold_ticket(tx, event.ticket_id)
    except NotAllowed:  # it became a part of another ticket
        return
    if await is_read(tx, event):
        return
    known = await known_to(desk)
    later = await meanwhile(desk, event, known)
    facts = await facts_now(desk, ticket, event, known, in_use.phrases, in_use.asks_load, later)
    outcome, steps = explain(in_use.rules, facts)
    first = case.last_seq + 1
    place = Place(desk, tx, case, ticket, in_use.publisher_id, frozenset(later.first))
    applied = await apply(place, facts, outcome)
    tx.db.add(
        RoutingRun(
            ticket_id=ticket.id,
            event_id=event.id,
            version=in_use.version,
            facts=facts.document(),
            trace=trace(steps),
            effects={
                "done": applied.done,
                "refused": applied.refused,
                "matched": list(outcome.matched),
                "outcome": document(outcome),
            },
            first_seq=first,
            last_seq=case.last_seq,
            at=tx.now,
        )
    )


async def is_read(tx: Transaction, event: Event) -> bool:
    """What rules did is never a reason to read them again; and enough is enough."""
    own = (col(RoutingRun.first_seq) <= event.seq) & (col(RoutingRun.last_seq) >= event.seq)
    query = select(func.count(), func.bool_or(own)).where(RoutingRun.ticket_id == event.ticket_id)
    runs, by_rules = (await tx.db.exec(query)).one()
    return bool(by_rules) or runs >= MOST_RUNS


async def sweep_replays(desk: Desk) -> int:
    """One test on history at a time; others wait for their turn."""
    return await test_next(desk)
