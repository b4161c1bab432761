"""What seems to belong together with a ticket: tickets like it, links, and what was merged into it.

Fetched after the page: looking for similar tickets costs the page nothing.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
from sqlmodel import col, select
from starlette.responses import JSONResponse, Response

from helpdesk.cases.queries import NoSuchCase
from helpdesk.desk import Desk, Transaction
from helpdesk.permissions import Actor, Can
from helpdesk.tickets.links import (
    LINK_WORDS,
    REASON_LIMIT,
    LinkKind,
    joinable,
    link_tickets,
    not_the_same,
    unlink_tickets,
)
from helpdesk.tickets.merging import UNDOABLE, check, merge_tickets, unmerge
from helpdesk.tickets.models import Ticket, from_reference, reference
from helpdesk.tickets.queries import tickets_visible_to
from helpdesk.tickets.states import UNSOLVED, NotAllowed, Status
from helpdesk.tickets.words import STAFF_STATUS
from helpdesk.web import WebRequest, page, redirect, render
from triage.twins.similar import Similar, similar_tickets

from . import queries
from .actions import Refused, act, wants_json, words
from .ticket import chosen_view, ticket_id
from .views import SEEN

SHOWN = 5
LONGEST_NAME = 80
WHICH = "Name a ticket by its reference, for example HD-10001."
LIKELY = ((0.9, "Very likely the same"), (0.7, "Probably the same"), (0.4, "Perhaps the same"))

LINKED = f"""
    SELECT l.kind, l.reason, l.at, p.name AS by, t.id, t.subject, t.status, r.name AS requester
    FROM ticket_links l
        JOIN tickets o ON o.id = CASE WHEN l.ticket_id = $3 THEN l.other_id ELSE l.ticket_id END
        JOIN tickets t ON t.id = coalesce(o.merged_into_id, o.id)
        JOIN people r ON r.id = t.requester_id LEFT JOIN people p ON p.id = l.by_id
    WHERE (l.ticket_id = $3 OR l.other_id = $3) AND t.id <> $3 AND {SEEN}
    ORDER BY l.at, l.id LIMIT 50"""
MERGED = """
    SELECT m.id, m.reason, m.merged_at, p.name AS by, t.id AS ticket_id, t.subject
    FROM tickets t JOIN ticket_merges m ON m.ticket_id = t.id AND m.undone_at IS NULL
        LEFT JOIN people p ON p.id = m.by_id
    WHERE t.merged_into_id = $1 ORDER BY m.merged_at, m.id"""


@dataclass(frozen=True, slots=True)
class Row:
    """A similar ticket, and what may be done with the two."""

    similar: Similar
    requester: str
    likely: str
    percent: int
    into: str  # the reference that would go on; "" when they cannot be merged
    why_not: str  # they cannot be merged
    joinable: bool


def likely(probability: float) -> str:
    return next((said for least, said in LIKELY if probability >= least), "Not likely the same")


def goes_on(one: Ticket, other: Ticket) -> Ticket:
    """The earlier one, so that nobody loses their place; but never a solved one before an open."""
    earlier, later = sorted((one, other), key=lambda ticket: ticket.id)
    return later if earlier.status == Status.SOLVED and later.status in UNSOLVED else earlier


def why_apart(one: Ticket, other: Ticket) -> str:
    """"" when the two can be merged."""
    into = goes_on(one, other)
    try:
        check(other if into is one else one, into)
    except NotAllowed as reason:
        return str(reason)
    return ""


async def similar_rows(
    desk: Desk, actor: Actor, id: int, told: set[int]
) -> tuple[Ticket, list[Row]]:
    """Without those an agent has spoken about already."""
    found = await similar_tickets(desk, actor, id, SHOWN + len(told))
    found = [one for one in found if one.ticket_id not in told][:SHOWN]
    ids = [one.ticket_id for one in found]
    async with desk.reading() as db:
        query = select(Ticket).where(col(Ticket.id).in_([id, *ids]), tickets_visible_to(actor))
        known = {ticket.id: ticket for ticket in (await db.exec(query)).all()}
        if id not in known:
            raise NoSuchCase
        names = {r["id"]: r["name"] for r in await desk.pool.fetch(NAMES, ids)}
        here = known[id]
        rows = []
        for one in found:
            if (there := known.get(one.ticket_id)) is None:
                continue
            apart = why_apart(here, there)
            rows.append(
                Row(
                    one,
                    "" if there.requester_id == here.requester_id else names[there.id],
                    likely(one.probability),
                    round(100 * one.probability),
                    "" if apart else reference(goes_on(here, there).id),
                    apart,
                    await joinable(db, here, there),
                )
            )
    return here, rows


NAMES = """
    SELECT t.id, p.name FROM tickets t JOIN people p ON p.id = t.requester_id
    WHERE t.id = ANY($1)"""


async def show(request: WebRequest) -> Response:
    return await panel(request, ticket_id(request))


async def panel(
    request: WebRequest, id: int, status: int = 200, errors: dict[str, str] | None = None
) -> Response:
    """The fragment for a script, a page of its own for everybody else."""
    desk, actor = request.state["desk"], request.state["actor"]
    linked = await desk.pool.fetch(LINKED, *queries.seen_by(actor), id)
    here, rows = await similar_rows(desk, actor, id, {row["id"] for row in linked})
    if here.merged_into_id is not None:
        return redirect(f"/desk/tickets/{reference(here.merged_into_id)}/similar")
    since = desk.clock.now() - UNDOABLE
    return render(
        request,
        "console/_similar.html" if "x-fragment" in request.headers else "console/similar.html",
        status,
        ticket=here,
        ref=reference(id),
        act=f"/desk/tickets/{reference(id)}",
        back=f"?view={chosen_view(request).key}",
        rows=rows,
        linked=[row for row in linked if row["kind"] != LinkKind.NOT_SAME],
        apart=[row for row in linked if row["kind"] == LinkKind.NOT_SAME],
        merged=await desk.pool.fetch(MERGED, id),
        undoable=lambda row: row["merged_at"] >= since,
        link_words=LINK_WORDS,
        status_words=STAFF_STATUS,
        reference=reference,
        limit=REASON_LIMIT,
        errors=errors or {},
    )


# What agents do


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
    return int(percent) / 100 if percent.isascii() and percent.isdigit() and len(percent) < 4 else None


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
            await merge_tickets(
                tx, gone, into, reason_of(typed), shown_probability(typed), engine
            )
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
        return await panel(request, id, status, errors)
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
    page(f"{TICKET}/similar", show, WORK),
    page(f"{TICKET}/merge", merge, WORK, "POST"),
    page(f"{TICKET}/unmerge", undo, WORK, "POST"),
    page(f"{TICKET}/link", link, WORK, "POST"),
    page(f"{TICKET}/unlink", unlink, WORK, "POST"),
    page(f"{TICKET}/not-the-same", tell_apart, WORK, "POST"),
]
