"""Check and send: the last look, the filing, and the confirmation."""

from datetime import timedelta
from urllib.parse import parse_qsl
from uuid import uuid4

from starlette.exceptions import HTTPException
from starlette.responses import Response

from helpdesk.alerts.area import told_alerts
from helpdesk.cases.queries import NoSuchCase
from helpdesk.core.addresses import neighbourhood
from helpdesk.core.personal import notice_of
from helpdesk.evidence.commands import NotYourUpload
from helpdesk.people.sessions import sign_in
from helpdesk.people.throttle import Limit, count_try
from helpdesk.security import client_address
from helpdesk.sla.promises.shown import told_before, told_of
from helpdesk.tickets.claims import AlreadyReported
from helpdesk.tickets.filing import Filing, UploadsGone, file_ticket, file_undrafted
from helpdesk.tickets.models import from_reference
from helpdesk.tickets.states import NotAllowed
from helpdesk.web import Problem, WebRequest, redirect, render

from .adding import add_report, addition_of
from .commands import guest_of_draft, mail_guest
from .forms import Fields, Report, check, known_fields
from .hiding import found_in
from .queries import KeptDraft, NotYours, SignInAgain, find_draft, sent_ticket
from .seen import seen_in
from .showing import draft_or_copy, opened, show
from .suggesting import answered, known_issues
from .summary import summary_of
from .twins import look_at
from .uploading import MOST_PARTS
from .visits import Visit, draft_id, keep_typed, known_of, visit

GUEST_REPORTS = Limit("guest:report", 30, timedelta(hours=1))
GONE = "A file you added is no longer there. Add it again."
SAY_WHY = "Say in one sentence what is different."
NOT_THERE = "This request takes no more. Send yours as a new one."


async def look_over(request: WebRequest) -> Response:
    here = visit(request)
    draft = await opened(here)
    if isinstance(draft, Response):
        return draft
    if not draft.stored:
        raise HTTPException(404)
    return await last_look(here, draft, draft.fields)


async def last_look(
    here: Visit,
    draft: KeptDraft,
    fields: Fields,
    status: int = 200,
    errors: dict[str, str] | None = None,
) -> Response:
    """Everything once more; and requests that it may repeat."""
    known = await known_of(here, fields, draft)
    found = check(fields, known, draft.id)
    if found.filing is None or found.type is None:
        return await show(here, draft, fields, found.errors)
    issues = await known_issues(here.request, found.type, fields)
    look = await look_at(here.desk, here.actor, found.type, found.filing)
    summary = summary_of(fields, known, found)
    promised = await told_before(
        here.desk, summary.group_key, summary.department, summary.level,
        fields.get("time_zone") or here.actor.time_zone,
    )  # fmt: skip
    response = render(
        here.request,
        "contact/check.html",
        status,
        draft=draft,
        summary=summary,
        promised=promised,
        found=found,
        issues=issues,
        told=told_alerts(here.request) | frozenset(seen_in(fields).followed),
        twins=look.twins,
        several=look.several and not issues,
        errors=errors or {},
        despite=fields.get("despite", ""),
        personal=notice_of(found_in(fields)),
    )
    return here.remembered(response)


async def send(request: WebRequest) -> Response:
    """From the check page: what was saved is sent, or added to a request there is."""
    here = visit(request)
    draft = await opened(here)
    if isinstance(draft, Response):
        return draft
    if not draft.stored:
        raise HTTPException(404)
    form = await request.form(max_files=0, max_fields=MOST_PARTS)
    do, _, what = str(form.get("do", "")).partition(":")
    if do == "add":
        return await add_to(here, draft, draft.fields, what)
    if do == "affects":  # told when it is fixed, instead of filing
        fields = await answered(here, draft.id, draft.fields, do, what)
        await keep_typed(here, draft.id, fields)
        return here.remembered(redirect(f"/report/{draft.id}/check"))
    fields = {**draft.fields, "despite": str(form.get("despite", ""))}
    return await send_fields(here, draft, fields, asks_why=do == "despite")


async def add_to(here: Visit, draft: KeptDraft, fields: Fields, what: str) -> Response:
    """“Add this to HD-10020”: what was typed becomes a message and evidence there."""
    addition = addition_of(fields, await known_of(here, fields, draft))
    if addition.errors:
        return await show(here, draft, fields, addition.errors)
    if not draft.stored:
        await keep_typed(here, draft.id, fields)
    try:
        async with here.desk.transaction(here.actor) as tx:
            await add_report(tx, from_reference(what) or 0, addition, draft.id, draft.id)
    except (NoSuchCase, NotAllowed):
        again = await find_draft(here.desk, here.actor, here.token, draft.id)
        return await last_look(here, again, fields, 409, {"": NOT_THERE})
    except NotYourUpload:
        again = await find_draft(here.desk, here.actor, here.token, draft.id)
        return await show(here, again, fields, {"files": GONE})
    return here.remembered(redirect(f"/report/{draft.id}/sent"))


async def send_now(request: WebRequest) -> Response:
    """The whole report in one step, without a saved draft."""
    here = visit(request)
    if request.headers.get("content-type", "").startswith("multipart/"):
        form = await request.form(max_files=0, max_fields=MOST_PARTS)
        pairs = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    else:
        text = (await request.body()).decode("utf-8", "replace")
        try:
            pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_PARTS)
        except ValueError:
            raise Problem(422, "Too many fields") from None
    fields = known_fields(pairs)
    id = draft_id(dict(pairs))
    draft = KeptDraft(id, False, None, {}, ())
    if any(name == "draft" for name, _ in pairs):
        if here.actor.id and await filed_at_once(here, draft, fields):
            return here.remembered(redirect(f"/report/{id}/sent"))
        try:
            draft = await find_draft(here.desk, here.actor, here.token, id)
        except (NotYours, SignInAgain):
            draft = KeptDraft(uuid4(), False, None, {}, ())
    if draft.ticket_id is not None:
        return redirect(f"/report/{draft.id}/sent")
    return await send_fields(here, draft, fields)


async def filed_at_once(here: Visit, draft: KeptDraft, fields: Fields) -> bool:
    """Most reports are complete, without files and never saved: then there is no draft to find."""
    found = check(fields, await known_of(here, fields, draft), draft.id, draft.id)
    if found.filing is None:
        return False
    return await file_undrafted(here.desk, here.actor, found.filing) is not None


async def send_fields(
    here: Visit, draft: KeptDraft, fields: Fields, asks_why: bool = False
) -> Response:
    found = check(fields, await known_of(here, fields, draft), draft.id, draft.id)
    if found.filing is None:
        # Perhaps the same report is just being sent from somewhere else.
        again = await find_draft(here.desk, here.actor, here.token, draft.id)
        if again.ticket_id is None:
            return await show(here, draft, fields, found.errors)
        return redirect(f"/report/{draft.id}/sent")
    response = redirect(f"/report/{draft.id}/sent")
    try:
        if here.actor.id:
            await file_ticket(here.desk, here.actor, found.filing)
        else:
            await file_as_guest(here, draft, fields, found, found.filing, response)
    except UploadsGone:
        again = await find_draft(here.desk, here.actor, here.token, draft.id)
        return await show(here, again, fields, {"files": GONE})
    except AlreadyReported:
        await keep_typed(here, draft.id, fields)
        if asks_why:
            return await last_look(here, draft, fields, 422, {"despite": SAY_WHY})
        return await last_look(here, draft, fields, 409)
    return here.remembered(response)


async def file_as_guest(
    here: Visit,
    draft: KeptDraft,
    fields: Fields,
    found: Report,
    filing: Filing,
    response: Response,
) -> None:
    """A visitor becomes a guest, who may follow this request from here and by a mailed link."""
    desk = here.desk
    await count_try(desk, GUEST_REPORTS, neighbourhood(client_address(here.request)))
    if not draft.stored:
        await keep_typed(here, draft.id, fields)
    guest, token = await guest_of_draft(
        desk, draft.id, found.guest_name, found.guest_email, found.time_zone
    )
    filed = await file_ticket(desk, guest, filing)
    if token:
        await mail_guest(desk, guest, filed, filing.subject, token)
    await sign_in(here.request, response, guest.id)


async def sent(request: WebRequest) -> Response:
    here = visit(request)
    id = request.path_params["draft"]
    try:
        draft = await draft_or_copy(here, id)
    except SignInAgain:
        raise HTTPException(404) from None
    if draft.ticket_id is None:
        if not draft.stored:
            raise HTTPException(404)
        return redirect(f"/report/{id}")
    ticket = await sent_ticket(here.desk, draft.ticket_id)
    added = ticket.once != draft.id
    promised = await told_of(here.desk, draft.ticket_id, ticket.time_zone)
    return render(
        request, "contact/sent.html", ticket=ticket, draft_id=id, added=added, promised=promised
    )
