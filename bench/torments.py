"""What happens to the desk while people talk. Each torment ends with everything in order again."""

import asyncio
import os
import random
import signal
import socket as plain
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import orjson
import redis.asyncio
import websockets
from websockets.asyncio.client import connect

from bench import cpu, sockets
from bench.chat_people import LiveAdapter
from bench.product import Product, session
from bench.stack import Server

CROWD = 1_000
Torment = Callable[["Scene", asyncio.Event], Awaitable[None]]


class Scene:
    """The processes of a run, and what was done to them."""

    def __init__(
        self, product: Product, database: str, servers: list[Server], worker: Server
    ) -> None:
        self.product, self.database, self.servers, self.worker = product, database, servers, worker
        self.done: Counter[str] = Counter()
        self.notes: list[str] = []
        self.conversations = 0
        self.turn = asyncio.Lock()  # of two torments only one replaces a process

    async def replace(self, number: int, how: signal.Signals) -> None:
        """A web process ends in some way and another one takes its port."""
        async with self.turn:
            old = self.servers[number]
            if how is signal.SIGKILL:
                await asyncio.to_thread(old.kill)
                await asyncio.sleep(random.uniform(0, 0.5))
            else:
                await asyncio.to_thread(old.stop)
            new = self.product.start_web(old.name, self.database, old.port)
            self.servers[number] = new  # the list is the one `running` stops
            await asyncio.to_thread(new.wait)


async def kill(scene: Scene, calm: asyncio.Event, kinds: list[str]) -> None:
    """`kill -9` of a web process, the worker, Valkey or PostgreSQL, every few seconds."""
    while not calm.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(calm.wait(), random.uniform(1.5, 4.0))
            return
        kind = random.choice(kinds)
        scene.done[f"{kind} killed"] += 1
        if kind == "web":
            await scene.replace(random.randrange(len(scene.servers)), signal.SIGKILL)
        elif kind == "worker":
            await asyncio.to_thread(scene.worker.kill)
            scene.worker = scene.product.start_worker(scene.database)
        else:
            await kill_service(scene, kind)


async def kill_service(scene: Scene, kind: str) -> None:
    """PostgreSQL or Valkey; who watches over them starts them again."""
    stack = scene.product.stack
    if kind == "valkey":
        pid = await cpu.valkey_pid(stack.redis_url)
    else:
        pid = await cpu.postmaster_pid(stack.database_url)
    if pid:
        os.kill(pid, signal.SIGKILL)
    began = time.monotonic()
    while time.monotonic() - began < 60:
        await asyncio.sleep(0.2)
        with suppress(Exception):
            if kind == "valkey":
                await cpu.valkey_pid(stack.redis_url)
            else:
                await cpu.postmaster_pid(stack.database_url)
            break


async def flush(scene: Scene, calm: asyncio.Event) -> None:
    """Valkey forgets everything, and its subscribers are cut, every second."""
    client = redis.asyncio.from_url(scene.product.stack.redis_url)
    while not calm.is_set():
        await client.flushall()
        await client.client_kill_filter(_type="pubsub")
        scene.done["Valkey flushed"] += 1
        await asyncio.sleep(1)
    await client.aclose()


async def restart_in_turn(scene: Scene, calm: asyncio.Event) -> None:
    """Each web process is told to stop, leaves by itself, and comes back."""
    slowest = 0.0
    while not calm.is_set():
        for number in range(len(scene.servers)):
            began = time.monotonic()
            await scene.replace(number, signal.SIGTERM)
            slowest = max(slowest, time.monotonic() - began)
            scene.done["web processes restarted"] += 1
            await asyncio.sleep(2)
    scene.notes.append(f"the slowest process took {slowest:.1f} s to leave and come back")


async def read_nothing(scene: Scene, calm: asyncio.Event) -> None:
    """An agent who follows a hundred conversations and takes nothing, again and again."""
    while not calm.is_set():
        with suppress(OSError, websockets.WebSocketException):
            scene.done[f"deaf client closed with {await deaf(scene, calm)}"] += 1


async def deaf(scene: Scene, calm: asyncio.Event) -> int | None:
    server = random.choice(scene.servers)
    raw = plain.socket()
    raw.setsockopt(plain.SOL_SOCKET, plain.SO_RCVBUF, 4_096)
    raw.setblocking(False)
    await asyncio.get_running_loop().sock_connect(raw, ("127.0.0.1", server.port))
    agent = scene.product.conversations + 1
    socket: Any = await connect(
        f"ws://localhost:{server.port}/live",
        sock=raw,
        origin=websockets.Origin(f"http://localhost:{server.port}"),
        additional_headers={"Cookie": session(server, agent)},
        proxy=None,
        compression=None,
        max_queue=1,
        ping_interval=None,
    )
    streams = {f"case:{number}": 0 for number in range(1, min(100, scene.conversations) + 1)}
    await socket.send(orjson.dumps({"t": "follow", "streams": streams}).decode())
    socket.transport.pause_reading()
    with suppress(TimeoutError):
        await asyncio.wait_for(calm.wait(), 30)
    socket.transport.resume_reading()
    with suppress(websockets.ConnectionClosed, TimeoutError):
        async with asyncio.timeout(10):
            while True:
                await socket.recv()
    socket.transport.abort()
    code: int | None = socket.close_code
    return code


async def cut_the_crowd(scene: Scene, calm: asyncio.Event) -> None:
    """A thousand more clients follow; all lose their connection at once and come back."""
    people = [Onlooker(scene, number) for number in range(CROWD)]
    taken = []
    while not calm.is_set():
        began = time.monotonic()
        await asyncio.gather(*(one.come() for one in people))
        taken.append(time.monotonic() - began)
        with suppress(TimeoutError):
            await asyncio.wait_for(calm.wait(), 6)
        for one in people:
            one.drop()
        scene.done[f"times {CROWD} clients cut"] += 1
    scene.notes.append("all back after " + ", ".join(f"{seconds:.2f}" for seconds in taken) + " s")


class Onlooker:
    def __init__(self, scene: Scene, number: int) -> None:
        self.scene, self.number = scene, number
        self.case = 1 + number % scene.conversations
        self.newest = 0
        self.socket: sockets.Socket | None = None
        self.ready = asyncio.Event()

    async def come(self) -> None:
        server = self.scene.servers[self.number % len(self.scene.servers)]
        person = self.scene.product.conversations + 1 + self.number % CROWD % 500
        headers = {
            "Host": f"localhost:{server.port}",
            "Origin": f"http://localhost:{server.port}",
            "Cookie": session(server, person),
        }
        self.ready.clear()
        self.socket = await sockets.connect(
            f"ws://127.0.0.1:{server.port}/live", self.hear, headers
        )
        streams = {f"case:{self.case}": self.newest}
        self.socket.send(orjson.dumps({"t": "follow", "streams": streams}))
        await asyncio.wait_for(self.ready.wait(), 60)

    def hear(self, text: bytes) -> None:
        frame = orjson.loads(text)
        if frame["t"] == "following":
            self.ready.set()
        elif frame["t"] == "event":
            self.newest = max(self.newest, frame["n"])

    def drop(self) -> None:
        if self.socket is not None:
            self.socket.drop()


TORMENTS: dict[str, Torment] = {
    "flush": flush,
    "deaf": read_nothing,
    "crowd": cut_the_crowd,
    "restart": restart_in_turn,
}


async def torment(
    scene: Scene, names: list[str], adapter: LiveAdapter, calm: asyncio.Event
) -> None:
    kinds = [name for name in names if name not in TORMENTS]
    tasks = [TORMENTS[name](scene, calm) for name in names if name in TORMENTS]
    if kinds:
        tasks.append(kill(scene, calm, kinds))
    await asyncio.gather(*tasks)
    if adapter.moved:
        scene.done["clients asked to move"] = adapter.moved
