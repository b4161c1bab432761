"""Work that failed: tried again after longer and longer waits, then given up, never lost."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from logging import ERROR

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from helpdesk.core.logs import log, log_failure
from helpdesk.desk import Transaction

from .models import Event, Failure, Timer

EVENT, TIMER = "event", "timer"
WAITS = (
    timedelta(seconds=2),
    timedelta(seconds=10),
    timedelta(minutes=1),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=6),
)
MOST_TRIES = 10  # the last one about a day after the first


def wait_after(tries: int) -> timedelta:
    return WAITS[min(tries, len(WAITS)) - 1]


async def failures_of(db: AsyncSession, source: str, source_id: int) -> dict[str, Failure]:
    """By job."""
    query = select(Failure).where(Failure.source == source, Failure.source_id == source_id)
    return {failure.job: failure for failure in (await db.exec(query)).all()}


async def note_failure(
    db: AsyncSession, source: str, source_id: int, job: str, error: Exception, now: datetime
) -> Failure:
    """One more try came to nothing. To be called while the exception is handled."""
    key = {"source": source, "source_id": source_id, "job": job}
    row = insert(Failure).values(**key, tries=0, error="", failed_at=now, due_at=now)
    await db.exec(row.on_conflict_do_nothing(index_elements=list(key)))
    query = select(Failure).filter_by(**key).with_for_update()
    failure = (await db.exec(query.execution_options(populate_existing=True))).one()
    name = type(error).__name__[:80]
    failure.tries += 1
    failure.error, failure.failed_at = name, now
    failure.due_at = now + wait_after(failure.tries)
    told: dict[str, object] = {"job": job, f"{source}_id": source_id, "tries": failure.tries}
    log_failure("job.failed", **told)
    if failure.tries >= MOST_TRIES:
        failure.given_up_at = now
        log("job.given_up", ERROR, **told | {"error": name})
    await db.flush()
    return failure


def is_resting(failure: Failure, now: datetime) -> bool:
    """Not to be tried now."""
    return failure.given_up_at is not None or failure.due_at > now


def event_rests(now: datetime) -> ColumnElement[bool]:
    """All that is left of the event's work has failed and is not due yet."""
    waiting = and_(
        col(Failure.source) == EVENT,
        col(Failure.source_id) == col(Event.id),
        col(Failure.given_up_at).is_(None),
    )
    return and_(
        exists().where(waiting, col(Failure.due_at) > now),
        ~exists().where(waiting, col(Failure.due_at) <= now),
    )


def timer_rests(now: datetime) -> ColumnElement[bool]:
    """It failed since it was set; a timer that is set anew begins anew."""
    return exists().where(
        col(Failure.source) == TIMER,
        col(Failure.source_id) == col(Timer.id),
        col(Failure.failed_at) >= col(Timer.due_at),
        or_(col(Failure.given_up_at).is_not(None), col(Failure.due_at) > now),
    )


async def forget_failure(db: AsyncSession, source: str, source_id: int) -> None:
    await db.exec(
        delete(Failure).where(col(Failure.source) == source, col(Failure.source_id) == source_id)
    )


async def given_up(db: AsyncSession) -> Sequence[Failure]:
    query = select(Failure).where(col(Failure.given_up_at).is_not(None))
    return (await db.exec(query.order_by(col(Failure.id)))).all()


async def waiting_failures(db: AsyncSession) -> int:
    """How many are tried again by themselves."""
    query = select(func.count()).where(col(Failure.given_up_at).is_(None))
    return (await db.exec(query)).one()


async def try_again(tx: Transaction, ids: Sequence[int] | None = None) -> int:
    """Given-up work becomes due, with all its tries; all of it, or what these numbers name."""
    query = select(Failure).where(col(Failure.given_up_at).is_not(None)).with_for_update()
    if ids is not None:
        query = query.where(col(Failure.id).in_(ids))
    found = (await tx.db.exec(query)).all()
    for failure in found:
        failure.tries, failure.due_at, failure.given_up_at = 0, tx.now, None
    events = [failure.source_id for failure in found if failure.source == EVENT]
    if events:
        again = update(Event).where(col(Event.id).in_(events)).values(relayed_at=None)
        await tx.db.exec(again)
    tx.has_work |= bool(found)
    return len(found)
