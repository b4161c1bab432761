"""Two web processes share the work; one of them is killed without warning, again and again."""

import asyncio
import os
import random
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from uuid import uuid4

import httpx2
import pytest
import websockets

from chat.models import Conversation
from helpdesk.cases.timeline import read_page
from helpdesk.desk import Desk
from helpdesk.permissions import SYSTEM
from tests.conftest import free_port
from tests.people import Cast

from .live import Tab, begin_chat, open_tab

PROGRAM = "from helpdesk.core.settings import Settings; from helpdesk.server import run_web"


@dataclass
class Process:
    """A web process of its own, on the same database and Valkey."""

    desk: Desk
    port: int = field(default_factory=free_port)
    child: asyncio.subprocess.Process | None = None

    @property
    def site(self) -> str:
        return f"http://localhost:{self.port}"

    async def start(self) -> None:
        settings = self.desk.settings
        environment = {
            **os.environ,
            "DATABASE_URL": settings.database_url,
            "REDIS_URL": settings.redis_url,
            "HELPDESK_SECRET_KEY": settings.secret_key,
            "HELPDESK_DATA_DIR": str(settings.data_dir),
            "HELPDESK_PORT": str(self.port),
            "HELPDESK_PUBLIC_URL": self.site,
            "HELPDESK_TEST_MODE": "1",
            "HELPDESK_LOG_LEVEL": "ERROR",
        }
        self.child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", f"{PROGRAM}; run_web(Settings())", env=environment
        )
        async with asyncio.timeout(60), httpx2.AsyncClient() as client:
            while True:
                with suppress(httpx2.TransportError):
                    now = {"now": self.desk.clock.now().isoformat()}
                    headers = {"origin": self.site}
                    url = f"{self.site}/testing/clock"
                    if (await client.post(url, json=now, headers=headers)).status_code == 200:
                        return
                await asyncio.sleep(0.05)

    async def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        assert self.child is not None
        with suppress(ProcessLookupError):
            self.child.send_signal(how)
        await self.child.wait()


@asynccontextmanager
async def two_processes(desk: Desk) -> AsyncIterator[list[Process]]:
    processes = [Process(desk), Process(desk)]
    try:
        await asyncio.gather(*(process.start() for process in processes))
        yield processes
    finally:
        for process in processes:
            await process.kill()


class Person:
    """Writes as a page does: keeps a message until it is confirmed, comes back after a loss."""

    def __init__(self, processes: list[Process], cookie: str, chat: Conversation) -> None:
        self.processes, self.cookie, self.chat = processes, cookie, chat
        self.seen: dict[int, str] = {}
        self.order: list[int] = []
        self.acknowledged: dict[str, int] = {}

    async def come(self) -> Tab:
        while True:
            process = random.choice(self.processes)
            with suppress(OSError, websockets.WebSocketException, TimeoutError):
                tab = await open_tab(process.site, self.cookie)
                await tab.follow({f"case:{self.chat.case_id}": max(self.order, default=0)})
                return tab
            await asyncio.sleep(0.1)

    def take(self, tab: Tab) -> None:
        for frame in tab.of("event"):
            if frame["n"] not in self.seen:
                self.order.append(frame["n"])
            self.seen[frame["n"]] = frame.get("body", "")
        tab.frames.clear()

    async def write(self, bodies: list[str]) -> None:
        tab = await self.come()
        for body in bodies:
            cid = str(uuid4())
            while body not in self.acknowledged:
                try:
                    await tab.say(self.chat, body, cid)
                    answer = await tab.ack(cid)
                except (AssertionError, TimeoutError, websockets.WebSocketException):
                    self.take(tab)
                    tab = await self.come()
                    continue
                if answer["t"] == "ack":
                    self.acknowledged[body] = answer["n"]
                tab.frames.remove(answer)
            self.take(tab)
            await asyncio.sleep(0.03)
        self.tab = tab

    async def hear_all(self, newest: int) -> None:
        tab = await self.come()
        async with asyncio.timeout(60):
            while max(self.order, default=0) < newest:
                await asyncio.sleep(0.05)
                self.take(tab)
        await tab.leave()


async def torment(victim: Process, calm: asyncio.Event) -> int:
    kills = 0
    while not calm.is_set():
        await asyncio.sleep(0.7)
        await victim.kill()
        kills += 1
        await victim.start()
    return kills


async def test_nothing_acknowledged_is_lost_doubled_or_out_of_order(desk: Desk, cast: Cast) -> None:
    chat = await begin_chat(desk, cast)
    async with two_processes(desk) as processes:
        people = {
            name: Person(processes, await cast.session(name), chat)
            for name in ("nina", "pete", "amy")
        }
        calm = asyncio.Event()
        tormenting = asyncio.create_task(torment(processes[0], calm))
        async with asyncio.timeout(90):
            await asyncio.gather(
                *(
                    person.write([f"{name} {number}" for number in range(60)])
                    for name, person in people.items()
                )
            )
        calm.set()
        assert await tormenting >= 1
        page = await read_page(desk.pool, SYSTEM, chat.case_id)
        assert page is not None
        for person in people.values():
            await person.hear_all(page.newest)

    stored = {entry.seq: entry.frame.get("body", "") for entry in page.entries}
    assert sorted(stored) == list(range(1, page.head + 1))
    bodies = [body for body in stored.values() if body]
    assert len(bodies) == len(set(bodies)) == 181
    for name, person in people.items():
        assert person.seen == stored
        assert person.order == sorted(person.order)
        for body, number in person.acknowledged.items():
            assert stored[number] == body
        numbers = [person.acknowledged[f"{name} {number}"] for number in range(60)]
        assert numbers == sorted(numbers)


async def test_what_is_written_on_one_process_is_heard_on_the_other_at_once(
    desk: Desk, cast: Cast
) -> None:
    chat = await begin_chat(desk, cast)
    streams = {f"case:{chat.case_id}": 0}
    async with two_processes(desk) as (one, other):
        nina = await open_tab(one.site, await cast.session("nina"))
        pete = await open_tab(other.site, await cast.session("pete"))
        await nina.follow(streams)
        await pete.follow(streams)
        await pete.until(lambda frame: frame["t"] == "presence" and len(frame["who"]) == 2)
        await nina.until(lambda frame: frame["t"] == "presence" and len(frame["who"]) == 2)
        for number in range(5):
            await nina.ack(await nina.say(chat, f"n{number}"))
            await pete.until(lambda frame, n=number: frame.get("body") == f"n{n}", 1)
        await nina.tell(t="typing", s=f"case:{chat.case_id}", kind="reply")
        typing = await pete.until(lambda frame: frame["t"] == "typing", 1)
        assert typing["by"]["name"] == "Nina"
        await pete.tell(t="read", s=f"case:{chat.case_id}", n=8)
        assert (await nina.until(lambda frame: frame["t"] == "read", 1))["n"] == 8
        await desk.redis.client_kill_filter(_type="pubsub", skipme=True)
        await nina.ack(await nina.say(chat, "while Valkey was away"))
        await pete.until(lambda frame: frame.get("body") == "while Valkey was away", 16)
        assert [int(text[1:]) for text in pete.bodies()[1:6]] == list(range(5))
        await nina.leave()
        await pete.leave()


async def test_told_to_stop_a_process_answers_what_it_holds_and_sends_its_tabs_away(
    desk: Desk, cast: Cast
) -> None:
    chat = await begin_chat(desk, cast)
    streams = {f"case:{chat.case_id}": 0}
    async with two_processes(desk) as (one, other):
        nina = await open_tab(one.site, await cast.session("nina"))
        await nina.follow(streams)
        cids = [await nina.say(chat, f"held {number}") for number in range(15)]
        await nina.tell(t="read", s=f"case:{chat.case_id}", n=3)
        leaving = asyncio.create_task(one.kill(signal.SIGTERM))
        move = await nina.until(lambda frame: frame["t"] == "move")
        assert 0 < move["within"] <= 5
        with pytest.raises((OSError, websockets.InvalidHandshake)):
            await open_tab(one.site, await cast.session("pete"))
        assert {(await nina.ack(cid))["t"] for cid in cids} == {"ack"}
        last = await nina.say(chat, "said while it leaves")
        assert (await nina.ack(last))["t"] == "ack"
        assert await nina.closed() == 1012  # this tab did not go by itself
        await asyncio.wait_for(leaving, 30)
        mark = "SELECT seq FROM read_marks WHERE case_id = $1"
        assert await desk.pool.fetchval(mark, chat.case_id) == 3
        again = await open_tab(other.site, await cast.session("nina"))
        await again.follow(streams)
        await again.until(lambda frame: frame.get("body") == "said while it leaves")
        assert again.bodies() == nina.bodies()
        await again.leave()
