"""From what was committed to what follows from it: events to jobs, timers to commands."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from helpdesk.cases.failures import (
    EVENT,
    TIMER,
    event_rests,
    failures_of,
    forget_failure,
    is_resting,
    note_failure,
    timer_rests,
)
from helpdesk.cases.models import Event, Receipt, Timer
from helpdesk.cases.queries import hold_case
from helpdesk.cases.timers import due_timers, take_timer
from helpdesk.core.jobs import Job
from helpdesk.desk import Desk, Transaction
from helpdesk.permissions import SYSTEM

BATCH = 100

FireTimer = Callable[[Transaction, Timer], Awaitable[None]]


async def relay_once(desk: Desk, subscribers: Mapping[str, Sequence[Job]]) -> int:
    """Run the jobs of events nobody has handled; at least once, never lost.

    Events are claimed by lock, not by a cursor over ids: ids are not handed out in commit order,
    so a cursor would skip a slow transaction's events. A job writes its receipt with its
    effect; an event is done when every job of its type has one or was given up. A job that
    fails is tried again later (cases/failures.py) and holds up no other.
    """
    done = last = 0
    # Past those that were not done: within one pass only, so nothing committed late is skipped.
    while waiting := await waiting_events(desk, last):
        for event_id in waiting:
            done += await relay_event(desk, event_id, subscribers)
        last = waiting[-1]
    return done


async def waiting_events(desk: Desk, after: int) -> Sequence[int]:
    query = (
        select(Event.id)
        .where(
            col(Event.relayed_at).is_(None),
            col(Event.id) > after,
            ~event_rests(desk.clock.now()),
        )
        .order_by(col(Event.id))
        .limit(BATCH)
    )
    async with desk.reading() as db:
        return (await db.exec(query)).all()


async def relay_event(desk: Desk, event_id: int, subscribers: Mapping[str, Sequence[Job]]) -> int:
    async with desk.sessions.begin() as db:
        # Not the row itself is locked: a job may wait for a case whose holder changes this event.
        claim = func.pg_try_advisory_xact_lock(func.hashtextextended(f"event:{event_id}", 0))
        if not (await db.exec(select(claim))).one():
            return 0
        unhandled = select(Event).where(Event.id == event_id, col(Event.relayed_at).is_(None))
        event = (await db.exec(unhandled)).one_or_none()
        if event is None:
            return 0
        if not await run_jobs(desk, db, event_id, subscribers.get(event.type, ())):
            return 0
        event.relayed_at = desk.clock.now()
    return 1


async def run_jobs(desk: Desk, db: AsyncSession, event_id: int, jobs: Sequence[Job]) -> bool:
    """Whether nothing is left to do for the event: every job has run, or was given up."""
    receipts = await db.exec(select(Receipt.job).where(Receipt.event_id == event_id))
    finished = set(receipts.all())
    failures = await failures_of(db, EVENT, event_id)
    left = 0
    for job in jobs:
        failure = failures.get(job.name)
        if job.name in finished:
            continue
        if failure is None or not is_resting(failure, desk.clock.now()):
            try:
                await job.run(desk, event_id)
            except Exception as error:
                now = desk.clock.now()
                failure = await note_failure(db, EVENT, event_id, job.name, error, now)
            else:
                if failure is not None:
                    await db.delete(failure)
                continue
        left += failure.given_up_at is None
    return not left


async def fire_due_timers(desk: Desk, handlers: Mapping[str, FireTimer]) -> int:
    """Every due timer fires once, whoever asks first. The case is held while it fires."""
    now = desk.clock.now()
    async with desk.reading() as db:
        due = await due_timers(db, now, ~timer_rests(now))
    return sum([await fire(desk, timer, handlers) for timer in due])


async def fire(desk: Desk, timer: Timer, handlers: Mapping[str, FireTimer]) -> int:
    try:
        async with desk.transaction(SYSTEM) as tx:
            await hold_case(tx, timer.case_id)
            if not await take_timer(tx, timer):
                return 0
            await handlers[timer.kind](tx, timer)
            await forget_failure(tx.db, TIMER, timer.id)
            return 1
    except Exception as error:
        async with desk.sessions.begin() as db:
            await note_failure(db, TIMER, timer.id, timer.kind, error, desk.clock.now())
        return 0
