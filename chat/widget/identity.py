"""Whom a site means: a person of the desk for each of its users, settled once."""

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, func, select

from helpdesk.core.addresses import clean_mail_address
from helpdesk.core.text import BadText, clean_line, is_blank
from helpdesk.desk import Transaction
from helpdesk.people.commands import new_public_id
from helpdesk.people.models import Person
from helpdesk.people.queries import account_of
from helpdesk.permissions import STAFF, Role

from .keys import LONGEST_NAME, Claims
from .models import Widget, WidgetPerson, WidgetToken


class NotWelcome(Exception):
    """The sentence says why this user cannot be let in."""


class UsedBefore(Exception):
    """A token that is good for once was used: the site is asked for another."""


async def person_for(tx: Transaction, widget: Widget, claims: Claims) -> Person:
    """The same person each time, whatever becomes of the address meanwhile.

    An account of the desk is met by its proven address only, and never one of staff.
    """
    subject = f"widget:{widget.id}:{claims.sub}"
    await tx.db.exec(select(func.pg_advisory_xact_lock(func.hashtextextended(subject, 0))))
    if claims.jti:
        await use_once(tx, widget, claims)
    known = await tx.db.get(WidgetPerson, (widget.id, claims.sub))
    if known is not None:
        person = await tx.db.get_one(Person, known.person_id)
    else:
        person = await met(tx, claims) or await made(tx, claims)
        tx.db.add(
            WidgetPerson(
                widget_id=widget.id, external_id=claims.sub, person_id=person.id, linked_at=tx.now
            )
        )
        await tx.db.flush()
    if not STAFF.isdisjoint(person.roles):
        raise NotWelcome("Colleagues answer chats at the desk.")
    if person.deactivated_at is not None:
        raise NotWelcome("This account is closed.")
    return person


async def use_once(tx: Transaction, widget: Widget, claims: Claims) -> None:
    row = {"widget_id": widget.id, "jti": claims.jti, "expires_at": claims.expires_at}
    used = insert(WidgetToken).values(row).on_conflict_do_nothing()
    if not (await tx.db.exec(used.returning(col(WidgetToken.jti)))).all():
        raise UsedBefore


async def met(tx: Transaction, claims: Claims) -> Person | None:
    """The customer whose proven address it is, if the site has proven it too."""
    address = address_of(claims)
    if not (claims.email_verified and address):
        return None
    await tx.db.exec(select(func.pg_advisory_xact_lock(func.hashtext(address.lower()))))
    person = await account_of(tx.db, address)
    mine = person is not None and person.email_confirmed_at and person.deactivated_at is None
    return person if person and mine and STAFF.isdisjoint(person.roles) else None


async def made(tx: Transaction, claims: Claims) -> Person:
    """An account if the address is proven and free; else somebody known by the site's id alone."""
    address = address_of(claims)
    free = bool(address) and await account_of(tx.db, address) is None
    is_account = claims.email_verified and free
    person = Person(
        public_id=await new_public_id(tx),
        name=name_of(claims),
        email=address,
        is_account=is_account,
        roles=[Role(claims.role).value if is_account else Role.GUEST.value],
        created_at=tx.now,
        email_confirmed_at=tx.now if is_account else None,
    )
    tx.db.add(person)
    await tx.db.flush()
    return person


def address_of(claims: Claims) -> str:
    try:
        return clean_mail_address(claims.email) if claims.email else ""
    except BadText:
        return ""


def name_of(claims: Claims) -> str:
    try:
        name = clean_line(claims.name, LONGEST_NAME)
    except BadText:
        return "Guest"
    return "Guest" if is_blank(name) else name
