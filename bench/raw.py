"""The bare servers as a subject of the measurements."""

import asyncio
from collections.abc import Callable

import asyncpg

from bench import raw_chat, raw_desk, sockets
from bench.cpu import free_port
from bench.filling import stage
from bench.http import Browser
from bench.stack import Server, Stack

SEED_PEOPLE = """
INSERT INTO person (email, agent) SELECT 'person' || n || '@example.com', n <= 20
  FROM generate_series(1, 1000) n;
INSERT INTO session SELECT sha256(convert_to('token-' || n, 'UTF8')), n, now() + interval '9 days'
  FROM generate_series(1, 1000) n;
"""
SEED_TICKETS = """
INSERT INTO ticket (id, subject, requester_id, department, severity, open, created_at, words)
  SELECT number, subject, 21 + number % 900, department, severity, open,
    now() - number % 90000 * interval '1 minute', to_tsvector('english', subject || ' ' || body)
  FROM seed ORDER BY number;
INSERT INTO message (ticket_id, author_id, body)
  SELECT number, 21 + number % 900, body FROM seed ORDER BY number;
INSERT INTO message (ticket_id, author_id, body)
  SELECT number, 1 + number % 20, body FROM seed ORDER BY number;
INSERT INTO message (ticket_id, author_id, body)
  SELECT 1, 1 + number % 900, body FROM seed WHERE number <= 28;
SELECT setval(pg_get_serial_sequence('ticket', 'id'), (SELECT max(number) FROM seed));
DROP TABLE seed;
"""


class Raw:
    name = "raw"

    def __init__(self, stack: Stack) -> None:
        self.stack = stack

    # The desk

    async def seed_desk(self, tickets: int) -> str:
        database = f"bench_raw_{tickets}"
        if await self.stack.seeded(database, f"1: {tickets} tickets"):
            return database
        await self.stack.create_database(database)
        connection = await asyncpg.connect(self.stack.dsn(database))
        await stage(connection, tickets)
        for script in (raw_desk.SCHEMA, SEED_PEOPLE, SEED_TICKETS, raw_desk.INDEXES):
            await connection.execute(script)
        await connection.close()
        await self.stack.mark_seeded(database, f"1: {tickets} tickets")
        return database

    def start_desk(self, database: str) -> Server:
        return self._start("raw-desk", "bench.raw_desk:app", database)

    def customer(self, server: Server, number: int) -> Browser:
        return Browser(server.port, f"session=token-{21 + number}")

    def agent(self, server: Server) -> Browser:
        return Browser(server.port, "session=token-1")

    async def file_ticket(self, browser: Browser, number: int) -> None:
        form = {
            "subject": f"Refund {number} has not arrived",
            "department": str(number % 8),
            "severity": str(number % 4),
            "body": "The refund for the cancelled milestone has not reached my card. " * 4,
        }
        answer = await browser.post("/tickets", form)
        assert answer.status == 303, answer.status

    async def list_page(self, browser: Browser, number: int) -> None:
        answer = await browser.get("/list")
        assert answer.status == 200, answer.status
        assert answer.body.count(b'<a href="/tickets/') == 50

    async def ticket_page(self, browser: Browser, number: int) -> None:
        answer = await browser.get("/tickets/1")
        assert answer.status == 200, answer.status
        assert answer.body.count(b"<article") == 30

    async def search(self, browser: Browser, query: str) -> int:
        answer = await browser.get(f"/search?q={query.replace(' ', '+')}")
        assert answer.status == 200, answer.status
        return answer.body.count(b'<a href="/tickets/')

    # The chat

    async def seed_chat(self, conversations: int) -> str:
        database = "bench_raw_chat"
        await self.stack.create_database(database)
        connection = await asyncpg.connect(self.stack.dsn(database))
        await connection.execute(raw_chat.SCHEMA)
        await connection.close()
        return database

    def start_chat(self, database: str) -> Server:
        return self._start("raw-chat", "bench.raw_chat:app", database)

    async def join(
        self,
        server: Server,
        conversation: int,
        side: int,
        on_body: Callable[[str], None] | None = None,
        resume: bool = False,
    ) -> "RawSeat":
        ready = asyncio.get_running_loop().create_future()
        seat = RawSeat(ready, on_body)
        since = f"&since={10**15}" if resume else ""
        url = f"ws://127.0.0.1:{server.port}/ws?conv={conversation}&user={side}{since}"
        seat.socket = await sockets.connect(url, seat.hear)
        await asyncio.wait_for(ready, 60)
        return seat

    def _start(self, name: str, app: str, database: str) -> Server:
        port = free_port()
        command = ["-m", "uvicorn", app, "--port", str(port), "--loop", "uvloop"]
        command += ["--http", "httptools", "--ws", "websockets-sansio"]
        command += ["--ws-per-message-deflate", "false", "--backlog", "4096"]
        command += ["--log-level", "warning", "--no-access-log"]
        env = {"DATABASE_URL": self.stack.dsn(database), "REDIS_URL": self.stack.redis_url}
        return Server(name, command, port, env, self.stack.logs)


class RawSeat:
    """One person in one conversation of the bare chat."""

    socket: sockets.Socket

    def __init__(self, ready: asyncio.Future[None], on_body: Callable[[str], None] | None) -> None:
        self.ready, self.on_body = ready, on_body

    def hear(self, text: bytes) -> None:
        if not self.ready.done():
            if text == b"ready":
                self.ready.set_result(None)
        elif self.on_body:
            self.on_body(text.partition(b"|")[2].decode())

    def say(self, body: str) -> None:
        self.socket.send(body.encode())

    def drop(self) -> None:
        self.socket.drop()
