"""Links sent by mail that work once: a proof of address, a new password."""

from datetime import timedelta

from sqlmodel import col, select, update

from helpdesk.core.tokens import secret_token
from helpdesk.desk import Desk, Transaction
from helpdesk.identity import stored_hash
from helpdesk.mail.commands import send_mail
from helpdesk.security import canonical_url

from . import letters
from .letters import Letter
from .models import Person, SingleUseToken

CONFIRM, RESET = "confirm_email", "reset_password"
LASTS = {CONFIRM: timedelta(days=3), RESET: timedelta(minutes=15)}


async def issue_link(tx: Transaction, person_id: int, purpose: str) -> tuple[int, str]:
    """A new link; the ones before it stop working. The answer is its number and its token."""
    unused = (
        (col(SingleUseToken.person_id) == person_id)
        & (col(SingleUseToken.purpose) == purpose)
        & col(SingleUseToken.used_at).is_(None)
    )
    await tx.db.exec(update(SingleUseToken).where(unused).values(used_at=tx.now))
    token = secret_token()
    row = SingleUseToken(
        token_hash=stored_hash(token),
        purpose=purpose,
        person_id=person_id,
        created_at=tx.now,
        expires_at=tx.now + LASTS[purpose],
    )
    tx.db.add(row)
    await tx.db.flush()
    return row.id, token


async def use_link(tx: Transaction, token: str, purpose: str) -> Person | None:
    """The link's person, once; of many who try at the same time, one."""
    usable = (
        (col(SingleUseToken.token_hash) == stored_hash(token))
        & (col(SingleUseToken.purpose) == purpose)
        & col(SingleUseToken.used_at).is_(None)
        & (col(SingleUseToken.expires_at) > tx.now)
    )
    statement = update(SingleUseToken).where(usable).values(used_at=tx.now)
    used = (await tx.db.exec(statement.returning(col(SingleUseToken.person_id)))).all()
    if not used:
        return None
    query = select(Person).where(Person.id == used[0][0], col(Person.deactivated_at).is_(None))
    return (await tx.db.exec(query)).one_or_none()


async def mail_confirmation(tx: Transaction, desk: Desk, person: Person) -> None:
    number, token = await issue_link(tx, person.id, CONFIRM)
    link = canonical_url(desk.settings, f"/confirm-email/{token}")
    await post(tx, f"confirm:{number}", person, letters.confirm_address(link))


async def mail_reset(tx: Transaction, desk: Desk, person: Person) -> None:
    number, token = await issue_link(tx, person.id, RESET)
    link = canonical_url(desk.settings, f"/reset-password/{token}")
    await post(tx, f"reset:{number}", person, letters.reset_password(person.name, link))


async def mail_known_address(tx: Transaction, desk: Desk, person: Person) -> None:
    letter = letters.known_address(
        person.name,
        canonical_url(desk.settings, "/sign-in"),
        canonical_url(desk.settings, "/reset-password"),
    )
    await post(tx, f"known:{person.id}:{tx.now.isoformat()}", person, letter)


async def mail_password_changed(tx: Transaction, desk: Desk, person: Person) -> None:
    letter = letters.password_changed(person.name, canonical_url(desk.settings, "/reset-password"))
    await post(tx, f"password:{person.id}:{tx.now.isoformat()}", person, letter)


async def post(tx: Transaction, key: str, person: Person, letter: Letter) -> None:
    proven = person.name if person.email_confirmed_at else ""
    await send_mail(tx, key, proven, person.email, letter.subject, letter.body)
