"""“Is it solved for you?”, on a page of the request and behind the link of a mail.

Opening the link changes nothing: mail programs open links by themselves. The form on its page does.
"""

from datetime import timedelta

from sqlmodel import col, select
from starlette.responses import Response

from helpdesk.cases.events import record
from helpdesk.cases.queries import NoSuchCase
from helpdesk.desk import Transaction
from helpdesk.identity import actor_of_person
from helpdesk.people.throttle import count_link
from helpdesk.permissions import Can
from helpdesk.security import client_address
from helpdesk.tickets.commands import after_move, close_by_requester, move
from helpdesk.tickets.models import Ticket, reference
from helpdesk.tickets.queries import audience, find_ticket, hold_ticket, id_named, reach
from helpdesk.tickets.states import UNSOLVED, NotAllowed, Status
from helpdesk.web import WebRequest, page, reading, redirect, render, transaction

from .models import Incident, IncidentTicket
from .telling import asked_by
from .watch import State

LASTS = timedelta(days=30)
ANSWERS = {"yes": "solved", "no": "not_solved"}
SAID = {"solved": "solved", "not_solved": "not solved"}
OPEN_TO_ANSWER = """
SELECT a.title, t.subject, t.requester_id, t.id FROM incident_tickets it
JOIN incidents i ON i.id = it.incident_id JOIN alerts a ON a.id = i.alert_id
JOIN tickets asked ON asked.id = it.ticket_id
JOIN tickets t ON t.id = coalesce(asked.merged_into_id, asked.id)
WHERE it.ticket_id = $1 AND it.linked AND it.answer IS NULL AND i.state = 'resolved'
    AND i.resolved_at > $2 AND ($3::bigint IS NULL OR i.id = $3)
ORDER BY i.id DESC LIMIT 1
"""


async def answer_solved(
    tx: Transaction, ticket_id: int, solved: bool, incident_id: int | None = None
) -> Ticket:
    """By somebody of the requester's side, once. Yes solves the ticket, no keeps it open."""
    query = (
        select(IncidentTicket)
        .join(Incident, col(Incident.id) == col(IncidentTicket.incident_id))
        .where(
            IncidentTicket.ticket_id == ticket_id,
            col(IncidentTicket.linked),
            Incident.state == State.RESOLVED,
            col(Incident.resolved_at) > tx.now - LASTS,
        )
        .order_by(col(Incident.id).desc())
        .limit(1)
        .with_for_update(of=IncidentTicket)
    )
    if incident_id is not None:
        query = query.where(Incident.id == incident_id)
    row = (await tx.db.exec(query)).one_or_none()
    case, ticket = await hold_ticket(tx, ticket_id, follow=True)
    if row is None or row.answer is not None:
        raise NotAllowed("There is nothing to answer any more.")
    if tx.actor.is_staff or not tx.actor.id:
        raise NotAllowed("Only who asked can say whether it is solved.")
    row.answer, row.answered_at = ("solved" if solved else "not_solved"), tx.now
    record(
        tx,
        case,
        "incident.answered",
        audience(ticket),
        ticket_id=ticket.id,
        reference=reference(ticket.id),
        new=SAID[row.answer],
        **reach(ticket),
    )
    if solved:
        return await close_by_requester(tx, ticket.id)
    if ticket.status in (Status.SOLVED, Status.WAITING_ON_USER):
        ticket.reopenings += int(ticket.status not in UNSOLVED)
        move(tx, case, ticket, Status.OPEN)
        await after_move(tx, case, ticket)
    return ticket


async def show(request: WebRequest) -> Response:
    return await question(request, await own_ticket(request))


async def own_ticket(request: WebRequest) -> Ticket:
    async with reading(request) as db:
        return await find_ticket(db, request.state["actor"], id_named(request.path_params["ref"]))


async def question(request: WebRequest, ticket: Ticket, status: int = 200) -> Response:
    desk = request.state["desk"]
    since = desk.clock.now() - LASTS
    row = await desk.pool.fetchrow(OPEN_TO_ANSWER, ticket.id, since, None)
    return render(
        request,
        "triage/incidents/solved.html",
        status,
        ref=reference(ticket.id),
        subject=ticket.subject,
        asked=row,
        error="",
    )


async def answer(request: WebRequest) -> Response:
    ticket = await own_ticket(request)
    chosen = str((await request.form(max_files=0, max_fields=10)).get("solved", ""))
    if chosen not in ANSWERS:
        return await question(request, ticket, 422)
    try:
        async with transaction(request) as tx:
            ticket = await answer_solved(tx, ticket.id, chosen == "yes")
    except NotAllowed:
        return await question(request, ticket, 409)
    return redirect(f"/requests/{reference(ticket.id)}")


async def show_linked(request: WebRequest) -> Response:
    return await linked(request)


async def linked(request: WebRequest, status: int = 200) -> Response:
    desk = request.state["desk"]
    await count_link(desk, client_address(request))
    named = asked_by(desk, request.path_params["token"])
    row = None
    if named is not None:
        since = desk.clock.now() - LASTS
        row = await desk.pool.fetchrow(OPEN_TO_ANSWER, named[1], since, named[0])
    if row is None:
        return link_gone(request)
    return render(
        request,
        "triage/incidents/solved.html",
        status,
        ref=reference(row["id"]),
        subject=row["subject"],
        asked=row,
        error="",
    )


def link_gone(request: WebRequest) -> Response:
    return render(request, "tickets/rate_gone.html", 404)


async def answer_linked(request: WebRequest) -> Response:
    """Once, for whoever holds the link: as its requester."""
    desk = request.state["desk"]
    await count_link(desk, client_address(request))
    named = asked_by(desk, request.path_params["token"])
    chosen = str((await request.form(max_files=0, max_fields=10)).get("solved", ""))
    if named is None:
        return link_gone(request)
    if chosen not in ANSWERS:
        return await linked(request, 422)
    since = desk.clock.now() - LASTS
    row = await desk.pool.fetchrow(OPEN_TO_ANSWER, named[1], since, named[0])
    if row is None:
        return link_gone(request)
    requester = await actor_of_person(desk, row["requester_id"])
    try:
        async with desk.transaction(requester) as tx:
            ticket = await answer_solved(tx, named[1], chosen == "yes", named[0])
    except (NotAllowed, NoSuchCase):
        return link_gone(request)
    return render(
        request,
        "triage/incidents/answered.html",
        ref=reference(ticket.id),
        solved=chosen == "yes",
    )


ASKED = "/requests/{ref}/solved-for-you"
routes = [
    page(ASKED, show, Can.FOLLOW_REQUESTS),
    page(ASKED, answer, Can.FOLLOW_REQUESTS, "POST"),
    page("/solved/{token}", show_linked, Can.VISIT),
    page("/solved/{token}", answer_linked, Can.VISIT, "POST"),
]
