"""Finding people, and what belongs to their accounts."""

from collections.abc import Sequence

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from helpdesk.desk import Desk
from helpdesk.identity import actor_of_person, stored_hash
from helpdesk.permissions import Actor

from .models import ApiToken, Group, GuestLink, Membership, Person, Session, SingleUseToken

PAGE = 100


async def actor_of(desk: Desk, person_id: int) -> Actor:
    """The person as somebody who acts: roles, departments, company."""
    return await actor_of_person(desk, person_id)


async def account_of(db: AsyncSession, email: str) -> Person | None:
    """The account with this address, whatever the case of its letters."""
    query = select(Person).where(
        func.lower(Person.email) == email.lower(), col(Person.is_account).is_(True)
    )
    return (await db.exec(query)).one_or_none()


async def departments_of(db: AsyncSession, person_id: int) -> Sequence[str]:
    query = select(Group.key).join(Membership).where(Membership.person_id == person_id)
    return (await db.exec(query.order_by(Group.key))).all()


async def guests_with(db: AsyncSession, email: str) -> Sequence[Person]:
    """Everybody who used this address without an account."""
    query = (
        select(Person)
        .where(
            func.lower(Person.email) == email.lower(),
            col(Person.is_account).is_(False),
            col(Person.deactivated_at).is_(None),
        )
        .order_by(col(Person.id))
    )
    return (await db.exec(query)).all()


async def person_of_link(db: AsyncSession, token: str, purpose: str, desk: Desk) -> Person | None:
    """Whose single-use link this is, while it can still be used."""
    query = (
        select(Person)
        .join(SingleUseToken, col(SingleUseToken.person_id) == col(Person.id))
        .where(
            SingleUseToken.token_hash == stored_hash(token),
            SingleUseToken.purpose == purpose,
            col(SingleUseToken.used_at).is_(None),
            SingleUseToken.expires_at > desk.clock.now(),
            col(Person.deactivated_at).is_(None),
        )
    )
    return (await db.exec(query)).one_or_none()


async def guest_of_link(db: AsyncSession, token: str) -> Person | None:
    query = (
        select(Person)
        .join(GuestLink, col(GuestLink.person_id) == col(Person.id))
        .where(
            GuestLink.token_hash == stored_hash(token),
            col(GuestLink.revoked_at).is_(None),
            col(Person.deactivated_at).is_(None),
        )
    )
    return (await db.exec(query)).one_or_none()


async def sessions_of(db: AsyncSession, desk: Desk, person_id: int) -> Sequence[Session]:
    """The last used first."""
    query = (
        select(Session)
        .where(Session.person_id == person_id, Session.expires_at > desk.clock.now())
        .order_by(col(Session.seen_at).desc(), col(Session.id).desc())
        .limit(PAGE)
    )
    return (await db.exec(query)).all()


async def api_tokens_of(db: AsyncSession, person_id: int) -> Sequence[ApiToken]:
    query = (
        select(ApiToken)
        .where(ApiToken.person_id == person_id, col(ApiToken.revoked_at).is_(None))
        .order_by(col(ApiToken.id).desc())
        .limit(PAGE)
    )
    return (await db.exec(query)).all()
