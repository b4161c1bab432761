"""/desk/replies: the list, one reply with everything it was, and what the composer asks for."""

from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from helpdesk.catalogue import queries as catalogue
from helpdesk.console.queries import GROUPS
from helpdesk.desk import Transaction
from helpdesk.help.writing.diff import compare
from helpdesk.permissions import Can, allowed
from helpdesk.tickets.words import STAFF_STATUS
from helpdesk.web import Problem, WebRequest, api, page, redirect, render, transaction

from .applying import read_once
from .commands import (
    ChangedSince,
    NoSuchReply,
    NotYours,
    archive_reply,
    change_reply,
    count_use,
    find_reply,
    may_change,
    write_reply,
)
from .doing import Comes, Doing
from .forms import FIELDS, SEVERITIES, STATUSES, Choices, Typed, read_form, shown_of
from .models import CannedReply, Reach
from .placeholders import WORDS, filled, gaps
from .previewing import preview
from .queries import find_row, offered, replies_of, versions_of
from .values import FACE, values_for

BOARD = "/desk/replies"
EMPTY = dict.fromkeys(FIELDS, "") | {"reach": Reach.MINE.value, "ask_days": "3"}


async def index(request: WebRequest) -> Response:
    desk, actor = request.state["desk"], request.state["actor"]
    listed = await replies_of(desk, actor)
    return render(
        request,
        "console/replies/index.html",
        replies=[one for one in listed if not one.archived],
        away=[one for one in listed if one.archived],
    )


async def choices_of(request: WebRequest) -> tuple[Choices, dict[str, Any]]:
    """For checking, and what the page's selects show."""
    desk, actor = request.state["desk"], request.state["actor"]
    groups = await desk.pool.fetch(GROUPS)
    kinds = (await catalogue.current(desk)).catalogue.evidence_kinds
    all_replies = allowed(actor, Can.MANAGE_REPLIES)
    own = [g for g in groups if all_replies or g["id"] in actor.groups]
    reaches = [(Reach.MINE.value, "I alone")]
    reaches += [(Reach.GROUP.value, "A department")] if own else []
    reaches += [(Reach.EVERYBODY.value, "Everybody")] if all_replies else []
    shown = {
        "reaches": reaches,
        "own_groups": [(g["key"], g["name"]) for g in own],
        "departments": [(g["key"], g["name"]) for g in groups],
        "group_names": {g["key"]: g["name"] for g in groups},
        "group_keys": {g["id"]: g["key"] for g in groups},
        "kinds": [(kind.key, kind.label) for kind in kinds],
        "statuses": [(status.value, STAFF_STATUS[status]) for status in STATUSES],
        "severities": [(name, name.title()) for name in SEVERITIES],
        "placeholders": WORDS,
    }
    checked = Choices({g["key"]: g["id"] for g in groups}, {k.key: k.label for k in kinds})
    return checked, shown


async def new(request: WebRequest) -> Response:
    return await form_page(request, None, dict(EMPTY))


async def form_page(
    request: WebRequest,
    row: Any,
    typed: dict[str, str],
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    _, shown = await choices_of(request)
    versions = await versions_of(request.state["desk"], row["id"]) if row else []
    return render(
        request,
        "console/replies/edit.html",
        status,
        reply=row,
        typed=typed,
        errors=errors or {},
        versions=versions,
        compared=[compare(old["body"], new["body"]) for new, old in pairs(versions)],
        doings=[Doing.read(version["doing"]) for version in versions],
        mine=row is None or may_change(request.state["actor"], CannedReply(**dict(row))),
        **shown,
    )


def pairs(versions: Any) -> list[tuple[Any, Any]]:
    """Each version with the one before it."""
    return list(zip(versions, [*versions[1:], {"body": ""}], strict=True)) if versions else []


async def found(request: WebRequest) -> Any:
    id = request.path_params["id"]
    desk, actor = request.state["desk"], request.state["actor"]
    row = await find_row(desk, actor, id) if id < 2**63 else None
    if row is None:
        raise HTTPException(404)
    return row


async def edit(request: WebRequest) -> Response:
    row = await found(request)
    _, shown = await choices_of(request)
    return await form_page(request, row, shown_of(row, shown["group_keys"]))


async def read(request: WebRequest) -> tuple[Typed, int]:
    form = await request.form(max_files=0, max_fields=40)
    checked, _ = await choices_of(request)
    given = str(form.get("number", ""))
    number = int(given) if given.isascii() and given.isdigit() and len(given) < 9 else 0
    return read_form({k: str(v) for k, v in form.items()}, checked), number


async def create(request: WebRequest) -> Response:
    typed, _ = await read(request)
    if typed.wording is None:
        return await form_page(request, None, typed.shown, typed.errors, 422)
    try:
        async with transaction(request) as tx:
            reply = await write_reply(tx, typed.wording)
    except NotYours as reason:
        return await form_page(request, None, typed.shown, {"reach": str(reason)}, 403)
    return redirect(f"{BOARD}/{reply.id}")


async def save(request: WebRequest) -> Response:
    row = await found(request)
    typed, number = await read(request)
    if typed.wording is None:
        return await form_page(request, row, typed.shown, typed.errors, 422)
    wording = typed.wording

    async def command(tx: Transaction) -> None:
        await change_reply(tx, row["id"], wording, number)

    return await change(request, row, command, typed.shown)


async def put_away(request: WebRequest) -> Response:
    row = await found(request)
    form = await request.form(max_files=0, max_fields=10)
    given = str(form.get("number", ""))
    number = int(given) if given.isascii() and given.isdigit() and len(given) < 9 else 0

    async def command(tx: Transaction) -> None:
        await archive_reply(tx, row["id"], number, not form.get("back"))

    return await change(request, row, command, None)


async def change(
    request: WebRequest, row: Any, command: Any, shown: dict[str, str] | None
) -> Response:
    try:
        async with transaction(request) as tx:
            await command(tx)
    except (ChangedSince, NotYours) as reason:
        status = 409 if isinstance(reason, ChangedSince) else 403
        now = await found(request)
        _, choices = await choices_of(request)
        typed = shown or shown_of(now, choices["group_keys"])
        return await form_page(request, now, typed, {"name": str(reason)}, status)
    return redirect(f"{BOARD}/{row['id']}")


# What the composer asks for


async def pick(request: WebRequest) -> Response:
    return JSONResponse({"replies": await offered(request.state["desk"], request.state["actor"])})


async def fill(request: WebRequest) -> Response:
    """The text as it would be sent here, and what else comes of it."""
    desk, actor = request.state["desk"], request.state["actor"]
    face, id = request.query_params.get("face", ""), request.path_params["id"]
    if not FACE.fullmatch(face) or id >= 2**63:
        raise Problem(404, "There is no such reply or conversation")
    values = await values_for(desk, actor, face)
    async with desk.transaction(actor) as tx:  # reads alone
        try:
            reply = await find_reply(tx, id)
        except NoSuchReply:
            raise Problem(404, "There is no such reply or conversation") from None
        comes = await preview(tx, reply, face)
    body = filled(reply.body, values)
    doing = Doing.read(reply.doing)
    return JSONResponse({
        "id": reply.id,
        "number": reply.number,
        "name": reply.name,
        "body": body,
        "gaps": gaps(body),
        "status": doing.status,
        "blocked": any(effect.comes == Comes.BLOCKED for effect in comes),
        "effects": [
            {"what": one.what, "words": one.words, "comes": one.comes.value} for one in comes
        ],
    })  # fmt: skip


async def used(request: WebRequest) -> Response:
    """It was sent as a message of a chat, under this id."""
    form = await request.form(max_files=0, max_fields=10)
    face, id = str(form.get("face", "")), request.path_params["id"]
    once = read_once(str(form.get("once", "")))
    if once is None or not FACE.fullmatch(face) or id >= 2**63:
        raise Problem(422, "Say where it was sent, and with which message")
    await values_for(request.state["desk"], request.state["actor"], face)
    try:
        async with transaction(request) as tx:
            await count_use(tx, await find_reply(tx, id), face, once)
    except NoSuchReply:
        raise Problem(404, "There is no such reply") from None
    return JSONResponse({"counted": True})


WORK = Can.WORK_TICKETS
routes = [
    page(BOARD, index, WORK),
    page(f"{BOARD}/new", new, WORK),
    page(f"{BOARD}/new", create, WORK, "POST"),
    api(f"{BOARD}/offered", pick, WORK),
    page(f"{BOARD}/{{id:int}}", edit, WORK),
    page(f"{BOARD}/{{id:int}}", save, WORK, "POST"),
    page(f"{BOARD}/{{id:int}}/away", put_away, WORK, "POST"),
    api(f"{BOARD}/{{id:int}}/filled", fill, WORK),
    api(f"{BOARD}/{{id:int}}/used", used, WORK, "POST"),
]
