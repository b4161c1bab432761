"""Keeping, discarding and sending a report that is being written."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, func, select

from helpdesk.desk import Desk, Transaction
from helpdesk.mail.commands import send_mail
from helpdesk.people.commands import open_guest
from helpdesk.people.queries import actor_of
from helpdesk.permissions import ANONYMOUS, SYSTEM, Actor
from helpdesk.security import canonical_url
from helpdesk.tickets.filing import Filed

from .forms import Fields
from .models import Draft
from .queries import token_hash
from .seen import PREFIX, seen_in

MOST_KEPT = 200_000  # characters of one draft

DISCARD_FILES = "DELETE FROM uploads WHERE draft_id = $1 AND attached_at IS NULL"
DISCARD = "DELETE FROM drafts WHERE id = $1 AND sent_at IS NULL"
REMOVE_FILE = "DELETE FROM uploads WHERE id = $1 AND draft_id = $2 AND attached_at IS NULL"

GUEST_MAIL = """Hello {name},

we have received your request “{subject}”. Its reference is {reference}.

Follow it, answer us and add files here:
{link}

Whoever has this link can read the request: keep it to yourself. If you did not write to us,
please ignore this mail.
"""


async def save_draft(
    tx: Transaction, token: str, draft_id: UUID, fields: Fields
) -> datetime | None:
    """When it was saved; None when it was sent meanwhile. The caller has checked access."""
    row = insert(Draft).values(
        id=draft_id,
        token_hash=token_hash(token) if token else None,
        person_id=tx.actor.id or None,
        fields=storable(fields),
        seen=seen_in(fields).stored,
        created_at=tx.now,
        updated_at=tx.now,
    )
    new = row.excluded
    # The owner is set once: whoever signs in takes along what they began as a visitor. A draft
    # that was sent stays as it was.
    saved = row.on_conflict_do_update(
        index_elements=["id"],
        set_={
            "fields": new.fields,
            "seen": new.seen,
            "updated_at": new.updated_at,
            "person_id": func.coalesce(Draft.person_id, new.person_id),
        },
        where=col(Draft.sent_at).is_(None),
    )
    found = await tx.db.exec(saved.returning(col(Draft.id)))
    return tx.now if found.one_or_none() else None


async def discard_draft(desk: Desk, draft_id: UUID) -> None:
    async with desk.pool.acquire() as connection, connection.transaction():
        await connection.execute(DISCARD_FILES, draft_id)
        await connection.execute(DISCARD, draft_id)


async def remove_file(desk: Desk, draft_id: UUID, upload_id: UUID) -> None:
    await desk.pool.execute(REMOVE_FILE, upload_id, draft_id)


async def guest_of_draft(
    desk: Desk, draft_id: UUID, name: str, email: str, time_zone: str
) -> tuple[Actor, str]:
    """The guest a visitor's draft is sent by: made once, however often it is sent.

    With the token of their link when they are new, for the mail.
    """
    token = ""
    async with desk.transaction(ANONYMOUS) as tx:
        query = select(Draft).where(Draft.id == draft_id).with_for_update()
        draft = (await tx.db.exec(query)).one()
        if draft.person_id is None:
            guest, token = await open_guest(tx, name, email, time_zone or "UTC")
            draft.person_id = guest.id
        person_id = draft.person_id
    return await actor_of(desk, person_id), token


async def mail_guest(desk: Desk, guest: Actor, filed: Filed, subject: str, token: str) -> None:
    """The only mail to an address nobody has proven: the link, and what was sent."""
    link = canonical_url(desk.settings, f"/guest/{token}")
    async with desk.transaction(SYSTEM) as tx:
        await send_mail(
            tx,
            dedupe_key=f"guest:{filed.ticket_id}",
            to_name=guest.name,
            to_address=guest.email,
            subject=f"[{filed.reference}] We have received your request",
            body=GUEST_MAIL.format(
                name=guest.name, subject=subject, reference=filed.reference, link=link
            ),
        )


def storable(fields: Fields) -> dict[str, str]:
    """What PostgreSQL can keep: no NUL, no half characters, and not without end."""
    kept: dict[str, str] = {}
    room = MOST_KEPT
    for name, value in fields.items():
        if name.startswith(PREFIX):
            continue  # kept in a column of its own
        text = value.replace("\0", "\ufffd").encode("utf-8", "replace").decode()[:room]
        kept[name.replace("\0", "")] = text
        room -= len(text)
    return kept
