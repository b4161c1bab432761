"""What agents say about two tickets: one, linked, or not the same."""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.responses import JSONResponse, Response

from helpdesk.cases.queries import NoSuchCase
from helpdesk.desk import Transaction
from helpdesk.permissions import Can
from helpdesk.tickets.links import (
    REASON_LIMIT,
    LinkKind,
    link_tickets,
    not_the_same,
    unlink_tickets,
)
from helpdesk.tickets.merging import merge_tickets, unmerge
from helpdesk.tickets.models import from_reference, reference
from helpdesk.tickets.states import NotAllowed
from helpdesk.web import WebRequest, page, redirect

from . import queries, together
from .actions import Refused, act, wants_json, words
from .ticket import chosen_view, ticket_id

LONGEST_NAME = 80
WHICH = "Name a ticket by its reference, for example HD-10001."


async def seen_ticket(request: WebRequest) -> int:
    """A hidden ticket says nothing about the form that was sent to it."""
    id = ticket_id(request)
    await queries.ticket_row(request.state["desk"], request.state["actor"], id)
    return id


def other_of(typed: dict[str, Any]) -> int:
    id = from_reference(str(typed.get("other", ""))[:30])
    if id is None:
        raise Refused({"other": WHICH})
    return id


def shown_probability(typed: dict[str, Any]) -> float | None:
    """What the agent was shown in per cent, if the ticket was suggested."""
    percent = str(typed.get("percent", ""))
    return (
        int(percent) / 100 if percent.isascii() and percent.isdigit() and len(percent) < 4 else None
    )


def reason_of(typed: dict[str, Any]) -> str:
    return words(typed, "reason", REASON_LIMIT) if typed.get("reason") else ""


async def merge(request: WebRequest) -> Response:
    """The form says which of the two goes on; without it, the one that is named."""
    id = await seen_ticket(request)

    async def command(tx: Transaction, typed: dict[str, Any]) -> None:
        other = other_of(typed)
        into = from_reference(str(typed.get("into") or typed["other"])[:30])
        if into not in (id, other):
            raise Refused({"other": WHICH})
        gone = other if into == id else id
        engine = str(typed.get("engine", ""))[:LONGEST_NAME].replace("\x00", "")
        try:
            await merge_tickets(tx, gone, into, reason_of(typed), shown_probability(typed), engine)
        except NoSuchCase:
            raise NotAllowed(f"There is no {reference(other)} that you may open.") from None

    return await act(request, command)


async def undo(request: WebRequest) -> Response:
    await seen_ticket(request)

    async def command(tx: Transaction, typed: dict[str, Any]) -> None:
        number = str(typed.get("merge", ""))
        if not (number.isascii() and number.isdigit() and len(number) < 18):
            raise Refused({"action": "Choose what to take out again."})
        await unmerge(tx, int(number))

    return await act(request, command)


Said = Callable[[Transaction, dict[str, Any], int, int], Awaitable[Any]]


async def say(request: WebRequest, command: Said) -> Response:
    """One sentence about a pair; the panel shows what became of it."""
    id = await seen_ticket(request)
    typed = dict(await request.form())
    desk, actor = request.state["desk"], request.state["actor"]
    status, errors = 200, {}
    try:
        async with desk.transaction(actor) as tx:
            await command(tx, typed, id, other_of(typed))
    except Refused as refused:
        status, errors = refused.status, refused.errors
    except NoSuchCase:
        status, errors = 422, {"other": "There is no such ticket that you may open."}
    except NotAllowed as reason:
        status, errors = 409, {"other": str(reason)}
    if wants_json(request):
        return JSONResponse({"errors": errors} if errors else {"ok": True}, status)
    if errors or "x-fragment" in request.headers:
        return await together.panel(request, id, status, errors)
    return redirect(f"/desk/tickets/{reference(id)}?view={chosen_view(request).key}")


async def link(request: WebRequest) -> Response:
    async def command(tx: Transaction, typed: dict[str, Any], id: int, other: int) -> None:
        kind = str(typed.get("kind", LinkKind.RELATED))
        if kind not in (LinkKind.RELATED, LinkKind.SAME_CASE, LinkKind.POSSIBLE_DUPLICATE):
            raise Refused({"other": "Choose how they belong together."})
        await link_tickets(tx, id, other, LinkKind(kind), reason_of(typed))

    return await say(request, command)


async def unlink(request: WebRequest) -> Response:
    async def command(tx: Transaction, typed: dict[str, Any], id: int, other: int) -> None:
        await unlink_tickets(tx, id, other)

    return await say(request, command)


async def tell_apart(request: WebRequest) -> Response:
    async def command(tx: Transaction, typed: dict[str, Any], id: int, other: int) -> None:
        engine = str(typed.get("engine", ""))[:LONGEST_NAME].replace("\x00", "")
        await not_the_same(tx, id, other, shown_probability(typed), engine, reason_of(typed))

    return await say(request, command)


TICKET = "/desk/tickets/{ref}"
WORK = Can.WORK_TICKETS
routes = [
    page(f"{TICKET}/similar", together.show, WORK),
    page(f"{TICKET}/merge", merge, WORK, "POST"),
    page(f"{TICKET}/unmerge", undo, WORK, "POST"),
    page(f"{TICKET}/link", link, WORK, "POST"),
    page(f"{TICKET}/unlink", unlink, WORK, "POST"),
    page(f"{TICKET}/not-the-same", tell_apart, WORK, "POST"),
]
