"""The bare chat: stored before it is delivered, and nothing else.

GET /ws?conv=3&user=1[&since=17] upgrades. The server sends what was missed, then `ready`; a
text frame from the client is a message; `number|text` goes to everybody in the conversation.
Messages that arrive while a commit is under way share the next one (group commit); each
commit is published once, so that other processes could deliver it too.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs

import asyncpg
import orjson
import redis.asyncio

SCHEMA = """
CREATE TABLE said (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  conv bigint NOT NULL, sender int NOT NULL, body text NOT NULL,
  at timestamptz NOT NULL DEFAULT now());
CREATE INDEX said_conv ON said (conv, id);
"""
STORE = """INSERT INTO said (conv, sender, body)
 SELECT * FROM unnest($1::bigint[], $2::int[], $3::text[]) RETURNING id"""
MISSED = "SELECT id, body FROM said WHERE conv = $1 AND id > $2 ORDER BY id LIMIT 200"
CHANNEL = "bench:said"
WRITERS = 2
BATCH = 500

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]


class Chat:
    """What the process holds: who is in which conversation, and what waits for a commit."""

    pool: asyncpg.Pool
    valkey: redis.asyncio.Redis

    def __init__(self) -> None:
        self.members: dict[int, set[Send]] = {}
        self.pending: list[tuple[int, int, str, asyncio.Future[int]]] = []
        self.wake = asyncio.Event()
        self.tasks: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        self.pool = await asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=8, max_size=8)
        self.valkey = redis.asyncio.from_url(os.environ["REDIS_URL"])
        for _ in range(WRITERS):
            self.spawn(self.write())
        self.spawn(self.listen())

    def spawn(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def store(self, conv: int, sender: int, body: str) -> asyncio.Future[int]:
        stored = asyncio.get_running_loop().create_future()
        self.pending.append((conv, sender, body, stored))
        self.wake.set()
        return stored

    async def write(self) -> None:
        async with self.pool.acquire() as connection:
            statement = await connection.prepare(STORE)
            while True:
                await self.wake.wait()
                batch, self.pending = self.pending[:BATCH], self.pending[BATCH:]
                if not self.pending:
                    self.wake.clear()
                if not batch:
                    continue
                convs, senders, bodies, futures = zip(*batch, strict=True)
                numbers = [row[0] for row in await statement.fetch(convs, senders, bodies)]
                for future, number in zip(futures, numbers, strict=True):
                    future.set_result(number)
                said = list(zip(convs, numbers, bodies, strict=True))
                self.spawn(self.valkey.publish(CHANNEL, orjson.dumps([os.getpid(), said])))

    async def listen(self) -> None:
        pubsub = self.valkey.pubsub()
        await pubsub.subscribe(CHANNEL)
        async for message in pubsub.listen():
            if message["type"] != "message":
                continue
            process, said = orjson.loads(message["data"])
            if process == os.getpid():
                continue
            for conv, number, body in said:
                await self.deliver(conv, f"{number}|{body}")

    async def deliver(self, conv: int, text: str) -> None:
        for send in list(self.members.get(conv, ())):
            with suppress(OSError):  # gone; its own task takes it off the list
                await send({"type": "websocket.send", "text": text})


chat: Chat


async def app(scope: Message, receive: Receive, send: Send) -> None:
    global chat
    if scope["type"] == "websocket":
        await converse(scope, receive, send)
    elif scope["type"] == "lifespan":
        await receive()
        chat = Chat()
        await chat.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})


async def converse(scope: Message, receive: Receive, send: Send) -> None:
    query = parse_qs(scope["query_string"].decode())
    conv, user = int(query["conv"][0]), int(query["user"][0])
    await receive()
    await send({"type": "websocket.accept"})
    here = chat.members.setdefault(conv, set())
    here.add(send)
    try:
        if "since" in query:
            for row in await chat.pool.fetch(MISSED, conv, int(query["since"][0])):
                await send({"type": "websocket.send", "text": f"{row[0]}|{row[1]}"})
        await send({"type": "websocket.send", "text": "ready"})
        while (message := await receive())["type"] == "websocket.receive":
            body = message["text"]
            number = await chat.store(conv, user, body)
            await chat.deliver(conv, f"{number}|{body}")
    finally:
        here.discard(send)
        if not here:
            chat.members.pop(conv, None)
