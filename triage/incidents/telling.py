"""Telling the requesters of linked tickets what an alert says, each once."""

from uuid import uuid5

from sqlmodel import select

from helpdesk.alerts.jobs import may_be_mailed
from helpdesk.alerts.models import Alert, AlertUpdate, Stage
from helpdesk.cases.commands import sent_before, write_message
from helpdesk.cases.events import record
from helpdesk.cases.models import Case
from helpdesk.core.tokens import Signer
from helpdesk.desk import Desk, Transaction
from helpdesk.mail.commands import send_mail
from helpdesk.people.models import Person
from helpdesk.permissions import SYSTEM
from helpdesk.security import canonical_url
from helpdesk.tickets.models import Ticket, reference
from helpdesk.tickets.queries import audience, hold_ticket, reach
from helpdesk.tickets.states import UNSOLVED, NotAllowed

from .commands import goes_on, hold_incident, is_over
from .models import Incident, IncidentTicket
from .watch import State

ASK = "incident-solved"

OVER = """
SELECT i.id FROM incidents i JOIN alerts a ON a.id = i.alert_id
WHERE i.done_at IS NULL AND i.state = 'confirmed' AND a.resolved_at IS NOT NULL
"""
AGAIN = """
SELECT i.id FROM incidents i JOIN alerts a ON a.id = i.alert_id
WHERE i.state = 'resolved' AND i.resolved_at > $1::timestamptz - interval '14 days'
    AND a.resolved_at IS NULL
"""
UNTOLD = """
SELECT it.incident_id, it.ticket_id FROM incidents i
JOIN alerts a ON a.id = i.alert_id JOIN incident_tickets it ON it.incident_id = i.id
WHERE i.done_at IS NULL AND it.linked AND it.told_number < a.last_number
ORDER BY it.told_number, it.incident_id, it.ticket_id LIMIT 1
"""
DONE = """
UPDATE incidents i SET done_at = $1 WHERE i.done_at IS NULL AND i.state = 'resolved'
AND i.alert_id IS NOT NULL
AND NOT EXISTS (SELECT FROM incident_tickets it JOIN alerts a ON a.id = i.alert_id
    WHERE it.incident_id = i.id AND it.linked AND it.told_number < a.last_number)
"""


async def follow_alerts(desk: Desk) -> None:
    """An alert may be solved, or opened again, on its own page too."""
    for (id,) in await desk.pool.fetch(OVER):
        async with desk.transaction(SYSTEM) as tx:
            incident = await hold_incident(tx, id)
            if incident.state == State.CONFIRMED:
                await is_over(tx, incident)
    for (id,) in await desk.pool.fetch(AGAIN, desk.clock.now()):
        async with desk.transaction(SYSTEM) as tx:
            incident = await hold_incident(tx, id)
            if incident.state == State.RESOLVED:
                await goes_on(tx, incident)


async def tell_next(desk: Desk) -> bool:
    """The next update to the next ticket that lacks it. False: nobody lacks any."""
    found = await desk.pool.fetchrow(UNTOLD)
    if found is None:
        await desk.pool.execute(DONE, desk.clock.now())
        return False
    async with desk.transaction(SYSTEM) as tx:
        query = (
            select(IncidentTicket)
            .where(
                IncidentTicket.incident_id == found["incident_id"],
                IncidentTicket.ticket_id == found["ticket_id"],
            )
            .with_for_update(skip_locked=True)
        )
        row = (await tx.db.exec(query)).one_or_none()
        if row is None:
            return False  # another process tells it
        await tell(desk, tx, row)
    return True


async def tell(desk: Desk, tx: Transaction, row: IncidentTicket) -> None:
    incident = await tx.db.get_one(Incident, row.incident_id)
    query = select(AlertUpdate).where(
        AlertUpdate.alert_id == incident.alert_id, AlertUpdate.number == row.told_number + 1
    )
    news = (await tx.db.exec(query)).one_or_none()
    if news is None:
        return  # told meanwhile
    row.told_number = news.number
    alert = await tx.db.get_one(Alert, news.alert_id)
    try:
        case, ticket = await hold_ticket(tx, row.ticket_id, follow=True)
    except NotAllowed:
        return
    if ticket.status in UNSOLVED:
        await write(desk, tx, alert, news, case, ticket, row)


async def write(
    desk: Desk,
    tx: Transaction,
    alert: Alert,
    news: AlertUpdate,
    case: Case,
    ticket: Ticket,
    row: IncidentTicket,
) -> None:
    """On the ticket and by mail. Of two tickets that became one, the one that is left is told."""
    once = uuid5(news.once, str(ticket.id))
    if await sent_before(tx, case, once):
        return
    solved = news.stage == Stage.RESOLVED
    message = await write_message(
        tx, case, news.body, audience(ticket), ticket.side_id, ticket.id, client_id=once
    )
    record(
        tx,
        case,
        "incident.resolved" if solved else "incident.updated",
        audience(ticket),
        ticket_id=ticket.id,
        message=message,
        reference=reference(ticket.id),
        label=alert.title,
        **reach(ticket),
    )
    ticket.updated_at = tx.now
    person = await tx.db.get_one(Person, ticket.requester_id)
    if may_be_mailed(person):
        key = f"incident:{once}"
        subject = f"[{reference(ticket.id)}] {ticket.subject}"
        body = letter(desk, alert, news, ticket, person, row)
        await send_mail(tx, key, person.name, person.email, subject, body)
        tx.has_work = True


def letter(
    desk: Desk,
    alert: Alert,
    news: AlertUpdate,
    ticket: Ticket,
    person: Person,
    row: IncidentTicket,
) -> str:
    here = canonical_url(desk.settings, f"/requests/{reference(ticket.id)}")
    lines = [f"Hello {person.name},", ""]
    if news.stage == Stage.RESOLVED:
        asked = canonical_url(desk.settings, f"/solved/{solved_token(desk, row)}")
        lines += [
            f"“{alert.title}”, which your request is about, is solved:",
            "",
            news.body,
            "",
            f"Is it solved for you? Tell us on the page that opens: {asked}",
            "If it is, we close your request. If not, it stays open and we go on.",
        ]
    else:
        first = news.number == 1
        lines += [
            "Your request is about something that several people report right now: "
            f"“{alert.title}”."
            if first
            else f"News about “{alert.title}”, which your request is about:",
            "",
            news.body,
        ]
    return "\n".join([*lines, "", f"Your request: {here}", ""])


def solved_token(desk: Desk, row: IncidentTicket) -> str:
    return Signer(desk.settings.secret_key, ASK).sign(f"{row.incident_id}-{row.ticket_id}")


def asked_by(desk: Desk, token: str) -> tuple[int, int] | None:
    """Incident and ticket that the link of a mail is about."""
    value = Signer(desk.settings.secret_key, ASK).unsign(token[:200]) or ""
    incident, _, ticket = value.partition("-")
    return (int(incident), int(ticket)) if incident.isdigit() and ticket.isdigit() else None
