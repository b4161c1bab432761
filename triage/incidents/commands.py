"""What happens to incidents, each in one transaction."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, func, select, update

from helpdesk.alerts.commands import Details, post_alert, resolve_alert, update_alert
from helpdesk.alerts.models import Alert, Stage
from helpdesk.cases.events import changed
from helpdesk.desk import Transaction
from helpdesk.tickets.states import NotAllowed

from .clusters import LEAST_PEOPLE
from .models import Incident, IncidentTicket
from .reports import Seen
from .watch import LIVE, Finding, State

WORD = 40  # characters an alert takes


class NoSuchIncident(LookupError):
    pass


async def propose(tx: Transaction, finding: Finding) -> Incident | None:
    """None when too few of its tickets are free: another process was faster."""
    cluster = finding.cluster
    times = [moment(one.at) for one in cluster.members]
    incident = Incident(
        area=finding.area,
        words=[word[:WORD] for word in finding.words],
        type_keys=list(finding.type_keys),
        tickets=0,
        people=0,
        expected=cluster.expected,
        chance=cluster.chance,
        first_at=min(times),
        last_at=max(times),
        proposed_at=tx.now,
    )
    async with tx.db.begin_nested() as attempt:
        tx.db.add(incident)
        await tx.db.flush()
        for one in cluster.members:
            await add(tx, incident.id, one)
        await count(tx, incident)
        if incident.people < LEAST_PEOPLE:
            await attempt.rollback()
            return None
    tx.outgoing.append(lambda: changed("desk", []))
    return incident


async def join(tx: Transaction, incident_id: int, report: Seen) -> bool:
    """One more report seems to belong to it. A manager decides whether it is linked."""
    incident = await hold_incident(tx, incident_id)
    if incident.state not in LIVE or not await add(tx, incident.id, report):
        return False
    incident.last_at = max(incident.last_at, moment(report.at))
    await count(tx, incident)
    return True


async def add(tx: Transaction, incident_id: int, report: Seen) -> bool:
    row = {
        "incident_id": incident_id,
        "ticket_id": report.ticket_id,
        "person_id": report.person_id,
        "linked": False,
        "released": False,
        "told_number": 0,
        "joined_at": tx.now,
    }
    made = insert(IncidentTicket).values(row).on_conflict_do_nothing()
    return (await tx.db.exec(made.returning(col(IncidentTicket.ticket_id)))).first() is not None


async def count(tx: Transaction, incident: Incident) -> None:
    query = select(func.count(), func.count(func.distinct(IncidentTicket.person_id))).where(
        IncidentTicket.incident_id == incident.id
    )
    incident.tickets, incident.people = (await tx.db.exec(query)).one()


async def hold_incident(tx: Transaction, id: int) -> Incident:
    query = select(Incident).where(Incident.id == id).with_for_update()
    query = query.execution_options(populate_existing=True)
    found = (await tx.db.exec(query)).one_or_none() if 0 < id < 2**63 else None
    if found is None:
        raise NoSuchIncident
    return found


async def confirm(
    tx: Transaction,
    id: int,
    once: UUID,
    details: Details,
    body: str,
    next_update_at: datetime | None,
) -> Incident:
    """It is one: an alert says so to everybody, and the tickets are linked to it."""
    incident = await hold_incident(tx, id)
    if incident.state == State.CONFIRMED:
        return incident
    if incident.state != State.PROPOSED:
        raise NotAllowed("This was decided already. Nothing was posted.")
    alert = await post_alert(tx, once, details, body, next_update_at)
    decide(tx, incident, State.CONFIRMED)
    incident.alert_id = alert.id
    await tx.db.exec(update(IncidentTicket).where(of(incident)).values(linked=True, told_number=0))
    tx.has_work = True
    return incident


async def link_rest(tx: Transaction, id: int) -> int:
    """Those that were filed since, too. They are told the newest update."""
    incident = await hold_incident(tx, id)
    if incident.state != State.CONFIRMED or incident.alert_id is None:
        raise NotAllowed("Tickets are linked while an incident is open.")
    alert = await tx.db.get_one(Alert, incident.alert_id)
    free = of(incident) & col(IncidentTicket.linked).is_(False)
    values = {"linked": True, "told_number": alert.last_number - 1}
    found = await tx.db.exec(
        update(IncidentTicket).where(free).values(values).returning(col(IncidentTicket.ticket_id))
    )
    tx.has_work = True
    return len(found.all())


async def dismiss(tx: Transaction, id: int) -> Incident:
    """It is none. The like is not proposed again for a day."""
    incident = await hold_incident(tx, id)
    if incident.state == State.DISMISSED:
        return incident
    if incident.state != State.PROPOSED:
        raise NotAllowed("This was decided already.")
    decide(tx, incident, State.DISMISSED)
    await release(tx, incident)
    return incident


async def say(
    tx: Transaction, id: int, once: UUID, body: str, stage: Stage | None, next_at: datetime | None
) -> Incident:
    """One update: for the alert and whoever follows it, and for everybody who is linked."""
    incident = await hold_confirmed(tx, id)
    assert incident.alert_id is not None
    await update_alert(tx, incident.alert_id, once, body, stage, next_at)
    return incident


async def resolve(tx: Transaction, id: int, once: UUID, body: str) -> Incident:
    """It is over; everybody who is linked is asked whether it is for them."""
    incident = await hold_incident(tx, id)
    if incident.state == State.RESOLVED:
        return incident
    incident = await hold_confirmed(tx, id)
    assert incident.alert_id is not None
    await resolve_alert(tx, incident.alert_id, once, body)
    await is_over(tx, incident)
    return incident


async def is_over(tx: Transaction, incident: Incident) -> None:
    incident.state, incident.resolved_at = State.RESOLVED, tx.now
    await release(tx, incident)
    tx.has_work = True


async def goes_on(tx: Transaction, incident: Incident) -> None:
    """Its alert was opened again. What people said of the solution does not count any more."""
    incident.state, incident.resolved_at, incident.done_at = State.CONFIRMED, None, None
    await tx.db.exec(
        update(IncidentTicket).where(of(incident)).values(answer=None, answered_at=None)
    )


async def hold_confirmed(tx: Transaction, id: int) -> Incident:
    incident = await hold_incident(tx, id)
    if incident.state != State.CONFIRMED or incident.alert_id is None:
        raise NotAllowed("This incident is not open. Your text is kept below.")
    return incident


def decide(tx: Transaction, incident: Incident, state: State) -> None:
    incident.state = state
    incident.decided_at, incident.decided_by_id = tx.now, tx.actor.id or None
    tx.outgoing.append(lambda: changed("desk", []))


async def release(tx: Transaction, incident: Incident) -> None:
    """Its tickets may tell of something else from now on."""
    await tx.db.exec(update(IncidentTicket).where(of(incident)).values(released=True))


def of(incident: Incident) -> ColumnElement[bool]:
    return col(IncidentTicket.incident_id) == incident.id


def moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
