"""“Did this solve it?”, asked on the request page and behind the link of a mail.

Opening the link changes nothing: mail programs open links by themselves. The form on its page does.
"""

from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse, Response

from helpdesk.cases.queries import NoSuchCase
from helpdesk.core.text import BadText, clean_text
from helpdesk.identity import actor_of_person
from helpdesk.people.throttle import count_link
from helpdesk.permissions import Can
from helpdesk.security import client_address
from helpdesk.web import WebRequest, page, redirect, render, transaction

from . import listing
from .commands import NotAllowed, may_reopen
from .models import reference
from .pages import REQUEST, answer, ticket_id, wants_json
from .rating import COMMENT_LIMIT, POOR, SCALE, linked_ticket, rate, rate_by_link
from .states import UNSOLVED


def read(typed: Mapping[str, Any]) -> tuple[int, str, dict[str, str]]:
    """Score, words, and what is wrong with them."""
    errors: dict[str, str] = {}
    chosen = str(typed.get("score", ""))
    score = int(chosen) if chosen in map(str, SCALE) else 0
    if not score:
        errors["score"] = "Choose how far it is solved."
    comment = ""
    try:
        comment = clean_text(str(typed.get("comment", "")), COMMENT_LIMIT).strip()
    except BadText as fault:
        errors["comment"] = str(fault)
    return score, comment, errors


async def rate_here(request: WebRequest) -> Response:
    id = ticket_id(request)
    await listing.my_request(request.state["desk"], request.state["actor"], id)
    typed = {name: value for name, value in (await request.form()).items() if type(value) is str}
    score, comment, errors = read(typed)
    if errors:
        return await answer(request, id, 422, errors, typed)
    try:
        async with transaction(request) as tx:
            await rate(tx, id, score, comment)
    except NotAllowed as reason:
        return await answer(request, id, 409, {"": str(reason)}, typed)
    if wants_json(request):
        return JSONResponse({"ok": True})
    return redirect(f"{REQUEST.format(ref=reference(id))}#rating")


async def show_linked(request: WebRequest) -> Response:
    desk = request.state["desk"]
    await count_link(desk, client_address(request))
    linked = await linked_ticket(desk, request.path_params["token"])
    if linked is None or linked["status"] in UNSOLVED:
        return link_gone(request)
    typed = {"score": request.query_params.get("score", "")}
    return linked_page(request, linked, 200, {}, typed)


def linked_page(
    request: WebRequest, linked: Any, status: int, errors: dict[str, str], typed: dict[str, str]
) -> Response:
    return render(
        request,
        "tickets/rate.html",
        status,
        ref=reference(linked["ticket_id"]),
        ticket=linked,
        scale=SCALE,
        errors=errors,
        typed=typed,
    )


def link_gone(request: WebRequest) -> Response:
    """The same for a link that was used, is over, was replaced or never existed."""
    return render(request, "tickets/rate_gone.html", 404)


async def rate_linked(request: WebRequest) -> Response:
    desk, token = request.state["desk"], request.path_params["token"]
    await count_link(desk, client_address(request))
    linked = await linked_ticket(desk, token)
    if linked is None:
        return link_gone(request)
    typed = {name: value for name, value in (await request.form()).items() if type(value) is str}
    score, comment, errors = read(typed)
    if errors:
        return linked_page(request, linked, 422, errors, typed)
    requester = await actor_of_person(desk, linked["requester_id"])
    try:
        async with desk.transaction(requester) as tx:
            ticket = await rate_by_link(tx, token, score, comment)
    except (NotAllowed, NoSuchCase):
        return link_gone(request)
    if ticket is None:
        return link_gone(request)
    return render(
        request,
        "tickets/rated.html",
        ref=reference(ticket.id),
        said=SCALE[score],
        poor=score <= POOR and may_reopen(ticket.status, ticket.solved_at, desk.clock.now()),
    )


routes = [
    page(f"{REQUEST}/rating", rate_here, Can.FOLLOW_REQUESTS, "POST"),
    page("/rate/{token}", show_linked, Can.VISIT),
    page("/rate/{token}", rate_linked, Can.VISIT, "POST"),
]
