"""Our own desk as a subject of the measurements."""

import asyncio
import itertools
import re
import secrets
from collections.abc import Callable
from functools import cache

import asyncpg
import orjson

from bench import filling, sockets
from bench.cpu import free_port
from bench.http import Browser
from bench.stack import Server, Stack
from helpdesk.core.services import database_url
from helpdesk.core.settings import Settings
from helpdesk.desk import open_desk
from helpdesk.migrations import migrate
from helpdesk.rooms import furnish
from helpdesk.tickets.models import reference

FILLED = "1"  # raise when filling.py changes: what earlier runs left is made anew
SECRET_KEY = "a key for measuring only, of no use elsewhere"
DESCRIPTION = "The refund for the cancelled milestone has not reached my card. " * 4
SUBJECT_CELL = re.compile(rb'href="/desk/tickets/HD-\d+')


class Product:
    name = "helpdesk"

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.conversations = 0
        self.newest: dict[int, int] = {}  # the number each client of a conversation has seen

    # The desk

    async def seed_desk(self, tickets: int) -> str:
        database, contents = f"bench_desk_{tickets}", f"{FILLED}: {tickets} tickets"
        if not await self.stack.seeded(database, contents):
            connection = await self._new_database(database)
            await filling.fill_tickets(connection, tickets)
            await connection.close()
            await self.stack.mark_seeded(database, contents)
        return database

    def start_desk(self, database: str) -> Server:
        return self.start_web("desk", database, free_port())

    def customer(self, server: Server, number: int) -> Browser:
        return Browser(server.port, session(server, 21 + number))

    def agent(self, server: Server) -> Browser:
        return Browser(server.port, session(server, 1))

    async def file_ticket(self, browser: Browser, number: int) -> None:
        form = {
            "draft": uuid(number),
            "service": "customer_service",
            "type": "guidance",
            "subject": f"Refund {number} has not arrived",
            "description": DESCRIPTION,
            "severity": "normal",
        }
        answer = await browser.post("/report/send", form)
        assert answer.status == 303, (answer.status, answer.body[:2000])

    async def list_page(self, browser: Browser, number: int) -> None:
        answer = await browser.get("/desk?view=all")
        assert answer.status == 200, answer.status
        assert len(set(SUBJECT_CELL.findall(answer.body))) == 50

    async def ticket_page(self, browser: Browser, number: int) -> None:
        answer = await browser.get(f"/desk/tickets/{reference(1)}")
        assert answer.status == 200, answer.status
        assert answer.body.count(b'data-seq="') >= 30

    async def search(self, browser: Browser, query: str) -> int:
        answer = await browser.get(f"/desk/search?q={query.replace(' ', '+')}")
        assert answer.status == 200, answer.status
        found = len(set(SUBJECT_CELL.findall(answer.body)))
        assert found
        return found

    # The chat

    async def seed_chat(self, conversations: int) -> str:
        connection = await self._new_database("bench_desk_chat")
        await filling.fill_conversations(connection, conversations)
        await connection.execute("VACUUM ANALYZE")
        await connection.close()
        self.conversations = conversations
        return "bench_desk_chat"

    def start_chat(self, database: str) -> Server:
        self.newest = asyncio.run(self._newest_numbers(database))
        return self.start_web("desk-chat", database, free_port())

    async def join(
        self,
        server: Server,
        conversation: int,
        side: int,
        on_body: Callable[[str], None] | None = None,
        resume: bool = False,
    ) -> "Seat":
        """Side 0 is the visitor, side 1 the agent. Everybody says which number they saw last."""
        case = conversation + 1
        person = case if side == 0 else self.conversations + case
        seat = Seat(case, self.newest, on_body)
        headers = {
            "Host": f"localhost:{server.port}",
            "Origin": f"http://localhost:{server.port}",
            "Cookie": session(server, person),
        }
        url = f"ws://127.0.0.1:{server.port}/live"
        seat.socket = await sockets.connect(url, seat.hear, headers)
        seat.follow()
        await asyncio.wait_for(seat.ready, 60)
        return seat

    async def _newest_numbers(self, database: str) -> dict[int, int]:
        connection = await asyncpg.connect(self.stack.dsn(database))
        try:
            return dict(await connection.fetch("SELECT id, last_seq FROM cases"))
        finally:
            await connection.close()

    async def _new_database(self, name: str) -> asyncpg.Connection:
        await self.stack.create_database(name)
        url = database_url(self.stack.dsn(name))
        await asyncio.to_thread(migrate, url)
        settings = Settings(database_url=url, redis_url=self.stack.redis_url, secret_key=SECRET_KEY)
        async with open_desk(settings) as desk:
            await furnish(desk)
        return await asyncpg.connect(self.stack.dsn(name))

    def start_worker(self, database: str) -> Server:
        env = {
            "DATABASE_URL": self.stack.dsn(database),
            "REDIS_URL": self.stack.redis_url,
            "HELPDESK_SECRET_KEY": SECRET_KEY,
            "HELPDESK_DATA_DIR": str(self.stack.logs / "files"),
            "HELPDESK_DEMO_TICKETS": "0",
        }
        return Server("worker", ["-m", "helpdesk", "worker"], 0, env, self.stack.logs)

    def start_web(self, name: str, database: str, port: int) -> Server:
        env = {
            "DATABASE_URL": self.stack.dsn(database),
            "REDIS_URL": self.stack.redis_url,
            "HELPDESK_SECRET_KEY": SECRET_KEY,
            "HELPDESK_DATA_DIR": str(self.stack.logs / "files"),
            "HELPDESK_PORT": str(port),
            "HELPDESK_PUBLIC_URL": f"http://localhost:{port}",
            # Nobody writes as fast as saturation asks for.
            "HELPDESK_CHAT_MESSAGES_PER_SECOND": "1000000",
            "HELPDESK_CHAT_BURST": "1000000",
            # Everybody comes from one address here.
            "HELPDESK_LIVE_SOCKETS": "100000",
            "HELPDESK_LIVE_CONNECTS_PER_SECOND": "1000000",
            "HELPDESK_LIVE_FRAMES_PER_SECOND": "1000000",
        }
        return Server(name, ["-m", "helpdesk", "web"], port, env, self.stack.logs)


class Seat:
    """One person's tab, following one conversation."""

    socket: sockets.Socket
    names = (f"{secrets.token_hex(4)}-0000-4000-8000-{n:012x}" for n in itertools.count())

    def __init__(
        self, case: int, newest: dict[int, int], on_body: Callable[[str], None] | None
    ) -> None:
        self.case, self.newest, self.on_body = case, newest, on_body
        self.ready = asyncio.get_running_loop().create_future()
        self.head = b'{"t":"send","s":"case:%d","face":"chat:%d","note":false,"cid":"' % (
            case,
            case,
        )

    def follow(self) -> None:
        streams = {f"case:{self.case}": self.newest[self.case]}
        self.socket.send(orjson.dumps({"t": "follow", "streams": streams}))

    def hear(self, text: bytes) -> None:
        if self.on_body and b'"message.posted"' in text:
            frame = orjson.loads(text)
            self.newest[self.case] = frame["n"]
            self.on_body(frame["body"])
        elif b'"following"' in text and not self.ready.done():
            frame = orjson.loads(text)
            assert not frame["refused"], frame
            self.ready.set_result(None)
        elif b'"refused"' in text and b'"cid"' in text:
            raise AssertionError(text)

    def say(self, body: str) -> None:
        self.socket.send(
            b'%s%s","body":"%s"}' % (self.head, next(Seat.names).encode(), body.encode())
        )

    def drop(self) -> None:
        self.socket.drop()


def session(server: Server, person: int) -> str:
    return f"{cookie_name(server.port)}=token-{person}"


@cache
def cookie_name(port: int) -> str:
    return Settings(public_url=f"http://localhost:{port}").session_cookie


def uuid(number: int) -> str:
    return f"{secrets.token_hex(4)}-0000-4000-8000-{number:012x}"
