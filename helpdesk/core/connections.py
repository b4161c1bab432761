"""uvicorn's two protocols with the limits it lacks.

uvicorn waits for ever for a request head, answers any number of control frames and never lets
go of a peer that does not read. One such client could stall every other one.
"""

from asyncio import TimerHandle, Transport
from dataclasses import dataclass
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame

from helpdesk.core.listening import UNACKNOWLEDGED


@dataclass(frozen=True)
class Limits:
    head_seconds: float = 10.0  # for a whole request head, from the first moment on
    head_bytes: int = 16_384
    cookie_bytes: int = 4_096  # some versions of http.cookies take quadratic time
    stall_seconds: float = 60.0  # for a peer to take what waits for it
    # Together the time in which a peer that is gone without a word is noticed.
    ping_seconds: float = 10.0
    pong_seconds: float = 15.0
    unacknowledged_seconds: float = UNACKNOWLEDGED
    frames_per_second: float = 50.0  # pings, pongs and fragments, which no page ever sees
    frame_burst: float = 200.0
    slice_bytes: int = 4_096  # parsed at once; more would keep other connections waiting


REFUSAL_HEADERS = (
    b"content-type: text/plain; charset=utf-8\r\n"
    b"cache-control: no-store\r\n"
    b"content-security-policy: default-src 'none'; frame-ancestors 'none'\r\n"
    b"x-content-type-options: nosniff\r\n"
    b"connection: close\r\n"
)
WRITE_AT_ONCE = 32_768  # bytes
LINGER = 1.0  # seconds a refused client gets to read the answer


class Deadline:
    """A timer of one connection that can be set again and cleared."""

    def __init__(self, loop: Any, act: Any) -> None:
        self._loop = loop
        self._act = act
        self._handle: TimerHandle | None = None

    @property
    def is_set(self) -> bool:
        return self._handle is not None

    def set(self, seconds: float) -> None:
        self.clear()
        self._handle = self._loop.call_later(seconds, self._expire)

    def clear(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _expire(self) -> None:
        self._handle = None
        self._act()


class GuardedHttp(HttpToolsProtocol):
    limits = Limits()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.head_deadline = Deadline(self.loop, self._head_is_late)
        self.stall_deadline = Deadline(self.loop, self._abort)
        self.refused = False
        self.in_head = True
        self.head_bytes = 0  # as received
        self.parsed_bytes = 0  # as parsed: exact where a head and a body came together

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.head_deadline.set(self.limits.head_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        self.head_deadline.clear()
        self.stall_deadline.clear()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.refused:
            return
        # Whatever comes between two requests (line breaks, the rest of a refused body) has to
        # lead to a new head in time.
        idle = self.cycle is None or self.cycle.response_complete
        if idle and not self.head_deadline.is_set:
            self.head_deadline.set(self.limits.head_seconds)
        if self.in_head:
            self.head_bytes += len(data)
        super().data_received(data)
        if self.in_head and self.head_bytes > self.limits.head_bytes:
            self.refuse(431)

    def on_message_begin(self) -> None:
        self.in_head = True
        self.head_bytes = self.parsed_bytes = 0
        if not self.head_deadline.is_set:
            self.head_deadline.set(self.limits.head_seconds)
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self.parsed_bytes += len(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self.parsed_bytes += len(name) + len(value) + 4
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self.head_deadline.clear()
        self.in_head = False
        cookies = sum(len(value) for name, value in self.headers if name == b"cookie")
        if self.parsed_bytes > self.limits.head_bytes or cookies > self.limits.cookie_bytes:
            self.refuse(431)
        if not self.refused:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if not self.refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        if not self.refused:
            super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        if not self.refused:
            super().handle_websocket_upgrade()

    def refuse(self, status: int) -> None:
        """Answer at once and listen no more; nothing behind this sees the request."""
        if self.refused or self.transport.is_closing():
            return
        self.refused = True
        text = STATUS_LINE[status].split(b" ", 1)[1]
        self.transport.write(
            STATUS_LINE[status] + REFUSAL_HEADERS + b"content-length: %d\r\n\r\n" % len(text) + text
        )
        # Closing with unread bytes would reset the connection before the answer is read.
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.head_deadline.clear()
        self.stall_deadline.set(LINGER)

    def pause_writing(self) -> None:
        self.stall_deadline.set(self.limits.stall_seconds)
        super().pause_writing()

    def resume_writing(self) -> None:
        if not self.refused:
            self.stall_deadline.clear()
        super().resume_writing()

    def _head_is_late(self) -> None:
        if self.flow.read_paused:  # we stopped reading: the client could not have sent more
            self.head_deadline.set(self.limits.head_seconds)
        else:
            self._abort()

    def _abort(self) -> None:
        if self.transport is not None:
            self.transport.abort()


class GuardedWebSocket(WebSocketsSansIOProtocol):
    limits = Limits()
    awaited = False  # the application has read everything and waits
    unsent: list[bytes] | None = None  # frames of this moment
    unsent_bytes = 0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stall_deadline = Deadline(self.loop, self._abort)
        self.unparsed = bytearray()
        self.refused = False
        self.tokens = self.limits.frame_burst
        self.counted_at = self.loop.time()

    def connection_lost(self, exc: Exception | None) -> None:
        self.stall_deadline.clear()
        self.unparsed.clear()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.refused:
            return
        if self.unparsed or self.read_paused or len(data) > self.limits.slice_bytes:
            self.unparsed += data
            self._parse()
        else:
            self._parse_piece(data)

    def _parse(self) -> None:
        """Parse slice by slice, and no further than the application has read."""
        size = self.limits.slice_bytes
        while self.unparsed and not self.read_paused and not self.transport.is_closing():
            piece = bytes(self.unparsed[:size])
            del self.unparsed[:size]
            self._parse_piece(piece)

    def _parse_piece(self, piece: bytes) -> None:
        super().data_received(piece)
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            self.transport.write(STATUS_LINE[400] + REFUSAL_HEADERS + b"\r\n")
            self.transport.close()

    def send_receive_event_to_app(self) -> None:
        """uvicorn stops reading at every message; while the application waits, there is no need."""
        if not self.awaited or self.read_paused:
            return super().send_receive_event_to_app()
        self.awaited = False
        self.read_paused = True
        super().send_receive_event_to_app()
        self.read_paused = False

    async def send(self, message: Any) -> None:
        """Texts of one moment leave in one write: that is what a message costs most."""
        text = message.get("text")
        open_ = self.handshake_complete and not self.close_sent and self.initial_response is None
        if text is None or not open_:
            self._flush()
            await super().send(message)
            if message["type"] == "websocket.accept":
                del self.request, self.response  # thousands are open, and nobody asks again
            return
        if not self.writable.is_set():
            await self.writable.wait()
        if self.disconnected:
            raise ClientDisconnected
        payload = text.encode()
        if self.unsent is None:
            self.unsent, self.unsent_bytes = [], 0
            self.loop.call_soon(self._flush)
        self.unsent += (frame_head(len(payload)), payload)
        self.unsent_bytes += len(payload)
        if self.unsent_bytes > WRITE_AT_ONCE:
            self._flush()

    def _flush(self) -> None:
        unsent, self.unsent = self.unsent, None
        if unsent and not self.close_sent and not self.transport.is_closing():
            self.transport.write(b"".join(unsent))

    async def receive(self) -> Any:
        self.awaited = self.queue.empty()
        message = await super().receive()
        self.awaited = False
        if self.refused:
            self.transport.pause_reading()
        elif self.unparsed:
            self._parse()
        return message

    def handle_ping(self) -> None:
        if self._pay():
            super().handle_ping()

    def handle_pong(self, event: Frame) -> None:
        if self._pay():
            super().handle_pong(event)

    def handle_cont(self, event: Frame) -> None:
        if self._pay():
            super().handle_cont(event)

    def _pay(self) -> bool:
        """Take a frame off the budget; whoever has none left is told so and cut off."""
        now = self.loop.time()
        earned = (now - self.counted_at) * self.limits.frames_per_second
        self.tokens = min(self.limits.frame_burst, self.tokens + earned) - 1
        self.counted_at = now
        if self.tokens >= 0:
            return True
        if not self.close_sent:
            self.conn.fail(1008, "too many frames")
            self.handle_parser_exception()
        return False

    def handle_parser_exception(self) -> None:
        """Say why, and leave the peer a moment to read it: closing with unread bytes resets."""
        sent = self.conn.close_sent
        code, reason = (sent.code, sent.reason) if sent else (1002, "")
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.refused = True
        self.unparsed.clear()
        self.transport.pause_reading()
        self.close_timer = self.loop.call_later(LINGER, self._abort)

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self._abort()  # a close would wait for a peer that does not read

    def pause_writing(self) -> None:
        self.stall_deadline.set(self.limits.stall_seconds)
        super().pause_writing()

    def resume_writing(self) -> None:
        self.stall_deadline.clear()
        super().resume_writing()

    def _abort(self) -> None:
        if self.transport is not None:
            self.transport.abort()


def frame_head(size: int) -> bytes:
    """Of a whole, unmasked text frame (RFC 6455, 5.2)."""
    if size < 126:
        return bytes((0x81, size))
    if size < 65_536:
        return b"\x81\x7e" + size.to_bytes(2, "big")
    return b"\x81\x7f" + size.to_bytes(8, "big")


def protocols(limits: Limits) -> tuple[type[GuardedHttp], type[GuardedWebSocket]]:
    """The two protocol classes with these limits."""
    return (
        type("LimitedHttp", (GuardedHttp,), {"limits": limits}),
        type("LimitedWebSocket", (GuardedWebSocket,), {"limits": limits}),
    )
