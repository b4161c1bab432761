"""The worker process: relays events to jobs, fires due timers, sends mail, sweeps.

Truth is in PostgreSQL: events without receipt, timers, mails. arq only wakes this process
early; a sweep every two seconds does the same work when no wake-up arrives.
"""

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from arq import func
from arq.connections import ArqRedis
from arq.worker import Worker
from redis.exceptions import RedisError

import helpdesk.schema  # noqa: F401 - every table must be known before one is written
from helpdesk.core.buses import SLOT, go_home
from helpdesk.core.services import services
from helpdesk.core.settings import Settings
from helpdesk.core.waking import WAKE_UP, dump, load
from helpdesk.desk import Desk, open_desk
from helpdesk.relay import fire_due_timers, relay_once
from helpdesk.wiring import SUBSCRIBERS, SWEEPS, TIMERS

log = logging.getLogger("helpdesk.worker")

SWEEP = 2.0  # seconds between two looks when nobody wakes us
LONGEST_REST = 60.0  # seconds a part that keeps failing is left alone


Part = Callable[[Desk], Awaitable[int]]
PARTS: Sequence[Part] = (
    partial(relay_once, subscribers=SUBSCRIBERS),
    partial(fire_due_timers, handlers=TIMERS),
    *SWEEPS,
)


async def work_once(desk: Desk) -> int:
    """Everything that is due now, one part after the other."""
    return sum([await attempt(desk, part) or 0 for part in PARTS])


async def attempt(desk: Desk, part: Part) -> int | None:
    """How much was done; None for a part that failed. It holds up no other."""
    try:
        return await part(desk)
    except Exception:
        log.exception("worker.part_failed")
        return None


async def repeat(desk: Desk, part: Part, wake: asyncio.Event) -> None:
    """Without end: at once while there is work, and ever less often while it fails."""
    rest = SWEEP
    while True:
        wake.clear()
        done = await attempt(desk, part)
        if done is None:
            await asyncio.sleep(rest)
            rest = min(2 * rest, LONGEST_REST)
            continue
        rest = SWEEP
        if not done:
            with suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), SWEEP)


def arq_worker(redis: ArqRedis, wakes: Sequence[asyncio.Event]) -> Worker:
    async def woken(ctx: dict[str, Any]) -> None:
        for wake in wakes:
            wake.set()

    return Worker(
        functions=[func(woken, name=WAKE_UP, keep_result=0, max_tries=1)],
        redis_pool=redis,
        handle_signals=False,
        poll_delay=0.05,
        health_check_interval=3600,
        health_check_key=f"{SLOT}:health-check",
        job_serializer=dump,
        job_deserializer=load,
    )


async def listen_forever(redis_url: str, wakes: Sequence[asyncio.Event]) -> None:
    """arq's worker ends when Valkey restarts; we start it again. The sweep goes on meanwhile."""
    while True:
        redis: ArqRedis = ArqRedis.from_url(redis_url)
        with suppress(RedisError, OSError):
            await go_home(redis)
            await arq_worker(redis, wakes).async_run()
        with suppress(RedisError, OSError):
            await redis.aclose()
        await asyncio.sleep(1)


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    async with open_desk(settings, relayed=frozenset(SUBSCRIBERS)) as desk:
        wakes = [asyncio.Event() for _ in PARTS]
        tasks = [
            asyncio.create_task(repeat(desk, part, wake))
            for part, wake in zip(PARTS, wakes, strict=True)
        ]
        tasks.append(asyncio.create_task(listen_forever(settings.redis_url, wakes)))
        log.info("worker.started")
        await stop.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        log.info("worker.stopped")


def run(settings: Settings) -> None:
    with services(settings) as running:
        asyncio.run(until_told(running))


async def until_told(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    await serve(settings, stop)
