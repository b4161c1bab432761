"""/desk/escalations: what is served, and the two pages that need nothing of their own."""

from starlette.responses import JSONResponse, Response

from helpdesk.escalations import commands
from helpdesk.permissions import Can
from helpdesk.tickets.models import reference
from helpdesk.web import WebRequest, page, redirect, render, transaction

from . import acts, many, rulepages, together
from .board import BOARD, chosen_view, found, queue_page
from .peek import similar_decisions
from .queue import list_queue


async def index(request: WebRequest) -> Response:
    return await queue_page(request)


async def show(request: WebRequest) -> Response:
    return await queue_page(request, await found(request))


async def current(request: WebRequest) -> Response:
    """What is listed now, for a page that shows it already."""
    desk, actor = request.state["desk"], request.state["actor"]
    listed = await list_queue(desk, actor, chosen_view(request))
    rows = [(row.id, row.stamp, row.group.key, row.used) for row in listed.rows]
    return JSONResponse({"rows": rows})


async def take_next(request: WebRequest) -> Response:
    async with transaction(request) as tx:
        taken = await commands.take_next(tx)
    if taken is None:
        return redirect(f"{BOARD}?none=1")
    return redirect(f"{BOARD}/{taken.id}?view=mine&taken=1")


async def similar(request: WebRequest) -> Response:
    desk, actor, row = request.state["desk"], request.state["actor"], await found(request)
    return render(
        request, "managing/similar.html", row=row,
        decisions=await similar_decisions(desk, actor, row), ref=reference(row.ticket_id),
    )  # fmt: skip


ONE, MANAGE = f"{BOARD}/{{id:int}}", Can.DECIDE_ESCALATIONS
routes = [
    page(BOARD, index, MANAGE),
    page(f"{BOARD}/counts", current, MANAGE),
    page(f"{BOARD}/next", take_next, MANAGE, "POST"),
    page(ONE, show, MANAGE),
    page(f"{ONE}/similar", similar, MANAGE),
    page(f"{ONE}/take", acts.take, MANAGE, "POST"),
    page(f"{ONE}/give", acts.give, MANAGE, "POST"),
    page(f"{ONE}/put-back", acts.put_back, MANAGE, "POST"),
    page(f"{ONE}/level", acts.move_up, MANAGE, "POST"),
    page(f"{ONE}/extend", acts.extend, MANAGE, "POST"),
    page(f"{ONE}/decide", acts.decide, MANAGE, "POST"),
    page(f"{ONE}/return", acts.return_it, MANAGE, "POST"),
    page(f"{BOARD}/preview", together.preview, MANAGE, "POST"),
    page(f"{BOARD}/assign", together.assign, MANAGE, "POST"),
    page(f"{BOARD}/raise", together.raise_level, MANAGE, "POST"),
    page(f"{BOARD}/preview-note", many.preview_note, MANAGE, "POST"),
    page(f"{BOARD}/preview-dates", many.preview_dates, MANAGE, "POST"),
    page(f"{BOARD}/note", many.note, MANAGE, "POST"),
    page(f"{BOARD}/dates", many.extend, MANAGE, "POST"),
    page(f"{BOARD}/undo", together.undo, MANAGE, "POST"),
    page(f"{BOARD}/rules", rulepages.show, MANAGE),
    page(f"{BOARD}/rules", rulepages.save, MANAGE, "POST"),
]
