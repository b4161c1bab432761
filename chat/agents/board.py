"""The live board of managers: lines, agents, alarms."""

from datetime import timedelta
from typing import Any

from starlette.responses import JSONResponse, Response

from helpdesk.core.formats import iso
from helpdesk.permissions import Can
from helpdesk.web import WebRequest, api, page, render

from .alarms import alarms_since, open_alarms
from .lines import LineNow, lines_now
from .loads import AgentNow
from .presence import REASONS, State

STATES = {  # words, tone of the chip, icon
    State.AVAILABLE: ("Available", "ok", "check-circle"),
    State.NO_NEW: ("No new chats", "warn", "clock"),
    State.AWAY: ("Away", "", "circle-dashed"),
    State.GONE: ("Connection lost", "danger", "signal-off"),
}
ORDER = list(STATES)
LATELY = timedelta(hours=12)


def total(lines: list[LineNow], agents: list[AgentNow]) -> dict[str, Any]:
    """Over all departments: an agent of several counts once."""
    return {
        "waiting": sum(line.waiting for line in lines),
        "since": min((line.since for line in lines if line.since), default=None),
        "served": sum(line.served for line in lines),
        "free": sum(agent.free for agent in agents),
        "agents": sum(agent.state == State.AVAILABLE for agent in agents),
        "abandoned": sum(line.abandoned for line in lines),
    }


async def board(request: WebRequest) -> Response:
    desk = request.state["desk"]
    now = desk.clock.now()
    lines, agents = await lines_now(desk)
    return render(
        request,
        "chat/board.html",
        lines=lines,
        agents=sorted(agents, key=lambda one: (ORDER.index(one.state), -one.load, one.name)),
        total=total(list(lines), list(agents)),
        alarms=await open_alarms(desk),
        lately=await alarms_since(desk, now - LATELY),
        states=STATES,
        reasons=REASONS,
        departments={line.id: line.key for line in lines},
    )


async def numbers(request: WebRequest) -> Response:
    """The same for screens on a wall, and programs."""
    desk = request.state["desk"]
    now = desk.clock.now()
    lines, agents = await lines_now(desk)
    shown = [
        {
            "department": line.key,
            "waiting": line.waiting,
            "longest_wait_s": line.longest(now),
            "served": line.served,
            "free": line.free,
            "agents": line.agents,
            "abandoned_today": line.abandoned,
            "open": line.open,
        }
        for line in lines
    ]
    people = [
        {
            "id": agent.id,
            "name": agent.name,
            "state": agent.state.value,
            "reason": agent.reason,
            "since": iso(agent.since) if agent.since else None,
            "chats": agent.chats,
            "load": agent.load,
            "capacity": agent.capacity,
        }
        for agent in agents
    ]
    alarms = [
        {"department": one.group, "kind": one.kind.value, "words": one.words}
        for one in await open_alarms(desk)
    ]
    return JSONResponse({"at": iso(now), "lines": shown, "agents": people, "alarms": alarms})


routes = [
    page("/desk/chats/board", board, Can.SUPERVISE_CHATS),
    api("/desk/chats/board.json", numbers, Can.SUPERVISE_CHATS),
]
