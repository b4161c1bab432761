"""For programs, and for pages that ask again: whether a chat can be started now."""

from collections.abc import Sequence
from typing import Any

from starlette.responses import JSONResponse, Response

from helpdesk.catalogue import queries as catalogue
from helpdesk.permissions import Can
from helpdesk.web import Problem, WebRequest, api

from .availability import Offer, Reason, offers

HOPEFUL = (Reason.FULL, Reason.ALL_AWAY, Reason.OUTSIDE_HOURS, Reason.HOLIDAY)


async def availability(request: WebRequest) -> Response:
    """Of one department (`department`, or `type` of problem), or of the whole desk."""
    desk = request.state["desk"]
    asked = request.query_params
    found = await offers(desk)
    key = asked.get("department", "")
    if named := asked.get("type", ""):
        type = (await catalogue.current(desk)).catalogue.type(named)
        if type is None:
            raise Problem(404, "Not found", "There is no such type.")
        key = type.group
    if key and key not in found:
        raise Problem(404, "Not found", "There is no such department.")
    return JSONResponse(together([found[key]] if key else list(found.values())))


def together(offered: Sequence[Offer]) -> dict[str, Any]:
    """The best of them: the shortest wait; else the most hopeful reason and the first opening."""
    shown = [offer.shown() for offer in offered]
    there = [one for one in shown if one["available"]]
    waits = [one["wait"] for one in there if one["wait"]]
    reasons = [reason for reason in HOPEFUL if any(offer.reason is reason for offer in offered)]
    openings = [one["next_open"] for one in shown if one["next_open"]]
    return {
        "available": bool(there),
        "reason": None if there else (reasons or HOPEFUL[1:])[0].value,
        "next_open": None if there else min(openings, default=None),
        "wait": min(waits, key=lambda wait: wait["high_s"], default=None),
        "departments": shown,
    }


routes = [api("/api/v1/chat/availability", availability, can=Can.VISIT)]
