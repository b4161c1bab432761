"""A tab in the tests: one socket, what it was told, and a chat to talk in."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from uuid import uuid4

import orjson
import websockets
from websockets.asyncio.client import ClientConnection, connect

from chat.commands import Opening, claim, open_conversation
from chat.models import Conversation
from helpdesk.desk import Desk
from tests.people import Cast

Frame = dict[str, Any]


class Tab:
    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.frames: list[Frame] = []
        self.changed = asyncio.Condition()
        self.reading = asyncio.create_task(self.read())

    async def read(self) -> None:
        with suppress(websockets.ConnectionClosed):
            async for text in self.socket:
                assert isinstance(text, str)
                await self.note(orjson.loads(text))
        async with self.changed:
            self.changed.notify_all()

    async def note(self, frame: Frame) -> None:
        async with self.changed:
            self.frames.append(frame)
            self.changed.notify_all()

    async def tell(self, **frame: Any) -> None:
        await self.socket.send(orjson.dumps(frame).decode())

    async def until(self, right: Callable[[Frame], bool], seconds: float = 5) -> Frame:
        """The first frame of which this is true, among those that came and will come."""

        def found() -> Frame | None:
            return next((frame for frame in self.frames if right(frame)), None)

        async with asyncio.timeout(seconds), self.changed:
            await self.changed.wait_for(lambda: found() or self.reading.done())
        frame = found()
        assert frame is not None, f"closed {self.socket.close_code}; had {self.frames}"
        return frame

    async def follow(self, streams: dict[str, int]) -> Frame:
        before = len(self.of("following"))
        await self.tell(t="follow", streams=streams)
        async with asyncio.timeout(30), self.changed:
            await self.changed.wait_for(
                lambda: len(self.of("following")) > before or self.reading.done()
            )
        return self.of("following")[-1]

    async def say(self, chat: Conversation, body: str, cid: str = "", note: bool = False) -> str:
        cid = cid or str(uuid4())
        stream, face = f"case:{chat.case_id}", f"chat:{chat.id}"
        await self.tell(t="send", s=stream, cid=cid, body=body, face=face, note=note)
        return cid

    async def ack(self, cid: str) -> Frame:
        return await self.until(lambda frame: frame.get("cid") == cid and frame["t"] != "event")

    def of(self, kind: str) -> list[Frame]:
        return [frame for frame in self.frames if frame["t"] == kind]

    def bodies(self) -> list[str]:
        return [frame["body"] for frame in self.of("event") if "body" in frame]

    def numbers(self) -> list[int]:
        return [frame["n"] for frame in self.of("event")]

    async def closed(self, seconds: float = 5) -> int | None:
        async with asyncio.timeout(seconds):
            await self.reading
        return self.socket.close_code

    async def leave(self) -> None:
        await self.socket.close()
        await self.reading

    def cut(self) -> None:
        """As a network does: without a word."""
        self.socket.transport.abort()


async def open_tab(site: str, cookie: str, **headers: str) -> Tab:
    origin = headers.pop("origin", site)
    socket = await connect(
        site.replace("http:", "ws:") + "/live",
        origin=websockets.Origin(origin) if origin else None,
        additional_headers={"cookie": cookie} | headers,
        proxy=None,
        compression=None,
    )
    return Tab(socket)


async def tab_of(site: str, cast: Cast, name: str, chat: Conversation | None = None) -> Tab:
    tab = await open_tab(site, await cast.session(name))
    if chat is not None:
        await tab.follow({f"case:{chat.case_id}": 0})
    return tab


async def begin_chat(
    desk: Desk, cast: Cast, visitor: str = "nina", agent: str = "pete", body: str = "Hello"
) -> Conversation:
    """A conversation that an agent has taken, or one that waits when there is no agent."""
    async with desk.transaction(await cast.actor(visitor)) as tx:
        chat = await open_conversation(
            tx, Opening(uuid4(), "PAY", "Withdrawal has not arrived", body)
        )
    if agent:
        async with desk.transaction(await cast.actor(agent)) as tx:
            chat = await claim(tx, chat.id)
    return chat
