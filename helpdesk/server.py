"""The web server: uvicorn with the limits it lacks, on a socket of our own."""

import asyncio
import gc
import socket
from contextlib import suppress

import uvicorn
from starlette.types import ASGIApp

from helpdesk.core import logs
from helpdesk.core.connections import Limits, protocols
from helpdesk.core.listening import BACKLOG, give_up_silent_peers, listen
from helpdesk.core.services import services
from helpdesk.core.settings import Settings
from helpdesk.guards import BodyLimits, guarded

KEEP_ALIVE = 15  # seconds an idle connection is kept for the next request
MOVING = 8.0  # seconds for a room to finish what it holds when the server is told to stop
LEAVING = 8  # seconds for requests under way when the server is told to stop
LARGEST_FRAME = 65_536


class GuardedServer(uvicorn.Server):
    """Serves on its own listening socket unless it is handed others."""

    def __init__(self, config: uvicorn.Config, listener: socket.socket) -> None:
        super().__init__(config)
        self.listener = listener

    @property
    def port(self) -> int:
        port: int = self.listener.getsockname()[1]
        return port

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        await super().serve(sockets or [self.listener])

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Nobody new comes in, then the rooms finish what they hold, then connections end."""
        for server in self.servers:
            server.close()
        for sock in sockets or ():
            sock.close()
        desk = self.lifespan.state.get("desk")
        for leave in desk.leaving if desk and not self.force_exit else ():
            with suppress(TimeoutError):
                await asyncio.wait_for(leave(), MOVING)
        await super().shutdown(sockets)


def guarded_server(
    app: ASGIApp,
    settings: Settings,
    sock: socket.socket | None = None,
    limits: Limits | None = None,
    bodies: BodyLimits | None = None,
) -> GuardedServer:
    """A server that listens already: connections wait until it runs. Port 0 takes a free one."""
    limits = limits or Limits()
    sock = sock or listen(settings.host, settings.port)
    give_up_silent_peers(sock, limits.unacknowledged_seconds)
    http, websocket = protocols(limits)
    config = uvicorn.Config(
        guarded(app, settings, bodies),
        loop="uvloop",
        http=http,
        ws=websocket,
        ws_max_size=LARGEST_FRAME,
        ws_per_message_deflate=False,
        ws_ping_interval=limits.ping_seconds,
        ws_ping_timeout=limits.pong_seconds,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=LEAVING,
        server_header=False,
        access_log=False,
        log_config=None,
        proxy_headers=False,  # helpdesk.security decides whose word is taken
        lifespan="on",
    )
    return GuardedServer(config, sock)


def keep_for_ever() -> None:
    """Code and templates are never garbage: looking through them again and again costs dearly
    whenever many connections come at once."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def run_web(settings: Settings, shared: bool = False) -> None:
    """One web process. Several `shared` ones listen on the same port; the kernel deals out."""
    from helpdesk.app import create_app

    listener = listen(settings.host, settings.port, shared)
    with services(settings) as running:
        server = guarded_server(create_app(running), running, listener)
        logs.log("web.started", port=server.port)
        keep_for_ever()
        server.run()
