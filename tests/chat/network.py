"""A network that can be cut: everything between a tab and the desk passes through here."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit


class Network:
    """A forwarder on a port of its own. `cut` kills every connection without a word."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.open: set[asyncio.StreamWriter] = set()
        self.down = False
        self.no_sockets = False  # a proxy that knows no WebSockets
        self.passing = asyncio.Event()  # cleared: connections stay, nothing passes
        self.passing.set()

    async def accept(self, inner: asyncio.StreamReader, outer: asyncio.StreamWriter) -> None:
        if self.down:
            outer.transport.abort()
            return
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.open |= {outer, writer}
        await asyncio.gather(self.pump(inner, writer), self.pump(reader, outer))

    async def pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65_536):
                await self.passing.wait()
                if self.no_sockets and b"\r\nupgrade: websocket\r\n" in data.lower():
                    break
                sink.write(data)
                await sink.drain()
        self.open.discard(sink)
        with suppress(OSError):
            sink.close()

    def cut(self) -> int:
        broken, self.open = self.open, set()
        for writer in broken:
            writer.transport.abort()
        return len(broken)


@asynccontextmanager
async def network_to(site: str) -> AsyncIterator[tuple[Network, str]]:
    """The network and the site's address through it."""
    network = Network(urlsplit(site).port or 80)
    server = await asyncio.start_server(network.accept, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield network, f"http://localhost:{port}"
    finally:
        server.close()
        network.cut()
