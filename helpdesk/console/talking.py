"""What an agent does in a chat besides talking: macros, drafts, asking for evidence, articles."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from chat.models import ConversationStatus
from chat.queries import find_conversation, hold_conversation
from helpdesk.catalogue import queries as catalogue
from helpdesk.core.text import BadText, clean_line, clean_text
from helpdesk.desk import Transaction
from helpdesk.evidence.commands import request_evidence
from helpdesk.permissions import Can
from helpdesk.tickets.states import NotAllowed, WrongMove
from helpdesk.web import Problem, WebRequest, api, reading, redirect, transaction

from .drafts import KINDS, LONGEST, keep_chat_draft
from .replies.applying import read_once, read_sending, use_in_chat
from .replies.commands import ChangedSince, NoSuchReply

USUAL_DAYS = 3  # that somebody has for a piece asked for with one click
LABEL = 120


def chat_id(request: WebRequest) -> int:
    number: int = request.path_params["id"]
    if number >= 2**63:
        raise HTTPException(404)
    return number


async def visible(request: WebRequest) -> int:
    """First: a hidden chat says nothing about the form."""
    id = chat_id(request)
    async with reading(request) as db:
        await find_conversation(db, request.state["actor"], id)
    return id


Command = Callable[[Transaction, int, dict[str, Any]], Awaitable[Any]]


async def act(request: WebRequest, command: Command) -> Response:
    id = await visible(request)
    typed = dict(await request.form(max_files=0, max_fields=40))
    try:
        async with transaction(request) as tx:
            told = await command(tx, id, typed)
    except (NotAllowed, WrongMove, ChangedSince) as reason:
        raise Problem(409, str(reason)) from None
    except NoSuchReply:
        raise Problem(409, "This reply is not there any more.") from None
    except BadText as fault:
        raise Problem(422, str(fault)) from None
    if told is not None or "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"id": id, **(told or {})})
    return redirect(f"/desk/chats/{id}")


async def write(request: WebRequest) -> Response:
    """A message with a macro: what it says and what it does go together."""

    async def command(tx: Transaction, id: int, typed: dict[str, Any]) -> None:
        once = read_once(str(typed.get("once", "")))
        if once is None:
            raise Problem(422, "The page was incomplete. Reload it and try again.")
        body = clean_text(str(typed.get("body", "")), LONGEST).strip()
        await use_in_chat(tx, id, read_sending(typed, body, once, None))
        await keep_chat_draft(tx, id, "reply", "")

    return await act(request, command)


async def keep(request: WebRequest) -> Response:
    async def command(tx: Transaction, id: int, typed: dict[str, Any]) -> dict[str, Any]:
        kind = str(typed.get("kind", ""))
        if kind not in KINDS:
            raise Problem(422, "Say whether it is a reply or a note")
        body = clean_text(str(typed.get("body", "")), LONGEST)
        await keep_chat_draft(tx, id, kind, body)
        return {"saved": tx.now.isoformat() if body.strip() else None}

    return await act(request, command)


async def ask(request: WebRequest) -> Response:
    """One click for a piece of the type's list; or whatever is named."""
    desk = request.state["desk"]
    types = (await catalogue.current(desk)).catalogue

    async def command(tx: Transaction, id: int, typed: dict[str, Any]) -> None:
        case, conversation = await hold_conversation(tx, id)
        if conversation.status == ConversationStatus.ENDED:
            raise NotAllowed("This chat has ended. Ask on its ticket.")
        type = types.type(conversation.type_key)
        item = type.evidence_item(str(typed.get("piece", ""))) if type else None
        kind = types.evidence_kind(str(typed.get("piece", "")))
        label = (
            item.label
            if item
            else kind.label
            if kind
            else clean_line(str(typed.get("label", "")), LABEL)
        )
        if not label:
            raise Problem(422, "Choose what is needed, or name it.")
        await request_evidence(
            tx,
            case,
            ticket_id=conversation.ticket_id,
            conversation_id=id,
            side_id=conversation.side_id,
            kind=item.kind if item else kind.key if kind else "other",
            evidence_key=item.key if item else "",
            label=label,
            due_at=tx.now + timedelta(days=USUAL_DAYS),
        )

    return await act(request, command)


WORK = Can.WORK_CHATS
routes = [
    api("/desk/chats/{id:int}/messages", write, WORK, "POST"),
    api("/desk/chats/{id:int}/draft", keep, WORK, "POST"),
    api("/desk/chats/{id:int}/ask", ask, WORK, "POST"),
]
