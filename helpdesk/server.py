"""The web server: uvicorn with the limits it lacks, on a socket of our own."""

import socket

import uvicorn
from starlette.types import ASGIApp

from helpdesk.core import logs
from helpdesk.core.connections import Limits, protocols
from helpdesk.core.listening import BACKLOG, give_up_silent_peers, listen
from helpdesk.core.services import services
from helpdesk.core.settings import Settings
from helpdesk.guards import BodyLimits, guarded

KEEP_ALIVE = 15  # seconds an idle connection is kept for the next request
LEAVING = 10  # seconds for requests under way when the server is told to stop
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


def run_web(settings: Settings, shared: bool = False) -> None:
    """One web process. Several `shared` ones listen on the same port; the kernel deals out."""
    from helpdesk.app import create_app

    listener = listen(settings.host, settings.port, shared)
    with services(settings) as running:
        server = guarded_server(create_app(running), running, listener)
        logs.log("web.started", port=server.port)
        server.run()
