"""The console: views, a ticket with its case, and everything an agent does with it."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from starlette.responses import JSONResponse, Response

from helpdesk.cases.queries import NoSuchCase
from helpdesk.cases.timeline import read_page
from helpdesk.catalogue import queries as catalogue
from helpdesk.catalogue.answers import show_answer
from helpdesk.core.text import clean_line, clean_text
from helpdesk.desk import Desk, Transaction
from helpdesk.evidence import queries as evidence
from helpdesk.evidence.commands import cancel_request, request_evidence
from helpdesk.permissions import Can
from helpdesk.tickets import commands
from helpdesk.tickets.models import from_reference, reference
from helpdesk.tickets.queries import hold_ticket
from helpdesk.tickets.states import MOVES, Severity, Status, WrongMove
from helpdesk.tickets.words import SEVERITY_KEYS, STAFF_STATUS
from helpdesk.web import WebRequest, page, reading, redirect, render, transaction

from . import queries
from .views import BY_KEY, VIEWS, View, read_cursor

REPLY_LIMIT = 10_000  # characters
REASON_LIMIT = 500
SHOWN_EVENTS = 200  # the newest; older ones are a link away


class Refused(Exception):
    """A form of the console that cannot be accepted: field → message."""

    def __init__(self, errors: dict[str, str], status: int = 422) -> None:
        super().__init__()
        self.errors, self.status = errors, status


def chosen_view(request: WebRequest) -> View:
    return BY_KEY.get(request.query_params.get("view", ""), VIEWS[0])


def ticket_id(request: WebRequest) -> int:
    id = from_reference(request.path_params["ref"])
    if id is None:
        raise NoSuchCase
    return id


async def index(request: WebRequest) -> Response:
    return render(request, "console/index.html", **await list_context(request))


async def list_context(request: WebRequest) -> dict[str, Any]:
    desk, actor = request.state["desk"], request.state["actor"]
    view = chosen_view(request)
    after = read_cursor(request.query_params.get("after", ""))
    tickets = await queries.list_tickets(desk, actor, view, after)
    return {
        "view": view,
        "views": VIEWS,
        "tickets": tickets,
        "paged": after is not None,
        "counts": await queries.counts(desk, actor),
        "severities": SEVERITY_KEYS,
        "reference": reference,
        "status_words": STAFF_STATUS,
    }


def possible_moves(status: Status) -> list[Status]:
    """In the order of the ticket's life. Closing is the clock's business."""
    return [each for each in Status if each in MOVES[status] and each != Status.CLOSED]


async def show(request: WebRequest) -> Response:
    return await ticket_page(request, ticket_id(request))


async def ticket_page(
    request: WebRequest,
    id: int,
    status: int = 200,
    errors: dict[str, str] | None = None,
    typed: dict[str, Any] | None = None,
) -> Response:
    desk, actor = request.state["desk"], request.state["actor"]
    row = await queries.ticket_row(desk, actor, id)
    version = await catalogue.version(desk, row["catalogue_version"])
    after = max(0, row["last_seq"] - SHOWN_EVENTS)
    timeline = await read_page(desk.pool, actor, row["case_id"], after)
    if timeline is None:
        raise NoSuchCase
    async with reading(request) as db:
        pieces = await evidence.listing(db, actor, row["case_id"])
        asked = await evidence.open_requests(db, id)
    contract = row["contract_id"]
    return render(
        request,
        "console/ticket.html",
        status,
        ticket=row,
        ref=reference(id),
        reference=reference,
        type=version.catalogue.type(row["type_key"]),
        events=[shown(e.frame) for e in timeline.entries if belongs(e.frame, row)],
        newest=timeline.newest,
        pieces=pieces,
        asked=asked,
        around=await queries.around(desk, actor, row),
        milestones=await desk.pool.fetch(queries.MILESTONES, contract) if contract else (),
        moves=possible_moves(Status(row["status"])),
        option_pairs=await choices(desk, row),
        status_words=STAFF_STATUS,
        show_answer=show_answer,
        severities=SEVERITY_KEYS,
        view=chosen_view(request),
        views=VIEWS,
        counts=await queries.counts(desk, actor),
        errors=errors or {},
        typed=typed or {},
        once=uuid4(),
    )


async def choices(desk: Desk, row: Any) -> dict[str, list[tuple[str, str]]]:
    """What the selects of the case pane offer."""
    colleagues = await desk.pool.fetch(queries.COLLEAGUES, row["group_id"])
    groups = await desk.pool.fetch(queries.GROUPS)
    moves = possible_moves(Status(row["status"]))
    return {
        "status": [(move.value, STAFF_STATUS[move]) for move in moves],
        "owner": [("", "Nobody"), *((str(one["id"]), one["name"]) for one in colleagues)],
        "group": [(str(g["id"]), g["name"]) for g in groups if g["id"] != row["group_id"]],
    }


def belongs(event: dict[str, Any], ticket: Any) -> bool:
    """The thread of a ticket: its own side of the case, and what only the team sees."""
    return event["side"] in (None, ticket["side_id"])


def shown(event: dict[str, Any]) -> dict[str, Any]:
    return event | {"at": datetime.fromisoformat(event["at"])}


async def act(
    request: WebRequest, command: Callable[[Transaction, dict[str, Any]], Awaitable[Any]]
) -> Response:
    """Run one command for a form of the ticket page; what was typed survives a refusal."""
    id = ticket_id(request)
    typed = dict(await request.form())
    try:
        async with transaction(request) as tx:
            await command(tx, typed)
    except Refused as refused:
        return await refuse(request, id, refused.status, refused.errors, typed)
    except (commands.NotAllowed, WrongMove) as reason:
        return await refuse(request, id, 409, {"action": str(reason)}, typed)
    if wants_json(request):
        return JSONResponse({"ok": True})
    return redirect(f"/desk/tickets/{reference(id)}?view={chosen_view(request).key}")


async def refuse(
    request: WebRequest, id: int, status: int, errors: dict[str, str], typed: dict[str, Any]
) -> Response:
    if wants_json(request):
        return JSONResponse({"errors": errors}, status)
    return await ticket_page(request, id, status, errors, typed)


def wants_json(request: WebRequest) -> bool:
    return "application/json" in request.headers.get("accept", "")


def words(typed: dict[str, Any], name: str, limit: int, missing: str) -> str:
    try:
        text = clean_text(str(typed.get(name, "")), limit).strip()
    except ValueError as fault:
        raise Refused({name: str(fault)}) from None
    if not text:
        raise Refused({name: missing})
    return text


def once(typed: dict[str, Any]) -> UUID:
    try:
        return UUID(str(typed.get("once", "")))
    except ValueError:
        raise Refused({"action": "The page was incomplete. Reload it and try again."}) from None


async def write(request: WebRequest) -> Response:
    """The composer: a reply, or a note, by the mode that is chosen."""
    id = ticket_id(request)

    async def command(tx: Transaction, typed: dict[str, Any]) -> None:
        body = words(typed, "body", REPLY_LIMIT, "Write something first.")
        if typed.get("mode") == "note":
            await commands.add_note(tx, id, body, once(typed))
            return
        then = typed.get("then") or None
        if then is not None and then not in set(Status):
            raise Refused({"action": "Choose a status from the list."})
        await commands.reply(tx, id, body, once(typed), Status(then) if then else None)

    return await act(request, command)


async def change_status(request: WebRequest) -> Response:
    id = ticket_id(request)

    async def command(tx: Transaction, typed: dict[str, Any]) -> None:
        if typed.get("status") not in set(Status) - {Status.CLOSED}:
            raise Refused({"status": "Choose a status from the list."})
        await commands.change_status(tx, id, Status(str(typed["status"])))

    return await act(request, command)


async def change_severity(request: WebRequest) -> Response:
    id = ticket_id(request)

    async def command(tx: Transaction, typed: dict[str, Any]) -> None:
        levels = {name: value for value, name in SEVERITY_KEYS.items()}
        level = levels.get(str(typed.get("severity")))
        if level is None:
            raise Refused({"severity": "Choose a severity from the list."})
        reason = words(typed, "reason", REASON_LIMIT, "Say why. The requester reads this sentence.")
        await commands.change_severity(tx, id, Severity(level), reason)

    return await act(request, command)


async def claim(request: WebRequest) -> Response:
    id = ticket_id(request)

    async def command(tx: Transaction, typed: dict[str, Any]) -> None:
        await commands.claim(tx, id)

    return await act(request, command)


async def assign(request: WebRequest) -> Response:
    id = ticket_id(request)

    async def command(tx: Transaction, typed: dict[str, Any]) -> None:
        chosen = str(typed.get("assignee", ""))
        if chosen and not (chosen.isascii() and chosen.isdigit() and len(chosen) < 18):
            raise Refused({"assignee": "Choose somebody from the list."})
        await commands.assign(tx, id, int(chosen) if chosen else None)

    return await act(request, command)


async def hand_over(request: WebRequest) -> Response:
    id = ticket_id(request)

    async def command(tx: Transaction, typed: dict[str, Any]) -> None:
        group = str(typed.get("group", ""))
        if not (group.isascii() and group.isdigit() and len(group) < 18):
            raise Refused({"group": "Choose a department from the list."})
        reason = words(typed, "reason", REASON_LIMIT, "Say why, for the colleagues who take it.")
        await commands.hand_over(tx, id, int(group), reason)

    return await act(request, command)


async def ask(request: WebRequest) -> Response:
    """Ask for a listed piece of evidence, with a date; the ticket waits for the user."""
    id = ticket_id(request)
    desk, actor = request.state["desk"], request.state["actor"]
    row = await queries.ticket_row(desk, actor, id)
    version = await catalogue.version(desk, row["catalogue_version"])

    async def command(tx: Transaction, typed: dict[str, Any]) -> None:
        key = str(typed.get("piece", ""))
        item = version.catalogue.type(row["type_key"]).evidence_item(key)
        label = item.label if item else clean_line(str(typed.get("label", "")), 120).strip()
        if not label:
            raise Refused({"piece": "Choose what is needed, or name it."})
        due = due_date(str(typed.get("due", "")), actor.time_zone, tx.now)
        note = clean_text(str(typed.get("note", "")), REASON_LIMIT).strip()
        case, ticket = await hold_ticket(tx, id)
        await request_evidence(
            tx,
            case,
            ticket_id=id,
            side_id=ticket.side_id,
            kind=item.kind if item else "other",
            evidence_key=key if item else "",
            label=label,
            note=note,
            due_at=due,
        )
        commands.move(tx, case, ticket, Status.WAITING_ON_USER)
        await commands.after_move(tx, case, ticket)

    return await act(request, command)


def due_date(text: str, time_zone: str, now: datetime) -> datetime:
    """A day chosen in the agent's calendar ends there at midnight."""
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(
            hour=23, minute=59, tzinfo=ZoneInfo(time_zone)
        )
    except ValueError:
        raise Refused({"due": "Choose the day by which it is needed."}) from None
    if day <= now:
        raise Refused({"due": "Choose a day that is not over."})
    return day


async def cancel_ask(request: WebRequest) -> Response:
    id = ticket_id(request)

    async def command(tx: Transaction, typed: dict[str, Any]) -> None:
        case, _ = await hold_ticket(tx, id)
        await cancel_request(tx, case, request.path_params["request_id"])

    return await act(request, command)


async def take_next(request: WebRequest) -> Response:
    async with transaction(request) as tx:
        ticket = await commands.take_next(tx)
    if ticket is None:
        return redirect("/desk?view=unassigned")
    return redirect(f"/desk/tickets/{reference(ticket.id)}?view=mine")


async def search(request: WebRequest) -> Response:
    desk, actor = request.state["desk"], request.state["actor"]
    asked = request.query_params.get("q", "")[:200].replace("\x00", "").strip()
    found = await queries.search_tickets(desk, actor, asked) if asked else ()
    return render(
        request,
        "console/search.html",
        q=asked,
        found=found,
        reference=reference,
        severities=SEVERITY_KEYS,
        status_words=STAFF_STATUS,
    )


TICKET = "/desk/tickets/{ref}"
WORK = Can.WORK_TICKETS
routes = [
    page("/desk", index, can=WORK),
    page(TICKET, show, can=WORK),
    page("/desk/search", search, can=WORK),
    page("/desk/take-next", take_next, can=WORK, method="POST"),
    page(f"{TICKET}/messages", write, can=WORK, method="POST"),
    page(f"{TICKET}/status", change_status, can=WORK, method="POST"),
    page(f"{TICKET}/severity", change_severity, can=WORK, method="POST"),
    page(f"{TICKET}/claim", claim, can=WORK, method="POST"),
    page(f"{TICKET}/assign", assign, can=WORK, method="POST"),
    page(f"{TICKET}/hand-over", hand_over, can=WORK, method="POST"),
    page(f"{TICKET}/ask", ask, can=WORK, method="POST"),
    page(f"{TICKET}/ask/{{request_id:int}}/cancel", cancel_ask, can=WORK, method="POST"),
]
