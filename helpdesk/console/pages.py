"""The desk's pages: lists of tickets, search, the numbers on the rail."""

from starlette.responses import JSONResponse, Response

from helpdesk.permissions import Can, allowed
from helpdesk.web import WebRequest, page, render
from triage.incidents.queries import proposals_waiting

from . import actions, articles, chats, drafts, pairs, queries, ticket
from .ticket import chosen_view
from .views import read_cursor
from .written import list_rows, view_menu


async def index(request: WebRequest) -> Response:
    desk, actor = request.state["desk"], request.state["actor"]
    view = chosen_view(request)
    given = request.query_params.get("after", "")
    after = read_cursor(given)
    return render(
        request,
        "console/index.html",
        view=view,
        tickets=await queries.list_tickets(desk, actor, view, after),
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
        list_rows=list_rows,
    )


async def counts(request: WebRequest) -> Response:
    """For the rail: what waits in the agent's departments, and nobody has taken."""
    desk, actor = request.state["desk"], request.state["actor"]
    found = await queries.counts(desk, actor)
    waiting = await desk.pool.fetchval(queries.WAITING_CHATS, list(actor.groups))
    told = {"tickets": found["unassigned"], "chats": waiting}
    if allowed(actor, Can.MANAGE_TRIAGE):
        told["incidents"] = await proposals_waiting(desk, desk.clock.now())
    return JSONResponse(told)


WORK = Can.WORK_TICKETS
routes = [
    page("/desk", index, can=WORK),
    page("/desk/counts", counts, can=WORK),
    page("/desk/search", search, can=WORK),
    page("/desk/tickets/{ref}", ticket.show, can=WORK),
    *actions.routes,
    *drafts.routes,
    *pairs.routes,
    *articles.routes,
    *chats.routes,
]
