"""Signing in and out, making an account, choosing a new password, following a guest link."""

from starlette.responses import Response

from helpdesk.core.addresses import own_path
from helpdesk.permissions import ANONYMOUS, SYSTEM, Actor, Can
from helpdesk.security import client_address
from helpdesk.web import WebRequest, page, reading, redirect, render, target, transaction

from . import account
from .commands import LONGEST_NAME, register, revoke_guest_link, set_password
from .forms import Typed, read
from .links import (
    CONFIRM,
    RESET,
    issue_link,
    mail_confirmation,
    mail_known_address,
    mail_password_changed,
    mail_reset,
    use_link,
)
from .models import Person
from .passwords import hash_password, is_outdated, is_password
from .queries import account_of, guest_of_link, person_of_link
from .sessions import end_session, sign_in, take_cookie
from .throttle import (
    SIGN_IN_ACCOUNT,
    count_link,
    count_mail,
    count_sign_in,
    forget_tries,
)

WRONG = (
    "This e-mail address and password do not open an account. "
    "A new account opens once its address is confirmed."
)
DONE = {
    "out": "You are signed out.",
    "password": "Your new password is set. Sign in with it.",
}


def home_of(actor: Actor) -> str:
    return "/desk" if actor.is_staff else "/requests"


async def show_sign_in(request: WebRequest) -> Response:
    next_path = own_path(request.query_params.get("next"), "")
    actor = request.state["actor"]
    if actor.is_signed_in:
        return redirect(next_path or home_of(actor))
    done = DONE.get(request.query_params.get("done", ""), "")
    return sign_in_page(request, Typed({"next": next_path}), done=done)


def sign_in_page(request: WebRequest, typed: Typed, status: int = 200, done: str = "") -> Response:
    return render(
        request,
        "people/sign_in.html",
        status,
        values={"email": "", "next": ""} | typed.shown(),
        errors=typed.errors,
        done=done,
    )


async def do_sign_in(request: WebRequest) -> Response:
    desk = request.state["desk"]
    typed = await read(request)
    next_path = own_path(typed.raw("next"), "")
    email, password = typed.mail_address(), typed.password()
    if typed.errors:
        return sign_in_page(request, typed, 422)

    await count_sign_in(desk, email, client_address(request))
    async with reading(request) as db:
        person = await account_of(db, email)
    if not await opens(person, password) or person is None:
        typed.errors["email"] = WRONG
        return sign_in_page(request, typed, 422)

    await forget_tries(desk, SIGN_IN_ACCOUNT, email)
    if person.password_hash and is_outdated(person.password_hash):
        await rehash(request, person.id, password)
    roles = frozenset(person.roles)
    response = redirect(next_path or ("/requests" if roles <= CUSTOMERS else "/desk"))
    await sign_in(request, response, person.id)
    return response


CUSTOMERS = frozenset({"client", "freelancer", "guest"})


async def opens(person: Person | None, password: str) -> bool:
    """Whether this password signs this person in. Every reason against it takes as long."""
    open_account = (
        person is not None
        and person.deactivated_at is None
        and person.email_confirmed_at is not None
    )
    return await is_password(person.password_hash if person and open_account else None, password)


async def rehash(request: WebRequest, person_id: int, password: str) -> None:
    password_hash = await hash_password(password)
    async with transaction(request) as tx:
        person = await tx.db.get_one(Person, person_id)
        person.password_hash = password_hash


async def sign_out(request: WebRequest) -> Response:
    session_id = request.state["actor"].session_id
    if session_id is not None:
        async with transaction(request) as tx:
            await end_session(tx, session_id)
    response = redirect("/sign-in?done=out")
    take_cookie(response, request.state["desk"].settings)
    return response


async def show_register(request: WebRequest) -> Response:
    actor = request.state["actor"]
    if actor.is_signed_in:
        return redirect(home_of(actor))
    return register_page(request, Typed({}))


def register_page(request: WebRequest, typed: Typed, status: int = 200) -> Response:
    empty = {"email": "", "name": "", "role": ""}
    return render(
        request,
        "people/register.html",
        status,
        values=empty | typed.shown(),
        errors=typed.errors,
    )


async def do_register(request: WebRequest) -> Response:
    """The same answer whether the address has an account or not; the mail tells its owner."""
    desk = request.state["desk"]
    typed = await read(request)
    name = typed.line("name", LONGEST_NAME, "Enter your name.")
    email = typed.mail_address()
    role = typed.role()
    password = typed.new_password("password", name, email)
    if typed.errors:
        return register_page(request, typed, 422)

    await count_mail(desk, email, client_address(request))
    password_hash = await hash_password(password)
    async with desk.transaction(ANONYMOUS) as tx:
        person = await register(tx, email, name, role, password_hash)
        if person is not None:
            await mail_confirmation(tx, desk, person)
        elif (known := await account_of(tx.db, email)) and known.deactivated_at is None:
            await mail_known_address(tx, desk, known)
    return render(request, "people/check_mail.html", what="account", email=email)


async def show_forgotten(request: WebRequest) -> Response:
    return forgotten_page(request, Typed({}))


def forgotten_page(request: WebRequest, typed: Typed, status: int = 200) -> Response:
    return render(
        request,
        "people/forgotten.html",
        status,
        values={"email": ""} | typed.shown(),
        errors=typed.errors,
    )


async def do_forgotten(request: WebRequest) -> Response:
    """The same answer for every address."""
    desk = request.state["desk"]
    typed = await read(request)
    email = typed.mail_address()
    if typed.errors:
        return forgotten_page(request, typed, 422)
    await count_mail(desk, email, client_address(request))
    async with desk.transaction(ANONYMOUS) as tx:
        person = await account_of(tx.db, email)
        if person is not None and person.deactivated_at is None:
            await mail_reset(tx, desk, person)
    return render(request, "people/check_mail.html", what="password", email=email)


async def show_reset(request: WebRequest) -> Response:
    desk = request.state["desk"]
    await count_link(desk, client_address(request))
    async with reading(request) as db:
        person = await person_of_link(db, request.path_params["token"], RESET, desk)
    if person is None:
        return link_gone(request)
    return render(request, "people/new_password.html", errors={}, email=person.email)


def link_gone(request: WebRequest) -> Response:
    return render(request, "people/link_gone.html", 404)


async def do_reset(request: WebRequest) -> Response:
    desk, token = request.state["desk"], request.path_params["token"]
    await count_link(desk, client_address(request))
    typed = await read(request)
    async with reading(request) as db:
        person = await person_of_link(db, token, RESET, desk)
    if person is None:
        return link_gone(request)
    password = typed.new_password("password", person.name, person.email)
    if typed.errors:
        return render(
            request, "people/new_password.html", 422, errors=typed.errors, email=person.email
        )
    password_hash = await hash_password(password)
    goes_on = "/sign-in?done=password"
    async with desk.transaction(SYSTEM) as tx:
        person = await use_link(tx, token, RESET)
        if person is None:
            return link_gone(request)
        await set_password(tx, person.id, password_hash)
        if person.email_confirmed_at is not None:
            await mail_password_changed(tx, desk, person)
        else:  # the link came by mail: the last step needs no second one
            _, proof = await issue_link(tx, person.id, CONFIRM)
            goes_on = f"/confirm-email/{proof}"
    await forget_tries(desk, SIGN_IN_ACCOUNT, person.email)
    return redirect(goes_on)


async def follow_guest_link(request: WebRequest) -> Response:
    """Signs a guest in. Somebody with an account is asked first: a link must not sign them out."""
    desk, actor = request.state["desk"], request.state["actor"]
    await count_link(desk, client_address(request))
    async with reading(request) as db:
        guest = await guest_of_link(db, request.path_params["token"])
    if guest is None:
        return link_gone(request)
    if actor.is_signed_in and request.method != "POST":
        return render(request, "people/guest_switch.html", guest=guest, here=target(request))
    response = redirect(own_path(request.query_params.get("next"), "/requests"))
    if actor.id != guest.id:
        await sign_in(request, response, guest.id)
    return response


async def stop_guest_link(request: WebRequest) -> Response:
    if request.state["actor"].is_guest:
        async with transaction(request) as tx:
            await revoke_guest_link(tx)
    return redirect("/requests")


routes = [
    page("/sign-in", show_sign_in, can=Can.VISIT),
    page("/sign-in", do_sign_in, can=Can.VISIT, method="POST"),
    page("/sign-out", sign_out, can=Can.VISIT, method="POST"),
    page("/register", show_register, can=Can.VISIT),
    page("/register", do_register, can=Can.VISIT, method="POST"),
    page("/reset-password", show_forgotten, can=Can.VISIT),
    page("/reset-password", do_forgotten, can=Can.VISIT, method="POST"),
    page("/reset-password/{token}", show_reset, can=Can.VISIT),
    page("/reset-password/{token}", do_reset, can=Can.VISIT, method="POST"),
    page("/guest/{token}", follow_guest_link, can=Can.VISIT),
    page("/guest/{token}", follow_guest_link, can=Can.VISIT, method="POST"),
    page("/guest-link/stop", stop_guest_link, can=Can.FOLLOW_REQUESTS, method="POST"),
    *account.routes,
]
