"""How processes hear of each other: one channel, or in a cluster sixteen, each at its shard.

In a cluster an ordinary publication goes to every node; a sharded one stays with the node that
has the slot of its channel, so that more nodes carry more.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

from arq.connections import ArqRedis
from redis.asyncio import Redis
from redis.asyncio.connection import Connection, ConnectionPool, SSLConnection
from redis.crc import key_slot
from redis.exceptions import RedisError

CHANNEL = "helpdesk:live"
CHANNELS = [f"{CHANNEL}:{{{number}}}" for number in range(16)]
CHECK = 10.0  # seconds between two looks at who has which slot

# Every key of ours is in one slot, that of arq's queue: arq changes several keys at once.
SLOT = "{arq:queue}"

Address = tuple[str, int]


class OneChannel:
    def __init__(self, redis: Redis) -> None:
        self.redis = redis

    def channel_of(self, stream: str) -> str:
        return CHANNEL

    async def publish(self, channel: str, data: bytes) -> None:
        await self.redis.publish(channel, data)

    async def listen(self, begun: Callable[[], None]) -> AsyncIterator[bytes]:
        """What others publish, from the moment `begun` is called until the connection ends."""
        async with self.redis.pubsub(ignore_subscribe_messages=True) as subscription:
            await subscription.subscribe(CHANNEL)
            begun()
            async for message in subscription.listen():
                yield message["data"]


class Shards:
    """The nodes of a cluster. Whatever goes wrong, everything is looked up anew."""

    def __init__(self, redis: Redis) -> None:
        self.seed = redis
        self.nodes: dict[Address, Redis] = {}
        self.owners: dict[str, Redis] = {}  # by channel

    def channel_of(self, stream: str) -> str:
        return CHANNELS[key_slot(stream.encode()) % len(CHANNELS)]

    async def publish(self, channel: str, data: bytes) -> None:
        if not self.owners:
            await self.look_up()
        try:
            await self.owners[channel].execute_command("SPUBLISH", channel, data)  # type: ignore[no-untyped-call]
        except (RedisError, OSError):
            self.owners = {}  # a slot has moved, or a node is away
            raise

    async def listen(self, begun: Callable[[], None]) -> AsyncIterator[bytes]:
        await self.look_up()
        heard: asyncio.Queue[bytes | None] = asyncio.Queue()
        by_node: dict[Redis, list[str]] = {}
        for channel, node in self.owners.items():
            by_node.setdefault(node, []).append(channel)
        subscriptions = [Subscription(node, channels) for node, channels in by_node.items()]
        tasks = []
        try:
            for subscription in subscriptions:
                await subscription.begin()
            begun()
            tasks = [asyncio.create_task(one.pass_on(heard)) for one in subscriptions]
            tasks.append(asyncio.create_task(self.watch(heard)))
            while (data := await heard.get()) is not None:
                yield data
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for subscription in subscriptions:
                await subscription.end()

    async def watch(self, heard: asyncio.Queue[bytes | None]) -> None:
        """A slot can move without a word to who listens at its old place."""
        before = dict(self.owners)
        with suppress(RedisError, OSError):
            while True:
                await asyncio.sleep(CHECK)
                await self.look_up()
                if self.owners != before:
                    break
        heard.put_nowait(None)

    async def look_up(self) -> None:
        slots = await slots_of([self.seed, *self.nodes.values()])
        found = {channel: owner(slots, channel) for channel in CHANNELS}
        for address in set(found.values()) - set(self.nodes):
            self.nodes[address] = Redis(connection_pool=pool_at(self.seed, address))
        self.owners = {channel: self.nodes[address] for channel, address in found.items()}

    async def aclose(self) -> None:
        for node in self.nodes.values():
            await node.aclose(close_connection_pool=True)


class Subscription:
    """The library has no sharded subscriptions for asyncio; these are two commands of it."""

    def __init__(self, node: Redis, channels: list[str]) -> None:
        self.node, self.channels = node, channels
        self.connection: Connection | None = None

    async def begin(self) -> None:
        self.connection = await self.node.connection_pool.get_connection()
        for channel in self.channels:  # each in a slot of its own
            await self.connection.send_command("SSUBSCRIBE", channel)
            await self.connection.read_response()

    async def pass_on(self, heard: asyncio.Queue[bytes | None]) -> None:
        assert self.connection is not None
        try:
            while True:
                kind, _, data = await self.connection.read_response(timeout=None)
                if kind != b"smessage":
                    break  # the slot has gone elsewhere
                heard.put_nowait(data)
        except (RedisError, OSError, ValueError):
            pass
        heard.put_nowait(None)

    async def end(self) -> None:
        if self.connection is not None:
            await self.connection.disconnect(nowait=True)
            await self.node.connection_pool.release(self.connection)


Bus = OneChannel | Shards


async def bus_of(redis: Redis) -> Bus:
    return Shards(redis) if await is_cluster(redis) else OneChannel(redis)


async def is_cluster(redis: Redis) -> bool:
    found: dict[str, Any] = await redis.info("cluster")
    return bool(found.get("cluster_enabled"))


async def slots_of(nodes: list[Redis]) -> dict[tuple[int, int], Address]:
    """First and last slot → who has them, as the first node says that answers."""
    for node in nodes:
        with suppress(RedisError, OSError):
            told: list[Any] = await node.execute_command("CLUSTER SLOTS")  # type: ignore[no-untyped-call]
            own = node.connection_pool.connection_kwargs.get("host", "localhost")
            return {
                (first, last): (primary[0].decode() or own, primary[1])
                for first, last, primary, *_ in told
            }
    raise RedisError("no node of the cluster answers")


def owner(slots: dict[tuple[int, int], Address], key: str) -> Address:
    slot = key_slot(key.encode())
    for (first, last), address in slots.items():
        if first <= slot <= last:
            return address
    raise RedisError(f"nobody in the cluster has slot {slot}")


def pool_at(seed: Redis, address: Address) -> ConnectionPool:
    """As the seed is reached, at another node."""
    host, port = address
    given = seed.connection_pool.connection_kwargs
    secure = issubclass(seed.connection_pool.connection_class, SSLConnection)
    return ConnectionPool(
        connection_class=SSLConnection if secure else Connection,
        **{**given, "host": host, "port": port},
    )


async def go_home(redis: ArqRedis) -> None:
    """In a cluster: to the node that has our keys. It may be another one tomorrow."""
    if await is_cluster(redis):
        home = owner(await slots_of([redis]), SLOT)
        redis.connection_pool = pool_at(redis, home)
