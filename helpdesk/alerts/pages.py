"""Alerts for everybody: now and before, one with all its updates, the fragment of open pages."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from helpdesk.core.addresses import clean_mail_address, neighbourhood, own_path
from helpdesk.core.formats import localised
from helpdesk.core.text import BadText
from helpdesk.people.throttle import Limit, count_mail, count_try
from helpdesk.people.visitors import keep_cookie, new_token, visitor_token
from helpdesk.permissions import Can
from helpdesk.security import client_address
from helpdesk.web import WebRequest, page, redirect, render, transaction

from . import board, feed
from .area import AlertArea, alert_area, asking, keys_of, told_alerts, told_cookie
from .commands import NoSuchAlert, NotPossible, affects_me, stop_telling, unfollow
from .jobs import follower_of
from .queries import AlertShown, find_alert, is_told, past_alerts, updates_of
from .words import LEVELS, ROLES, STAGES, TONES

VISITORS_COUNTED = Limit("alert:affects", 60, timedelta(hours=1))  # from one address
WORDS: dict[str, Any] = {"LEVELS": LEVELS, "STAGES": STAGES, "TONES": TONES, "ROLES": ROLES}


async def index(request: WebRequest) -> Response:
    """What is wrong now, what is planned, and what is over, by month."""
    before = read_cursor(request.query_params.get("before", ""))
    desk, actor = request.state["desk"], request.state["actor"]
    past, more = await past_alerts(desk, asking(request), before)
    months = [
        (name, list(alerts))
        for name, alerts in groupby(
            past, key=lambda alert: f"{localised(alert.starts_at, actor.time_zone):%B %Y}"
        )
    ]
    return render(
        request,
        "alerts/index.html",
        alert_area=await alert_area(request),
        months=months,
        older=write_cursor(past[-1]) if more else "",
        first=before is None,
        **WORDS,
    )


def write_cursor(alert: AlertShown) -> str:
    return f"{int(alert.starts_at.timestamp() * 1_000_000)}-{alert.id}"


def read_cursor(text: str) -> tuple[datetime, int] | None:
    at, _, id = text.partition("-")
    if not (text.isascii() and at.isdigit() and id.isdigit() and len(at) < 17 and len(id) < 19):
        return None
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=int(at)), int(id)


async def area(request: WebRequest) -> Response:
    """The part of an open page that shows known issues, for whoever asks."""
    response = fragment(request, await area_for(request, dict(request.query_params)))
    response.headers["Cache-Control"] = "private, no-store"
    return response


async def area_for(request: WebRequest, asked: dict[str, str]) -> AlertArea:
    next = own_path(asked.get("next"), "/alerts")
    return await alert_area(request, compact=asked.get("compact") == "1", next=next)


def fragment(request: WebRequest, shown: AlertArea) -> Response:
    return render(request, "alerts/_area.html", alert_area=shown)


async def found(request: WebRequest) -> AlertShown:
    alert = await find_alert(request.state["desk"], request.path_params["id"], asking(request))
    if alert is None:
        raise HTTPException(404)
    return alert


async def show(request: WebRequest) -> Response:
    return await alert_page(request, await found(request))


async def alert_page(
    request: WebRequest,
    alert: AlertShown,
    status: int = 200,
    errors: dict[str, str] | None = None,
    email: str = "",
) -> Response:
    desk, actor = request.state["desk"], request.state["actor"]
    keys = keys_of(actor, visitor_token(request))
    told = await is_told(desk, alert.id, keys) if keys else None
    return render(
        request,
        "alerts/show.html",
        status,
        alert=alert,
        updates=await updates_of(desk, alert.id),
        told=told is not None,
        mailed=told or "",
        errors=errors or {},
        email=email,
        **WORDS,
    )


async def affects(request: WebRequest) -> Response:
    """One click: counted once, and told when it is solved. No ticket."""
    alert = await found(request)
    desk, actor = request.state["desk"], request.state["actor"]
    token = visitor_token(request)
    fresh = not actor.id and not token
    token = new_token() if fresh else token
    form = await request.form(max_files=0, max_fields=10)
    sent = {name: value for name, value in form.items() if isinstance(value, str)}
    address = client_address(request)
    if not actor.id:
        await count_try(desk, VISITORS_COUNTED, neighbourhood(address))
    email = ""
    try:
        if "email" in sent and not actor.id:
            email = clean_mail_address(sent["email"])
            await count_mail(desk, email, address)
        async with transaction(request) as tx:
            await affects_me(tx, alert.id, token, email, asking(request).app_version)
    except (BadText, NotPossible) as fault:
        status, name = (422, "email") if isinstance(fault, BadText) else (409, "")
        return await alert_page(request, alert, status, {name: str(fault)}, sent.get("email", ""))
    except NoSuchAlert:
        raise HTTPException(404) from None
    told = told_alerts(request) | {alert.id}
    response = await answer(request, sent, alert.id, told)
    if fresh:
        keep_cookie(response, desk.settings, token)
    whose = keys_of(actor, token)[0]
    keep_cookie(response, desk.settings, told_cookie(whose, told), "alerts_told")
    return response


async def answer(
    request: WebRequest, sent: dict[str, str], id: int, told: frozenset[int]
) -> Response:
    """To a script the changed part, to a form the page it was on."""
    if request.headers.get("x-fragment") != "alert-area":
        return redirect(own_path(sent.get("next"), f"/alerts/{id}"))
    asked = {name: value for name, value in sent.items() if name in ("next", "compact")}
    return fragment(request, replace(await area_for(request, asked), told=told))


async def unfollow_alert(request: WebRequest) -> Response:
    alert = await found(request)
    actor, token = request.state["actor"], visitor_token(request)
    async with transaction(request) as tx:
        await unfollow(tx, alert.id, token)
    response = redirect(f"/alerts/{alert.id}")
    if keys := keys_of(actor, token):
        told = told_cookie(keys[0], told_alerts(request) - {alert.id})
        keep_cookie(response, request.state["desk"].settings, told, "alerts_told")
    return response


async def show_stop(request: WebRequest) -> Response:
    """Looking changes nothing: programs that check links in mails open them too."""
    return stop_page(request, request.path_params["token"], done=False)


async def stop(request: WebRequest) -> Response:
    token = request.path_params["token"]
    follower_id = follower_of(request.state["desk"], token)
    if follower_id is not None:
        async with transaction(request) as tx:
            await stop_telling(tx, follower_id)
    return stop_page(request, token, done=True)


def stop_page(request: WebRequest, token: str, done: bool) -> Response:
    if follower_of(request.state["desk"], token) is None:
        raise HTTPException(404)
    return render(request, "alerts/stop.html", token=token, done=done)


ALERT = "/alerts/{id:int}"
routes = [
    page("/alerts", index, can=Can.VISIT),
    page("/alerts/area", area, can=Can.VISIT),
    page("/alerts/feed.atom", feed.feed, can=Can.VISIT),
    page("/alerts/stop/{token}", show_stop, can=Can.VISIT),
    page("/alerts/stop/{token}", stop, can=Can.VISIT, method="POST"),
    page(ALERT, show, can=Can.VISIT),
    page(f"{ALERT}/affects-me", affects, can=Can.VISIT, method="POST"),
    page(f"{ALERT}/unfollow", unfollow_alert, can=Can.VISIT, method="POST"),
    *board.routes,
]
