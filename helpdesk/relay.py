"""From what was committed to what follows from it: events to jobs, timers to commands."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence

from sqlmodel import col, select

from helpdesk.cases.models import Event, Receipt, Timer
from helpdesk.cases.queries import hold_case
from helpdesk.cases.timers import due_timers, take_timer
from helpdesk.core.jobs import Job
from helpdesk.desk import Desk, Transaction
from helpdesk.permissions import SYSTEM

log = logging.getLogger("helpdesk.relay")

BATCH = 100

FireTimer = Callable[[Transaction, Timer], Awaitable[None]]


async def relay_once(desk: Desk, subscribers: Mapping[str, Sequence[Job]]) -> int:
    """Run the jobs of events nobody has handled; at least once, never lost.

    Rows are claimed by lock, not by a cursor over ids: ids are not handed out in commit order,
    so a cursor would skip a slow transaction's events. A job writes its receipt with its
    effect; an event is done when every job of its type has one.
    """
    done = last = 0
    # Past those whose job fails: within one pass only, so nothing committed late is skipped.
    while waiting := await waiting_events(desk, last):
        for event_id in waiting:
            done += await relay_event(desk, event_id, subscribers)
        last = waiting[-1]
    return done


async def waiting_events(desk: Desk, after: int) -> Sequence[int]:
    query = (
        select(Event.id)
        .where(col(Event.relayed_at).is_(None), col(Event.id) > after)
        .order_by(col(Event.id))
        .limit(BATCH)
    )
    async with desk.reading() as db:
        return (await db.exec(query)).all()


async def relay_event(desk: Desk, event_id: int, subscribers: Mapping[str, Sequence[Job]]) -> int:
    async with desk.sessions.begin() as db:
        claim = (
            select(Event)
            .where(Event.id == event_id, col(Event.relayed_at).is_(None))
            # A job's receipt refers to this row, so its key must stay free to be shared.
            .with_for_update(skip_locked=True, key_share=True)
        )
        event = (await db.exec(claim)).one_or_none()
        if event is None:
            return 0
        receipts = await db.exec(select(Receipt.job).where(Receipt.event_id == event_id))
        finished = set(receipts.all())
        for job in subscribers.get(event.type, ()):
            if job.name not in finished:
                try:
                    await job.run(desk, event_id)
                except Exception:
                    log.exception("job.failed", extra={"job": job.name})
                    return 0  # tried again with the next sweep
        event.relayed_at = desk.clock.now()
    return 1


async def fire_due_timers(desk: Desk, handlers: Mapping[str, FireTimer]) -> int:
    """Every due timer fires once, whoever asks first. The case is held while it fires."""
    async with desk.reading() as db:
        due = await due_timers(db, desk.clock.now())
    fired = 0
    for timer in due:
        try:
            async with desk.transaction(SYSTEM) as tx:
                await hold_case(tx, timer.case_id)
                if await take_timer(tx, timer):
                    await handlers[timer.kind](tx, timer)
                    fired += 1
        except Exception:
            log.exception("timer.failed", extra={"kind": timer.kind})
    return fired
