"""What triage is worth, for managers: per kind, over the weeks, and with each training."""

from starlette.responses import Response

from helpdesk.permissions import Can
from helpdesk.web import WebRequest, page, render

from .queries import ABOUT, KINDS, WEEKS, tallies, trainings
from .reliability import by_week, worth


async def show(request: WebRequest) -> Response:
    desk = request.state["desk"]
    found = await tallies(desk)
    return render(
        request,
        "triage/learning/show.html",
        kinds=[
            (kind, title, ABOUT[kind], worth(found[kind]), by_week(found[kind]))
            for kind, title in KINDS.items()
        ],
        trainings=await trainings(desk),
        weeks=WEEKS,
    )


routes = [page("/desk/triage", show, Can.MANAGE_TRIAGE)]
