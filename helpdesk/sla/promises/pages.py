"""How honest the promises were, for everybody; the same page for managers names the figures."""

from itertools import groupby

from starlette.responses import Response

from helpdesk.permissions import Can, allowed
from helpdesk.web import WebRequest, page, render

from .honesty import FEWEST_SHOWN, months


async def show(request: WebRequest) -> Response:
    found = await months(request.state["desk"])
    return render(
        request,
        "sla/answer_times.html",
        months=[(month, list(rows)) for month, rows in groupby(found, lambda one: one.month)],
        fewest=FEWEST_SHOWN,
        in_full=allowed(request.state["actor"], Can.READ_REPORTS),
    )


routes = [page("/answer-times", show, Can.VISIT)]
