"""What would come of a report, for programs: nothing is stored."""

from uuid import uuid4

from starlette.responses import JSONResponse, Response

from helpdesk.people.throttle import count_try
from helpdesk.permissions import Can
from helpdesk.sla.promises.shown import expected_shown
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
    offered = known.catalogue
    group = offered.group(found.filing.group_key if found.filing else "") or (
        offered.group(found.type.group) if found.type else None
    )
    level = found.severity.level if found.severity else found.type.severity if found.type else 0
    first_answer = None
    if group:
        first_answer = await expected_shown(desk, group.key, group.name, level, actor.time_zone)
    return JSONResponse(
        {
            "first_answer": first_answer,
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
