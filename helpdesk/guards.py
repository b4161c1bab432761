"""What stands before the application: our own names, bodies of bounded size and speed, a log line.

Pure ASGI, so that WebSockets pass through the same guards.
"""

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from helpdesk.core.logs import log
from helpdesk.core.settings import Settings

LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
HOST = re.compile(rb"([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")
HEALTH = frozenset({"/healthz", "/readyz"})  # asked by address, every few seconds
HEADERS = [
    (b"content-type", b"text/plain; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
]


@dataclass(frozen=True)
class BodyLimits:
    most_bytes: int = 260 * 1024 * 1024  # of any request; most routes allow far less
    grace_seconds: float = 10.0  # of waiting for a body, whatever its speed
    least_rate: float = 1024.0  # bytes per second of waiting beyond that


def guarded(app: ASGIApp, settings: Settings, bodies: BodyLimits | None = None) -> ASGIApp:
    inner = BodyGuard(app, bodies or BodyLimits())
    return RequestLog(HostGuard(inner, allowed_hosts(settings)))


def allowed_hosts(settings: Settings) -> frozenset[str]:
    named = {name.strip().lower() for name in settings.allowed_hosts.split(",") if name.strip()}
    return LOCAL_NAMES | named | {urlsplit(settings.public_url).hostname or ""}


class HostGuard:
    """Answers to the desk's own names only: nobody can make it write links to another site."""

    def __init__(self, app: ASGIApp, allowed: Iterable[str]) -> None:
        self.app = app
        self.allowed = frozenset(allowed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or scope["path"] in HEALTH or self.knows(scope):
            await self.app(scope, receive, send)
        else:
            await refuse(scope, send, 400, "This desk does not answer at this address.")

    def knows(self, scope: Scope) -> bool:
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        return len(hosts) == 1 and host_name(hosts[0]) in self.allowed


def host_name(header: bytes) -> str | None:
    """The name in a Host header, or None when it is not a plain name with a plain port."""
    found = HOST.fullmatch(header.lower())
    return found[1].decode().strip("[]") if found else None


class BodyGuard:
    """Refuses bodies that announce too much, and senders that keep us waiting for theirs.

    The connection stays open for a moment: the protocol throws away what still comes, so that
    the sender reads the answer and not a reset.
    """

    def __init__(self, app: ASGIApp, limits: BodyLimits) -> None:
        self.app = app
        self.limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not has_body(scope):
            await self.app(scope, receive, send)
        elif announced(scope) > self.limits.most_bytes:
            await refuse(scope, send, 413, "This is more than the desk takes.")
        else:
            await self.watched(scope, receive, send)

    async def watched(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = Body(receive, self.limits)
        answered = False

        async def telling(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        try:
            await self.app(scope, body.receive, telling)
        except HTTPException as fault:
            if answered:
                raise
            await refuse(scope, send, fault.status_code, fault.detail)


class Body:
    """A body on its way in: only the time spent waiting for its sender counts."""

    def __init__(self, receive: Receive, limits: BodyLimits) -> None:
        self.next = receive
        self.limits = limits
        self.bytes = 0
        self.waited = 0.0
        self.complete = False

    async def receive(self) -> Message:
        if self.complete:
            return await self.next()  # waiting for a disconnect takes as long as it takes
        loop = asyncio.get_running_loop()
        began = loop.time()
        allowed = self.limits.grace_seconds + self.bytes / self.limits.least_rate - self.waited
        try:
            async with asyncio.timeout(max(allowed, 0)):
                message = await self.next()
        except TimeoutError:
            raise HTTPException(408, "The request came too slowly.") from None
        self.waited += loop.time() - began
        self.bytes += len(message.get("body", b""))
        self.complete = not message.get("more_body", False)
        if self.bytes > self.limits.most_bytes:
            raise HTTPException(413, "This is more than the desk takes.")
        return message


def has_body(scope: Scope) -> bool:
    return any(name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"])


def announced(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0


async def refuse(scope: Scope, send: Send, status: int, text: str) -> None:
    body = f"{status} {HTTPStatus(status).phrase}\n{text}\n".encode()
    headers = [*HEADERS, (b"content-length", b"%d" % len(body))]
    kind = "websocket.http.response" if scope["type"] == "websocket" else "http.response"
    await send({"type": f"{kind}.start", "status": status, "headers": headers})
    await send({"type": f"{kind}.body", "body": body})


class RequestLog:
    """One line per request or socket: who, which route, what came of it, how long it took."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 500 if scope["type"] == "http" else 1006

        def noting(message: Message) -> Awaitable[None]:  # every frame of a socket passes here
            nonlocal status
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                status = message["status"]
            elif message["type"] == "websocket.close":
                status = message.get("code", 1000)
            return send(message)

        async def hearing() -> Message:
            nonlocal status
            message = await receive()
            if message["type"] == "websocket.disconnect":
                status = message.get("code", 1005)
            return message

        try:
            await self.app(scope, hearing, noting)
        finally:
            if scope["path"] not in HEALTH:
                write_line(scope, status, time.perf_counter() - began)


def write_line(scope: Scope, status: int, seconds: float) -> None:
    state = scope.get("state", {})
    log(
        "request" if scope["type"] == "http" else "socket",
        logging.ERROR if scope["type"] == "http" and status >= 500 else logging.INFO,
        request_id=state.get("request_id"),
        method=scope.get("method"),
        route=getattr(scope.get("route"), "path", None) or "unknown",
        status=status,
        ms=round(seconds * 1000, 1),
        actor=getattr(state.get("actor"), "id", None) or None,
    )
