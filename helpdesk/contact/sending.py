"""Check and send: the last look, the filing, and the confirmation."""

from datetime import timedelta
from urllib.parse import parse_qsl
from uuid import uuid4

from starlette.exceptions import HTTPException
from starlette.responses import Response

from helpdesk.core.addresses import neighbourhood
from helpdesk.people.sessions import sign_in
from helpdesk.people.throttle import Limit, count_try
from helpdesk.security import client_address
from helpdesk.tickets.filing import Filing, UploadsGone, file_ticket, file_undrafted
from helpdesk.web import Problem, WebRequest, redirect, render

from .commands import guest_of_draft, mail_guest
from .forms import Fields, Report, check, known_fields
from .queries import KeptDraft, NotYours, SignInAgain, find_draft, sent_ticket
from .showing import draft_or_copy, opened, show
from .suggesting import known_issues
from .summary import summary_of
from .uploading import MOST_PARTS
from .visits import Visit, draft_id, keep_typed, known_of, visit

GUEST_REPORTS = Limit("guest:report", 30, timedelta(hours=1))
GONE = "A file you added is no longer there. Add it again."


async def look_over(request: WebRequest) -> Response:
    here = visit(request)
    draft = await opened(here)
    if isinstance(draft, Response):
        return draft
    if not draft.stored:
        raise HTTPException(404)
    known = await known_of(here, draft.fields, draft)
    found = check(draft.fields, known, draft.id)
    if found.filing is None or found.type is None:
        return await show(here, draft, draft.fields, found.errors)
    shown = summary_of(draft.fields, known, found)
    issues = await known_issues(request, found.type, draft.fields)
    return render(
        request, "contact/check.html", draft=draft, summary=shown, found=found, issues=issues
    )


async def send(request: WebRequest) -> Response:
    """From the check page: what was saved is sent."""
    here = visit(request)
    draft = await opened(here)
    if isinstance(draft, Response):
        return draft
    if not draft.stored:
        raise HTTPException(404)
    return await send_fields(here, draft, draft.fields)


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


async def send_fields(here: Visit, draft: KeptDraft, fields: Fields) -> Response:
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
    return render(request, "contact/sent.html", ticket=ticket, draft_id=id)
