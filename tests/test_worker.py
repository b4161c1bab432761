"""What was committed is done: by several workers, after faults, without Valkey, after kill -9."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlmodel import col, func, select, update

from helpdesk import relay
from helpdesk.cases.failures import MOST_TRIES, given_up, try_again
from helpdesk.cases.models import Event, Failure, Receipt, Timer
from helpdesk.cases.receipts import already_done
from helpdesk.cases.timers import set_timer
from helpdesk.core.clock import FrozenClock, SystemClock
from helpdesk.core.jobs import Job
from helpdesk.core.settings import Settings
from helpdesk.desk import Desk, Transaction, open_desk
from helpdesk.doctor import check_jobs
from helpdesk.jobs import listed, retried
from helpdesk.mail.commands import send_mail
from helpdesk.mail.models import Mail
from helpdesk.permissions import SYSTEM
from helpdesk.relay import fire_due_timers, relay_once
from helpdesk.tickets.commands import hold_ticket, reply
from helpdesk.tickets.filing import file_ticket
from helpdesk.wiring import SUBSCRIBERS
from helpdesk.worker import SWEEP, work_once
from tests.build import a_filing, a_ticket
from tests.people import Cast


async def count(desk: Desk, table: type, *where: object) -> int:
    async with desk.reading() as db:
        query = select(func.count()).select_from(table).where(*where)  # type: ignore[arg-type]
        return int((await db.exec(query)).one())


async def waiting(desk: Desk) -> int:
    return await count(desk, Event, col(Event.relayed_at).is_(None))


async def test_several_workers_at_once_do_everything_once(cast: Cast) -> None:
    for _ in range(15):
        ticket = await a_ticket(cast, "finn")
        async with cast.desk.transaction(await cast.actor("amy")) as tx:
            await reply(tx, ticket.ticket_id, "We look into it", uuid4())
    expected = await waiting(cast.desk)
    done = 0
    while await waiting(cast.desk):
        done += sum(await asyncio.gather(*(relay_once(cast.desk, SUBSCRIBERS) for _ in range(5))))
    assert done == expected + 15  # that each answer came in time is an event, too
    # For each ticket: that it arrived, the answer, its new status; not what Finn wrote himself.
    assert await count(cast.desk, Mail) == 45
    # Of his words too; and that nobody may be kept waiting is watched from the beginning.
    assert await count(cast.desk, Receipt, col(Receipt.job).startswith("tickets.")) == 75


async def test_a_job_waits_for_a_case_whose_holder_changes_the_event(cast: Cast) -> None:
    async def held(desk: Desk, event_id: int) -> None:
        async with desk.transaction(SYSTEM) as tx:
            if not await already_done(tx, event_id, "tests.held"):
                await hold_ticket(tx, filed.ticket_id)

    filed = await a_ticket(cast, "finn")
    jobs = {"ticket.opened": [Job("tests.held", held)]}
    async with cast.desk.transaction(await cast.actor("amy")) as tx:
        await hold_ticket(tx, filed.ticket_id)
        relaying = asyncio.create_task(relay_once(cast.desk, jobs))
        await asyncio.sleep(0.5)
        assert not relaying.done()
        await tx.db.exec(update(Event).values(audience=Event.audience))
    await asyncio.wait_for(relaying, 10)
    assert await count(cast.desk, Receipt) == 1


async def test_a_job_that_fails_is_done_later_and_once(cast: Cast, clock: FrozenClock) -> None:
    tries = []

    async def flaky(desk: Desk, event_id: int) -> None:
        tries.append(event_id)
        async with desk.transaction(SYSTEM) as tx:
            if await already_done(tx, event_id, "tests.flaky"):
                return
            await send_mail(tx, f"flaky:{event_id}", "", "finn@example.com", "Hello", "Hello")
            if len(tries) < 3:
                raise RuntimeError("not yet")

    async def steady(desk: Desk, event_id: int) -> None:
        async with desk.transaction(SYSTEM) as tx:
            if not await already_done(tx, event_id, "tests.steady"):
                await send_mail(tx, f"steady:{event_id}", "", "finn@example.com", "Hello", "Hello")

    await a_ticket(cast, "finn")
    jobs = {"ticket.opened": [Job("tests.steady", steady), Job("tests.flaky", flaky)]}
    counts = []
    for _ in range(4):
        await relay_once(cast.desk, jobs)
        counts.append(await count(cast.desk, Mail))
        clock.advance(minutes=1)
    assert counts == [1, 1, 2, 2]  # what failed left nothing behind, what worked is not repeated
    assert len(tries) == 3
    async with cast.desk.reading() as db:
        receipts = (await db.exec(select(Receipt.job))).all()
    assert sorted(receipts) == ["tests.flaky", "tests.steady"]


async def test_a_job_is_tried_ever_less_often_then_given_up_and_kept(
    cast: Cast, clock: FrozenClock, caplog: pytest.LogCaptureFixture
) -> None:
    tries: list[object] = []
    cured = False

    async def broken(desk: Desk, event_id: int) -> None:
        tries.append(desk.clock.now())
        if not cured:
            raise ValueError("what somebody wrote")

    async def steady(desk: Desk, event_id: int) -> None:
        async with desk.transaction(SYSTEM) as tx:
            if not await already_done(tx, event_id, "tests.steady"):
                await send_mail(tx, f"steady:{event_id}", "", "finn@example.com", "Hello", "Hello")

    await a_ticket(cast, "finn")
    jobs = {"ticket.opened": [Job("tests.broken", broken), Job("tests.steady", steady)]}
    began = clock.now()
    for _ in range(3):
        await relay_once(cast.desk, jobs)
    assert len(tries) == 1, "it must rest before it is tried again"
    assert await count(cast.desk, Mail) == 1, "a job that fails holds up no other"
    for _ in range(MOST_TRIES + 3):
        clock.advance(hours=6)
        await relay_once(cast.desk, jobs)
    assert len(tries) == MOST_TRIES
    assert await waiting(cast.desk) == 0
    async with cast.desk.reading() as db:
        (kept,) = await given_up(db)
    assert (kept.job, kept.error, kept.tries) == ("tests.broken", "ValueError", MOST_TRIES)
    lines = [record.getMessage() for record in caplog.records]
    assert lines.count("job.given_up") == 1
    assert "what somebody wrote" not in str([record.args for record in caplog.records])
    assert began < kept.failed_at

    cured = True
    async with cast.desk.transaction(SYSTEM) as tx:
        assert await try_again(tx, [kept.id + 1]) == 0
        assert await try_again(tx, [kept.id]) == 1
    await relay_once(cast.desk, jobs)
    assert len(tries) == MOST_TRIES + 1
    assert await count(cast.desk, Failure) == 0
    assert await count(cast.desk, Mail) == 1, "what had worked is not repeated"


async def test_what_was_given_up_is_listed_and_tried_again_by_command(
    cast: Cast, clock: FrozenClock, settings: Settings
) -> None:
    async def broken(desk: Desk, event_id: int) -> None:
        raise ValueError

    filed = await a_ticket(cast, "finn")
    jobs = {"ticket.opened": [Job("tests.broken", broken)]}
    assert await listed(settings) == ["No work has failed."]
    for _ in range(MOST_TRIES):
        await relay_once(cast.desk, jobs)
        clock.advance(hours=6)
    (line, hint) = await listed(settings)
    assert f"tests.broken  case {filed.case_id}, event ticket.opened" in line
    assert "after 10 tries: ValueError" in line
    assert "helpdesk jobs retry" in hint
    assert (await check_jobs(settings)).state == "fault"
    assert await retried(settings, [int(line.split()[0])]) == 1
    assert (await check_jobs(settings)).state == "warn"
    assert await waiting(cast.desk) == 1


async def test_a_timer_that_fails_rests_is_given_up_and_can_be_tried_again(
    cast: Cast, clock: FrozenClock
) -> None:
    tries: list[int] = []
    cured = False

    async def ring(tx: Transaction, timer: Timer) -> None:
        tries.append(timer.id)
        if not cured:
            raise RuntimeError

    ticket = await a_ticket(cast, "finn")
    async with cast.desk.transaction(SYSTEM) as tx:
        case, _ = await hold_ticket(tx, ticket.ticket_id)
        await set_timer(tx, case.id, "ring", tx.now + timedelta(hours=1))
    clock.advance(hours=1)
    for _ in range(3):
        assert await fire_due_timers(cast.desk, {"ring": ring}) == 0
    assert len(tries) == 1
    for _ in range(MOST_TRIES + 3):
        clock.advance(hours=6)
        await fire_due_timers(cast.desk, {"ring": ring})
    assert len(tries) == MOST_TRIES
    cured = True
    async with cast.desk.transaction(SYSTEM) as tx:
        assert await try_again(tx) == 1
    assert await fire_due_timers(cast.desk, {"ring": ring}) == 1
    assert await count(cast.desk, Failure) == 0


async def test_a_timer_that_is_set_anew_begins_anew(cast: Cast, clock: FrozenClock) -> None:
    tries: list[int] = []

    async def ring(tx: Transaction, timer: Timer) -> None:
        tries.append(timer.id)
        raise RuntimeError

    ticket = await a_ticket(cast, "finn")
    async with cast.desk.transaction(SYSTEM) as tx:
        case, _ = await hold_ticket(tx, ticket.ticket_id)
        await set_timer(tx, case.id, "ring", tx.now)
    for _ in range(MOST_TRIES):
        await fire_due_timers(cast.desk, {"ring": ring})
        clock.advance(hours=6)
    async with cast.desk.transaction(SYSTEM) as tx:
        await set_timer(tx, case.id, "ring", tx.now + timedelta(seconds=1))
    clock.advance(seconds=2)
    await fire_due_timers(cast.desk, {"ring": ring})
    assert len(tries) == MOST_TRIES + 1


async def test_failing_events_do_not_hold_up_the_others(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "BATCH", 1)
    bad = await a_ticket(cast, "finn")
    good = await a_ticket(cast, "nina")
    seen = []

    async def picky(desk: Desk, event_id: int) -> None:
        async with desk.transaction(SYSTEM) as tx:
            event = await tx.db.get_one(Event, event_id)
            if event.ticket_id == bad.ticket_id:
                raise RuntimeError
            seen.append(event.ticket_id)

    assert await relay_once(cast.desk, {"ticket.opened": [Job("tests.picky", picky)]}) >= 1
    assert seen == [good.ticket_id]
    assert await waiting(cast.desk) == 1


async def test_a_timer_fires_once_under_five_sweeps(cast: Cast, clock: FrozenClock) -> None:
    fired: list[int] = []

    async def ring(tx: Transaction, timer: Timer) -> None:
        await asyncio.sleep(0.01)
        fired.append(timer.subject_id)

    tickets = [await a_ticket(cast, "finn") for _ in range(6)]
    for number, ticket in enumerate(tickets):
        async with cast.desk.transaction(SYSTEM) as tx:
            case, _ = await hold_ticket(tx, ticket.ticket_id)
            await set_timer(tx, case.id, "ring", tx.now + timedelta(hours=1), number)
    assert await fire_due_timers(cast.desk, {"ring": ring}) == 0
    clock.advance(hours=1)
    counts = await asyncio.gather(*(fire_due_timers(cast.desk, {"ring": ring}) for _ in range(5)))
    assert sum(counts) == 6
    assert sorted(fired) == [0, 1, 2, 3, 4, 5]


async def test_a_timer_that_was_moved_fires_at_its_new_time(cast: Cast, clock: FrozenClock) -> None:
    fired: list[int] = []

    async def ring(tx: Transaction, timer: Timer) -> None:
        fired.append(timer.generation)

    ticket = await a_ticket(cast, "finn")
    for hours in (1, 3):
        async with cast.desk.transaction(SYSTEM) as tx:
            case, _ = await hold_ticket(tx, ticket.ticket_id)
            await set_timer(tx, case.id, "ring", tx.now + timedelta(hours=hours))
    clock.advance(hours=2)
    await fire_due_timers(cast.desk, {"ring": ring})
    assert fired == []
    clock.advance(hours=2)
    await fire_due_timers(cast.desk, {"ring": ring})
    await fire_due_timers(cast.desk, {"ring": ring})
    assert fired == [2]


async def test_a_part_that_fails_leaves_the_others_working(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    from helpdesk import worker

    async def broken(desk: Desk) -> int:
        raise RuntimeError

    monkeypatch.setattr(worker, "PARTS", (broken, *worker.PARTS))
    await a_ticket(cast, "finn")
    while await waiting(cast.desk):
        await work_once(cast.desk)
    assert await count(cast.desk, Mail) == 1


# A worker as a process of its own. It goes by the real time, and so does this desk.


@pytest.fixture
async def real_desk(desk: Desk) -> AsyncIterator[Desk]:
    async with open_desk(desk.settings, SystemClock(), frozenset(SUBSCRIBERS)) as real:
        yield real


@asynccontextmanager
async def worker_of(desk: Desk) -> AsyncIterator[asyncio.subprocess.Process]:
    settings = desk.settings
    environment = os.environ | {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "HELPDESK_DATA_DIR": str(settings.data_dir),
        "HELPDESK_SECRET_KEY": settings.secret_key,
        "HELPDESK_SMTP_URL": "",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "helpdesk", "worker", env=environment,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def until_mailed(desk: Desk, number: int, seconds: float = 90) -> None:
    """As many mails have been taken care of."""
    await until(lambda: count(desk, Mail, col(Mail.sent_at).is_not(None)), number, seconds)


async def until(how_many: Callable[[], Awaitable[int]], number: int, seconds: float = 90) -> None:
    async with asyncio.timeout(seconds):
        while await how_many() < number:  # noqa: ASYNC110 - it happens in another process
            await asyncio.sleep(0.02)


async def file(cast: Cast, desk: Desk, number: int) -> None:
    finn = await cast.actor("finn")
    for _ in range(number):
        await file_ticket(desk, finn, a_filing())


async def test_without_valkey_s_memory_the_mail_goes_out_with_the_next_sweep(
    cast: Cast, real_desk: Desk
) -> None:
    async with worker_of(real_desk):
        await file(cast, real_desk, 1)
        await until_mailed(real_desk, 1)  # the worker is up
        began = asyncio.get_running_loop().time()
        await file(cast, real_desk, 3)
        await real_desk.redis.flushdb()
        await until_mailed(real_desk, 4)
        # One sweep for the events, one for the mails, and a busy machine.
        assert asyncio.get_running_loop().time() - began < 2 * SWEEP + 4


async def test_killed_in_the_middle_nothing_is_lost_or_done_twice(
    cast: Cast, real_desk: Desk
) -> None:
    await file(cast, real_desk, 60)
    async with worker_of(real_desk) as worker:
        await until(lambda: count(real_desk, Receipt), 10)
        worker.kill()
        await worker.wait()
    assert await waiting(real_desk) > 0, "it was not in the middle"
    async with worker_of(real_desk):
        await until_mailed(real_desk, 60)
    assert await waiting(real_desk) == 0
    assert await count(real_desk, Mail) == 60
    mailing = col(Receipt.job).in_(("tickets.confirm_ticket", "tickets.mail_answer"))
    # Of the ticket, and of its first message.
    assert await count(real_desk, Receipt, mailing) == 120
