"""“This is not resolved”: the form on the page of one's own request."""

from starlette.responses import JSONResponse, Response

from helpdesk.core.text import BadText, clean_text, is_blank
from helpdesk.permissions import Can
from helpdesk.tickets import listing
from helpdesk.tickets.models import reference
from helpdesk.tickets.pages import MESSAGE_LIMIT, REQUEST, answer, once, ticket_id, wants_json
from helpdesk.tickets.states import NotAllowed
from helpdesk.web import WebRequest, page, redirect, transaction

from .raising import contest

MISSING = "Say what is wrong. Whoever decides reads it."


async def escalate(request: WebRequest) -> Response:
    id = ticket_id(request)
    await listing.my_request(request.state["desk"], request.state["actor"], id)
    form = await request.form(max_files=0, max_fields=10)
    typed = {name: value for name, value in form.items() if isinstance(value, str)}
    try:
        reason = clean_text(typed.get("reason", ""), MESSAGE_LIMIT)
    except BadText as fault:
        return await answer(request, id, 422, {"reason": str(fault)}, typed)
    if is_blank(reason):
        return await answer(request, id, 422, {"reason": MISSING}, typed)
    try:
        async with transaction(request) as tx:
            await contest(tx, id, reason, once(typed))
    except NotAllowed as refused:
        return await answer(request, id, 409, {"reason": str(refused)}, typed)
    if wants_json(request):
        return JSONResponse({"ok": True})
    return redirect(f"/requests/{reference(id)}#escalation")


routes = [page(f"{REQUEST}/escalate", escalate, Can.FOLLOW_REQUESTS, "POST")]
