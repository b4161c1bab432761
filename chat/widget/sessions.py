"""The session of a frame. Its token lives in the frame's own storage: no cookie, no other site."""

from datetime import datetime

from sqlmodel import col, delete, select

from helpdesk.core.tokens import secret_token
from helpdesk.desk import Transaction
from helpdesk.identity import LONGEST_SESSION, stored_hash
from helpdesk.people.models import Session
from helpdesk.people.sessions import announce

from .models import Widget, WidgetPerson


async def open_session(
    tx: Transaction,
    widget: Widget,
    person_id: int,
    device: str,
    address: str,
    until: datetime | None = None,
) -> str:
    """`until`: the site vouches for its user until then. A guest's lasts as a browser's does."""
    token = f"{widget.key}.{secret_token()}"
    longest = tx.now + LONGEST_SESSION
    tx.db.add(
        Session(
            token_hash=stored_hash(f"widget:{token}"),
            person_id=person_id,
            created_at=tx.now,
            seen_at=tx.now,
            expires_at=min(until, longest) if until else longest,
            device=f"Chat on a page, {device}"[:200],
            address=address[:64],
            widget_id=widget.id,
        )
    )
    await tx.db.flush()
    return token


async def end_sessions_of(tx: Transaction, widget_id: int) -> None:
    """Of everybody: the widget is switched off."""
    mine = delete(Session).where(col(Session.widget_id) == widget_id)
    announce(tx, (await tx.db.exec(mine.returning(col(Session.id)))).all())


async def end_vouched(tx: Transaction, widget_id: int) -> None:
    """Of everybody whom a site has named; guests stay. Sites sign their users in again."""
    named = select(WidgetPerson.person_id).where(WidgetPerson.widget_id == widget_id)
    theirs = (col(Session.widget_id) == widget_id) & col(Session.person_id).in_(named)
    ended = delete(Session).where(theirs).returning(col(Session.id))
    announce(tx, (await tx.db.exec(ended)).all())
