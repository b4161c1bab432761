"""Sockets to listen on, without the server that will: a taken port shows before anything starts."""

import errno
import socket
import time

from helpdesk.core.places import ServiceError

BACKLOG = 4096
PATIENCE = 4.0  # seconds for a port to become free: a process may just be leaving
UNACKNOWLEDGED = 20.0  # seconds, then the kernel gives up a peer that takes nothing


def listen(host: str, port: int, shared: bool = False) -> socket.socket:
    """A listening socket; `shared` lets several processes listen on the same port."""
    give_up_at = time.monotonic() + PATIENCE
    while True:
        try:
            return _listen(host, port, shared)
        except OSError as fault:
            if fault.errno != errno.EADDRINUSE or time.monotonic() > give_up_at:
                raise ServiceError(
                    f"Cannot listen on {host}, port {port}: {fault.strerror}. "
                    "Stop what runs there, or choose another with --port or HELPDESK_PORT."
                ) from fault
        time.sleep(0.1)


def _listen(host: str, port: int, shared: bool) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sends at once only where the protocol is named: an answer in two parts would wait
    # 40 ms for the first to be acknowledged.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)
    return listener


def give_up_silent_peers(listener: socket.socket, seconds: float = UNACKNOWLEDGED) -> None:
    """Accepted connections inherit this; pings alone never end one that does not read."""
    if listener.family != socket.AF_UNIX and hasattr(socket, "TCP_USER_TIMEOUT"):
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(seconds * 1000))
