"""Check and send: the last look, the filing, and the confirmation."""

from urllib.parse import parse_qsl
from uuid import uuid4

from starlette.exceptions import HTTPException
from starlette.responses import Response

from helpdesk.tickets.filing import Filing, UploadsGone, file_ticket
from helpdesk.web import Problem, WebRequest, redirect, render

from .commands import save_draft, send_as_guest
from .forms import Fields, Report, check, known_fields
from .queries import KeptDraft, NotYours, SignInAgain, find_draft, sent_ticket
from .showing import opened, show
from .summary import summary_of
from .uploading import MOST_PARTS
from .visits import Visit, draft_id, known_of, visit

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
    return render(request, "contact/check.html", draft=draft, summary=shown, found=found)


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
        try:
            draft = await find_draft(here.desk, here.actor, here.token, id)
        except (NotYours, SignInAgain):
            draft = KeptDraft(uuid4(), False, None, {}, ())
    if draft.ticket_id is not None:
        return redirect(f"/report/{draft.id}/sent")
    return await send_fields(here, draft, fields)


async def send_fields(here: Visit, draft: KeptDraft, fields: Fields) -> Response:
    found = check(fields, await known_of(here, fields, draft), draft.id, draft.id)
    if found.filing is None:
        # Perhaps the same report is just being sent from somewhere else.
        again = await find_draft(here.desk, here.actor, here.token, draft.id)
        if again.ticket_id is None:
            return await show(here, draft, fields, found.errors)
        return redirect(f"/report/{draft.id}/sent")
    try:
        await file(here, draft, fields, found, found.filing)
    except UploadsGone:
        again = await find_draft(here.desk, here.actor, here.token, draft.id)
        return await show(here, again, fields, {"files": GONE})
    return here.remembered(redirect(f"/report/{draft.id}/sent"))


async def file(
    here: Visit, draft: KeptDraft, fields: Fields, found: Report, filing: Filing
) -> None:
    if here.actor.id:
        await file_ticket(here.desk, here.actor, filing)
        return
    if not draft.stored:
        await save_draft(here.desk, here.actor, here.token, draft.id, fields)
    guest = await send_as_guest(
        here.desk, draft.id, found.guest_name, found.guest_email, found.time_zone
    )
    await file_ticket(here.desk, guest, filing)


async def sent(request: WebRequest) -> Response:
    here = visit(request)
    id = request.path_params["draft"]
    try:
        draft = await find_draft(here.desk, here.actor, here.token, id)
    except (NotYours, SignInAgain):
        raise HTTPException(404) from None
    if draft.ticket_id is None:
        return redirect(f"/report/{id}")
    ticket = await sent_ticket(here.desk, draft.ticket_id)
    return render(request, "contact/sent.html", ticket=ticket)
