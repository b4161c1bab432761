"""Each way to hold up the server, tried with raw sockets against a tiny application."""

import asyncio
import base64
import os
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import pytest
from starlette.types import Message, Receive, Scope, Send

from helpdesk.core.connections import Limits
from helpdesk.core.settings import Settings
from helpdesk.guards import BodyLimits
from helpdesk.server import GuardedServer, guarded_server

QUICK = Limits(head_seconds=0.4, stall_seconds=0.5, unacknowledged_seconds=1.0)
QUICK_BODIES = BodyLimits(most_bytes=10_000, grace_seconds=0.4, least_rate=1000.0)
HOST = b"Host: localhost\r\n"
Serve = Callable[..., Awaitable[GuardedServer]]


async def tiny(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        for answer in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{answer}.complete"})
    elif scope["type"] == "websocket":
        await tiny_socket(scope, receive, send)
    else:
        await tiny_page(scope, receive, send)


async def tiny_page(scope: Scope, receive: Receive, send: Send) -> None:
    body = b"ok"
    if scope["path"] == "/count":
        size, more = 0, True
        while more:
            message = await receive()
            size, more = size + len(message["body"]), message["more_body"]
        body = b"%d" % size
    if scope["path"] == "/large":
        body = b"x" * 50_000_000
    await send({"type": "http.response.start", "status": 200, "headers": headers(body)})
    await send({"type": "http.response.body", "body": body})


def headers(body: bytes) -> list[tuple[bytes, bytes]]:
    return [(b"content-length", b"%d" % len(body))]


async def tiny_socket(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    if scope["path"] == "/firehose":
        while True:
            await send({"type": "websocket.send", "bytes": b"x" * 60_000})
    while True:
        message: Message = await receive()
        if message["type"] == "websocket.disconnect":
            return
        if message.get("text") == "slow":
            await asyncio.sleep(0.05)
        await send({"type": "websocket.send", "text": message.get("text") or "bytes"})


@asynccontextmanager
async def serving(limits: Limits = QUICK) -> AsyncIterator[GuardedServer]:
    settings = Settings(
        host="127.0.0.1",
        port=0,
        public_url="https://desk.example",
        allowed_hosts="help.example, Other.example",
    )
    server = guarded_server(tiny, settings, limits=limits, bodies=QUICK_BODIES)
    running = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    try:
        yield server
    finally:
        server.should_exit = True
        await running


@pytest.fixture
async def server() -> AsyncIterator[GuardedServer]:
    async with serving() as running:
        yield running


async def connect(server: GuardedServer) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", server.port)


async def answer_to(server: GuardedServer, *pieces: bytes, pause: float = 0) -> bytes:
    """All that comes back until the server closes; pieces are sent with pauses between."""
    reader, writer = await connect(server)
    with suppress(ConnectionError):
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)
    answer = b""
    with suppress(ConnectionError):
        answer = await asyncio.wait_for(reader.read(), 20)
    writer.close()
    return answer


async def seconds_until_closed(reader: asyncio.StreamReader) -> float:
    loop = asyncio.get_running_loop()
    began = loop.time()
    with suppress(ConnectionError):
        while await asyncio.wait_for(reader.read(65_536), 20):
            pass
    return loop.time() - began


async def open_socket(
    server: GuardedServer, path: bytes = b"/"
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await connect(server)
    key = base64.b64encode(os.urandom(16))
    writer.write(
        b"GET " + path + b" HTTP/1.1\r\n" + HOST + b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + key + b"\r\n\r\n"
    )
    head = await reader.readuntil(b"\r\n\r\n")
    assert b" 101 " in head
    return reader, writer


def frame(opcode: int, payload: bytes = b"", fin: bool = True) -> bytes:
    mask = b"\0\0\0\0"
    first = (0x80 if fin else 0) | opcode
    if len(payload) < 126:
        return bytes([first, 0x80 | len(payload)]) + mask + payload
    return bytes([first, 0x80 | 127]) + struct.pack("!Q", len(payload)) + mask + payload


TEXT, CONTINUATION, PING, PONG = 1, 0, 9, 10


async def test_an_ordinary_request_is_answered_and_says_nothing_about_the_server(server):
    answer = await answer_to(server, b"GET / HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"uvicorn" not in answer.lower()


async def test_a_connection_that_says_nothing_is_closed(server):
    reader, writer = await connect(server)
    assert 0.2 < await seconds_until_closed(reader) < 10
    writer.close()


@pytest.mark.parametrize("trickle", [b"X-Header: 1\r\n", b"X"])
async def test_a_head_that_trickles_in_is_cut_off(server, trickle):
    reader, writer = await connect(server)
    writer.write(b"GET / HTTP/1.1\r\n")

    async def drip() -> None:
        with suppress(ConnectionError):
            while True:
                writer.write(trickle)
                await writer.drain()
                await asyncio.sleep(0.05)

    dripping = asyncio.create_task(drip())
    assert await seconds_until_closed(reader) < 10
    dripping.cancel()


async def test_line_breaks_between_requests_do_not_keep_a_connection(server):
    reader, writer = await connect(server)
    writer.write(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")
    await reader.readuntil(b"ok")

    async def drip() -> None:
        with suppress(ConnectionError):
            while True:
                writer.write(b"\r\n")
                await writer.drain()
                await asyncio.sleep(0.05)

    dripping = asyncio.create_task(drip())
    assert await seconds_until_closed(reader) < 10
    dripping.cancel()


async def test_a_kept_connection_serves_many_requests(server):
    reader, writer = await connect(server)
    for _ in range(3):
        writer.write(b"POST /count HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\n\r\nhello")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
        assert await reader.readexactly(1) == b"5"
        await asyncio.sleep(0.15)
    writer.close()


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (b"Cookie: a=" + b"x" * 4_000, 200),
        (b"Cookie: a=" + b'"\\\\' * 1_400, 431),
        (b"Cookie: a=" + b"x" * 60_000, 431),
        (b"Cookie: a=12345\r\n" * 700 + b"X: 1", 431),
        (b"X-Large: " + b"x" * 15_000, 200),
        (b"X-Large: " + b"x" * 17_000, 431),
        (b"X-Many: 1\r\n" * 2_000 + b"X: 1", 431),
    ],
)
async def test_a_head_is_measured_before_anybody_reads_it(server, header, status):
    request = b"GET / HTTP/1.1\r\n" + HOST + header + b"\r\nConnection: close\r\n\r\n"
    loop = asyncio.get_running_loop()
    began = loop.time()
    answer = await answer_to(server, request)
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert loop.time() - began < (0.5 if status == 200 else LINGERING)


LINGERING = 2.0  # a refused connection stays open for a second, so the answer arrives


async def test_a_head_without_end_is_refused_while_it_is_still_coming(server):
    answer = await answer_to(server, b"GET / HTTP/1.1\r\n", b"X: " + b"x" * 20_000, pause=0.05)
    assert answer.startswith(b"HTTP/1.1 431 ")


async def test_an_upgrade_with_a_large_cookie_is_refused_as_well(server):
    answer = await answer_to(
        server,
        b"GET / HTTP/1.1\r\n" + HOST + b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        b"Cookie: a=" + b"x" * 5_000 + b"\r\n\r\n",
    )
    assert answer.startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize("extra", [b"X-A: 1\r\n" * 200, b"X-A: " + b"x" * 9_000 + b"\r\n"])
async def test_an_upgrade_the_websocket_parser_dislikes_is_closed_at_once(server, extra):
    answer = await answer_to(
        server,
        b"GET / HTTP/1.1\r\n" + HOST + b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        + extra
        + b"\r\n",
    )
    assert answer.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    ("hosts", "status"),
    [
        (b"Host: desk.example\r\n", 200),
        (b"Host: DESK.example\r\n", 200),
        (b"Host: desk.example:443\r\n", 200),
        (b"Host: other.example\r\n", 200),
        (b"Host: localhost:8000\r\n", 200),
        (b"Host: 127.0.0.1\r\n", 200),
        (b"Host: [::1]:9\r\n", 200),
        (b"Host: evil.example\r\n", 400),
        (b"Host: desk.example.evil.example\r\n", 400),
        (b"Host: evil.example/desk.example\r\n", 400),
        (b"Host: desk.example@evil.example\r\n", 400),
        (b"Host: desk.example:port\r\n", 400),
        (b"Host: desk.example\r\nHost: evil.example\r\n", 400),
        (b"Host: desk.example\r\nHost: desk.example\r\n", 400),
        (b"Host: \xff\r\n", 400),
        (b"X-Forwarded-Host: desk.example\r\n", 400),
    ],
)
async def test_only_the_desks_own_names_are_answered(server, hosts, status):
    head = b"GET / HTTP/1.1\r\n" + hosts + b"Connection: close\r\n\r\n"
    assert (await answer_to(server, head)).startswith(b"HTTP/1.1 %d " % status)


async def test_health_is_told_to_whoever_asks_by_address(server):
    head = b"GET /healthz HTTP/1.1\r\nHost: 10.0.0.7\r\nConnection: close\r\n\r\n"
    assert (await answer_to(server, head)).startswith(b"HTTP/1.1 200 ")


async def test_a_socket_asked_for_by_another_host_name_is_refused(server):
    answer = await answer_to(
        server,
        b"GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
    )
    assert answer.startswith(b"HTTP/1.1 400 ")


async def test_a_body_that_announces_too_much_is_refused_before_it_comes(server):
    reader, writer = await connect(server)
    writer.write(b"POST /count HTTP/1.1\r\n" + HOST + b"Content-Length: 10001\r\n\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.1 413 ")
    writer.close()


async def test_a_body_that_does_not_announce_its_size_is_counted(server):
    chunk = b"800\r\n" + b"x" * 0x800 + b"\r\n"
    head = b"POST /count HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"
    answer = await answer_to(server, head, *[chunk] * 6)
    assert answer.startswith(b"HTTP/1.1 413 ")


async def test_a_body_that_trickles_in_is_given_up(server):
    head = b"POST /count HTTP/1.1\r\n" + HOST + b"Content-Length: 5000\r\n\r\n"
    answer = await answer_to(server, head, *[b"x" * 20] * 20, pause=0.05)
    assert answer.startswith(b"HTTP/1.1 408 ")


async def test_a_refused_body_is_not_taken_for_ever(server):
    reader, writer = await connect(server)
    writer.write(b"POST /count HTTP/1.1\r\n" + HOST + b"Content-Length: 90000000\r\n\r\n")

    async def pour() -> None:
        with suppress(ConnectionError):
            while True:
                writer.write(b"x" * 1_000)
                await writer.drain()
                await asyncio.sleep(0.02)

    pouring = asyncio.create_task(pour())
    assert (await reader.readline()).startswith(b"HTTP/1.1 413 ")
    assert await seconds_until_closed(reader) < 10
    pouring.cancel()


async def test_a_body_of_modest_speed_arrives(server):
    head = b"POST /count HTTP/1.1\r\n" + HOST + b"Content-Length: 3000\r\nConnection: close\r\n\r\n"
    answer = await answer_to(server, head, *[b"x" * 200] * 15, pause=0.05)
    assert answer.endswith(b"3000")


async def test_a_reader_that_does_not_read_loses_its_connection(server):
    reader, writer = await connect(server)
    writer.write(b"GET /large HTTP/1.1\r\n" + HOST + b"\r\n")
    await reader.readexactly(10)
    writer.transport.pause_reading()
    await all_gone(server)


async def test_a_socket_whose_reader_does_not_read_is_let_go(server):
    _, writer = await open_socket(server, b"/firehose")
    writer.transport.pause_reading()
    await all_gone(server)


async def all_gone(server: GuardedServer) -> None:
    async with asyncio.timeout(20):
        while server.server_state.connections or server.server_state.tasks:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    "flood",
    [
        frame(PING),
        frame(PONG, b"x" * 100),
        frame(CONTINUATION, b"", fin=False),
        frame(CONTINUATION, b"x", fin=False),
    ],
    ids=["pings", "pongs", "empty fragments", "tiny fragments"],
)
async def test_a_flood_of_frames_cuts_the_flooder_and_nobody_else(server, flood):
    reader, writer = await open_socket(server)
    if flood[0] & 0x0F == CONTINUATION:
        writer.write(frame(TEXT, b"", fin=False))

    async def keep_on() -> None:
        with suppress(ConnectionError):
            while True:
                writer.write(flood * 2_000)
                await writer.drain()

    flooding = asyncio.create_task(keep_on())
    for _ in range(10):
        assert b"ok" in await answer_to(
            server, b"GET / HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
        )
    assert await last_close_code(reader) == 1008
    await all_gone(server)
    flooding.cancel()


async def test_a_few_pings_are_answered(server):
    reader, writer = await open_socket(server)
    writer.write(frame(PING, b"hello") * 20)
    assert await reader.readexactly(7 * 20) == (bytes([0x8A, 5]) + b"hello") * 20
    writer.close()


async def test_a_burst_of_messages_is_read_no_faster_than_it_is_handled(server):
    reader, writer = await open_socket(server)
    writer.write(frame(TEXT, b"slow") + frame(TEXT, b"m") * 5_000)
    await reader.readexactly(6)
    (connection,) = server.server_state.connections
    assert connection.queue.qsize() < 1_500
    assert (
        await reader.readexactly(3 * 5_000)
        == bytes([0x81, 1]) + b"m" + (bytes([0x81, 1]) + b"m") * 4_999
    )
    writer.close()


async def test_a_frame_larger_than_the_limit_is_refused_with_its_code(server):
    reader, writer = await open_socket(server)
    writer.write(frame(TEXT, b"x" * 65_537))
    assert await close_code(reader) == 1009
    writer.close()


async def test_text_that_is_no_text_closes_the_socket(server):
    reader, writer = await open_socket(server)
    writer.write(frame(TEXT, b"\xff\xfe"))
    assert await close_code(reader) == 1007
    writer.close()


async def test_stopping_tells_sockets_that_the_service_restarts():
    async with serving() as server:
        reader, writer = await open_socket(server)
    assert await close_code(reader) == 1012
    writer.close()


async def last_close_code(reader: asyncio.StreamReader) -> int:
    """The code of the close frame behind any number of pongs."""
    heard = b""
    with suppress(ConnectionError):
        while more := await asyncio.wait_for(reader.read(65_536), 20):
            heard = heard[-200:] + more
    code: int = struct.unpack("!H", heard[heard.rindex(b"\x88") + 2 :][:2])[0]
    return code


async def close_code(reader: asyncio.StreamReader) -> int:
    first, size = await asyncio.wait_for(reader.readexactly(2), 20)
    assert first == 0x88
    code: int = struct.unpack("!H", (await reader.readexactly(size))[:2])[0]
    return code


async def test_hundreds_of_slow_connections_leave_the_server_quick():
    async with serving(replace(QUICK, head_seconds=3)) as server:
        crowd = [await connect(server) for _ in range(300)]
        for _, writer in crowd[::2]:
            writer.write(b"GET / HTTP/1.1\r\nX: ")
        await answer_to(server, b"GET / HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
        await all_gone(server)
        for _, writer in crowd:
            writer.close()


async def test_the_kernel_gives_up_peers_that_do_not_acknowledge(server):
    import socket

    assert server.listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 1_000


async def test_a_peer_that_is_gone_without_a_word_is_noticed_and_one_that_answers_stays():
    limits = replace(QUICK, ping_seconds=0.2, pong_seconds=0.3)
    async with serving(limits) as server:
        gone, silent = await open_socket(server)
        _, writer = answering = await open_socket(server)
        reading = asyncio.create_task(answer_pings(*answering))
        assert 0.3 < await seconds_until_closed(gone) < 10
        assert not reading.done()
        reading.cancel()
        for one in (silent, writer):
            one.close()
    defaults = Limits()
    assert defaults.ping_seconds + defaults.pong_seconds < 30


async def answer_pings(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        first, size = await reader.readexactly(2)
        payload = await reader.readexactly(size)
        if first == 0x80 | PING:
            writer.write(frame(PONG, payload))
