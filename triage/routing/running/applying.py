"""Doing what the rules decided, to a ticket that is held."""

from dataclasses import dataclass, field
from dataclasses import replace as changed
from datetime import timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select

from helpdesk.cases.events import record
from helpdesk.cases.models import Case
from helpdesk.catalogue import queries as catalogue
from helpdesk.desk import Desk, Transaction
from helpdesk.escalations.raising import Raising, raise_held
from helpdesk.escalations.states import Cause, Level
from helpdesk.evidence.commands import request_evidence
from helpdesk.evidence.models import EvidenceRequest
from helpdesk.people.models import Group
from helpdesk.people.queries import actor_of
from helpdesk.tickets.assigning import assign_to
from helpdesk.tickets.commands import change_severity
from helpdesk.tickets.models import Ticket, reference
from helpdesk.tickets.queries import note_reach, staff_audience
from helpdesk.tickets.states import Severity
from triage.routing.logic.actions import BEST, Action, Do
from triage.routing.logic.engine import Outcome
from triage.routing.logic.facts import Facts
from triage.routing.logic.vocabulary import LEVELS, About
from triage.routing.models import TicketTag

from .agents import Need, Pick, pick_agent
from .candidates import candidates
from .telling import tell

ASKED_FOR = timedelta(days=3)  # to bring a piece the rules ask for
BY_RULE = "the rules of the desk ask for it"
RAISED = "Requests like this one are handled with this urgency."


MOVE_EVIDENCE = text("""
UPDATE evidence SET group_id = :new WHERE group_id = :old AND ticket_id IN (
    SELECT id FROM tickets WHERE id = :ticket OR (merged_into_id = :ticket AND group_id = :old))
""")
MOVE_MERGED = text("""
UPDATE tickets SET group_id = :new WHERE merged_into_id = :ticket AND group_id = :old
""")
# A ticket's private events belong to its department; `ticket` is the one that was sent.
MOVE_EVENTS = text("""
UPDATE events e SET group_id = t.group_id FROM tickets t
WHERE (t.id = :ticket OR t.merged_into_id = :ticket) AND e.case_id = t.case_id
    AND e.ticket_id = t.id AND e.group_id IS NOT NULL AND e.group_id <> t.group_id
""")


@dataclass
class Applied:
    """What was really done; what could not be done, and why."""

    done: dict[str, Any] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Place:
    """Where the work is done: all commands act on one held ticket."""

    desk: Desk
    tx: Transaction
    case: Case
    ticket: Ticket
    publisher_id: int | None
    settled: frozenset[str] = frozenset()  # what people have changed meanwhile


async def apply(place: Place, facts: Facts, outcome: Outcome) -> Applied:
    applied = Applied(refused=list(outcome.refused))
    await send(place, facts, outcome, applied)
    await raise_severity(place, facts, outcome, applied)
    await give(place, facts, outcome, applied)
    await tag(place, outcome, applied)
    for action in outcome.others:
        await OTHERS[action.do](place, action, applied)
    return applied


async def send(place: Place, facts: Facts, outcome: Outcome, applied: Applied) -> None:
    tx, ticket = place.tx, place.ticket
    new = await department(tx, outcome.department)
    old = await tx.db.get_one(Group, ticket.group_id)
    if new is None:
        applied.refused.append(f"The department {outcome.department} is gone.")
        return
    if new.id == old.id or outcome.department == facts.department:
        return
    if "department" in place.settled:
        applied.refused.append("Somebody handed it over meanwhile, and there it stays.")
        return
    if ticket.assignee_id is not None:
        assign_to(tx, place.case, ticket, None, "")
    ticket.group_id, ticket.updated_at = new.id, tx.now
    await move_pieces(tx, ticket, old.id, new.id)
    record(
        tx,
        place.case,
        "ticket.routed",
        staff_audience(ticket),
        ticket_id=ticket.id,
        reference=reference(ticket.id),
        old=old.name,
        new=new.name,
        old_key=old.key,
        new_key=new.key,
        **note_reach(ticket),
    )
    applied.done["department"] = [old.key, new.key]


async def move_pieces(tx: Transaction, ticket: Ticket, old: int, new: int) -> None:
    """Evidence and merged tickets follow at once; events as soon as none of them is at work."""
    await tx.db.flush()
    connection, ids = await tx.db.connection(), {"ticket": ticket.id, "old": old, "new": new}
    await connection.execute(MOVE_EVIDENCE, ids)
    await connection.execute(MOVE_MERGED, ids)


async def department(tx: Transaction, key: str) -> Group | None:
    return (await tx.db.exec(select(Group).where(Group.key == key))).one_or_none()


async def raise_severity(place: Place, facts: Facts, outcome: Outcome, applied: Applied) -> None:
    old = place.ticket.severity
    if outcome.severity == facts.severity:
        return
    if "severity" in place.settled:
        applied.refused.append("Somebody changed the severity meanwhile, and so it stays.")
    elif outcome.severity > old:
        await change_severity(place.tx, place.ticket.id, Severity(outcome.severity), RAISED)
        applied.done["severity"] = [LEVELS[old - 1], LEVELS[outcome.severity - 1]]


async def give(place: Place, facts: Facts, outcome: Outcome, applied: Applied) -> None:
    """To somebody named, or to whoever fits; never over the head of an owner."""
    if not outcome.agent and not outcome.skills:
        return
    if place.ticket.assignee_id is not None:
        applied.refused.append("It has an owner already, who keeps it.")
        return
    pick = await picked(place, facts, outcome)
    applied.done["agent"] = {"id": pick.agent.id if pick.agent else None, "why": pick.why}
    if pick.agent is not None:
        assign_to(place.tx, place.case, place.ticket, pick.agent.id, pick.agent.name)


async def picked(place: Place, facts: Facts, outcome: Outcome) -> Pick:
    await place.tx.db.flush()
    group = await place.tx.db.get_one(Group, place.ticket.group_id)
    people = await candidates(place.desk, place.tx, group.id)
    if outcome.agent not in ("", BEST):
        named = next((one for one in people if str(one.id) == outcome.agent), None)
        if named is None or not named.may_see:
            return Pick(None, f"The person named is not with {group.name} and may not own it.")
        return Pick(named, f"The rules name {named.name}.")
    here = facts.moved(department=group.key, at=place.tx.now)
    is_open = here.read(About.OPEN, "")
    need = Need(
        group.name,
        facts.language,
        frozenset(outcome.skills),
        is_open if isinstance(is_open, bool) else None,
        urgent=place.ticket.severity == Severity.URGENT,
    )
    return pick_agent([one for one in people if one.takes_work], need)


async def tag(place: Place, outcome: Outcome, applied: Applied) -> None:
    for name in outcome.tags:
        row = insert(TicketTag).values(
            ticket_id=place.ticket.id, tag=name[:40], added_at=place.tx.now
        )
        await place.tx.db.exec(row.on_conflict_do_nothing())
    if outcome.tags:
        applied.done["tags"] = list(outcome.tags)


# What is said and asked


async def notify(place: Place, action: Action, applied: Applied) -> None:
    told = await tell(place.desk, place.tx, place.ticket, action)
    applied.done["told"] = applied.done.get("told", 0) + told
    if not told:
        applied.refused.append("There was nobody to tell who may see it.")


async def ask(place: Place, action: Action, applied: Applied) -> None:
    """In the name of whoever published the rules: a request has somebody who asks."""
    publisher = await actor_of(place.desk, place.publisher_id or 0)
    if not publisher.id:  # never known, or has left
        applied.refused.append("Nobody stands behind these rules who could ask for evidence.")
        return
    if await asked_before(place, action.value):
        return
    kind = await evidence_label(place, action.value)
    if kind is None:
        applied.refused.append(f"The kind of evidence “{action.value}” is gone.")
        return
    asking = changed(place.tx, actor=publisher)
    await request_evidence(
        asking,
        place.case,
        ticket_id=place.ticket.id,
        side_id=place.ticket.side_id,
        kind=action.value,
        evidence_key="",
        label=kind,
        note=action.text,
        due_at=place.tx.now + ASKED_FOR,
    )
    place.tx.has_work |= asking.has_work
    applied.done.setdefault("asked", []).append(action.value)


async def asked_before(place: Place, kind: str) -> bool:
    query = select(EvidenceRequest.id).where(
        EvidenceRequest.ticket_id == place.ticket.id,
        EvidenceRequest.kind == kind,
        col(EvidenceRequest.cancelled_at).is_(None),
    )
    return (await place.tx.db.exec(query)).first() is not None


async def evidence_label(place: Place, key: str) -> str | None:
    kind = (await catalogue.current(place.desk)).catalogue.evidence_kind(key)
    return kind.label if kind else None


async def escalate(place: Place, action: Action, applied: Applied) -> None:
    record(
        place.tx,
        place.case,
        "ticket.escalated",
        staff_audience(place.ticket),
        ticket_id=place.ticket.id,
        reference=reference(place.ticket.id),
        reason=action.text.strip(),
        **note_reach(place.ticket),
    )
    raising = Raising(Cause.ROUTING, Level.MANAGER, BY_RULE, reason=action.text.strip())
    await raise_held(place.tx, place.case, place.ticket, raising)
    managers = Action(do=Do.NOTIFY, value="managers", text=action.text)
    applied.done["escalated"] = await tell(place.desk, place.tx, place.ticket, managers)


OTHERS = {Do.NOTIFY: notify, Do.ASK: ask, Do.ESCALATE: escalate}
