"""Choosing a channel and a service, and the report form. All of it works without scripts."""

from dataclasses import asdict, dataclass
from datetime import timedelta
from urllib.parse import urlencode
from uuid import UUID, uuid4

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from helpdesk.alerts.area import alert_area
from helpdesk.catalogue import queries as catalogue
from helpdesk.catalogue.document import Catalogue, TicketType
from helpdesk.core.addresses import neighbourhood
from helpdesk.desk import Desk
from helpdesk.evidence.forms import MOST_FILES
from helpdesk.people.throttle import Limit, count_try
from helpdesk.permissions import Actor, Can
from helpdesk.security import client_address
from helpdesk.sla.promises.shown import told_before
from helpdesk.web import WebRequest, page, redirect, render
from triage.text.shelf import ranked_soon

from . import sending, solved, suggesting
from .channels import chat_state
from .commands import discard_draft, remove_file
from .formpage import form_page, service_options
from .forms import Fields, check, known_fields
from .queries import (
    KeptDraft,
    SignInAgain,
    about_person,
    find_draft,
    newest_draft,
)
from .seen import seen_in
from .showing import Words, draft_or_copy, opened, show
from .uploading import BODY_LIMIT, MOST_PARTS, store_files
from .urgency import Urgency
from .visits import Visit, draft_id, keep_typed, known_of, oldest_kept, read_id, visit

NEW_DRAFTS = Limit("visitor:draft", 60, timedelta(hours=1))
WORDS = 300  # characters of what somebody says before they choose
LEAST = 0.2  # a kind of problem that is less likely is not named
LONGEST_PART = 1024 * 1024  # far more than a field takes, so that it is said beside the field
OPENING = ("service", "type", "subject", "description")  # what a link may fill in


@dataclass(frozen=True)
class Likely:
    """A kind of problem that somebody's words sound like."""

    type: TicketType
    percent: int


async def front(request: WebRequest) -> Response:
    return redirect("/desk" if request.state["actor"].is_staff else "/help")


async def contact(request: WebRequest) -> Response:
    desk, actor = request.state["desk"], request.state["actor"]
    offered = (await catalogue.current(desk)).catalogue
    key = request.query_params.get("service", "")
    service = offered.service(key)
    errors = {}
    if service is None and ("service" in request.query_params or "next" in request.query_params):
        errors["service"] = "Choose the service you need."
    chat = await chat_state(desk, actor.time_zone)
    types = offered.types_of(key)
    words = request.query_params.get("words", "")[:WORDS].replace("\0", " ").strip()
    return render(
        request,
        "contact/choose.html",
        422 if errors else 200,
        words=words,
        likely=await likely_types(desk, actor, offered, words) if words else None,
        alert_area=await alert_area(request),
        services=service_options(offered),
        service=service,
        types=[type for type in types if type.suits(actor.roles)],
        topics=await suggesting.topics_of(desk, types),
        advice={type.key: chat.advise(offered, type) for type in types},
        chat=chat,
        errors=errors,
    )  # fmt: skip


async def likely_types(
    desk: Desk, actor: Actor, offered: Catalogue, words: str
) -> tuple[Likely, ...]:
    """What somebody's words sound like; nothing when it may be many things."""
    found = await ranked_soon(desk, words)
    types = ((offered.type(guess.type_key), guess) for guess in found if guess.probability >= LEAST)
    return tuple(
        Likely(type, guess.percent) for type, guess in types if type and type.suits(actor.roles)
    )


async def report(request: WebRequest) -> Response:
    """A new report, or the unfinished one of this person."""
    here = visit(request)
    asked = known_fields(request.query_params.multi_items())
    fields = {name: value for name, value in asked.items() if name in OPENING}
    if "type" in fields and "service" not in fields:
        fields = await at_home(here, fields)
    kept = read_id(request.query_params.get("draft", ""))
    if kept is None and "new" not in request.query_params and "subject" not in fields:
        kept = await newest_draft(here.desk, here.actor, oldest_kept(here), fields.get("type", ""))
    if kept is not None:
        return redirect(f"/report/{kept}")
    draft = KeptDraft(uuid4(), False, None, {}, ())
    return await show(here, draft, fields)


async def resume(request: WebRequest) -> Response:
    here = visit(request)
    draft = await opened(here)
    if isinstance(draft, Response):
        return draft
    if not draft.stored and not draft.files:
        raise HTTPException(404)
    return await show(here, draft, draft.fields, restored=True)


async def submit(request: WebRequest) -> Response:
    """Every button of the form. Files that came with it are stored before anything else."""
    here = visit(request)
    form = await request.form(
        max_files=MOST_FILES, max_fields=MOST_PARTS, max_part_size=LONGEST_PART
    )
    fields = known_fields(form.multi_items())
    draft = await own_draft(here, draft_id(form), fields, form)
    if isinstance(draft, Response):
        return here.remembered(draft)
    do, _, what = str(form.get("do", "check")).partition(":")
    if do == "write":  # from a chat that could not be had: a first look at the form
        fields = await at_home(here, fields)
    if do == "send":
        return await sending.send_fields(here, draft, fields)
    draft, refused = await with_files(here, draft, fields, form)
    errors: Words = refused
    if do == "remove" and (file := read_id(what)):
        await remove_file(here.desk, draft.id, file)
        draft = await find_draft(here.desk, here.actor, here.token, draft.id)
    if do == "sign-in":
        await keep(here, draft, fields)
        onward = urlencode({"next": f"/report/{draft.id}"})
        return here.remembered(redirect(f"/sign-in?{onward}"))
    if do in suggesting.BUTTONS:
        fields = await suggesting.answered(here, draft.id, fields, do, what)
    needless = do == "solved" and bool(seen_in(fields).helped)
    if do == "contract":
        fields = {**fields, "contract": "", "milestone": ""}
    if do == "check":
        found = check(fields, await known_of(here, fields, draft), draft.id)
        errors = {**found.errors, **refused}
    if here.actor.id or draft.stored or draft.files or not here.morphs or needless:
        await keep(here, draft, fields)
    if needless:
        return here.remembered(redirect(f"/report/{draft.id}/solved"))
    if errors:
        return await show(here, draft, fields, errors)
    if do == "add":
        return await sending.add_to(here, draft, fields, what)
    if do in ("check", "later"):
        where = "/check" if do == "check" else ""
        return here.remembered(redirect(f"/report/{draft.id}{where}"))
    return await show(here, draft, fields)


async def keep(here: Visit, draft: KeptDraft, fields: Fields) -> None:
    """A visitor may begin only so many drafts that the desk must store."""
    if not here.actor.id and not draft.stored:
        await count_try(here.desk, NEW_DRAFTS, neighbourhood(client_address(here.request)))
    await keep_typed(here, draft.id, fields)


async def at_home(here: Visit, fields: Fields) -> dict[str, str]:
    """Whoever comes with a type has not seen its service."""
    type = (await catalogue.current(here.desk)).catalogue.type(fields.get("type", ""))
    return {**fields, "service": type.service if type else ""}


async def own_draft(here: Visit, id: UUID, fields: Fields, form: FormData) -> KeptDraft | Response:
    """The draft the form belongs to. Text that comes after the session ended is kept first."""
    try:
        draft = await draft_or_copy(here, id)
    except SignInAgain:
        await store_files(here, id, form)
        await keep_typed(here, id, fields)
        return redirect(f"/sign-in?{urlencode({'next': f'/report/{id}'})}")
    if draft.ticket_id is not None:
        return redirect(f"/report/{id}/sent")
    return draft


async def with_files(
    here: Visit, draft: KeptDraft, fields: Fields, form: FormData
) -> tuple[KeptDraft, Words]:
    if not any(isinstance(value, UploadFile) and value.filename for value in form.values()):
        return draft, {}
    await keep(here, draft, fields)
    refused = await store_files(here, draft.id, form)
    return await find_draft(here.desk, here.actor, here.token, draft.id), refused


async def save(request: WebRequest) -> Response:
    """While somebody types: kept on the server for people with an account, advice for all."""
    here = visit(request)
    form = await request.form(max_fields=MOST_PARTS, max_part_size=256 * 1024)
    fields = known_fields(form.multi_items())
    id = request.path_params["draft"]
    try:
        draft = await draft_or_copy(here, id)
    except SignInAgain:  # the text is kept, and shown to nobody before they sign in
        await keep_typed(here, id, fields)
        return JSONResponse({"saved": None, "why": "signed_out"}, 401)
    if draft.ticket_id is not None:
        return JSONResponse({"saved": None, "why": "sent", "go": f"/report/{id}/sent"}, 409)
    if seen_in(draft.fields).helped:  # a save that was under way meanwhile
        return JSONResponse({"saved": None, "why": "solved", "go": f"/report/{id}/solved"}, 409)
    at = None
    if here.actor.id or draft.stored or draft.files:
        at = await keep_typed(here, draft.id, fields)
    known = await known_of(here, fields, draft)
    shown = form_page(fields, known, await about_person(here.desk, here.actor), (), {})
    promised = None
    if shown.type:
        promised = await told_before(
            here.desk, shown.group_key, shown.department, shown.level,
            fields.get("time_zone") or here.actor.time_zone,
        )  # fmt: skip
    answer = {
        "saved": at.isoformat() if at else None,
        "promised": asdict(promised) if promised else None,
        "subject": shown.subject_advice,
        "hints": shown.hints,
        "complete": shown.complete,
        "ask_reason": shown.ask_reason,
        "urgency": told_of(shown.urgency),
        "language": asdict(shown.language) if shown.language else None,
        "personal": shown.personal,
    }
    return here.remembered(JSONResponse(answer))


def told_of(urgency: Urgency | None) -> dict[str, object] | None:
    """The suggested level, for the page that is open."""
    if urgency is None:
        return None
    return {
        "level": urgency.suggested.key,
        "title": urgency.suggested.title,
        "reasons": " ".join(urgency.suggestion.reasons),
        "chosen": urgency.chosen.title,
        "definition": urgency.chosen.definition,
    }


async def discard(request: WebRequest) -> Response:
    here = visit(request)
    draft = await opened(here)
    if isinstance(draft, Response):
        return draft
    await discard_draft(here.desk, draft.id)
    again = {name: draft.fields[name] for name in ("service", "type") if draft.fields.get(name)}
    return redirect(f"/report?{urlencode({**again, 'new': '1'})}")


routes = [
    page("/", front, can=Can.VISIT),
    page("/contact", contact, can=Can.VISIT),
    page("/report", report, can=Can.OPEN_TICKET),
    page("/report", submit, can=Can.OPEN_TICKET, method="POST", max_body=BODY_LIMIT),
    page("/report/send", sending.send_now, can=Can.OPEN_TICKET, method="POST"),
    page("/report/suggestions", suggesting.fragment, can=Can.OPEN_TICKET),
    page("/report/{draft:uuid}", resume, can=Can.OPEN_TICKET),
    page("/report/{draft:uuid}/save", save, can=Can.OPEN_TICKET, method="POST"),
    page("/report/{draft:uuid}/discard", discard, can=Can.OPEN_TICKET, method="POST"),
    page("/report/{draft:uuid}/check", sending.look_over, can=Can.OPEN_TICKET),
    page("/report/{draft:uuid}/send", sending.send, can=Can.OPEN_TICKET, method="POST"),
    page("/report/{draft:uuid}/sent", sending.sent, can=Can.OPEN_TICKET),
    page("/report/{draft:uuid}/solved", solved.show, can=Can.OPEN_TICKET),
    page("/report/{draft:uuid}/solved", solved.take_back, can=Can.OPEN_TICKET, method="POST"),
]
