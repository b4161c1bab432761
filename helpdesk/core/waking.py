"""Waking the worker early. Losing a wake-up costs two seconds, the time of a sweep."""

import asyncio
from contextlib import suppress
from typing import Any

import orjson
from arq.connections import ArqRedis, RedisSettings, create_pool
from redis.exceptions import RedisError

from helpdesk.core.buses import SLOT, go_home

WAKE_UP = "wake"  # the one arq job there is
PAUSE = 0.1  # seconds between two wake-ups of one process


def dump(value: dict[str, Any]) -> bytes:
    return orjson.dumps(value, default=repr)


def load(raw: bytes) -> dict[str, Any]:
    loaded: dict[str, Any] = orjson.loads(raw)
    return loaded


async def connect(url: str) -> ArqRedis:
    settings = RedisSettings.from_dsn(url)
    settings.max_connections = 200
    redis = await create_pool(settings, job_serializer=dump, job_deserializer=load)
    await go_home(redis)
    return redis


class Waker:
    """Asks for the worker a moment after something was committed; nobody waits for it."""

    def __init__(self, redis: ArqRedis) -> None:
        self.redis = redis
        self.asking: asyncio.Task[None] | None = None

    def wake(self) -> None:
        if self.asking is None or self.asking.done():
            self.asking = asyncio.ensure_future(self.ask())

    async def ask(self) -> None:
        """What is committed within the pause is found by the same look."""
        await asyncio.sleep(PAUSE)
        try:
            await self.redis.enqueue_job(WAKE_UP, _job_id=SLOT)
        except (RedisError, OSError):
            with suppress(RedisError, OSError):
                await go_home(self.redis)
