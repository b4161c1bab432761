"""The API for programs: a ticket, what is said on it, the catalogue. Files go to evidence/pages."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar
from uuid import UUID

import orjson
from pydantic import BaseModel, ValidationError
from starlette.responses import JSONResponse, Response

from helpdesk.cases.queries import NoSuchCase
from helpdesk.catalogue import queries as catalogue
from helpdesk.core.text import BadText, clean_text, is_blank
from helpdesk.desk import Desk
from helpdesk.evidence.commands import NotYourUpload
from helpdesk.permissions import Actor, Can
from helpdesk.tickets.claims import AlreadyReported
from helpdesk.tickets.commands import NotAllowed, add_message
from helpdesk.tickets.filing import UploadsGone, file_ticket
from helpdesk.tickets.models import from_reference
from helpdesk.web import Problem, WebRequest, api, page, render, transaction

from . import openapi
from .adding import add_report, added_before, addition_of
from .answers import catalogue_shown, list_of, own_uploads, ticket_details, ticket_shown
from .browser import LONGEST
from .forms import Fields, Known, check, chosen_type
from .pieces import DraftFile
from .queries import contract_typed
from .repeats import Once, answer_once, once
from .schemas import MessageAdded, MessageIn, TicketIn, TicketOut, as_fields, errors_of
from .seen import Seen
from .suggesting import articles_named
from .twins import Twin, duplicates_shown, shown
from .urgency import surroundings
from .visits import read_id, today_of

MESSAGE = 20_000
MOST_LISTED = 100
FILE_LIMIT = 101 * 1024 * 1024
Read = TypeVar("Read", bound=BaseModel)
FAULTS = "Some fields need another look"
GONE = "One of the uploads is used or gone."


def account(request: WebRequest) -> Actor:
    """The API is for people with an account; guests have the form."""
    actor = request.state["actor"]
    if not actor.is_signed_in:
        raise Problem(401, "Sign in or send a token")
    return actor


def read_body(model: type[Read], body: bytes) -> Read:
    try:
        return model.model_validate(orjson.loads(body))
    except orjson.JSONDecodeError:
        raise Problem(400, "Not JSON", "The body must be one JSON object in UTF-8.") from None
    except ValidationError as error:
        raise Problem(422, FAULTS, errors=errors_of(error)) from None


async def json_body(request: WebRequest) -> bytes:
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise Problem(415, "Send JSON", "The content type must be application/json.")
    return await request.body()


def ordered(model: type[BaseModel], answer: dict[str, Any]) -> dict[str, Any]:
    """A repeat is the first answer to the letter, though it was kept as JSONB."""
    return {name: answer[name] for name in model.model_fields}


async def create_ticket(request: WebRequest) -> Response:
    actor = account(request)
    body = await json_body(request)
    this = once(request, body)
    answer = await this.first_answer()
    repeated = answer is not None
    wanted = read_body(TicketIn, body)
    if answer is None:
        act = add_once if wanted.add_to else file_once
        answer, repeated = await act(request, this, actor, wanted)
    headers = {"Location": f"/api/v1/tickets/{answer['reference']}"}
    if repeated:
        headers["Idempotency-Replayed"] = "true"
    status = 200 if wanted.add_to else 201
    return JSONResponse(ordered(TicketOut, answer), status, headers)


async def known_of_program(
    request: WebRequest, actor: Actor, fields: Fields, files: Sequence[DraftFile] = ()
) -> Known:
    desk = request.state["desk"]
    version = await catalogue.current(desk)
    contract = await contract_typed(desk, actor, fields)
    type = chosen_type(version.catalogue, fields)
    return Known(
        actor,
        version,
        today_of(desk, actor, fields),
        contract,
        files,
        request.headers.get("user-agent", "")[:LONGEST],
        source="api",
        around=await surroundings(desk, actor, type, fields, contract),
    )


async def file_once(
    request: WebRequest, this: Once, actor: Actor, wanted: TicketIn
) -> tuple[dict[str, Any], bool]:
    desk = request.state["desk"]
    fields = as_fields(wanted)
    files, faults = await wanted_files(request, actor, wanted)
    found = check(fields, await known_of_program(request, actor, fields, files), this.id)
    read, unknown = await articles_read(desk, wanted.articles_seen)
    errors = {**found.errors, **faults, **unknown}
    if "despite" in errors:
        errors["not_duplicate"] = errors.pop("despite")
    if errors or found.filing is None:
        # Its files may be gone because the same request is just being answered.
        if made := await ticket_of(request, actor, this):
            return made, True
        raise Problem(422, FAULTS, errors=errors)
    filing = found.filing
    if read:
        seen = Seen(tuple(read), helped=False, type_key=filing.type_key)
        filing = replace(filing, seen=seen.stored)

    async def act() -> dict[str, Any]:
        try:
            filed = await file_ticket(desk, actor, filing)
        except UploadsGone:
            raise Problem(422, FAULTS, errors={"files": GONE}) from None
        except AlreadyReported as held:
            raise duplicate_of(desk, await shown(desk, actor, held.tickets)) from None
        return await ticket_shown(desk, filed.ticket_id)

    return await answer_once(this, act)


def duplicate_of(desk: Desk, twins: Sequence[Twin]) -> Problem:
    first = twins[0].reference if twins else ""
    return Problem(
        409,
        "You have told us about this",
        f"{first} is about the same. Send this again with add_to to add it there, or with "
        "not_duplicate to say what is different.",
        kind="urn:problem:duplicate_of",
        more={"duplicate_of": first, "duplicates": duplicates_shown(desk, twins)},
    )


async def add_once(
    request: WebRequest, this: Once, actor: Actor, wanted: TicketIn
) -> tuple[dict[str, Any], bool]:
    """The report becomes a message and evidence on a ticket of theirs."""
    desk = request.state["desk"]
    fields = as_fields(wanted)
    files, faults = await wanted_files(request, actor, wanted)
    addition = addition_of(fields, await known_of_program(request, actor, fields, files))
    id = from_reference(wanted.add_to)
    if id is None:
        faults["add_to"] = "A reference, like HD-10001."

    async def act() -> dict[str, Any]:
        if earlier := await added_before(desk, actor, id or 0, this.id):
            return await ticket_shown(desk, earlier)
        if errors := {**addition.errors, **faults}:
            raise Problem(422, FAULTS, errors=errors)
        try:
            async with transaction(request) as tx:
                ticket = await add_report(tx, id or 0, addition, this.id)
        except NoSuchCase:
            words = "This is not one of your own tickets."
            raise Problem(422, FAULTS, errors={"add_to": words}) from None
        except NotYourUpload:
            raise Problem(422, FAULTS, errors={"files": GONE}) from None
        except NotAllowed as refusal:
            raise Problem(409, "Not possible now", str(refusal)) from None
        return await ticket_shown(desk, ticket.id)

    return await answer_once(this, act)


async def articles_read(desk: Desk, slugs: Sequence[str]) -> tuple[list[int], dict[str, str]]:
    """Their ids; those that are not in the help centre refused."""
    known = await articles_named(desk, slugs) if slugs else {}
    faults = {
        f"articles_seen.{place}": "No article of the help centre has this slug."
        for place, slug in enumerate(slugs)
        if slug not in known
    }
    return list(known.values()), faults


async def ticket_of(request: WebRequest, actor: Actor, this: Once) -> dict[str, Any] | None:
    desk = request.state["desk"]
    id = await desk.pool.fetchval(
        "SELECT id FROM tickets WHERE requester_id = $1 AND once = $2", actor.id, this.id
    )
    if id is None:
        return None
    return await this.claim() or await ticket_shown(desk, id)


async def wanted_files(
    request: WebRequest, actor: Actor, wanted: TicketIn
) -> tuple[list[DraftFile], dict[str, str]]:
    """The uploads that are named, each for its line; those that are not the person's refused."""
    named: list[tuple[str, str, UUID | None]] = [
        (f"evidence.{key}", key, read_id(id))
        for key, ids in wanted.evidence.items()
        if not isinstance(ids, str)
        for id in ids
    ]
    named += [("files", "", read_id(id)) for id in wanted.files]
    ids = [id for _, _, id in named if id is not None]
    own = await own_uploads(request.state["desk"], actor, ids) if ids else {}
    files, faults, seen = [], {}, set()
    for field, key, id in named:
        if id is None or id not in own or id in seen:
            faults[field] = "This is not the id of a file you uploaded and have not used yet."
        else:
            seen.add(id)
            files.append(own[id].under(key))
    return files, faults


async def list_tickets(request: WebRequest) -> Response:
    actor = account(request)
    asked = request.query_params
    limit, after = asked.get("limit", "25"), asked.get("after", "")
    errors = {}
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit[:6]) <= MOST_LISTED):
        errors["limit"] = f"A number from 1 to {MOST_LISTED}."
    start = from_reference(after) if after else None
    if after and start is None:
        errors["after"] = "A reference, like HD-10001."
    if errors:
        raise Problem(422, FAULTS, errors=errors)
    return JSONResponse(await list_of(request.state["desk"], actor, int(limit), start))


def ticket_id(request: WebRequest) -> int:
    id = from_reference(request.path_params["reference"])
    if id is None:
        raise Problem(404, "Not found")
    return id


async def show_ticket(request: WebRequest) -> Response:
    actor = account(request)
    return JSONResponse(await ticket_details(request.state["desk"], actor, ticket_id(request)))


async def create_message(request: WebRequest) -> Response:
    actor = account(request)
    id = ticket_id(request)
    body = await json_body(request)
    this = once(request, body)
    text = read_body(MessageIn, body).body
    try:
        text = clean_text(text, MESSAGE)
    except BadText as error:
        raise Problem(422, FAULTS, errors={"body": str(error)}) from None
    if is_blank(text):
        raise Problem(422, FAULTS, errors={"body": "Write your message."})

    async def act() -> dict[str, Any]:
        try:
            async with transaction(request) as tx:
                await add_message(tx, id, text, this.id)
        except NotAllowed as refusal:
            raise Problem(409, "Not possible now", str(refusal)) from None
        details = await ticket_details(request.state["desk"], actor, id)
        number = details["messages"][-1]["number"] if details["messages"] else None
        return {"number": number, "reference": details["reference"]}

    answer, repeated = await answer_once(this, act)
    headers = {"Idempotency-Replayed": "true"} if repeated else {}
    return JSONResponse(ordered(MessageAdded, answer), 201, headers)


async def show_catalogue(request: WebRequest) -> Response:
    return JSONResponse(catalogue_shown(await catalogue.current(request.state["desk"])))


async def document(request: WebRequest) -> Response:
    return JSONResponse(openapi.document(request.state["desk"].settings.public_url))


async def docs(request: WebRequest) -> Response:
    described = openapi.document(request.state["desk"].settings.public_url)
    return render(
        request, "api/docs.html", document=described, operations=openapi.readable(described)
    )


routes = [
    api("/api/v1/tickets", create_ticket, can=Can.OPEN_TICKET, method="POST"),
    api("/api/v1/tickets", list_tickets, can=Can.USE_ACCOUNT),
    api("/api/v1/tickets/{reference}", show_ticket, can=Can.USE_ACCOUNT),
    api("/api/v1/tickets/{reference}/messages", create_message, can=Can.FOLLOW_REQUESTS,
        method="POST"),
    api("/api/v1/catalogue", show_catalogue, can=Can.VISIT),
    api("/api/openapi.json", document, can=Can.VISIT),
    page("/api/docs", docs, can=Can.VISIT),
]  # fmt: skip
