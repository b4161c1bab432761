"""What just happened, on its way to open sockets: here at once, elsewhere through Valkey.

An envelope is a copy of something already committed. A lost one costs time, never data:
whoever follows a numbered stream notices the gap and reads the table.
"""

import asyncio
import os
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import orjson
from redis.asyncio import Redis
from redis.exceptions import RedisError

CHANNEL = "helpdesk:live"


@dataclass(frozen=True, slots=True)
class Envelope:
    """One event of a stream. `reach` says who may see it; the follower judges."""

    stream: str
    seq: int  # 0: ephemeral, not stored
    reach: dict[str, Any]
    frame: dict[str, Any]


Follower = Callable[[Envelope], None]


class Live:
    def __init__(self, redis: "Redis | None") -> None:
        self.redis = redis
        self.me = f"{os.getpid()}-{id(self)}"
        self.followers: defaultdict[str, set[Follower]] = defaultdict(set)
        self.reconnected: set[Callable[[], None]] = set()  # called after a silence of Valkey
        self.publishing: set[asyncio.Task[None]] = set()

    def follow(self, stream: str, follower: Follower) -> Callable[[], None]:
        """Call `follower` for every envelope of the stream; the answer ends it."""
        self.followers[stream].add(follower)

        def unfollow() -> None:
            self.followers[stream].discard(follower)
            if not self.followers[stream]:
                del self.followers[stream]

        return unfollow

    def deliver(self, envelopes: Sequence[Envelope]) -> None:
        """To this process now; to the others by one publication that nobody waits for."""
        if not envelopes:
            return
        self.hand_out(envelopes)
        if self.redis is not None:
            task = asyncio.ensure_future(self.publish(envelopes))
            self.publishing.add(task)
            task.add_done_callback(self.publishing.discard)

    def hand_out(self, envelopes: Sequence[Envelope]) -> None:
        for envelope in envelopes:
            for follower in tuple(self.followers.get(envelope.stream, ())):
                follower(envelope)

    async def publish(self, envelopes: Sequence[Envelope]) -> None:
        assert self.redis is not None
        rows = [[e.stream, e.seq, e.reach, e.frame] for e in envelopes]
        with suppress(RedisError, OSError):
            await self.redis.publish(CHANNEL, orjson.dumps([self.me, rows]))

    async def run(self) -> None:
        """Hear the other processes, for as long as this one lives."""
        while True:
            with suppress(RedisError, OSError):
                await self.hear()
            await asyncio.sleep(0.5)

    async def hear(self) -> None:
        assert self.redis is not None
        async with self.redis.pubsub(ignore_subscribe_messages=True) as subscription:
            await subscription.subscribe(CHANNEL)
            for missed in tuple(self.reconnected):
                missed()
            async for message in subscription.listen():
                sender, rows = orjson.loads(message["data"])
                if sender != self.me:
                    self.hand_out([Envelope(*row) for row in rows])
