"""Moments at which something must be looked at. Rows in PostgreSQL; nothing else keeps time."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from helpdesk.desk import Transaction

from .models import Timer


async def set_timer(
    tx: Transaction, case_id: int, kind: str, due_at: datetime, subject_id: int = 0
) -> None:
    """Set it, or move it: the generation rises, so an older wake-up cannot fire it."""
    row = insert(Timer).values(
        case_id=case_id, kind=kind, subject_id=subject_id, due_at=due_at, generation=1
    )
    again = row.on_conflict_do_update(
        index_elements=["case_id", "kind", "subject_id"],
        set_={"due_at": due_at, "fired_at": None, "generation": Timer.generation + 1},
    )
    await tx.db.exec(again)


async def set_timers(
    tx: Transaction, case_id: int, kind: str, dates: Mapping[int, datetime]
) -> None:
    """As set_timer, several at once: by what each is about."""
    if not dates:
        return
    row = insert(Timer).values(
        [
            {"case_id": case_id, "kind": kind, "subject_id": about, "due_at": at, "generation": 1}
            for about, at in dates.items()
        ]
    )
    again = row.on_conflict_do_update(
        index_elements=["case_id", "kind", "subject_id"],
        set_={
            "due_at": row.excluded.due_at,
            "fired_at": None,
            "generation": Timer.generation + 1,
        },
    )
    await tx.db.exec(again)


async def clear_timer(tx: Transaction, case_id: int, kind: str, subject_id: int = 0) -> None:
    await tx.db.exec(
        update(Timer)
        .where(
            col(Timer.case_id) == case_id,
            col(Timer.kind) == kind,
            col(Timer.subject_id) == subject_id,
            col(Timer.fired_at).is_(None),
        )
        .values(fired_at=tx.now)
    )


async def due_timers(
    db: AsyncSession, now: datetime, wanted: ColumnElement[bool], limit: int = 200
) -> list[Timer]:
    """What is due. Nothing is locked yet: a command takes the case first, then its timer."""
    query = (
        select(Timer)
        .where(col(Timer.due_at) <= now, col(Timer.fired_at).is_(None), wanted)
        .order_by(col(Timer.due_at))
        .limit(limit)
    )
    return list((await db.exec(query)).all())


async def take_timer(tx: Transaction, timer: Timer) -> bool:
    """Mark it fired, unless it was moved, cleared or fired meanwhile. The case is held."""
    taken = await tx.db.exec(
        update(Timer)
        .where(
            col(Timer.id) == timer.id,
            col(Timer.generation) == timer.generation,
            col(Timer.fired_at).is_(None),
            col(Timer.due_at) <= tx.now,
        )
        .values(fired_at=tx.now)
        .returning(col(Timer.id))
    )
    return taken.one_or_none() is not None
