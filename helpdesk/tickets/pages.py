"""My requests, and the page of one request, for the people who filed them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from starlette.responses import JSONResponse, Response

from helpdesk.alerts.area import alert_area
from helpdesk.cases.timeline import Entry, read_page
from helpdesk.catalogue import queries as catalogue
from helpdesk.catalogue.answers import show_answer
from helpdesk.core.text import BadText, clean_text, is_blank
from helpdesk.desk import Transaction
from helpdesk.evidence import queries as evidence
from helpdesk.evidence.commands import attach_upload
from helpdesk.evidence.forms import MOST_FILES, received_files
from helpdesk.evidence.models import Upload
from helpdesk.permissions import Can
from helpdesk.sla.promises.shown import told_of
from helpdesk.sla.promises.words import Told
from helpdesk.web import (
    WebRequest,
    page,
    reading,
    redirect,
    render,
    transaction,
)

from . import commands, listing
from .models import reference
from .queries import hold_ticket, id_named
from .rating import POOR, SCALE, may_rate
from .silence import WITH_US
from .states import Status
from .together import Face, cases_of_merged, faces, interleaved, merged_entries
from .words import OWN_STATUS, SEVERITY_KEYS, turn

MESSAGE_LIMIT = 10_000  # characters
UPLOAD_BODY = 105 * 1024 * 1024
# Whether the newest promise is younger than the newest answer.
STILL = """
SELECT p.because_of > 0 AND p.given_at > coalesce((
    SELECT max(m.posted_at) FROM messages m JOIN people w ON w.id = m.author_id
    WHERE m.case_id = t.case_id AND m.ticket_id = t.id AND m.side_id IS NOT NULL
        AND w.roles && ARRAY['agent', 'mediator', 'arbitrator', 'manager', 'admin']), '-infinity')
FROM promises p JOIN tickets t ON t.id = p.ticket_id WHERE t.id = $1
ORDER BY p.because_of DESC LIMIT 1
"""


def ticket_id(request: WebRequest) -> int:
    return id_named(request.path_params["ref"])


async def index(request: WebRequest) -> Response:
    desk, actor = request.state["desk"], request.state["actor"]
    tab = request.query_params.get("show", "open")
    tab = tab if tab in listing.TABS else "open"
    below = request.query_params.get("below", "")
    found = await listing.my_requests(
        desk,
        actor,
        tab,
        int(below) if below.isascii() and below.isdigit() and len(below) < 19 else None,
    )
    return render(
        request,
        "tickets/index.html",
        alert_area=await alert_area(request, compact=True),
        tab=tab,
        requests=found,
        waiting=await listing.waiting_for_me(desk, actor),
        reference=reference,
        status_words=OWN_STATUS,
        turn=turn,
    )


async def show(request: WebRequest) -> Response:
    return await request_page(request, ticket_id(request))


async def request_page(
    request: WebRequest,
    id: int,
    status: int = 200,
    errors: dict[str, str] | None = None,
    typed: dict[str, Any] | None = None,
    kept: Sequence[Upload] = (),
) -> Response:
    """`kept`: files that came with what was refused; they go along with the next try."""
    desk, actor = request.state["desk"], request.state["actor"]
    row = await listing.my_request(desk, actor, id)
    if row["id"] != id and request.method == "GET":
        return redirect(f"/requests/{reference(row['id'])}")
    id, merged = row["id"], faces(row)
    version = await catalogue.version(desk, row["catalogue_version"])
    async with reading(request) as db:
        places = [(row["case_id"], id), *((face.case_id, face.id) for face in merged)]
        pieces = await evidence.of_tickets(db, actor, places)
        asked = await evidence.open_requests(db, id)
    entries = await whole_timeline(request, row["case_id"])
    own = [entry for entry in entries if belongs(entry, row["id"], merged)]
    others = await merged_entries(desk.pool, actor, merged, row["case_id"])
    return render(
        request,
        "tickets/show.html",
        status,
        ticket=row,
        ref=reference(id),
        type=version.catalogue.type(row["type_key"]),
        limits=version.catalogue.limits,
        events=[shown(e, row["case_id"]) for e in interleaved(own, others) if not is_own_record(e)],
        newest=entries[-1].seq if entries else 0,
        pieces=pieces,
        asked=asked,
        turn=turn(Status(row["status"]), row["group_name"]),
        status_words=OWN_STATUS,
        severities=SEVERITY_KEYS,
        promised=await promised(request, row),
        may_reopen=commands.may_reopen(Status(row["status"]), row["solved_at"], desk.clock.now()),
        may_rate=may_rate(Status(row["status"]), row["rated_at"], desk.clock.now()),
        scale=SCALE,
        poor=POOR,
        show_answer=show_answer,
        errors=errors or {},
        typed=typed or {},
        kept=kept,
        once=once(typed or {}),
    )


async def promised(request: WebRequest, row: Mapping[str, Any]) -> Told | None:
    """When an answer comes, while one is owed: the first, or one after a week of silence."""
    desk, actor = request.state["desk"], request.state["actor"]
    if row["status"] not in WITH_US:
        return None
    if row["first_answered_at"] is not None and not await desk.pool.fetchval(STILL, row["id"]):
        return None
    return await told_of(desk, row["id"], actor.time_zone)


def belongs(entry: Entry, id: int, merged: Sequence[Face]) -> bool:
    """What was said on this ticket or a merged one, and in chats of the same side of its case."""
    if entry.face == f"ticket:{id}" or entry.face.startswith("chat:"):
        return True
    return any(face.shows(entry) for face in merged)


def is_own_record(entry: Entry) -> bool:
    """What they named themselves, a contract or a transaction: it stands beside the messages."""
    frame = entry.frame
    named = "evidence" in frame and not frame["evidence"]["size"]
    return frame["type"] == "evidence.added" and named and not frame["by"]["staff"]


async def whole_timeline(request: WebRequest, case_id: int) -> list[Entry]:
    desk, actor = request.state["desk"], request.state["actor"]
    entries: list[Entry] = []
    after = 0
    while timeline := await read_page(desk.pool, actor, case_id, after):
        entries += timeline.entries
        if not timeline.full:
            break
        after = timeline.reaches
    return entries


def shown(entry: Entry, case_id: int) -> dict[str, Any]:
    """As the templates take it: a real time, and whether its number is of another case."""
    event = entry.frame
    return event | {"at": datetime.fromisoformat(event["at"]), "foreign": entry.case_id != case_id}


Act = Callable[[Transaction, str, UUID], Awaitable[Any]]


async def act(request: WebRequest, command: Act, text_needed: str = "") -> Response:
    """Run a command for the request page. What was typed survives a refusal."""
    id = ticket_id(request)
    desk, actor = request.state["desk"], request.state["actor"]
    row = await listing.my_request(desk, actor, id)
    form = await request.form(max_files=MOST_FILES)
    typed = {name: value for name, value in form.multi_items() if isinstance(value, str)}
    body, errors = read_body(typed, text_needed)
    before = [face.case_id for face in faces(row)]
    uploads, refused = await received_files(request, form, case_id=row["case_id"], before=before)
    errors |= refused
    if uploads and not refused and errors == {"body": text_needed}:
        errors = {}  # a file alone says enough
    if errors:
        return await answer(request, id, 422, errors, typed, uploads)
    try:
        async with transaction(request) as tx:
            if body or not uploads:
                await command(tx, body, once(typed))
            await attach(tx, id, uploads)
    except commands.NotAllowed as reason:
        return await answer(request, id, 409, {"body": str(reason)}, typed, uploads)
    if wants_json(request):
        return JSONResponse({"ok": True})
    return redirect(f"/requests/{reference(id)}#end")


async def attach(tx: Transaction, id: int, uploads: list[Upload]) -> None:
    for upload in uploads:
        case, ticket = await hold_ticket(tx, id, follow=True)
        await attach_upload(
            tx,
            case,
            upload.id,
            kind="other",
            label=upload.name,
            evidence_key=upload.evidence_key,
            sensitivity=None,
            side_id=ticket.side_id,
            group_id=ticket.group_id,
            owner_id=tx.actor.id,
            ticket_id=ticket.id,
            restricted=ticket.restricted,
            before=await cases_of_merged(tx, ticket),
        )
        if ticket.status == Status.WAITING_ON_USER:
            commands.move(tx, case, ticket, Status.OPEN)


def read_body(typed: dict[str, str], needed: str) -> tuple[str, dict[str, str]]:
    try:
        body = clean_text(typed.get("body", ""), MESSAGE_LIMIT)
    except BadText as fault:
        return "", {"body": str(fault)}
    if needed and is_blank(body):
        return "", {"body": needed}
    return body, {}


def once(typed: dict[str, str]) -> UUID:
    """The page's id for this send; a page without one simply cannot be deduplicated."""
    try:
        return UUID(typed.get("once", ""))
    except ValueError:
        return uuid4()


async def answer(
    request: WebRequest,
    id: int,
    status: int,
    errors: dict[str, str],
    typed: dict[str, Any],
    kept: Sequence[Upload] = (),
) -> Response:
    if wants_json(request):
        return JSONResponse({"errors": errors}, status)
    return await request_page(request, id, status, errors, typed, kept)


def wants_json(request: WebRequest) -> bool:
    return "application/json" in request.headers.get("accept", "")


async def add_message(request: WebRequest) -> Response:
    id = ticket_id(request)

    async def command(tx: Transaction, body: str, client_id: UUID) -> None:
        await commands.add_message(tx, id, body, client_id)

    return await act(request, command, "Write a message, or add a file.")


async def follow_up(request: WebRequest) -> Response:
    id = ticket_id(request)

    async def command(tx: Transaction, body: str, client_id: UUID) -> None:
        await commands.follow_up(tx, id, body or "Is there any news?", client_id)

    return await act(request, command)


async def close(request: WebRequest) -> Response:
    id = ticket_id(request)

    async def command(tx: Transaction, body: str, client_id: UUID) -> None:
        await commands.close_by_requester(tx, id)

    return await act(request, command)


async def reopen(request: WebRequest) -> Response:
    id = ticket_id(request)

    async def command(tx: Transaction, body: str, client_id: UUID) -> None:
        await commands.reopen(tx, id, body, client_id)

    return await act(request, command, "Say in a sentence what is not solved.")


REQUEST = "/requests/{ref}"
FOLLOW = Can.FOLLOW_REQUESTS
routes = [
    page("/requests", index, can=FOLLOW),
    page(REQUEST, show, can=FOLLOW),
    page(f"{REQUEST}/messages", add_message, FOLLOW, "POST", max_body=UPLOAD_BODY),
    page(f"{REQUEST}/follow-up", follow_up, FOLLOW, "POST"),
    page(f"{REQUEST}/close", close, FOLLOW, "POST"),
    page(f"{REQUEST}/reopen", reopen, FOLLOW, "POST"),
]
