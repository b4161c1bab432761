"""What would come of a report, for programs: nothing is stored."""

from uuid import uuid4

from starlette.responses import JSONResponse, Response

from helpdesk.people.throttle import count_try
from helpdesk.permissions import Can
from helpdesk.web import WebRequest, api

from .api import account, json_body, known_of_program, read_body, wanted_files
from .forms import check
from .help_api import alert_shown, article_shown
from .schemas import TicketIn, as_fields
from .suggesting import ASKED, place_of, suggestions
from .twins import duplicates_shown


async def preview_ticket(request: WebRequest) -> Response:
    """The same look as the form's, at the same price: it counts as suggestions do."""
    actor = account(request)
    desk = request.state["desk"]
    await count_try(desk, ASKED, place_of(request))
    wanted = read_body(TicketIn, await json_body(request))
    fields = as_fields(wanted)
    files, faults = await wanted_files(request, actor, wanted)
    known = await known_of_program(request, actor, fields, files)
    found = check(fields, known, uuid4())
    suggested = await suggestions(request, found.type, fields)
    return JSONResponse(
        {
            "duplicates": duplicates_shown(desk, suggested.twins),
            "alerts": [alert_shown(request, alert) for alert in suggested.alerts],
            "several_report_it": suggested.several,
            "articles": [article_shown(request, hit) for hit in suggested.hits],
            "missing": {**found.errors, **faults},
        }
    )


routes = [
    api("/api/v1/tickets/preview", preview_ticket, can=Can.OPEN_TICKET, method="POST"),
]
