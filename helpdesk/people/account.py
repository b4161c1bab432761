"""The account page: where one is signed in, the password, keys for programs."""

from typing import Any

from starlette.responses import Response

from helpdesk.core.text import BadText
from helpdesk.permissions import Can, allowed
from helpdesk.security import client_address
from helpdesk.web import Problem, WebRequest, page, reading, redirect, render, transaction

from .commands import (
    create_api_token,
    revoke_api_token,
    set_languages,
    set_password,
    set_time_zone,
)
from .forms import Typed, read, time_zones
from .links import mail_password_changed
from .models import Person
from .passwords import hash_password, is_password
from .queries import api_tokens_of, sessions_of
from .sessions import end_session, end_sessions
from .throttle import SIGN_IN_ACCOUNT, count_sign_in, forget_tries

LONGEST_TOKEN_NAME, LONGEST_LANGUAGES = 80, 200
WEEKLY = "SELECT EXISTS (SELECT FROM report_readers WHERE person_id = $1)"
DONE = {
    "password": "Your new password is set. Your other browsers are signed out.",
    "ended": "That browser is signed out.",
    "others": "All other browsers are signed out.",
    "zone": "Times are shown in that time zone now.",
    "languages": "Tickets in these languages may be given to you now.",
    "revoked": "That token opens nothing any more.",
}


async def show_account(request: WebRequest) -> Response:
    return await account_page(request, done=DONE.get(request.query_params.get("done", ""), ""))


async def account_page(request: WebRequest, status: int = 200, **more: Any) -> Response:
    desk, actor = request.state["desk"], request.state["actor"]
    async with reading(request) as db:
        person = await db.get_one(Person, actor.id)
        sessions = await sessions_of(db, desk, actor.id)
        tokens = await api_tokens_of(db, actor.id)
    shown = {"errors": {}, "values": {"token_name": ""}, "done": "", "new_token": ""} | more
    reports = allowed(actor, Can.READ_REPORTS)
    weekly = reports and await desk.pool.fetchval(WEEKLY, actor.id)
    return render(
        request,
        "people/account.html",
        status,
        person=person,
        sessions=sessions,
        tokens=tokens,
        zones=[(name, name.replace("_", " ")) for name in time_zones()],
        weekly=weekly,
        layout="layouts/desk.html" if actor.is_staff else "layouts/site.html",
        **shown,
    )


async def know_again(request: WebRequest, typed: Typed, field: str) -> Person:
    """Whoever changes how the account is entered proves to be its owner, not just at its desk."""
    desk, actor = request.state["desk"], request.state["actor"]
    password = typed.password(field)
    async with reading(request) as db:
        person = await db.get_one(Person, actor.id)
    if not typed.errors:
        await count_sign_in(desk, person.email, client_address(request))
        if await is_password(person.password_hash, password):
            await forget_tries(desk, SIGN_IN_ACCOUNT, person.email)
        else:
            typed.errors[field] = "This is not your password."
    return person


async def change_password(request: WebRequest) -> Response:
    desk, actor = request.state["desk"], request.state["actor"]
    typed = await read(request)
    typed.new_password("new_password", actor.name, actor.email)
    new_password = typed.raw("new_password")
    person = await know_again(request, typed, "old_password")
    if typed.errors:
        return await account_page(request, 422, errors=typed.errors)
    password_hash = await hash_password(new_password)
    async with transaction(request) as tx:
        await set_password(tx, actor.id, password_hash, keep=actor.session_id)
        await mail_password_changed(tx, desk, person)
    return redirect("/account?done=password")


def number(request: WebRequest) -> int:
    """The number in the address; one that no row can have names none."""
    asked: int = request.path_params["id"]
    return asked if asked < 2**63 else 0


async def change_time_zone(request: WebRequest) -> Response:
    typed = await read(request)
    time_zone = typed.time_zone()
    if typed.errors:
        return await account_page(request, 422, errors=typed.errors)
    async with transaction(request) as tx:
        await set_time_zone(tx, time_zone)
    return redirect("/account?done=zone")


async def change_languages(request: WebRequest) -> Response:
    typed = await read(request)
    said = typed.line("languages", LONGEST_LANGUAGES, "Name at least one, such as en.")
    if not typed.errors:
        try:
            async with transaction(request) as tx:
                await set_languages(tx, said.lower().replace(",", " ").split())
        except BadText as fault:
            typed.errors["languages"] = str(fault)
    if typed.errors:
        values = {"token_name": ""} | typed.shown()
        return await account_page(request, 422, errors=typed.errors, values=values)
    return redirect("/account?done=languages")


async def end_one(request: WebRequest) -> Response:
    actor = request.state["actor"]
    async with transaction(request) as tx:
        if not await end_session(tx, number(request), actor.id):
            raise Problem(404, "Not found")
    return redirect("/account?done=ended")


async def end_others(request: WebRequest) -> Response:
    actor = request.state["actor"]
    async with transaction(request) as tx:
        await end_sessions(tx, actor.id, keep=actor.session_id)
    return redirect("/account?done=others")


async def new_token(request: WebRequest) -> Response:
    """The token is in this one answer and nowhere else."""
    typed = await read(request)
    name = typed.line("token_name", LONGEST_TOKEN_NAME, "Name what will use the token.")
    await know_again(request, typed, "token_password")
    if typed.errors:
        values = {"token_name": ""} | typed.shown()
        return await account_page(request, 422, errors=typed.errors, values=values)
    async with transaction(request) as tx:
        token = await create_api_token(tx, name)
    return await account_page(request, new_token=token)


async def revoke_token(request: WebRequest) -> Response:
    async with transaction(request) as tx:
        if not await revoke_api_token(tx, number(request)):
            raise Problem(404, "Not found")
    return redirect("/account?done=revoked")


routes = [
    page("/account", show_account, can=Can.USE_ACCOUNT),
    page("/account/password", change_password, can=Can.USE_ACCOUNT, method="POST"),
    page("/account/time-zone", change_time_zone, can=Can.USE_ACCOUNT, method="POST"),
    page("/account/languages", change_languages, can=Can.WORK_TICKETS, method="POST"),
    page("/account/sessions/end-others", end_others, can=Can.USE_ACCOUNT, method="POST"),
    page("/account/sessions/{id:int}/end", end_one, can=Can.USE_ACCOUNT, method="POST"),
    page("/account/tokens", new_token, can=Can.USE_ACCOUNT, method="POST"),
    page("/account/tokens/{id:int}/revoke", revoke_token, can=Can.USE_ACCOUNT, method="POST"),
]
