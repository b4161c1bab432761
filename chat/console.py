"""What agents do with chats: the buttons of the console. Its pages are helpdesk.console's."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from helpdesk.catalogue import queries as catalogue
from helpdesk.core.text import BadText, clean_line, clean_text
from helpdesk.desk import Transaction
from helpdesk.evidence.commands import NotYourUpload
from helpdesk.permissions import Can
from helpdesk.tickets.models import reference
from helpdesk.web import Problem, WebRequest, api, page, reading, redirect, transaction

from .commands import (
    NotAllowed,
    TicketWish,
    attach_file,
    claim,
    end,
    set_availability,
    take_next,
    turn_into_ticket,
)
from .models import Conversation
from .queries import find_conversation, is_available

DEFAULT_TYPE = "guidance"  # for a chat that named none
SUBJECT = 120
DESCRIPTION = 20_000
Act = Callable[[Transaction, int], Awaitable[Any]]


def wants_json(request: WebRequest) -> bool:
    return "application/json" in request.headers.get("accept", "")


def chat_id(request: WebRequest) -> int:
    number: int = request.path_params["id"]
    if number >= 2**63:
        raise HTTPException(404)
    return number


async def act(request: WebRequest, command: Act) -> Response:
    """Run it and show the chat. Somebody else was faster: 409, in words."""
    id = chat_id(request)
    try:
        async with transaction(request) as tx:
            await command(tx, id)
    except NotAllowed as refusal:
        raise Problem(409, str(refusal)) from None
    if wants_json(request):
        return JSONResponse({"id": id})
    return redirect(f"/desk/chats/{id}")


async def claim_chat(request: WebRequest) -> Response:
    return await act(request, claim)


async def end_chat(request: WebRequest) -> Response:
    return await act(request, end)


async def next_chat(request: WebRequest) -> Response:
    """The one that has waited longest for one of the agent's departments."""
    async with transaction(request) as tx:
        taken = await take_next(tx)
    if wants_json(request):
        return JSONResponse({"id": taken.id if taken else None})
    return redirect(f"/desk/chats/{taken.id}" if taken else "/desk/chats")


async def set_available(request: WebRequest) -> Response:
    form = await request.form()
    async with transaction(request) as tx:
        await set_availability(tx, form.get("available") in ("1", "on", "true"))
    if wants_json(request):
        there = await is_available(request.state["desk"], request.state["actor"].id)
        return JSONResponse({"available": there})
    return redirect("/desk/chats")


async def make_ticket(request: WebRequest) -> Response:
    """One click: everything has a proposal, anything may be sent along changed."""
    desk, agent = request.state["desk"], request.state["actor"]
    form = await request.form()
    async with reading(request) as db:
        conversation = await find_conversation(db, agent, chat_id(request))
    given = {name: str(value) for name, value in form.multi_items() if isinstance(value, str)}
    try:
        wish = await ticket_wish(request, conversation, given)
    except BadText as fault:
        raise Problem(422, str(fault)) from None
    filed = await turn_into_ticket(desk, agent, conversation, wish)
    if wants_json(request):
        return JSONResponse({"id": filed.ticket_id, "reference": filed.reference})
    return redirect(f"/desk/tickets/{reference(filed.ticket_id)}")


async def ticket_wish(
    request: WebRequest, conversation: Conversation, given: dict[str, str]
) -> TicketWish:
    version = await catalogue.current(request.state["desk"])
    types = version.catalogue
    type = types.type(given.get("type") or conversation.type_key or DEFAULT_TYPE)
    if type is None:
        type = types.type(DEFAULT_TYPE)
    if type is None:
        raise Problem(422, "Choose a type of ticket")
    severity = given.get("severity", "")
    subject = clean_line(given.get("subject") or conversation.subject, SUBJECT)
    description = clean_text(given.get("description", ""), DESCRIPTION)
    return TicketWish(
        type.key,
        type.group,
        version.number,
        int(severity) if severity in ("1", "2", "3", "4") else type.severity,
        subject or conversation.subject,
        description or f"From the chat “{conversation.subject}”. What was said is on this case.",
        type.is_restricted,
    )


async def attach(request: WebRequest) -> Response:
    """A file that was uploaded before becomes a piece of the case, shown in the chat."""
    form = await request.form()
    try:
        upload_id = UUID(str(form.get("upload", "")))
    except ValueError:
        raise Problem(422, "Name an upload", errors={"upload": "Name an upload"}) from None
    try:
        async with transaction(request) as tx:
            private, note = bool(form.get("private")), bool(form.get("note"))
            await attach_file(tx, chat_id(request), upload_id, private, note)
    except (NotAllowed, NotYourUpload) as refusal:
        raise Problem(409, str(refusal) or "This file is not here any more") from None
    return JSONResponse({"upload": str(upload_id)}, 201)


WORK = Can.WORK_CHATS
routes = [
    page("/desk/chats/next", next_chat, WORK, "POST"),
    page("/desk/chats/{id:int}/claim", claim_chat, WORK, "POST"),
    page("/desk/chats/{id:int}/end", end_chat, WORK, "POST"),
    page("/desk/chats/{id:int}/ticket", make_ticket, WORK, "POST"),
    page("/desk/availability", set_available, WORK, "POST"),
    api("/chat/{id:int}/evidence", attach, Can.READ_EVIDENCE, "POST"),
]
