"""Around every request: who is asking, whether the request is forged, the headers of every answer.

Plain ASGI, because middleware built on requests never sees WebSockets.
"""

import secrets
from collections.abc import Iterable, Mapping
from logging import WARNING
from typing import Any, cast
from urllib.parse import urlsplit

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from helpdesk.core.addresses import Proxies, is_own_origin
from helpdesk.core.logs import log, log_failure
from helpdesk.core.settings import Settings
from helpdesk.desk import Desk
from helpdesk.identity import (
    AWAY,
    actor_of_session,
    actor_of_token,
    actor_of_widget,
    bearer_of,
    widget_key_of,
)
from helpdesk.permissions import ANONYMOUS, Actor
from helpdesk.web import Problem, not_available

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types fragments"
)
CLOSED = (
    "accelerometer camera display-capture geolocation gyroscope hid magnetometer microphone midi "
    "payment serial usb xr-spatial-tracking"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": ", ".join(f"{feature}=()" for feature in CLOSED.split()),
    "x-frame-options": "DENY",
    "cache-control": "no-store",  # pages are personal; what is not says so itself
}
SECRET_PATHS = (
    "/guest/",
    "/reset-password/",
    "/confirm-email/",
    "/alerts/stop/",
)  # the address is the key
SECRET_HEADERS = {"referrer-policy": "no-referrer", "x-robots-tag": "noindex, nofollow"}
TWO_YEARS = "max-age=63072000; includeSubDomains"

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# Frames on other sites' pages have no cookie: they name a session of their own with each request.
WIDGETS = "/widget/"
SUBPROTOCOL = "helpdesk"  # of a socket; the token comes beside it, as browsers send no headers
IN_BACKGROUND = "/live/poll"  # asked without end by every open page: no sign of a person
FOR_MACHINES = frozenset({"/healthz", "/readyz"})  # must answer without the database
WANTED = frozenset(
    {
        b"host",
        b"cookie",
        b"authorization",
        b"origin",
        b"sec-fetch-site",
        b"sec-fetch-mode",
        b"x-forwarded-for",
    }
)

FRAMED = (b"x-frame-options", b"")  # an answer that says itself who may frame it

HeaderList = list[tuple[bytes, bytes]]


class Security:
    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.cookie = settings.session_cookie.encode() + b"="
        self.public_url = settings.public_url
        self.proxies = Proxies(settings.trusted_proxies)
        https = settings.public_url.startswith("https://")
        secure = {"strict-transport-security": TWO_YEARS} if https else {}
        self.headers = encoded(HEADERS | secure)
        self.secret_headers = encoded(HEADERS | secure | SECRET_HEADERS)
        self.names = frozenset(name for name, _ in self.secret_headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self.app(scope, receive, send)
        state = scope["state"]
        state["request_id"] = secrets.token_hex(8)
        state["actor"] = ANONYMOUS
        asked = wanted_headers(scope)
        if self.proxies.networks:
            self.find_client(scope, asked)
        if scope["type"] == "websocket":
            return await self.websocket(scope, asked, receive, send)
        await self.http(scope, asked, receive, send)

    async def websocket(
        self, scope: Scope, asked: dict[bytes, bytes], receive: Receive, send: Send
    ) -> None:
        try:
            scope["state"]["actor"] = await self.actor(scope, asked)
        except AWAY:
            return await send({"type": "websocket.close", "code": 1013})
        await self.app(scope, receive, send)

    async def http(
        self, scope: Scope, asked: dict[bytes, bytes], receive: Receive, send: Send
    ) -> None:
        """Every answer leaves with our headers, but those it has set stricter or otherwise."""
        started = False
        own_id = (b"x-request-id", scope["state"]["request_id"].encode())
        ours = self.secret_headers if scope["path"].startswith(SECRET_PATHS) else self.headers

        async def sending(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = self.completed(message.get("headers", ()), own_id, ours)
            await send(message)

        try:
            refusal = await self.admit(scope, asked)
            if refusal is None:
                return await self.app(scope, receive, sending)
        except ClientDisconnect:
            return
        except Exception as fault:
            log_failure("request.failed", request_id=scope["state"]["request_id"])
            if started:
                raise  # too late for an answer: the server cuts the connection
            refusal = await answer_to(scope, fault)
        await refusal(scope, receive, sending)

    async def admit(self, scope: Scope, asked: dict[bytes, bytes]) -> Response | None:
        """Find out who asks; an answer instead of None refuses the request."""
        path = scope["path"]
        if path in FOR_MACHINES or path.startswith("/static/"):
            return None

        token = bearer_of(asked.get(b"authorization")) if path.startswith("/api/") else None
        if token is None and scope["method"] not in SAFE and self.is_forged(asked):
            return await answer_to(
                scope,
                Problem(403, "Refused", "The request did not come from a page of this desk."),
            )
        try:
            scope["state"]["actor"] = await self.actor(scope, asked, token)
        except AWAY as fault:
            log("session.unknown", WARNING, error=type(fault).__name__)
            response = await answer_to(scope, not_available())
            response.headers["Retry-After"] = "5"
            return response
        if token is not None and not scope["state"]["actor"].id:
            return await answer_to(scope, Problem(401, "This token opens nothing"))
        return None

    async def actor(
        self, scope: Scope, asked: Mapping[bytes, bytes], token: str | None = None
    ) -> Actor:
        desk: Desk = scope["state"]["desk"]
        if token is not None:
            return await actor_of_token(desk, token) or ANONYMOUS
        if scope["type"] == "websocket" and scope.get("subprotocols"):
            return await actor_of_widget(desk, frame_token(scope), active=False)
        given = bearer_of(asked.get(b"authorization")) or ""
        if scope["path"].startswith(WIDGETS):
            fits = widget_key_of(given) == scope["path"].split("/")[2]
            active = scope["method"] not in SAFE
            return await actor_of_widget(desk, given if fits else "", active)
        if scope["path"] == IN_BACKGROUND and given:
            return await actor_of_widget(desk, given, active=False)
        session = self.session_token(asked.get(b"cookie"))
        if not session:
            return ANONYMOUS
        # Scripts that refresh a page in the background must not keep a session for ever.
        active = (scope["type"] == "http" and scope["path"] != IN_BACKGROUND) and (
            scope["method"] not in SAFE or asked.get(b"sec-fetch-mode", b"navigate") == b"navigate"
        )
        return await actor_of_session(desk, session, active)

    def session_token(self, cookies: bytes | None) -> str:
        if cookies is None:
            return ""
        for cookie in cookies.split(b";"):
            cookie = cookie.strip()
            if cookie.startswith(self.cookie):
                return cookie[len(self.cookie) :].decode("latin-1")
        return ""

    def is_forged(self, asked: Mapping[bytes, bytes]) -> bool:
        """Whether a page of somebody else may have made the browser send this."""
        site = asked.get(b"sec-fetch-site")
        if site is not None:
            return site not in (b"same-origin", b"none")
        return not names_own_origin(self.public_url, asked)

    def find_client(self, scope: Scope, asked: Mapping[bytes, bytes]) -> None:
        peer, _port = scope.get("client") or ("", 0)
        forwarded = asked.get(b"x-forwarded-for", b"").decode("latin-1")
        client = self.proxies.client(peer, forwarded)
        if client != peer:
            scope["client"] = (client, 0)

    def completed(
        self, given: Iterable[tuple[bytes, bytes]], own_id: tuple[bytes, bytes], ours: HeaderList
    ) -> HeaderList:
        headers = [*given, own_id]
        present = {name for name, _ in headers}
        if present.isdisjoint(self.names):
            return headers + ours
        headers = [header for header in headers if header != FRAMED]
        return headers + [header for header in ours if header[0] not in present]


def frame_token(scope: Scope) -> str:
    """Of a handshake that offers the subprotocol and, after it, the token of a frame."""
    name, *rest = scope["subprotocols"]
    return rest[0] if name == SUBPROTOCOL and len(rest) == 1 else ""


def encoded(headers: Mapping[str, str]) -> HeaderList:
    return [(name.encode(), value.encode()) for name, value in headers.items()]


def wanted_headers(scope: Scope) -> dict[bytes, bytes]:
    """The few headers read here. Repeated ones are joined, which no check lets pass."""
    found: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in WANTED:
            found[name] = found[name] + b", " + value if name in found else value
    return found


async def answer_to(scope: Scope, fault: Exception) -> Response:
    """The page or document the application shows for this error."""
    handlers = scope["app"].exception_handlers
    handler = handlers.get(type(fault)) or handlers.get(Exception)
    try:
        return cast(Response, await handler(Request(scope), fault))
    except Exception:
        log_failure("error_page.failed", request_id=scope["state"]["request_id"])
        status = fault.status if isinstance(fault, Problem) else 500
        return PlainTextResponse("Something went wrong on our side. Try again.\n", status)


def same_origin(scope: Scope) -> bool:
    """Whether a WebSocket handshake comes from a page of this very desk."""
    settings: Settings = scope["state"]["desk"].settings
    return names_own_origin(settings.public_url, wanted_headers(scope))


def names_own_origin(public_url: str, asked: Mapping[bytes, bytes]) -> bool:
    return is_own_origin(public_url, asked.get(b"host", b""), asked.get(b"origin", b""))


def client_address(request: Any) -> str:
    """The peer, or whom a trusted proxy names; never what a client says of itself."""
    return request.client.host if request.client else ""


def canonical_url(settings: Settings, path: str) -> str:
    """An address for mails: from the settings, never from the request."""
    parts = urlsplit(settings.public_url)
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}{path}"
