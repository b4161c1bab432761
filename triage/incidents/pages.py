"""Incidents for managers: what was noticed, and what is being worked as one."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

from starlette.exceptions import HTTPException
from starlette.responses import Response

from helpdesk.alerts.commands import Details, NotPossible
from helpdesk.alerts.forms import BODY, OPEN_STAGES, SOON, TITLE, Typed, typed_of
from helpdesk.alerts.models import Level
from helpdesk.alerts.queries import updates_of
from helpdesk.alerts.words import LEVELS, STAGES
from helpdesk.catalogue import queries as catalogue
from helpdesk.desk import Transaction
from helpdesk.permissions import Can
from helpdesk.tickets.states import NotAllowed
from helpdesk.web import WebRequest, page, redirect, render, transaction

from . import commands
from .queries import MOST_OPEN, MOST_PAST, Shown, find_incident, listed
from .watch import State

BOARD = "/desk/incidents"
WORKED_ON = "Several people report this. We are looking into it and say more here."
SAY = "Say in plain words what people notice, and what you are doing."
TITLED = "Name it in one line. Everybody reads it."
TOLD = (Level.OUTAGE, Level.DEGRADED)
SOLVED = "This is solved."


async def index(request: WebRequest) -> Response:
    desk = request.state["desk"]
    past = [
        *await listed(desk, State.RESOLVED, MOST_PAST),
        *await listed(desk, State.DISMISSED, MOST_PAST),
    ]
    return render(
        request,
        "triage/incidents/index.html",
        proposed=await listed(desk, State.PROPOSED, MOST_OPEN),
        confirmed=await listed(desk, State.CONFIRMED, MOST_OPEN),
        past=sorted(past, key=lambda one: -one.id)[:MOST_PAST],
        areas=await areas_of(request),
    )


async def areas_of(request: WebRequest) -> dict[str, str]:
    offered = (await catalogue.current(request.state["desk"])).catalogue
    return {service.key: service.title for service in offered.services}


async def found(request: WebRequest) -> Shown:
    incident = await find_incident(request.state["desk"], request.path_params["id"])
    if incident is None:
        raise HTTPException(404)
    return incident


async def show(request: WebRequest) -> Response:
    return await incident_page(request, await found(request))


async def incident_page(
    request: WebRequest,
    incident: Shown,
    status: int = 200,
    errors: dict[str, str] | None = None,
    typed: dict[str, Any] | None = None,
) -> Response:
    desk = request.state["desk"]
    areas = await areas_of(request)
    alert_id = incident.row["alert_id"]
    begun = {
        "title": suggested_title(incident, areas),
        "level": Level.DEGRADED.value,
        "body": WORKED_ON if incident.state == State.PROPOSED else "",
        "next": "30",
        "once": str(uuid4()),
    }
    return render(
        request,
        "triage/incidents/show.html",
        status,
        incident=incident,
        areas=areas,
        updates=await updates_of(desk, alert_id) if alert_id else [],
        levels=[(level.value, LEVELS[level]) for level in TOLD],
        stages=[(stage.value, STAGES[stage]) for stage in OPEN_STAGES],
        typed={**begun, **(typed or {})},
        errors=errors or {},
        STAGES=STAGES,
        SOON=SOON,
    )


def suggested_title(incident: Shown, areas: dict[str, str]) -> str:
    """Only of words that several people use."""
    about = areas.get(incident.row["area"], "")
    words = ", ".join(incident.row["words"][:4])
    return f"{about or 'Reports'}: {words}"[:TITLE] if words else f"Problems: {about}"[:TITLE]


async def read(request: WebRequest) -> Typed:
    form = await request.form(max_files=0, max_fields=50)
    desk = request.state["desk"]
    return typed_of(form, request.state["actor"].time_zone, desk.clock.now())


Act = Callable[[Transaction, int], Awaitable[Any]]


async def act(request: WebRequest, incident: Shown, typed: Typed, command: Act) -> Response:
    """Run a form's command. What was typed survives every refusal."""
    if typed.errors:
        return await incident_page(request, incident, 422, typed.errors, typed.shown)
    try:
        async with transaction(request) as tx:
            await command(tx, incident.id)
    except (NotAllowed, NotPossible) as reason:
        now = await found(request)
        return await incident_page(request, now, 409, {"body": str(reason)}, typed.shown)
    except commands.NoSuchIncident:
        raise HTTPException(404) from None
    return redirect(f"{BOARD}/{incident.id}")


async def confirm(request: WebRequest) -> Response:
    incident, typed = await found(request), await read(request)
    once, title = typed.once(), typed.line("title", TITLE, TITLED)
    body = typed.text("body", BODY, SAY)
    level = Level(typed["level"]) if typed["level"] in {*TOLD} else Level.DEGRADED
    minutes = int(typed["next"]) if typed["next"] in SOON else 30
    details = Details(
        title=title,
        area=incident.row["area"],
        level=level,
        words=tuple(incident.row["words"]),
        type_keys=tuple(incident.row["type_keys"]),
    )
    due = typed.now + timedelta(minutes=minutes)
    return await act(
        request,
        incident,
        typed,
        lambda tx, id: commands.confirm(tx, id, once, details, body, due),
    )


async def dismiss(request: WebRequest) -> Response:
    return await act(request, await found(request), await read(request), commands.dismiss)


async def link_rest(request: WebRequest) -> Response:
    return await act(request, await found(request), await read(request), commands.link_rest)


async def update(request: WebRequest) -> Response:
    incident, typed = await found(request), await read(request)
    once, body = typed.once(), typed.text("body", BODY, SAY)
    stage = next((stage for stage in OPEN_STAGES if stage.value == typed["stage"]), None)
    minutes = int(typed["next"]) if typed["next"] in SOON else 30
    due = typed.now + timedelta(minutes=minutes)
    return await act(
        request, incident, typed, lambda tx, id: commands.say(tx, id, once, body, stage, due)
    )


async def resolve(request: WebRequest) -> Response:
    incident, typed = await found(request), await read(request)
    once, body = typed.once(), typed.text("body", BODY) or SOLVED
    return await act(request, incident, typed, lambda tx, id: commands.resolve(tx, id, once, body))


INCIDENT, MANAGE = f"{BOARD}/{{id:int}}", Can.MANAGE_TRIAGE
routes = [
    page(BOARD, index, MANAGE),
    page(INCIDENT, show, MANAGE),
    page(f"{INCIDENT}/confirm", confirm, MANAGE, "POST"),
    page(f"{INCIDENT}/dismiss", dismiss, MANAGE, "POST"),
    page(f"{INCIDENT}/link", link_rest, MANAGE, "POST"),
    page(f"{INCIDENT}/updates", update, MANAGE, "POST"),
    page(f"{INCIDENT}/resolve", resolve, MANAGE, "POST"),
]
