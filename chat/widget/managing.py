"""Managers' pages: where the chat is shown, what to paste there, and keys for a site's users."""

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.exceptions import HTTPException
from starlette.responses import Response

from helpdesk.core.text import BadText
from helpdesk.permissions import Can
from helpdesk.security import canonical_url
from helpdesk.web import WebRequest, page, reading, redirect, render, transaction

from .commands import (
    GREETING,
    NAME,
    NoSuchWidget,
    add_key,
    change_widget,
    make_widget,
    read_origins,
    revoke_key,
    switch,
)
from .keys import secrets_of
from .models import Algorithm, Widget, WidgetKey
from .queries import all_widgets, find_widget, forget_widgets, keys_of, origins_of

BOARD = "/desk/widgets"
DONE = {
    "made": "The widget is made. Paste the snippet into the pages of its sites.",
    "saved": "Saved.",
    "on": "Switched on.",
    "off": "Switched off. No page shows it any more.",
    "revoked": "The key is revoked. Users it had named are asked for anew.",
    "added": "The key is added.",
}


async def board(
    request: WebRequest, status: int = 200, errors: dict[str, str] | None = None
) -> Response:
    typed = await request.form() if request.method == "POST" else {}
    async with reading(request) as db:
        widgets = [(widget, await origins_of(db, widget.id)) for widget in await all_widgets(db)]
    return render(
        request,
        "widget/board.html",
        status,
        widgets=widgets,
        typed={name: str(typed.get(name, "")) for name in ("name", "greeting", "sites")},
        errors=errors or {},
        limits={"name": NAME, "greeting": GREETING},
    )


async def index(request: WebRequest) -> Response:
    return await board(request)


async def make(request: WebRequest) -> Response:
    form = await request.form()
    try:
        origins = read_origins(str(form.get("sites", "")))
    except BadText as fault:
        return await board(request, 422, {"sites": str(fault)})
    try:
        async with transaction(request) as tx:
            name, greeting = str(form.get("name", "")), str(form.get("greeting", ""))
            widget = await make_widget(tx, name, greeting, origins)
    except BadText as fault:
        return await board(request, 422, {"name": str(fault)})
    return redirect(f"{BOARD}/{widget.id}?done=made")


async def known(request: WebRequest, db: AsyncSession) -> Widget:
    widget = await find_widget(db, request.path_params["id"])
    if widget is None:
        raise HTTPException(404)
    return widget


async def one(
    request: WebRequest,
    status: int = 200,
    errors: dict[str, str] | None = None,
    new: WidgetKey | None = None,
) -> Response:
    """`new`: a key whose secret is shown this once."""
    settings = request.state["desk"].settings
    async with reading(request) as db:
        widget = await known(request, db)
        origins, keys = await origins_of(db, widget.id), await keys_of(db, widget.id)
    return render(
        request,
        "widget/one.html",
        status,
        widget=widget,
        origins=origins,
        keys=keys,
        script=canonical_url(settings, "/widget.js"),
        new=new,
        secret=secrets_of(settings.secret_key, new.kid)[0] if new else "",
        done=DONE.get(request.query_params.get("done", ""), ""),
        errors=errors or {},
        limits={"name": NAME, "greeting": GREETING},
    )


async def show(request: WebRequest) -> Response:
    return await one(request)


async def save(request: WebRequest) -> Response:
    form = await request.form()
    number: int = request.path_params["id"]
    try:
        origins = read_origins(str(form.get("sites", "")))
    except BadText as fault:
        return await one(request, 422, {"sites": str(fault)})
    try:
        async with transaction(request) as tx:
            name, greeting = str(form.get("name", "")), str(form.get("greeting", ""))
            await change_widget(tx, number, name, greeting, origins)
    except BadText as fault:
        return await one(request, 422, {"name": str(fault)})
    except NoSuchWidget:
        raise HTTPException(404) from None
    return changed(request, "saved")


async def turn(request: WebRequest) -> Response:
    on = (await request.form()).get("on") == "1"
    try:
        async with transaction(request) as tx:
            await switch(tx, request.path_params["id"], on)
    except NoSuchWidget:
        raise HTTPException(404) from None
    return changed(request, "on" if on else "off")


async def new_key(request: WebRequest) -> Response:
    form = await request.form()
    pasted = str(form.get("public_key", ""))[:4_000]
    algorithm = Algorithm.EDDSA if pasted.strip() else Algorithm.HS256
    try:
        async with transaction(request) as tx:
            key = await add_key(tx, request.path_params["id"], algorithm, pasted)
    except BadText as fault:
        return await one(request, 422, {"public_key": str(fault)})
    except NoSuchWidget:
        raise HTTPException(404) from None
    if algorithm is Algorithm.EDDSA:
        return changed(request, "added")
    return await one(request, new=key)  # the answer itself: the address shows no secret again


async def revoke(request: WebRequest) -> Response:
    async with transaction(request) as tx:
        await revoke_key(tx, request.path_params["id"], request.path_params["number"])
    return changed(request, "revoked")


def changed(request: WebRequest, what: str) -> Response:
    forget_widgets(request.state["desk"])
    return redirect(f"{BOARD}/{request.path_params['id']}?done={what}")


MANAGE = Can.MANAGE_WIDGETS
routes = [
    page("/desk/widgets", index, MANAGE),
    page("/desk/widgets", make, MANAGE, "POST"),
    page("/desk/widgets/{id:int}", show, MANAGE),
    page("/desk/widgets/{id:int}", save, MANAGE, "POST"),
    page("/desk/widgets/{id:int}/switch", turn, MANAGE, "POST"),
    page("/desk/widgets/{id:int}/keys", new_key, MANAGE, "POST"),
    page("/desk/widgets/{id:int}/keys/{number:int}/revoke", revoke, MANAGE, "POST"),
]
