"""“Why this deadline?”: everything owed on a ticket, with the arithmetic; and moving a date."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from starlette.responses import Response

from helpdesk.cases.commands import write_message
from helpdesk.core.text import BadText, clean_text, is_blank
from helpdesk.people.models import Person
from helpdesk.permissions import Can, allowed
from helpdesk.sla.commands import NotExtendable, extend
from helpdesk.sla.owing.answering import explained
from helpdesk.sla.policy import Kind
from helpdesk.sla.promises.promised import Clocks, every_promise
from helpdesk.tickets.models import reference
from helpdesk.tickets.queries import audience, find_ticket, hold_ticket, id_named, reach
from helpdesk.tickets.states import NotAllowed
from helpdesk.web import WebRequest, page, reading, redirect, render, transaction

REASON = 500


async def deadlines(
    request: WebRequest,
    status: int = 200,
    errors: dict[str, str] | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    """For those who may see the ticket; everybody else learns nothing of it."""
    desk, actor = request.state["desk"], request.state["actor"]
    async with reading(request) as db:
        ticket = await find_ticket(db, actor, id_named(request.path_params["ref"]))
        live, ended = await explained(desk, db, ticket.id, desk.clock.now())
        requester = await db.get_one(Person, ticket.requester_id)
    on = Clocks(requester.time_zone, actor.time_zone)
    return render(
        request,
        "console/deadlines.html",
        status,
        ref=reference(ticket.id),
        live=live,
        ended=ended,
        promises=await every_promise(desk, ticket.id, on),
        answered_at=ticket.first_answered_at,
        moves=allowed(actor, Can.MANAGE_SLA),
        errors=errors or {},
        typed=typed or {},
    )


async def show(request: WebRequest) -> Response:
    return await deadlines(request)


async def move(request: WebRequest) -> Response:
    """A later date, with a reason the requester reads."""
    id = id_named(request.path_params["ref"])
    form = await request.form(max_files=0, max_fields=10)
    typed = {name: str(value)[:4_000] for name, value in form.items()}
    kind, number = typed.get("kind", ""), typed.get("began_by", "")
    until, errors = read_date(typed.get("until", ""), request.state["actor"].time_zone), {}
    try:
        reason = clean_text(typed.get("reason", ""), REASON).strip()
    except BadText as fault:
        reason, errors["reason"] = "", str(fault)
    if until is None:
        errors["until"] = "Choose the day and the time by which it is done."
    if not errors and is_blank(reason):
        errors["reason"] = "Say why. The requester reads this sentence."
    if kind not in set(Kind) or not (number.isascii() and number.isdigit() and len(number) < 18):
        errors["until"] = "The page was incomplete. Reload it and try again."
    if errors or until is None:
        return await deadlines(request, 422, errors, typed)
    try:
        async with transaction(request) as tx:
            case, ticket = await hold_ticket(tx, id)
            reader, rows = audience(ticket), reach(ticket)
            message = await write_message(tx, case, reason, reader, ticket.side_id, id)
            named = (id, Kind(kind), int(number))
            await extend(tx, case, named, until, audience=reader, reach=rows,
                         message=message, reference=reference(id))  # fmt: skip
    except NotExtendable as fault:
        return await deadlines(request, 422, {"until": str(fault)}, typed)
    except NotAllowed as fault:
        return await deadlines(request, 409, {"until": str(fault)}, typed)
    return redirect(f"/desk/tickets/{reference(id)}")


def read_date(text: str, time_zone: str) -> datetime | None:
    """`2026-06-05T14:30` on the agent's clock."""
    try:
        at = datetime.strptime(text[:16], "%Y-%m-%dT%H:%M").replace(tzinfo=ZoneInfo(time_zone))
        return at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


routes = [
    page("/desk/tickets/{ref}/deadlines", show, Can.WORK_TICKETS),
    page("/desk/tickets/{ref}/deadlines", move, Can.MANAGE_SLA, "POST"),
]
