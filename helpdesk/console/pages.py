"""The desk's pages: lists of tickets, search, the numbers on the rail."""

from datetime import datetime

from starlette.responses import JSONResponse, Response

from helpdesk.escalations.queries import breached
from helpdesk.permissions import Can, allowed
from helpdesk.sla.shown import dues_of
from helpdesk.web import WebRequest, api, page, render
from triage.incidents.queries import proposals_waiting

from . import (
    actions,
    articles,
    chats,
    deadlines,
    drafts,
    escalating,
    pairs,
    palette,
    queries,
    settings,
    talking,
    ticket,
)
from .escalated import dues_in
from .mentions import colleagues
from .news import offers_to, own_chats, rings
from .replies import pages as replies
from .ticket import chosen_view
from .views import read_cursor
from .written import list_rows, view_menu


async def index(request: WebRequest) -> Response:
    desk, actor = request.state["desk"], request.state["actor"]
    view = chosen_view(request)
    given = request.query_params.get("after", "")
    after = read_cursor(given)
    tickets = await queries.list_tickets(desk, actor, view, after)
    return render(
        request,
        "console/index.html",
        view=view,
        tickets=tickets,
        dues=await dues_in(desk, view, tickets.rows),
        after=given if after else "",
        view_menu=view_menu(view, tuple((await queries.counts(desk, actor)).items())),
        list_rows=list_rows,
    )


async def search(request: WebRequest) -> Response:
    desk, actor = request.state["desk"], request.state["actor"]
    asked = request.query_params.get("q", "")[:200].replace("\x00", "").strip()
    found = await queries.search_tickets(desk, actor, asked) if asked else ()
    return render(
        request,
        "console/search.html",
        q=asked,
        found=found,
        dues=await dues_of(desk, found, desk.clock.now()),
        list_rows=list_rows,
    )


async def counts(request: WebRequest) -> Response:
    """For the rail: what waits in the agent's departments, and nobody has taken."""
    desk, actor = request.state["desk"], request.state["actor"]
    found = await queries.counts(desk, actor)
    waiting = await desk.pool.fetchval(queries.WAITING_CHATS, list(actor.groups))
    told = {"tickets": found["unassigned"], "chats": waiting}
    if allowed(actor, Can.DECIDE_ESCALATIONS):
        told["escalations"] = await breached(desk, desk.clock.now())
    now = desk.clock.now()
    if allowed(actor, Can.MANAGE_TRIAGE):
        told["incidents"] = await proposals_waiting(desk, now)
    news = {
        "own": await own_chats(desk, actor),
        "offers": await offers_to(desk, actor),
        "rings": await rings(desk, actor, asked_since(request, now)),
        "now": now.isoformat(),
    }
    return JSONResponse(told | news)


async def names(request: WebRequest) -> Response:
    """Whom a note may name."""
    people = await colleagues(request.state["desk"])
    return JSONResponse({"names": [row["name"] for row in people]})


def asked_since(request: WebRequest, now: datetime) -> datetime:
    """The time of the answer before; without one, nothing rings yet."""
    try:
        since = datetime.fromisoformat(request.query_params.get("since", ""))
    except ValueError:
        return now
    return since if since.tzinfo else now


WORK = Can.WORK_TICKETS
routes = [
    page("/desk", index, can=WORK),
    page("/desk/counts", counts, can=WORK),
    api("/desk/names", names, WORK),
    page("/desk/search", search, can=WORK),
    page("/desk/tickets/{ref}", ticket.show, can=WORK),
    *actions.routes,
    *escalating.routes,
    *drafts.routes,
    *pairs.routes,
    *articles.routes,
    *chats.routes,
    *talking.routes,
    *deadlines.routes,
    *settings.routes,
    *palette.routes,
    *replies.routes,
]
