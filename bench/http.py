"""A small keep-alive HTTP/1.1 client, cheap enough to share two cores with the server."""

import asyncio
from typing import cast
from urllib.parse import urlencode

import httptools


class Answer:
    __slots__ = ("body", "status")

    def __init__(self) -> None:
        self.status = 0
        self.body = b""


class Browser(asyncio.Protocol):
    """One connection of one person: one request at a time, with the headers a browser sends."""

    def __init__(self, port: int, session: str) -> None:
        self.port = port
        name, _, token = session.partition("=")
        self.cookies = {name: token}
        self.transport: asyncio.Transport | None = None
        self.waiting: asyncio.Future[Answer] | None = None

    async def get(self, path: str) -> Answer:
        return await self._exchange(f"GET {path} HTTP/1.1\r\n{self._head()}\r\n".encode())

    async def post(self, path: str, form: dict[str, str]) -> Answer:
        body = urlencode(form).encode()
        head = (
            f"POST {path} HTTP/1.1\r\n{self._head()}"
            "Content-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return await self._exchange(head.encode() + body)

    def close(self) -> None:
        if self.transport:
            self.transport.close()

    def _head(self) -> str:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return (
            f"Host: localhost:{self.port}\r\nOrigin: http://localhost:{self.port}\r\n"
            "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: navigate\r\nAccept: text/html\r\n"
            f"Accept-Language: en\r\nUser-Agent: bench\r\nCookie: {cookies}\r\n"
        )

    async def _exchange(self, request: bytes) -> Answer:
        loop = asyncio.get_running_loop()
        if self.transport is None or self.transport.is_closing():
            await loop.create_connection(lambda: self, "127.0.0.1", self.port)
        assert self.transport
        self.waiting = loop.create_future()
        self.answer, self.parts = Answer(), list[bytes]()
        self.parser = httptools.HttpResponseParser(self)
        self.transport.write(request)
        return await self.waiting

    # asyncio calls these

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def connection_lost(self, error: Exception | None) -> None:
        self.transport = None
        if self.waiting and not self.waiting.done():
            self.waiting.set_exception(error or ConnectionError("the server closed"))

    # httptools calls these

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"set-cookie":
            key, _, content = value.partition(b";")[0].decode("latin-1").partition("=")
            self.cookies[key] = content

    def on_body(self, part: bytes) -> None:
        self.parts.append(part)

    def on_message_complete(self) -> None:
        self.answer.status = self.parser.get_status_code()
        self.answer.body = b"".join(self.parts)
        if not self.parser.should_keep_alive() and self.transport:
            self.transport.close()
        if self.waiting and not self.waiting.done():
            self.waiting.set_result(self.answer)
