"""What just happened, on its way to open sockets: here at once, elsewhere through Valkey.

An envelope is a copy of something already committed. A lost one costs time, never data:
whoever follows a numbered stream notices the gap and reads the table.
"""

import asyncio
import os
import secrets
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import orjson
from redis.asyncio import Redis
from redis.exceptions import RedisError

from helpdesk.core.buses import Bus, Shards, bus_of

GATHER = 0.05  # seconds: word of these goes to other processes together
GATHERED = frozenset({"desk"})  # it changes by the hundred in a busy moment
BACKLOG = 20_000  # envelopes that may wait for Valkey; followers elsewhere read what is dropped


class Envelope:
    """One event of a stream. `reach` says who may see it; the follower judges.

    The frame is written as JSON once, however many sockets and processes it goes to.
    """

    __slots__ = ("_frame", "_text", "reach", "seq", "stream")

    def __init__(
        self,
        stream: str,
        seq: int,  # 0: ephemeral, not stored
        reach: Mapping[str, Any],
        frame: dict[str, Any] | None = None,
        text: str | None = None,
    ) -> None:
        self.stream, self.seq, self.reach = stream, seq, reach
        self._frame, self._text = frame, text

    @property
    def frame(self) -> dict[str, Any]:
        if self._frame is None:
            self._frame = orjson.loads(self._text or "{}")
        return self._frame

    @property
    def text(self) -> str:
        if self._text is None:
            self._text = orjson.dumps(self._frame).decode()
        return self._text

    def __repr__(self) -> str:
        return f"Envelope({self.stream!r}, {self.seq})"


Follower = Callable[[Envelope], None]


class Live:
    def __init__(self, redis: "Redis | None") -> None:
        self.redis = redis
        self.me = f"{os.getpid()}-{secrets.token_hex(4)}"
        self.followers: defaultdict[str, set[Follower]] = defaultdict(set)
        self.watchers: dict[str, Follower] = {}  # for all streams of a kind: "session:…"
        self.reconnected: set[Callable[[], None]] = set()  # called after a silence of Valkey
        self.waiting: list[Envelope] = []
        self.gathered: list[Envelope] = []
        self.sending: asyncio.TimerHandle | None = None
        self.publishing: asyncio.Task[None] | None = None
        self.bus: Bus | None = None  # once Valkey has said what it is
        self.hearing = False  # without it the other processes cannot tell us anything

    def follow(self, stream: str, follower: Follower) -> Callable[[], None]:
        """Call `follower` for every envelope of the stream; the answer ends it."""
        self.followers[stream].add(follower)

        def unfollow() -> None:
            self.followers[stream].discard(follower)
            if not self.followers[stream]:
                del self.followers[stream]

        return unfollow

    def watch(self, kind: str, follower: Follower) -> Callable[[], None]:
        """Call `follower` for every stream whose name begins with `kind` and a colon."""
        self.watchers[kind] = follower
        return lambda: self.watchers.pop(kind, None) and None

    def deliver(self, envelopes: Sequence[Envelope]) -> None:
        """To this process now; to the others by one publication that nobody waits for."""
        if not envelopes:
            return
        self.hand_out(envelopes)
        if self.redis is None or len(self.waiting) > BACKLOG:
            return
        for envelope in envelopes:
            (self.gathered if envelope.stream in GATHERED else self.waiting).append(envelope)
        if self.waiting:
            self.send()
        elif self.sending is None:
            self.sending = asyncio.get_running_loop().call_later(GATHER, self.send)

    def send(self) -> None:
        if self.sending is not None:
            self.sending.cancel()
            self.sending = None
        self.waiting += self.gathered
        self.gathered = []
        if self.publishing is None and self.waiting:
            self.publishing = asyncio.ensure_future(self.publish())

    def hand_out(self, envelopes: Iterable[Envelope]) -> None:
        for envelope in envelopes:
            if followers := self.followers.get(envelope.stream):
                for follower in tuple(followers):
                    follower(envelope)
            if watcher := self.watchers.get(envelope.stream.partition(":")[0]):
                watcher(envelope)

    async def publish(self) -> None:
        """What gathers while one publication is under way goes out with the next."""
        assert self.redis is not None
        try:
            while self.waiting:
                envelopes, self.waiting = self.waiting, []
                with suppress(RedisError, OSError):
                    await self.publish_all(await self.find_bus(), envelopes)
        finally:
            self.publishing = None

    async def publish_all(self, bus: Bus, envelopes: list[Envelope]) -> None:
        channels: dict[str, list[Any]] = {}
        for e in envelopes:
            row = [e.stream, e.seq, e.reach, e.text]
            channels.setdefault(bus.channel_of(e.stream), []).append(row)
        for channel, rows in channels.items():
            await bus.publish(channel, self.me.encode() + b" " + orjson.dumps(rows))

    async def find_bus(self) -> Bus:
        assert self.redis is not None
        if self.bus is None:
            self.bus = await bus_of(self.redis)
        return self.bus

    async def finish(self) -> None:
        """Return when everything delivered has been published."""
        self.send()
        if self.publishing is not None:
            await self.publishing

    async def run(self) -> None:
        """Hear the other processes, for as long as this one lives."""
        while True:
            with suppress(RedisError, OSError):
                await self.hear(await self.find_bus())
            self.hearing = False
            await asyncio.sleep(0.5)

    async def hear(self, bus: Bus) -> None:
        own = self.me.encode() + b" "
        async for data in bus.listen(self.begun):
            if not data.startswith(own):  # ours were handed out before they were published
                rows = orjson.loads(data.partition(b" ")[2])
                self.hand_out([Envelope(s, n, reach, None, text) for s, n, reach, text in rows])

    def begun(self) -> None:
        self.hearing = True
        for missed in tuple(self.reconnected):
            missed()

    async def aclose(self) -> None:
        """What was not published yet goes out, if Valkey takes it within a second."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.finish(), 1)
        if isinstance(self.bus, Shards):
            await self.bus.aclose()
