"""A proven address: what was asked with it before there was an account joins the account."""

from dataclasses import replace
from typing import Any

from sqlmodel import col, delete, select, update
from starlette.responses import Response

from chat.models import Conversation
from helpdesk.alerts.models import AlertFollower
from helpdesk.cases.events import record
from helpdesk.cases.models import Audience, Case, Event, Message, ReadMark, Side
from helpdesk.cases.queries import hold_case
from helpdesk.desk import Transaction
from helpdesk.evidence.models import Evidence, EvidenceRequest, Upload
from helpdesk.people.commands import deactivate
from helpdesk.people.forms import read
from helpdesk.people.links import CONFIRM, use_link
from helpdesk.people.models import Person
from helpdesk.people.pages import link_gone
from helpdesk.people.passwords import is_password
from helpdesk.people.queries import actor_of, guests_with, person_of_link
from helpdesk.people.sessions import sign_in
from helpdesk.people.throttle import SIGN_IN_ACCOUNT, count_link, count_sign_in, forget_tries
from helpdesk.permissions import SYSTEM, Actor, Can
from helpdesk.security import client_address
from helpdesk.tickets.claims import join_claims
from helpdesk.tickets.models import Ticket
from helpdesk.web import WebRequest, page, reading, redirect, render

from .models import Draft

# Every column of a case's rows that says which person, and every table that says which side.
PEOPLE: tuple[tuple[type[Any], str], ...] = (
    (Message, "author_id"),
    (Event, "actor_id"),
    (Event, "owner_id"),
    (Evidence, "owner_id"),
    (Evidence, "added_by_id"),
    (Ticket, "requester_id"),
    (Conversation, "visitor_id"),
    (Conversation, "ended_by_id"),
)
SIDES: tuple[type[Any], ...] = (Message, Event, Evidence, EvidenceRequest, Ticket, Conversation)


async def join_guest(tx: Transaction, guest: Person, account: Person) -> int:
    """Give the account what the guest left; the guest opens nothing any more. How many cases."""
    query = select(Side.case_id).where(Side.person_id == guest.id).order_by(col(Side.case_id))
    case_ids = (await tx.db.exec(query)).all()
    for case_id in case_ids:
        # Held as the desk: the account is no party of the case before this is done.
        await join_case(tx, await hold_case(replace(tx, actor=SYSTEM), case_id), guest, account)
    own: tuple[tuple[type[Any], Any], ...] = (
        (Draft, Draft.person_id),
        (Upload, Upload.owner_id),
        (AlertFollower, AlertFollower.person_id),
    )
    for table, column in own:
        await move(tx, table, column, guest.id, account.id)
    await join_claims(tx, guest.id, account.id)
    await deactivate(tx, guest.id)
    return len(case_ids)


async def join_case(tx: Transaction, case: Case, guest: Person, account: Person) -> None:
    side_id = await join_sides(tx, case, guest, account)
    for table, name in PEOPLE:
        await move(tx, table, getattr(table, name), guest.id, account.id, case.id)
    await tx.db.exec(
        delete(ReadMark).where(
            col(ReadMark.case_id) == case.id, col(ReadMark.person_id) == guest.id
        )
    )
    record(tx, case, "requester.joined", Audience.SIDE, side_id=side_id, guest=guest.public_id)


async def join_sides(tx: Transaction, case: Case, guest: Person, account: Person) -> int:
    """The guest's side becomes the account's, or part of the one the account has there."""
    query = select(Side).where(
        Side.case_id == case.id, col(Side.person_id).in_([guest.id, account.id])
    )
    sides = {side.person_id: side for side in (await tx.db.exec(query)).all()}
    old, own = sides[guest.id], sides.get(account.id)
    if own is None:
        old.person_id, old.company_id = account.id, account.company_id
        old.role = account.roles[0] if account.roles else old.role
        await tx.db.flush()
        return old.id
    for table in SIDES:
        await move(tx, table, table.side_id, old.id, own.id, case.id)
    await tx.db.delete(old)
    await tx.db.flush()
    return own.id


async def move(
    tx: Transaction, table: type[Any], column: Any, old: int, new: int, case_id: int | None = None
) -> None:
    statement = update(table).where(column == old).values({column: new})
    if case_id is not None:
        statement = statement.where(table.case_id == case_id)
    await tx.db.exec(statement.execution_options(synchronize_session=False))


async def show_confirmation(request: WebRequest) -> Response:
    """Looking changes nothing: programs that check links in mails open them too."""
    desk = request.state["desk"]
    await count_link(desk, client_address(request))
    async with reading(request) as db:
        person = await person_of_link(db, request.path_params["token"], CONFIRM, desk)
    if person is None:
        return link_gone(request)
    return confirmation_page(request, person, {})


def confirmation_page(
    request: WebRequest, person: Person, errors: dict[str, str], status: int = 200
) -> Response:
    return render(request, "people/confirm_address.html", status, errors=errors, email=person.email)


async def confirm(request: WebRequest) -> Response:
    """The link proves the address, the password that it was they who made the account."""
    desk, token = request.state["desk"], request.path_params["token"]
    address = client_address(request)
    await count_link(desk, address)
    typed = await read(request)
    async with reading(request) as db:
        person = await person_of_link(db, token, CONFIRM, desk)
    if person is None:
        return link_gone(request)
    password = typed.password()
    if not typed.errors:
        await count_sign_in(desk, person.email, address)
        if not await is_password(person.password_hash, password):
            typed.errors["password"] = "This is not the password of this account."
    if typed.errors:
        return confirmation_page(request, person, typed.errors, 422)
    if not await open_account(request, await actor_of(desk, person.id), token):
        return link_gone(request)
    await forget_tries(desk, SIGN_IN_ACCOUNT, person.email)
    response = redirect("/requests")
    await sign_in(request, response, person.id)
    return response


async def open_account(request: WebRequest, actor: Actor, token: str) -> bool:
    """Use up the link, open the account, bring in what its owner asked as a guest."""
    async with request.state["desk"].transaction(actor) as tx:
        account = await use_link(tx, token, CONFIRM)
        if account is None:
            return False
        account.email_confirmed_at = tx.now
        for guest in await guests_with(tx.db, account.email):
            await join_guest(tx, guest, account)
    return True


routes = [
    page("/confirm-email/{token}", show_confirmation, can=Can.VISIT),
    page("/confirm-email/{token}", confirm, can=Can.VISIT, method="POST"),
]
