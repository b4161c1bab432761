"""The board of the desk: post an alert in seconds, update it, put it right, solve it."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

from starlette.exceptions import HTTPException
from starlette.responses import Response

from helpdesk.catalogue import queries as catalogue
from helpdesk.catalogue.countries import COUNTRIES
from helpdesk.catalogue.document import Catalogue
from helpdesk.desk import Transaction
from helpdesk.permissions import Can
from helpdesk.web import WebRequest, page, reading, redirect, render, transaction

from .commands import (
    Details,
    NoSuchAlert,
    NotPossible,
    edit_alert,
    post_alert,
    reopen_alert,
    resolve_alert,
    update_alert,
)
from .forms import (
    BODY,
    OPEN_STAGES,
    SOON,
    Typed,
    as_typed,
    read_details,
    read_stage,
    typed_of,
)
from .models import Alert
from .queries import Reader, as_shown, open_rows, past_alerts, updates_of
from .words import EVERYTHING, LEVELS, ROLES, STAGES, TONES

STAFF = Reader(is_staff=True)
SAY = "Say in plain words what people notice, and what you are doing."
WORDS: dict[str, Any] = {
    "LEVELS": LEVELS,
    "STAGES": STAGES,
    "TONES": TONES,
    "ROLES": ROLES,
    "SOON": SOON,
}


async def offered(request: WebRequest) -> Catalogue:
    return (await catalogue.current(request.state["desk"])).catalogue


async def index(request: WebRequest) -> Response:
    return await board(request)


async def board(
    request: WebRequest, typed: dict[str, Any] | None = None, errors: dict[str, str] | None = None
) -> Response:
    desk = request.state["desk"]
    now = desk.clock.now()
    choices = await offered(request)
    rows = [as_shown(row, choices) for row in await open_rows(desk)]
    past, more = await past_alerts(desk, STAFF, None, 10)
    return render(
        request,
        "alerts/board.html",
        422 if errors else 200,
        open=[alert for alert in rows if not alert.is_planned(now)],
        planned=[alert for alert in rows if alert.is_planned(now)],
        past=past,
        more=more,
        typed={"level": "degraded", "next": "30", "once": str(uuid4()), **(typed or {})},
        errors=errors or {},
        **choices_of(choices),
        **WORDS,
    )


def choices_of(offered: Catalogue) -> dict[str, Any]:
    return {
        "areas": [("", EVERYTHING), *((s.key, s.title) for s in offered.services)],
        "types": [(type.key, type.title) for type in offered.types],
        "countries": list(COUNTRIES.items()),
    }


async def read(request: WebRequest) -> Typed:
    desk, actor = request.state["desk"], request.state["actor"]
    form = await request.form(max_files=0, max_fields=500)
    return typed_of(form, actor.time_zone, desk.clock.now())


async def post(request: WebRequest) -> Response:
    typed = await read(request)
    once, details = typed.once(), read_details(typed, await offered(request))
    body = typed.text("body", BODY, SAY)
    next_update_at = typed.next_update(details.level, details.starts_at)
    if typed.errors:
        return await board(request, typed.shown, typed.errors)
    async with transaction(request) as tx:
        alert = await post_alert(tx, once, details, body, next_update_at)
    return redirect(f"/desk/alerts/{alert.id}")


async def held(request: WebRequest) -> Alert:
    id = request.path_params["id"]
    async with reading(request) as db:
        alert = await db.get(Alert, id) if id < 2**63 else None
    if alert is None:
        raise HTTPException(404)
    return alert


async def show(request: WebRequest) -> Response:
    return await alert_page(request, await held(request))


async def alert_page(
    request: WebRequest,
    alert: Alert,
    status: int = 200,
    errors: dict[str, str] | None = None,
    typed: dict[str, Any] | None = None,
) -> Response:
    desk, actor = request.state["desk"], request.state["actor"]
    choices = await offered(request)
    updates = await updates_of(desk, alert.id)
    row = {**alert.model_dump(), "latest": updates[-1]["body"]}
    typed = typed or {}
    return render(
        request,
        "alerts/manage.html",
        status,
        alert=as_shown(row, choices),
        updates=updates,
        stages=[(stage.value, STAGES[stage]) for stage in OPEN_STAGES],
        details=as_typed(alert, actor.time_zone) | (typed if "title" in typed else {}),
        typed={"next": "30", "once": str(uuid4()), **typed},
        errors=errors or {},
        **choices_of(choices),
        **WORDS,
    )


Act = Callable[[Transaction, int], Awaitable[Any]]


async def act(request: WebRequest, alert: Alert, typed: Typed, command: Act) -> Response:
    """Run a form's command. What was typed survives every refusal."""
    if typed.errors:
        return await alert_page(request, alert, 422, typed.errors, typed.shown)
    try:
        async with transaction(request) as tx:
            await command(tx, alert.id)
    except NotPossible as reason:
        now = await held(request)
        return await alert_page(request, now, 409, {"body": str(reason)}, typed.shown)
    except NoSuchAlert:
        raise HTTPException(404) from None
    return redirect(f"/desk/alerts/{alert.id}")


async def update(request: WebRequest) -> Response:
    alert, typed = await held(request), await read(request)
    once, body = typed.once(), typed.text("body", BODY, SAY)
    stage = read_stage(typed, alert)
    next_update_at = typed.next_update(alert.level, alert.starts_at)
    return await act(
        request,
        alert,
        typed,
        lambda tx, id: update_alert(tx, id, once, body, stage, next_update_at),
    )


async def resolve(request: WebRequest) -> Response:
    alert, typed = await held(request), await read(request)
    once, body = typed.once(), typed.text("body", BODY)
    return await act(request, alert, typed, lambda tx, id: resolve_alert(tx, id, once, body))


async def reopen(request: WebRequest) -> Response:
    alert, typed = await held(request), await read(request)
    once, body = typed.once(), typed.text("body", BODY, SAY)
    next_update_at = typed.next_update(alert.level, alert.starts_at)
    return await act(
        request, alert, typed, lambda tx, id: reopen_alert(tx, id, once, body, next_update_at)
    )


async def edit(request: WebRequest) -> Response:
    alert, typed = await held(request), await read(request)
    details: Details = read_details(typed, await offered(request), alert)
    return await act(request, alert, typed, lambda tx, id: edit_alert(tx, id, details))


async def front(request: WebRequest) -> Response:
    return redirect("/desk/alerts")


BOARD, ALERT, POST = "/desk/alerts", "/desk/alerts/{id:int}", Can.POST_ALERTS
routes = [
    page("/admin/alerts", front, POST),
    page(BOARD, index, POST),
    page(BOARD, post, POST, "POST"),
    page(ALERT, show, POST),
    page(f"{ALERT}/updates", update, POST, "POST"),
    page(f"{ALERT}/resolve", resolve, POST, "POST"),
    page(f"{ALERT}/reopen", reopen, POST, "POST"),
    page(f"{ALERT}/edit", edit, POST, "POST"),
]
