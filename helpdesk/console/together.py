"""What seems to belong together with a ticket: tickets like it, links, and what was merged into it.

Fetched after the page: looking for similar tickets costs the page nothing.
"""

from dataclasses import dataclass

from sqlmodel import col, select
from starlette.responses import Response

from helpdesk.cases.queries import NoSuchCase
from helpdesk.desk import Desk
from helpdesk.permissions import Actor
from helpdesk.tickets.links import LINK_WORDS, REASON_LIMIT, LinkKind, joinable
from helpdesk.tickets.merging import UNDOABLE, check
from helpdesk.tickets.models import Ticket, reference
from helpdesk.tickets.queries import tickets_visible_to
from helpdesk.tickets.states import UNSOLVED, NotAllowed, Status
from helpdesk.tickets.words import STAFF_STATUS
from helpdesk.web import WebRequest, redirect, render
from triage.twins.similar import Similar, similar_tickets

from . import queries
from .ticket import chosen_view, ticket_id
from .views import SEEN

SHOWN = 5
LIKELY = ((0.9, "Very likely the same"), (0.7, "Probably the same"), (0.4, "Perhaps the same"))

# Those of tickets that were merged into this one count too; only its own can be taken back here.
LINKED = f"""
    SELECT l.kind, l.reason, l.at, p.name AS by, t.id, t.subject, t.status, r.name AS requester,
        CASE WHEN here.id <> $3 THEN here.id WHEN o.id <> t.id THEN o.id END AS via
    FROM tickets here JOIN ticket_links l ON here.id IN (l.ticket_id, l.other_id)
        JOIN tickets o ON o.id = l.ticket_id + l.other_id - here.id
        JOIN tickets t ON t.id = coalesce(o.merged_into_id, o.id)
        JOIN people r ON r.id = t.requester_id LEFT JOIN people p ON p.id = l.by_id
    WHERE (here.id = $3 OR here.merged_into_id = $3) AND t.id <> $3 AND {SEEN}
        AND (l.kind <> 'not_same' OR here.id = $3 AND o.id = t.id)
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
    """What keeps two tickets from being merged; empty when nothing does."""
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
                    min(99, max(1, round(100 * one.probability))),  # nothing is certain
                    "" if apart else reference(goes_on(here, there).id),
                    apart,
                    await joinable(db, here, there),
                )
            )
    return here, rows


NAMES = """
    SELECT t.id, p.name FROM tickets t JOIN people p ON p.id = t.requester_id
    WHERE t.id = ANY($1)"""


async def merges_of(desk: Desk, here: Ticket, ids: list[int]) -> dict[int, str]:
    """Which of these it can be merged with, and the reference that would go on."""
    if not ids:
        return {}
    async with desk.reading() as db:
        found = (await db.exec(select(Ticket).where(col(Ticket.id).in_(ids)))).all()
    return {one.id: reference(goes_on(here, one).id) for one in found if not why_apart(here, one)}


async def show(request: WebRequest) -> Response:
    return await panel(request, ticket_id(request))


async def panel(
    request: WebRequest, id: int, status: int = 200, errors: dict[str, str] | None = None
) -> Response:
    """The fragment for a script, a page of its own for everybody else."""
    desk, actor = request.state["desk"], request.state["actor"]
    into = (await queries.ticket_row(desk, actor, id))["merged_into_id"]
    if into is not None and not errors:
        return redirect(f"/desk/tickets/{reference(into)}/similar")
    id = into or id
    linked = await desk.pool.fetch(LINKED, *queries.seen_by(actor), id)
    here, rows = await similar_rows(desk, actor, id, {row["id"] for row in linked})
    doubles = [
        row["id"]
        for row in linked
        if row["kind"] == LinkKind.POSSIBLE_DUPLICATE and row["via"] is None
    ]
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
        merges=await merges_of(desk, here, doubles),
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
