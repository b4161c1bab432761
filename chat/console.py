"""What agents do with chats: the buttons of the console. Its pages are helpdesk.console's."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from helpdesk.catalogue import queries as catalogue
from helpdesk.core.text import BadText
from helpdesk.desk import Transaction
from helpdesk.evidence.commands import NotYourUpload
from helpdesk.permissions import Can
from helpdesk.tickets.claims import AlreadyReported
from helpdesk.tickets.models import reference
from helpdesk.web import Problem, WebRequest, api, page, reading, redirect, transaction

from .agents.conduct import end_with_reason, is_ticket_only
from .agents.converting import join_ticket, turn_into_ticket
from .agents.offering import give_chats
from .agents.presence import CHOICES
from .agents.proposing import Proposal, propose
from .agents.queries import own_state
from .commands import NotAllowed, attach_file, claim, set_availability, take_next
from .models import Conversation
from .queries import find_conversation

Act = Callable[[Transaction, int], Awaitable[Any]]


def wants_json(request: WebRequest) -> bool:
    return "application/json" in request.headers.get("accept", "")


def chat_id(request: WebRequest) -> int:
    number: int = request.path_params["id"]
    if number >= 2**63:
        raise HTTPException(404)
    return number


async def act(request: WebRequest, command: Act, then: str = "") -> Response:
    """Run it and show the chat, or `then`. Somebody else was faster: 409, in words."""
    id = chat_id(request)
    try:
        async with transaction(request) as tx:
            await command(tx, id)
    except NotAllowed as refusal:
        raise Problem(409, str(refusal)) from None
    if wants_json(request):
        return JSONResponse({"id": id})
    return redirect(then or f"/desk/chats/{id}")


async def claim_chat(request: WebRequest) -> Response:
    return await act(request, claim)


async def end_chat(request: WebRequest) -> Response:
    form = await request.form()
    reason = str(form.get("reason", ""))
    return await act(request, lambda tx, id: end_with_reason(tx, id, reason))


async def next_chat(request: WebRequest) -> Response:
    """What is held out to the agent, else the one that has waited longest for their departments."""
    try:
        async with transaction(request) as tx:
            taken = await take_next(tx)
    except NotAllowed as refusal:
        raise Problem(409, str(refusal)) from None
    if wants_json(request):
        return JSONResponse({"id": taken.id if taken else None})
    return redirect(f"/desk/chats/{taken.id}" if taken else "/desk/chats")


async def set_available(request: WebRequest) -> Response:
    """`available`, or a `reason` why not: `no_new` keeps the chats one has and gets no more."""
    desk, actor = request.state["desk"], request.state["actor"]
    form = await request.form()
    reason = str(form.get("reason", ""))
    if reason not in CHOICES:
        raise Problem(422, "Choose a reason", errors={"reason": "Choose a reason of the list"})
    async with transaction(request) as tx:
        await set_availability(tx, form.get("available") in ("1", "on", "true"), reason)
    await give_chats(desk)
    if wants_json(request):
        return JSONResponse((await own_state(desk, actor.id)).shown())
    return redirect("/desk/chats")


async def proposed(request: WebRequest) -> tuple[Conversation, Proposal]:
    """The ticket as it would be filed, from what was said and what the agent gave."""
    desk, agent = request.state["desk"], request.state["actor"]
    fields = await request.form() if request.method == "POST" else request.query_params
    typed = ((name, value) for name, value in fields.multi_items() if isinstance(value, str))
    given = {name: value.replace("\0", "") for name, value in typed}
    async with reading(request) as db:
        conversation = await find_conversation(db, agent, chat_id(request))
    try:
        return conversation, await propose(desk, conversation, given, agent)
    except BadText as fault:
        raise Problem(422, str(fault)) from None
    except NotAllowed as refusal:
        raise Problem(409, str(refusal), kind="/problems/ticket-only") from None


async def propose_ticket(request: WebRequest) -> Response:
    """JSON for the console: every field with its proposal, requests that may be about the same,
    and the types a chat can become."""
    conversation, proposal = await proposed(request)
    types = (await catalogue.current(request.state["desk"])).catalogue
    wish = proposal.wish
    return JSONResponse(
        {
            "type": wish.type_key,
            "department": wish.group_key,
            "subject": wish.subject,
            "description": wish.description,
            "severity": wish.severity,
            "contract": proposal.contract,
            "answers": proposal.answers,
            "ticket": reference(conversation.ticket_id) if conversation.ticket_id else None,
            "earlier": earlier_shown(proposal),
            "types": [
                {"key": type.key, "title": type.title}
                for type in types.types
                if not is_ticket_only(type)
            ],
        }
    )


def earlier_shown(proposal: Proposal) -> list[dict[str, Any]]:
    return [
        {
            "reference": one.reference,
            "subject": one.subject,
            "status": one.status,
            "strong": one.strong,
        }
        for one in proposal.earlier
    ]


async def make_ticket(request: WebRequest) -> Response:
    """One click: everything has a proposal, anything may be sent along changed. When the visitor
    has told us already, 409 names it: `join` adds the chat to it, `despite` says why not."""
    desk, agent = request.state["desk"], request.state["actor"]
    conversation, proposal = await proposed(request)
    form = await request.form()
    if join := str(form.get("join", "")):
        try:
            number = await join_ticket(desk, agent, conversation, join)
        except NotAllowed as refusal:
            raise Problem(409, str(refusal)) from None
    else:
        try:
            number = (await turn_into_ticket(desk, agent, conversation, proposal.wish)).ticket_id
        except AlreadyReported:
            strong = [one.reference for one in proposal.earlier if one.strong]
            names = ", ".join(strong) or "in a request that another department keeps"
            raise Problem(
                409,
                f"The visitor has told us already: {names}",
                "Add this chat to it, or say why it is another matter.",
                kind="/problems/already-reported",
                more={"earlier": earlier_shown(proposal)},
            ) from None
    if wants_json(request):
        return JSONResponse({"id": number, "reference": reference(number)})
    return redirect(f"/desk/tickets/{reference(number)}")


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
    api("/desk/chats/{id:int}/ticket", propose_ticket, WORK),
    page("/desk/chats/{id:int}/ticket", make_ticket, WORK, "POST"),
    page("/desk/availability", set_available, WORK, "POST"),
    api("/chat/{id:int}/evidence", attach, Can.READ_EVIDENCE, "POST"),
]
