"""Who talks in a run of chatcheck, and how its clients speak to /live."""

import asyncio
import random
import uuid
from collections.abc import AsyncIterator
from typing import Any

import orjson
import websockets
from websockets.asyncio.client import ClientConnection, connect

from bench.product import session
from bench.stack import Server

END = "."  # the desk trims what people write; chatcheck's bodies may end in a space
NAMESPACE = uuid.UUID("6f1f5c0e-5d0c-4a51-9f0e-2b8d6a0c7e11")
PATIENCE = 20.0


class People:
    """Who talks where: a visitor and an agent, in every second conversation two agents."""

    def __init__(self, conversations: int, filled: int) -> None:
        self.members: dict[str, set[str]] = {}
        self.ids: dict[str, int] = {}
        for case in range(1, conversations + 1):
            here = {f"visitor-{case}": case, f"agent-{case}": filled + case}
            if case % 2 == 0:
                here[f"colleague-{case}"] = filled + conversations + case
            self.ids |= here
            self.members[str(case)] = set(here)
        self.staff = {name for name in self.ids if not name.startswith("visitor")}
        self.names = {person: name for name, person in self.ids.items()}


class LiveAdapter:
    """Everybody comes to any of the web processes that run at the moment."""

    def __init__(self, servers: list[Server], people: People) -> None:
        self.servers, self.people = servers, people
        self.client_ids: dict[str, str] = {}
        self.moved = 0  # asked to go by a process that stops

    async def open(self, who: str, conv: str, after: int) -> "LiveSession":
        socket, _ = await self.follow(who, conv, after)
        return LiveSession(self, socket, conv, after)

    async def transcript(self, who: str, conv: str) -> list[Any]:
        """Everything the case holds for this person, as a client without a position gets it."""
        socket, newest = await self.follow(who, conv, 0)
        found, seen = [], 0
        try:
            async with asyncio.timeout(PATIENCE):
                while seen < newest:
                    frame = orjson.loads(await socket.recv())
                    if frame["t"] != "event":
                        continue
                    seen = frame["n"]
                    if message := self.message(frame):
                        found.append(message)
        except websockets.ConnectionClosed as error:
            raise ConnectionError(str(error)) from error
        finally:
            await socket.close()
        return found

    async def follow(self, who: str, conv: str, after: int) -> tuple[ClientConnection, int]:
        server = random.choice(self.servers)
        headers = {"Cookie": session(server, self.people.ids[who])}
        own_site = websockets.Origin(f"http://localhost:{server.port}")
        url = f"ws://localhost:{server.port}/live"
        stream = f"case:{conv}"
        try:
            async with asyncio.timeout(PATIENCE):
                socket = await connect(
                    url,
                    host="127.0.0.1",
                    origin=own_site,
                    additional_headers=headers,
                    proxy=None,
                    compression=None,
                )
                wanted = {"t": "follow", "streams": {stream: after}}
                await socket.send(orjson.dumps(wanted).decode())
                while (frame := orjson.loads(await socket.recv()))["t"] != "following":
                    pass
        except (websockets.InvalidHandshake, websockets.ConnectionClosed) as error:
            raise ConnectionError(str(error)) from error
        if stream not in frame["streams"]:
            raise AssertionError(f"{who} may not follow {stream}")
        return socket, frame["streams"][stream]

    def client_id(self, cid: str) -> str:
        made = str(uuid.uuid5(NAMESPACE, cid))
        self.client_ids[made] = cid
        return made

    def message(self, frame: dict[str, Any]) -> Any:
        from chatcheck.history import Message  # type: ignore[import-not-found]

        if frame["type"] not in ("message.posted", "note.added"):
            return None
        return Message(
            seq=frame["n"],
            cid=self.client_ids.get(frame["cid"], frame["cid"]),
            sender=self.people.names[frame["by"]["id"]],
            body=frame["body"].removesuffix(END),
            internal=frame["type"] == "note.added",
        )


class LiveSession:
    recovered = True

    def __init__(
        self, adapter: LiveAdapter, socket: ClientConnection, conv: str, after: int
    ) -> None:
        self.adapter, self.socket, self.conv, self.position = adapter, socket, conv, after

    async def send(self, cid: str, body: str, internal: bool) -> None:
        frame = {
            "t": "send",
            "s": f"case:{self.conv}",
            "cid": self.adapter.client_id(cid),
            "body": body + END,
            "face": f"chat:{self.conv}",
            "note": internal,
        }
        try:
            await self.socket.send(orjson.dumps(frame).decode())
        except websockets.ConnectionClosed as error:
            raise ConnectionError(str(error)) from error

    async def incoming(self) -> AsyncIterator[Any]:
        from chatcheck.adapter import Ack, Refusal  # type: ignore[import-not-found]

        names = self.adapter.client_ids
        try:
            async for text in self.socket:
                frame = orjson.loads(text)
                if frame["t"] == "ack":
                    yield Ack(names[frame["cid"]], frame["n"])
                elif frame["t"] == "refused" and frame["code"] != "too_fast":  # that one is retried
                    yield Refusal(names[frame["cid"]])
                elif frame["t"] == "move":
                    self.move(frame["within"])
                elif frame["t"] == "event" and (message := self.adapter.message(frame)):
                    yield message
        except websockets.ConnectionClosed:
            return

    def move(self, within: float) -> None:
        """As a page does: go at a moment of one's own."""
        self.adapter.moved += 1
        loop = asyncio.get_running_loop()
        loop.call_later(
            random.random() * within, lambda: asyncio.ensure_future(self.socket.close())
        )

    async def close(self) -> None:
        await self.socket.close()
