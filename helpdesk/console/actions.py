"""Everything an agent does with a ticket: one form each, errors kept beside the fields."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from helpdesk.catalogue import queries as catalogue
from helpdesk.catalogue.document import Sensitivity
from helpdesk.core.text import clean_text, is_blank
from helpdesk.desk import Transaction
from helpdesk.evidence.commands import (
    NotAskable,
    NotYourUpload,
    attach_upload,
    cancel_request,
    request_evidence,
)
from helpdesk.help.writing.articles import NoSuchArticle
from helpdesk.permissions import Can
from helpdesk.tickets import assigning, commands
from helpdesk.tickets.coverage import mark_coverage
from helpdesk.tickets.models import reference
from helpdesk.tickets.next_step import NextStep, read_step
from helpdesk.tickets.queries import hold_ticket, staff_audience
from helpdesk.tickets.states import Severity, Status, WrongMove
from helpdesk.tickets.words import SEVERITY_KEYS
from helpdesk.web import Problem, WebRequest, api, page, redirect, transaction

from . import queries
from .articles import with_article
from .closing import MISSING, NO_ARTICLE, read_mark
from .drafts import forget_reply
from .replies.applying import read_sending, use_on_ticket
from .replies.commands import ChangedSince, NoSuchReply
from .replies.placeholders import gaps
from .ticket import chosen_view, ticket_id, ticket_page

REPLY_LIMIT = 10_000  # characters
REASON_LIMIT = 500
LABEL_LIMIT = 120


class Refused(Exception):
    """A form of the console that cannot be accepted: field → message."""

    def __init__(self, errors: dict[str, str], status: int = 422) -> None:
        super().__init__()
        self.errors, self.status = errors, status


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
    except NoSuchReply:
        return await refuse(
            request, id, 409, {"action": "This reply is not there any more."}, typed
        )
    except commands.AnsweredMeanwhile as news:
        errors = {"action": str(news), "answered": str(news)}
        if wants_json(request):
            return JSONResponse({"errors": errors, "seen": news.newest}, 409)
        return await ticket_page(request, id, 409, errors, typed)
    except (commands.NotAllowed, WrongMove, ChangedSince) as reason:
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


def words(typed: dict[str, Any], name: str, limit: int, missing: str = "") -> str:
    """One field of text; `missing` is what to say when it is empty and must not be."""
    try:
        text = clean_text(str(typed.get(name, "")), limit).strip()
    except ValueError as fault:
        raise Refused({name: str(fault)}) from None
    if missing and is_blank(text):
        raise Refused({name: missing})
    return text


def once(typed: dict[str, Any]) -> UUID:
    try:
        return UUID(str(typed.get("once", "")))
    except ValueError:
        raise Refused({"action": "The page was incomplete. Reload it and try again."}) from None


def read_up_to(typed: dict[str, Any]) -> int | None:
    """The number of the last event the author has seen, if the page says."""
    seen = str(typed.get("seen", ""))
    return int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 10 else None


async def write(request: WebRequest) -> Response:
    """The composer: a reply, or a note, by the mode that is chosen."""
    id = ticket_id(request)
    desk = request.state["desk"]

    async def command(tx: Transaction, typed: dict[str, Any]) -> None:
        macro = bool(typed.get("macro")) and typed.get("mode") == "reply"
        body = words(typed, "body", REPLY_LIMIT, "" if macro else "Write something first.")
        if typed.get("mode") == "note":
            await commands.add_note(tx, id, body, once(typed))
            await forget_reply(tx, id)
            return
        if typed.get("mode") != "reply":  # never a guess about who reads it
            raise Refused({"action": "Choose whether it is a reply or a note."})
        ask_about_gaps(body, typed)
        step = next_step(body, typed)
        then = typed.get("then") or None
        if then is not None and then not in set(Status) - {Status.CLOSED}:
            raise Refused({"action": "Choose a status from the list."})
        if then == Status.SOLVED:
            await mark(tx, id, typed)
        body = await with_article(desk, body, str(typed.get("insert", "")))
        if macro:
            sending = read_sending(typed, body, once(typed), read_up_to(typed))
            sending = replace(sending, step=step)
            await use_on_ticket(tx, id, sending, Status(then) if then else None)
            return await forget_reply(tx, id)
        status = Status(then) if then else None
        await commands.reply(tx, id, body, once(typed), status, read_up_to(typed), step)
        await forget_reply(tx, id)

    return await act(request, command)


def next_step(body: str, typed: dict[str, Any]) -> NextStep | None:
    """What is told with a reply; without one there is nobody to tell."""
    step, errors = read_step(typed)
    if step is not None and is_blank(body):
        errors["body"] = "Write the reply that this is the next step of."
    if errors:
        raise Refused(errors)
    return step


def ask_about_gaps(body: str, typed: dict[str, Any]) -> None:
    """A placeholder without a value goes out only when its author says so."""
    left = gaps(body)
    if left and not typed.get("gaps"):
        marks = ", ".join(f"[[{name}]]" for name in left)
        why = f"{marks} has no value here. Put it right, or send it as it is."
        raise Refused({"body": why, "gaps": why}, 409)


async def change_status(request: WebRequest) -> Response:
    id = ticket_id(request)

    async def command(tx: Transaction, typed: dict[str, Any]) -> None:
        if typed.get("status") not in set(Status) - {Status.CLOSED}:
            raise Refused({"status": "Choose a status from the list."})
        if typed["status"] == Status.SOLVED:
            await mark(tx, id, typed)
        await commands.change_status(tx, id, Status(str(typed["status"])))

    return await act(request, command)


async def change_coverage(request: WebRequest) -> Response:
    id = ticket_id(request)

    async def command(tx: Transaction, typed: dict[str, Any]) -> None:
        await mark(tx, id, {"coverage": "-"} | typed)

    return await act(request, command)


async def mark(tx: Transaction, id: int, typed: dict[str, Any]) -> None:
    """Whoever closes says whether the help centre had the answer; an earlier mark stays good."""
    chosen, errors = read_mark(typed)
    if errors:
        raise Refused(errors)
    if chosen is None:
        _, ticket = await hold_ticket(tx, id)
        if ticket.coverage is None:
            raise Refused({"coverage": MISSING})
        return
    try:
        await mark_coverage(tx, id, chosen.coverage, chosen.slug)
    except NoSuchArticle:
        raise Refused({"article": NO_ARTICLE}) from None


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
        await assigning.claim(tx, id)

    return await act(request, command)


async def assign(request: WebRequest) -> Response:
    id = ticket_id(request)

    async def command(tx: Transaction, typed: dict[str, Any]) -> None:
        chosen = str(typed.get("assignee", ""))
        if chosen and not (chosen.isascii() and chosen.isdigit() and len(chosen) < 18):
            raise Refused({"assignee": "Choose somebody from the list."})
        await assigning.assign(tx, id, int(chosen) if chosen else None)

    return await act(request, command)


async def hand_over(request: WebRequest) -> Response:
    id = ticket_id(request)

    async def command(tx: Transaction, typed: dict[str, Any]) -> None:
        group = str(typed.get("group", ""))
        if not (group.isascii() and group.isdigit() and len(group) < 18):
            raise Refused({"group": "Choose a department from the list."})
        name = "handover_reason"
        reason = words(typed, name, REASON_LIMIT, "Say why, for the colleagues who take it.")
        await assigning.hand_over(tx, id, int(group), reason)

    return await act(request, command)


async def ask(request: WebRequest) -> Response:
    """Ask for a listed piece of evidence, with a date; the ticket waits for the user."""
    id = ticket_id(request)
    desk, actor = request.state["desk"], request.state["actor"]
    row = await queries.ticket_row(desk, actor, id)
    version = await catalogue.version(desk, row["catalogue_version"])
    type = version.catalogue.type(row["type_key"])

    async def command(tx: Transaction, typed: dict[str, Any]) -> None:
        item = type.evidence_item(str(typed.get("piece", ""))) if type else None
        missing = "Choose what is needed, or name it."
        label = item.label if item else words(typed, "label", LABEL_LIMIT, missing)
        note = words(typed, "note", REASON_LIMIT) if typed.get("note") else ""
        case, ticket = await hold_ticket(tx, id)
        try:
            await request_evidence(
                tx,
                case,
                ticket_id=id,
                side_id=ticket.side_id,
                kind=item.kind if item else "other",
                evidence_key=item.key if item else "",
                label=label,
                note=note,
                due_at=due_date(str(typed.get("due", "")), actor.time_zone, tx.now),
            )
        except NotAskable as reason:
            raise Refused({"due": str(reason)}) from None
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
    asked = request.path_params["request_id"]
    if asked >= 2**63:
        raise HTTPException(404)

    async def command(tx: Transaction, typed: dict[str, Any]) -> None:
        case, _ = await hold_ticket(tx, id)
        await cancel_request(tx, case, asked, id)

    return await act(request, command)


async def take_next(request: WebRequest) -> Response:
    async with transaction(request) as tx:
        ticket = await assigning.take_next(tx)
    if ticket is None:
        return redirect("/desk?view=unassigned")
    return redirect(f"/desk/tickets/{reference(ticket.id)}?view=mine")


async def attach(request: WebRequest) -> Response:
    """A file that was uploaded before joins the ticket; that of a note is for colleagues."""
    id = ticket_id(request)
    form = await request.form()
    try:
        upload_id = UUID(str(form.get("upload", "")))
    except ValueError:
        raise Problem(422, "Name an upload", errors={"upload": "Name an upload"}) from None
    try:
        async with transaction(request) as tx:
            await attach_file(tx, id, upload_id, note=bool(form.get("note")))
    except NotYourUpload:
        raise Problem(409, "This file is not here any more") from None
    except commands.NotAllowed as reason:
        raise Problem(409, str(reason)) from None
    return JSONResponse({"upload": str(upload_id)}, 201)


async def attach_file(tx: Transaction, id: int, upload_id: UUID, note: bool) -> None:
    case, ticket = await hold_ticket(tx, id)
    if ticket.status == Status.CLOSED:
        raise commands.NotAllowed("This ticket is closed. Nothing can be added to it.")
    if note:
        await attach_upload(
            tx,
            case,
            upload_id,
            sensitivity=Sensitivity.SUPPORT,
            audience=staff_audience(ticket),
            side_id=None,
            group_id=ticket.group_id,
            owner_id=None,
            ticket_id=ticket.id,
            note=True,
        )
        return
    await attach_upload(
        tx,
        case,
        upload_id,
        sensitivity=Sensitivity.SUPPORT,
        side_id=ticket.side_id,
        group_id=ticket.group_id,
        owner_id=ticket.requester_id,
        ticket_id=ticket.id,
        restricted=ticket.restricted,
    )


TICKET = "/desk/tickets/{ref}"
WORK = Can.WORK_TICKETS
routes = [
    page("/desk/take-next", take_next, WORK, "POST"),
    page(f"{TICKET}/messages", write, WORK, "POST"),
    page(f"{TICKET}/status", change_status, WORK, "POST"),
    page(f"{TICKET}/coverage", change_coverage, WORK, "POST"),
    page(f"{TICKET}/severity", change_severity, WORK, "POST"),
    page(f"{TICKET}/claim", claim, WORK, "POST"),
    page(f"{TICKET}/assign", assign, WORK, "POST"),
    page(f"{TICKET}/hand-over", hand_over, WORK, "POST"),
    page(f"{TICKET}/ask", ask, WORK, "POST"),
    page(f"{TICKET}/ask/{{request_id:int}}/cancel", cancel_ask, WORK, "POST"),
    api(f"{TICKET}/evidence", attach, WORK, "POST"),
]
