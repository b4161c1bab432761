"""Changing what is kept in versions: a draft, who changed what, and its publication."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import text
from sqlmodel import col, select

from helpdesk.desk import Transaction

from .models import FIRST_NUMBER, Document, Row, Versions

Moved = Sequence[dict[str, Any]]  # {"title", "old", "new"}, and what else a room wants to know


class EditedMeanwhile(Exception):
    """Somebody saved or published since this editor read it. Nothing was stored."""


class NothingToPublish(Exception):
    """There is no draft, or it changes nothing."""


async def ensure_first(tx: Transaction, versions: Versions[Row, Document]) -> bool:
    """A desk without any gets what we ship, as version 1. Whether it had none."""
    if await _any(tx, versions):
        return False
    await one_editor(tx, versions)
    if await _any(tx, versions):  # another process was faster
        return False
    await published(tx, versions)
    return True


async def _any(tx: Transaction, versions: Versions[Row, Document]) -> bool:
    query = text(f"SELECT EXISTS (SELECT FROM {versions.name})")
    return bool((await (await tx.db.connection()).execute(query)).scalar())


async def one_editor(tx: Transaction, versions: Versions[Row, Document]) -> None:
    lock = text(f"LOCK TABLE {versions.name} IN SHARE ROW EXCLUSIVE MODE")
    await (await tx.db.connection()).execute(lock)


async def published(tx: Transaction, versions: Versions[Row, Document]) -> Row:
    """The one in use."""
    table = versions.table
    query = select(table).where(col(table.published_at).is_not(None))
    query = query.order_by(col(table.number).desc()).limit(1)
    if stored := (await tx.db.exec(query)).one_or_none():
        return stored
    first = table(
        number=FIRST_NUMBER,
        document=versions.shipped().model_dump(mode="json"),
        note=versions.note,
        made_at=tx.now,
        published_at=tx.now,
    )
    tx.db.add(first)
    await tx.db.flush()
    return first


async def draft_of(tx: Transaction, versions: Versions[Row, Document]) -> Row | None:
    table = versions.table
    query = select(table).where(col(table.published_at).is_(None))
    return (await tx.db.exec(query)).one_or_none()


async def change(
    tx: Transaction,
    versions: Versions[Row, Document],
    seen: tuple[int, int],
    edit: Callable[[Document], tuple[Document, Moved]],
) -> Row:
    """Into the draft, which is made if there is none. `edit` says what it moved.

    `seen` is the version and the number of changes its editor read. Raises EditedMeanwhile.
    """
    await one_editor(tx, versions)
    base, draft = await published(tx, versions), await draft_of(tx, versions)
    stands = draft or base
    if seen != (stands.number, len(stands.changes) if draft else 0):
        raise EditedMeanwhile
    document, moved = edit(versions.document.model_validate(stands.document))
    if not moved:
        return stands
    if draft is None:
        draft = versions.table(number=base.number + 1, made_at=tx.now, made_by_id=tx.actor.id)
    by = {"by": tx.actor.name, "by_id": tx.actor.id, "at": tx.now.isoformat()}
    draft.document = document.model_dump(mode="json")
    draft.changes = [*draft.changes, *({**one, **by} for one in moved)]
    tx.db.add(draft)
    await tx.db.flush()
    return draft


async def publish(
    tx: Transaction, versions: Versions[Row, Document], note: str, seen: tuple[int, int]
) -> Row:
    """From now on the draft holds. Raises EditedMeanwhile, NothingToPublish."""
    await one_editor(tx, versions)
    draft = await draft_of(tx, versions)
    if draft is None:
        raise NothingToPublish
    if seen != (draft.number, len(draft.changes)):
        raise EditedMeanwhile
    read = versions.document.model_validate
    if read(draft.document) == read((await published(tx, versions)).document):
        raise NothingToPublish
    draft.note, draft.published_at, draft.published_by_id = note, tx.now, tx.actor.id
    await tx.db.flush()
    return draft


async def discard(tx: Transaction, versions: Versions[Row, Document]) -> None:
    await one_editor(tx, versions)
    if draft := await draft_of(tx, versions):
        await tx.db.delete(draft)
