"""A cheap WebSocket client for load: framing in C, so that the generator takes little CPU."""

import asyncio
from collections.abc import Callable

from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

TEXT = WSMsgType.TEXT
CONTINUATION = WSMsgType.CONTINUATION
CLOSE = WSMsgType.CLOSE


class Socket(WSListener):
    """`on_text` hears every text message; it may be replaced at any time."""

    def __init__(self, on_text: Callable[[bytes], None]) -> None:
        self.on_text = on_text
        self.transport: WSTransport | None = None
        self.closed = asyncio.Event()
        self.close_code = 0
        self._parts: list[bytes] = []

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == TEXT or frame.msg_type == CONTINUATION:
            self._parts.append(frame.get_payload_as_bytes())
            if frame.fin:
                whole, self._parts = b"".join(self._parts), []
                self.on_text(whole)
        elif frame.msg_type == CLOSE:
            self.close_code = int(frame.get_close_code())
            transport.disconnect()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.closed.set()

    def send(self, text: bytes) -> None:
        assert self.transport
        self.transport.send(TEXT, text)

    def drop(self) -> None:
        """Cut the TCP connection without a closing handshake, as a lost network does."""
        if self.transport and not self.closed.is_set():
            self.transport.underlying_transport.abort()

    def close(self) -> None:
        if self.transport and not self.closed.is_set():
            self.transport.send_close(WSCloseCode.OK)
            self.transport.disconnect()


async def connect(
    url: str, on_text: Callable[[bytes], None], headers: dict[str, str] | None = None
) -> Socket:
    socket = Socket(on_text)
    await ws_connect(
        lambda: socket,
        url,
        extra_headers=headers or {},
        websocket_handshake_timeout=120,
        max_redirects=0,
        read_buffer_init_size=2048,
    )
    return socket
