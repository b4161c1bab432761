"""Making accounts, and what happens to them. Sessions are in sessions.py, links in links.py."""

import re
import secrets
from collections.abc import Iterable, Sequence
from typing import Protocol

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, delete, func, select, update

from helpdesk.core.addresses import clean_mail_address
from helpdesk.core.live import Envelope
from helpdesk.core.text import BadText, clean_line
from helpdesk.core.tokens import secret_token
from helpdesk.desk import Transaction
from helpdesk.identity import stored_hash
from helpdesk.permissions import Role

from .models import ApiToken, Company, Group, GuestLink, Membership, Person
from .passwords import hash_password, weakness
from .queries import account_of
from .sessions import end_sessions

UNMISTAKABLE = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # no 0 O 1 I L U
LONGEST_NAME = 120
MOST_LANGUAGES = 20


class Department(Protocol):
    """What the catalogue says of a department."""

    @property
    def key(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def hours(self) -> str: ...


async def ensure_groups(tx: Transaction, departments: Iterable[Department]) -> dict[str, Group]:
    """The departments of the catalogue as groups that people can belong to."""
    for department in departments:
        row = {"key": department.key, "name": department.name, "hours": department.hours}
        statement = insert(Group).values(row)
        await tx.db.exec(statement.on_conflict_do_update(index_elements=["key"], set_=row))
    groups = (await tx.db.exec(select(Group).order_by(col(Group.id)))).all()
    return {group.key: group for group in groups}


async def add_company(tx: Transaction, name: str) -> Company:
    company = Company(name=name)
    tx.db.add(company)
    await tx.db.flush()
    return company


async def add_person(
    tx: Transaction,
    *,
    email: str,
    name: str,
    roles: Sequence[Role],
    password: str | None = None,
    company_id: int | None = None,
    groups: Sequence[str] = (),
    languages: Sequence[str] = (),
    skills: Sequence[str] = (),
    language: str = "en",
    time_zone: str = "UTC",
    country: str = "",
) -> Person:
    """An account whose address needs no proof: made by whoever runs the desk."""
    email = clean_mail_address(email)
    if await account_of(tx.db, email) is not None:
        raise BadText(f"There is an account with the address {email} already.")
    if password is not None and (reason := weakness(password, name, email)):
        raise BadText(reason)
    person = Person(
        public_id=await new_public_id(tx),
        name=clean_line(name, LONGEST_NAME),
        email=email,
        password_hash=await hash_password(password) if password is not None else None,
        roles=[Role(role).value for role in roles],
        company_id=company_id,
        language=language,
        languages=list(languages),
        skills=list(skills),
        time_zone=time_zone,
        country=country,
        created_at=tx.now,
        email_confirmed_at=tx.now,
    )
    tx.db.add(person)
    await tx.db.flush()
    if groups:
        await join_groups(tx, person, groups)
    return person


async def join_groups(tx: Transaction, person: Person, keys: Sequence[str]) -> None:
    found = (await tx.db.exec(select(Group).where(col(Group.key).in_(keys)))).all()
    if missing := set(keys) - {group.key for group in found}:
        raise BadText(f"There is no department {', '.join(sorted(missing))}.")
    tx.db.add_all(Membership(group_id=group.id, person_id=person.id) for group in found)
    await tx.db.flush()


async def change_person(
    tx: Transaction,
    email: str,
    roles: Sequence[Role] | None = None,
    groups: Sequence[str] | None = None,
    languages: Sequence[str] | None = None,
) -> Person:
    """Other roles, departments or languages read; what is not given stays as it is."""
    person = await account_of(tx.db, clean_mail_address(email))
    if person is None:
        raise BadText(f"There is no account with the address {email}.")
    if roles:
        person.roles = [role.value for role in roles]
    if groups is not None:
        await tx.db.exec(delete(Membership).where(col(Membership.person_id) == person.id))
        await join_groups(tx, person, groups)
    if languages is not None:
        person.languages = codes_of(languages)
    await tx.db.flush()
    stream = f"rights:{person.id}"
    tx.outgoing.append(lambda: Envelope(stream, 0, {}, {"t": "rights"}))
    return person


async def set_languages(tx: Transaction, languages: Sequence[str]) -> None:
    """Which a colleague reads and answers in: tickets in them are given to whoever does."""
    person = await tx.db.get_one(Person, tx.actor.id)
    person.languages = codes_of(languages)


def codes_of(languages: Sequence[str]) -> list[str]:
    unknown = [code for code in languages if not re.fullmatch("[a-z]{2,3}", code)]
    if unknown:
        raise BadText(f"{unknown[0][:20]} is not the code of a language, such as en or es.")
    if len(languages) > MOST_LANGUAGES:
        raise BadText(f"At most {MOST_LANGUAGES} languages.")
    return list(dict.fromkeys(languages))


async def new_public_id(tx: Transaction) -> str:
    """`U-7K3M2Q`: what people see, quote and type."""
    while True:
        candidate = "U-" + "".join(secrets.choice(UNMISTAKABLE) for _ in range(6))
        taken = select(func.count()).where(Person.public_id == candidate)
        if not (await tx.db.exec(taken)).one():
            return candidate


async def register(
    tx: Transaction, email: str, name: str, role: Role, password_hash: str
) -> Person | None:
    """An account that opens once its address is proven; None when there is an open one.

    An account that was never confirmed belongs to nobody yet: the newest wish replaces it.
    """
    await tx.db.exec(select(func.pg_advisory_xact_lock(func.hashtext(email.lower()))))
    person = await account_of(tx.db, email)
    if person is not None and (person.email_confirmed_at or person.deactivated_at):
        return None
    if person is None:
        person = Person(
            public_id=await new_public_id(tx), name=name, email=email, created_at=tx.now
        )
        tx.db.add(person)
    person.name, person.roles = name, [role.value]
    person.password_hash = password_hash
    await tx.db.flush()
    return person


async def set_time_zone(tx: Transaction, time_zone: str) -> None:
    """In which the person who acts reads times."""
    mine = col(Person.id) == tx.actor.id
    await tx.db.exec(update(Person).where(mine).values(time_zone=time_zone))


async def set_password(
    tx: Transaction, person_id: int, password_hash: str, keep: int | None = None
) -> None:
    """Whoever knew the old one is signed out everywhere, but for the session `keep`."""
    change = update(Person).where(col(Person.id) == person_id).values(password_hash=password_hash)
    await tx.db.exec(change)
    await end_sessions(tx, person_id, keep)


async def deactivate(tx: Transaction, person_id: int) -> None:
    """The account opens nothing any more: sessions, sockets, links and tokens end."""
    person = (await tx.db.exec(select(Person).where(Person.id == person_id))).one()
    person.deactivated_at = tx.now
    await end_sessions(tx, person_id)
    await revoke_guest_links(tx, person_id)
    owned = col(ApiToken.person_id) == person_id
    left = owned & col(ApiToken.revoked_at).is_(None)
    await tx.db.exec(update(ApiToken).where(left).values(revoked_at=tx.now))


async def open_guest(
    tx: Transaction, name: str, email: str, time_zone: str = "UTC"
) -> tuple[Person, str]:
    """Somebody without an account, and the token of the link that lets them follow along.

    Each time a new person: an address that nobody has proven must not open what others sent.
    """
    guest = Person(
        public_id=await new_public_id(tx),
        name=name or "Guest",
        email=email,
        is_account=False,
        roles=[Role.GUEST.value],
        time_zone=time_zone,
        created_at=tx.now,
    )
    tx.db.add(guest)
    await tx.db.flush()
    return guest, await add_guest_link(tx, guest.id)


async def add_guest_link(tx: Transaction, person_id: int) -> str:
    token = secret_token()
    tx.db.add(GuestLink(token_hash=stored_hash(token), person_id=person_id, created_at=tx.now))
    await tx.db.flush()
    return token


async def revoke_guest_links(tx: Transaction, person_id: int) -> None:
    left = (col(GuestLink.person_id) == person_id) & col(GuestLink.revoked_at).is_(None)
    await tx.db.exec(update(GuestLink).where(left).values(revoked_at=tx.now))


async def revoke_guest_link(tx: Transaction) -> None:
    """The guest who acts: the link stops working, other browsers that used it are out."""
    await revoke_guest_links(tx, tx.actor.id)
    await end_sessions(tx, tx.actor.id, keep=tx.actor.session_id)


async def create_api_token(tx: Transaction, name: str) -> str:
    """A key for programs of the person who acts. It is shown once and kept only as a hash."""
    token = secret_token()
    row = ApiToken(
        token_hash=stored_hash(token), person_id=tx.actor.id, name=name, created_at=tx.now
    )
    tx.db.add(row)
    await tx.db.flush()
    return token


async def revoke_api_token(tx: Transaction, token_id: int) -> bool:
    mine = (col(ApiToken.id) == token_id) & (col(ApiToken.person_id) == tx.actor.id)
    left = mine & col(ApiToken.revoked_at).is_(None)
    statement = update(ApiToken).where(left).values(revoked_at=tx.now)
    return bool((await tx.db.exec(statement.returning(col(ApiToken.id)))).all())
