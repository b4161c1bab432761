"""The page of one ticket: what was said, and the case around it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from markupsafe import Markup
from starlette.responses import Response

from helpdesk.cases.queries import NoSuchCase
from helpdesk.cases.timeline import Entry, read_page
from helpdesk.catalogue import queries as catalogue
from helpdesk.catalogue.answers import show_answer
from helpdesk.desk import Desk
from helpdesk.evidence import queries as evidence
from helpdesk.permissions import Actor
from helpdesk.sla.shown import dues_of
from helpdesk.tickets.models import reference
from helpdesk.tickets.queries import id_named
from helpdesk.tickets.rating import SCALE
from helpdesk.tickets.states import MOVES, Status
from helpdesk.tickets.together import OF_MERGING, Face, faces, interleaved, merged_entries
from helpdesk.tickets.words import SEVERITY_KEYS, STAFF_STATUS
from helpdesk.web import WebRequest, reading, redirect, render
from triage.severity.queries import kept_from
from triage.text.notices import name_of
from triage.text.queries import sounds_like

from . import queries
from .beforehand import beforehand
from .closing import Closing, closing_of
from .promised import promised_last
from .summary import summary
from .views import BY_KEY, VIEWS, View
from .written import Changes, event_row, joined, view_menu

SHOWN_EVENTS = 200  # the newest; earlier ones are a link away


def chosen_view(request: WebRequest) -> View:
    return BY_KEY.get(request.query_params.get("view", ""), VIEWS[0])


def ticket_id(request: WebRequest) -> int:
    return id_named(request.path_params["ref"])


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
    view = chosen_view(request)
    if into := row["merged_into_id"]:
        row = await queries.ticket_row(desk, actor, into)
        if request.method == "GET":
            return redirect(f"/desk/tickets/{reference(into)}?view={view.key}")
    id, merged = row["id"], faces(row)
    version = await catalogue.version(desk, row["catalogue_version"])
    everything = request.query_params.get("all") == "1"
    events, newest, own = await what_happened(desk, actor, row, merged, everything)
    async with reading(request) as db:
        pieces = await evidence.listing(db, actor, row["case_id"]) if row["has_evidence"] else []
        places = [(face.case_id, face.id) for face in merged if face.case_id != row["case_id"]]
        pieces += await evidence.of_tickets(db, actor, places)
        asked = await evidence.open_requests(db, id) if row["has_asked"] else []
    contract = row["contract_id"]
    moves = possible_moves(Status(row["status"]))
    act, back = f"/desk/tickets/{reference(id)}", f"?view={view.key}"
    on_case = queries.others(row["on_case"])
    met = await beforehand(desk, row["seen"])
    closing = await closing_of(desk, row, met)
    changes = await changes_of(desk, row, act, back, moves, closing)
    return render(
        request,
        "console/ticket.html",
        status,
        summary=f"{summary(row, len(on_case), pieces, asked)} {met.sentence}".strip(),
        met=met,
        closing=closing,
        scale=SCALE,
        ticket=row,
        due=(await dues_of(desk, [row], desk.clock.now())).get(id),
        promised=await promised_last(desk, row, own, actor.time_zone),
        ref=reference(id),
        act=act,
        back=back,
        reference=reference,
        type=version.catalogue.type(row["type_key"]),
        limits=version.catalogue.limits,
        events=joined(events),
        newest=newest,
        earlier=not everything and longest(row, merged) > SHOWN_EVENTS,
        pieces=pieces,
        asked=asked,
        around=(
            ("On the same case", on_case),
            ("Their other requests", queries.others(row["earlier"])),
        ),
        milestones=await desk.pool.fetch(queries.MILESTONES, contract) if contract else (),
        moves=moves,
        changes=changes.written(errors or {}, typed or {}),
        status_words=STAFF_STATUS,
        show_answer=show_answer,
        severities=SEVERITY_KEYS,
        language_name=name_of,
        sounds_like=sounds_like(row["sounds_like"], version.catalogue),
        weighed=kept_from(row["weighed"]),
        view=view,
        view_menu=view_menu(view, tuple((await queries.counts(desk, actor)).items())),
        errors=errors or {},
        typed=typed or {},
        once=uuid4(),
    )


async def what_happened(
    desk: Desk, actor: Actor, ticket: Any, merged: Sequence[Face], everything: bool
) -> tuple[list[Markup], int, list[Entry]]:
    """The ticket's side of the case and what only the team sees, written and as it is; and the
    newest number."""
    after = 0 if everything else max(0, ticket["last_seq"] - SHOWN_EVENTS)
    page = await read_page(desk.pool, actor, ticket["case_id"], after)
    if page is None:
        raise NoSuchCase
    entries = list(page.entries)
    newest = page.newest
    while page is not None and page.full:
        page = await read_page(desk.pool, actor, ticket["case_id"], page.reaches)
        if page is not None:
            entries += page.entries
            newest = page.newest
    here = f"ticket:{ticket['id']}"
    own = [
        e for e in entries if e.side_id in (None, ticket["side_id"]) and in_words(e, here, merged)
    ]
    case_id, zone = ticket["case_id"], actor.time_zone
    most = None if everything else SHOWN_EVENTS
    others = await merged_entries(desk.pool, actor, merged, case_id, most)
    if own and after:  # what is older than the earliest shown comes with the link above it
        start = own[0].row["occurred_at"]
        others = [[e for e in one if e.row["occurred_at"] >= start] for one in others]
    rows = [
        event_row(entry, elsewhere(entry.face, here), zone, entry.case_id != case_id)
        for entry in interleaved(own, others)
    ]
    return rows, newest, own


def longest(ticket: Any, merged: Sequence[Face]) -> int:
    own: int = ticket["last_seq"]
    return max([own, *(face.last_seq for face in merged)])


def in_words(entry: Entry, here: str, merged: Sequence[Face]) -> bool:
    """A merge is said once, though both tickets keep a row of it, perhaps on one case."""
    if entry.row["type"] not in OF_MERGING or entry.face == here:
        return True
    return any(face.shows(entry) for face in merged)


def shown(frame: dict[str, Any], here: str) -> dict[str, Any]:
    """As the templates take it: a real time, and where it was said if not here."""
    more = {"at": datetime.fromisoformat(frame["at"])}
    where = elsewhere(frame["face"], here)
    return frame | more | ({"where": where} if where else {})


def elsewhere(face: str, here: str) -> str:
    """Where it was said, if not on this ticket."""
    if face in ("", here):
        return ""
    kind, _, number = face.partition(":")
    return f"in {reference(int(number))}" if kind == "ticket" else "in a chat"


async def changes_of(
    desk: Desk, row: Any, act: str, back: str, moves: list[Status], closing: Closing
) -> Changes:
    """What the selects of the case pane offer."""
    colleagues = await queries.colleagues(desk, row["group_id"])
    groups = await queries.departments(desk)
    return Changes(
        act,
        back,
        tuple((move.value, STAFF_STATUS[move]) for move in moves),
        (("", "Nobody"), *((str(one["id"]), one["name"]) for one in colleagues)),
        tuple((str(g["id"]), g["name"]) for g in groups if g["id"] != row["group_id"]),
        SEVERITY_KEYS[row["severity"]],
        row["assignee_id"],
        closing,
    )
