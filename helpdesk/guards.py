"""What stands before the application: bodies of bounded size and speed, one log line each.

Pure ASGI, so that WebSockets pass through the same guards.
"""

import asyncio
import logging
from dataclasses import dataclass
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from helpdesk.core.logs import log

HEALTH = frozenset({"/healthz", "/readyz"})  # asked every few seconds: no lines
HEADERS = [
    (b"content-type", b"text/plain; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
]


@dataclass(frozen=True)
class BodyLimits:
    most_bytes: int = 128 * 1024 * 1024  # of any request; routes allow less
    grace_seconds: float = 10.0  # of waiting for a body, whatever its speed
    least_rate: float = 1024.0  # bytes per second of waiting beyond that


def guarded(app: ASGIApp, bodies: BodyLimits | None = None) -> ASGIApp:
    return RequestLog(BodyGuard(app, bodies or BodyLimits()))


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
            await refuse(send, 413, "This is more than the desk takes.")
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
            await refuse(send, fault.status_code, fault.detail)


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


async def refuse(send: Send, status: int, text: str) -> None:
    body = f"{status} {HTTPStatus(status).phrase}\n{text}\n".encode()
    headers = [*HEADERS, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class RequestLog:
    """One line per request or socket: who, which route, what came of it, how long it took."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        loop = asyncio.get_running_loop()
        began = loop.time()
        status = 500 if scope["type"] == "http" else 1006

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                status = message["status"]
            elif message["type"] == "websocket.close":
                status = message.get("code", 1000)
            await send(message)

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
                write_line(scope, status, loop.time() - began)


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
