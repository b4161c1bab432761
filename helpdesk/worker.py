"""The worker process: relays events to jobs, fires due timers, sends mail, sweeps.

Truth is in PostgreSQL: events without receipt, timers, mails. arq only wakes this process
early; a sweep every two seconds does the same work when no wake-up arrives.
"""

import asyncio
import logging
import signal
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from arq import func
from arq.connections import ArqRedis
from arq.worker import Worker
from redis.exceptions import RedisError

from helpdesk.core.services import services
from helpdesk.core.settings import Settings
from helpdesk.core.waking import WAKE_UP, dump, load
from helpdesk.desk import Desk, open_desk
from helpdesk.relay import fire_due_timers, relay_once
from helpdesk.wiring import SUBSCRIBERS, SWEEPS, TIMERS

log = logging.getLogger("helpdesk.worker")

SWEEP = 2.0  # seconds between two looks when nobody wakes us


async def work_once(desk: Desk) -> int:
    """Everything that is due now. Each part fails alone."""
    done = 0
    for part in (
        lambda: relay_once(desk, SUBSCRIBERS),
        lambda: fire_due_timers(desk, TIMERS),
        *(lambda sweep=sweep: sweep(desk) for sweep in SWEEPS),
    ):
        try:
            done += await part() or 0
        except Exception:
            log.exception("worker.part_failed")
    return done


async def work_forever(desk: Desk, wake: asyncio.Event) -> None:
    while True:
        wake.clear()
        if not await work_once(desk):
            with suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), SWEEP)


def arq_worker(redis: ArqRedis, wake: asyncio.Event) -> Worker:
    async def woken(ctx: dict[str, Any]) -> None:
        wake.set()

    return Worker(
        functions=[func(woken, name=WAKE_UP, keep_result=0, max_tries=1)],
        redis_pool=redis,
        handle_signals=False,
        poll_delay=0.05,
        health_check_interval=3600,
        job_serializer=dump,
        job_deserializer=load,
    )


async def listen_forever(redis_url: str, wake: asyncio.Event) -> None:
    """arq's worker ends when Valkey restarts; we start it again. The sweep goes on meanwhile."""
    while True:
        redis: ArqRedis = ArqRedis.from_url(redis_url)
        with suppress(RedisError, OSError):
            await arq_worker(redis, wake).async_run()
        with suppress(RedisError, OSError):
            await redis.aclose()
        await asyncio.sleep(1)


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    async with open_desk(settings, relayed=frozenset(SUBSCRIBERS)) as desk:
        wake = asyncio.Event()
        tasks: Sequence[asyncio.Task[None]] = [
            asyncio.create_task(work_forever(desk, wake)),
            asyncio.create_task(listen_forever(settings.redis_url, wake)),
        ]
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
