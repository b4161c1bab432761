"""A widget for tests, the pages that show it, and the tokens of its site."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx2
import jwt
import websockets
from websockets.asyncio.client import connect

from chat.widget.commands import add_key, make_widget
from chat.widget.keys import secrets_of
from chat.widget.models import Algorithm, Widget, WidgetKey
from chat.widget.queries import forget_widgets
from helpdesk.desk import Desk
from tests.chat.live import Tab
from tests.people import NO_TLS, Cast

SITE = "https://market.example"
NOBODY = " "
OWN_SERVER = "connect-src 'self'; "


async def a_widget(cast: Cast, *origins: str, key: str = "") -> Widget:
    async with cast.desk.transaction(await cast.actor("max")) as tx:
        widget = await make_widget(tx, "Talk to us", "Hello there.", origins or [SITE], key)
    forget_widgets(cast.desk)
    return widget


async def a_key(cast: Cast, widget: Widget, public_key: str = "") -> WidgetKey:
    algorithm = Algorithm.EDDSA if public_key else Algorithm.HS256
    async with cast.desk.transaction(await cast.actor("max")) as tx:
        return await add_key(tx, widget.id, algorithm, public_key)


def claims_for(desk: Desk, widget: Widget, sub: str = "user-1", **more: Any) -> dict[str, Any]:
    expires = int(desk.clock.now().timestamp()) + 600
    return {"sub": sub, "aud": widget.key, "exp": expires, **more}


def sign(desk: Desk, key: WidgetKey, claims: dict[str, Any], **header: Any) -> str:
    secret = secrets_of(desk.settings.secret_key, key.kid)[0]
    return jwt.encode(claims, secret, algorithm="HS256", headers={"kid": key.kid, **header})


class Frame:
    """What the frame does, as a program: its requests with its session."""

    def __init__(self, site: str, widget: Widget) -> None:
        self.widget, self.session = widget, ""
        self.client = httpx2.AsyncClient(
            base_url=f"{site}/widget/{widget.key}/",
            headers={"origin": site, "accept": "application/json"},
            timeout=30,
            verify=NO_TLS,
        )

    async def get(self, path: str, **params: str) -> httpx2.Response:
        return await self.client.get(path, params=params, headers=self.headers)

    async def post(self, path: str, **data: Any) -> httpx2.Response:
        return await self.client.post(path, data=data, headers=self.headers)

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.session}"} if self.session else {}

    async def identify(self, token: str) -> httpx2.Response:
        answer = await self.post("session", token=token)
        if answer.status_code == 200:
            self.session = answer.json()["session"]
        return answer

    async def __aenter__(self) -> "Frame":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.aclose()


@asynccontextmanager
async def host_page(
    cast: Cast, site: str, who: str = "", tokens: list[str] | None = None, *, served: bool = False
) -> AsyncIterator[str]:
    """A page of another origin, with a strict policy of its own, that shows a widget.

    `who` is signed in there: the first of `tokens` is on the page, the second is to follow it.
    When they are `served`, the page names an address of its own server, which gives and takes away
    the first that is left; without text in it, the server is out of order.
    """
    pages: list[bytes] = []
    policy = (
        f"default-src 'none'; img-src data:; script-src {site}; frame-src {site}; "
        f"{OWN_SERVER if served else ''}"
        "base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            asked = await reader.readuntil(b"\r\n\r\n")
            body, kind, status = pages[0], "html", "200 OK"
            if served and asked.startswith(b"GET /token "):
                body, kind = (tokens.pop(0) if tokens else NOBODY).encode(), "plain"
                status = "200 OK" if body else "503 Out of order"
            head = (
                f"HTTP/1.1 {status}\r\ncontent-type: text/{kind}; charset=utf-8\r\n"
                f"content-security-policy: {policy}\r\ncontent-length: {len(body)}\r\n"
                "connection: close\r\n\r\n"
            )
            writer.write(head.encode() + body)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    host = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    widget = await a_widget(cast, host)
    token = ""
    if who:
        key = await a_key(cast, widget)
        claims = claims_for(cast.desk, widget, who, email=f"{who}@example.com", email_verified=True)
        token = sign(cast.desk, key, claims)
        if tokens is not None:
            tokens += [token, sign(cast.desk, key, claims | {"exp": claims["exp"] + 3_600})]
    signed = 'data-token-url="/token"' if served else f'data-token="{token}"'
    page = (
        "<!doctype html><html lang=en><title>Market</title><link rel=icon href=data:,>"
        "<main><h1>Market</h1><p>Buy and sell.</p></main>"
        f'<script src="{site}/widget.js" data-widget="{widget.key}" '
        f"{signed} async></script></html>"
    )
    pages.append(page.encode())
    try:
        yield host
    finally:
        server.close()


async def frame_tab(site: str, session: str, origin: str = "") -> Tab:
    """The socket of a frame: its token comes as a subprotocol, and no cookie at all."""
    socket = await connect(
        site.replace("http:", "ws:") + "/live",
        origin=websockets.Origin(origin or site),
        subprotocols=[websockets.Subprotocol("helpdesk"), websockets.Subprotocol(session)],
        proxy=None,
        compression=None,
    )
    return Tab(socket)
