"""Two web processes, one killed again and again, and a checker that reads what everybody saw.

    python -m bench.chatcheck_run --chatcheck PATH

PATH is a checkout of chatcheck, a checker of chat histories: no acknowledged message may be
lost, doubled or out of order. Without it nothing is checked, and that is said.
"""

import argparse
import asyncio
import random
import sys
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import websockets
from websockets.asyncio.client import ClientConnection, connect

from bench.cpu import free_port
from bench.product import Product, session
from bench.stack import Server, running, services_running

CONVERSATIONS = 10
END = "."  # the desk trims what people write; chatcheck's bodies may end in a space
NAMESPACE = uuid.UUID("6f1f5c0e-5d0c-4a51-9f0e-2b8d6a0c7e11")
PATIENCE = 10.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.chatcheck_run")
    parser.add_argument("--chatcheck", type=Path, required=True, help="a checkout of chatcheck")
    parser.add_argument("--messages", type=int, default=300, help="of each person")
    options = parser.parse_args()
    if not (options.chatcheck / "chatcheck/check.py").exists():
        print(f"Skipped: there is no chatcheck in {options.chatcheck}.")
        return 0
    sys.path.insert(0, str(options.chatcheck))
    with services_running() as stack:
        product = Product(stack)
        database = asyncio.run(product.seed_chat(3 * CONVERSATIONS))
        ports = [free_port(), free_port()]
        servers = [product.start_web(f"web-{port}", database, port) for port in ports]
        with running(servers):
            victims = Victims(product, database, servers)
            return asyncio.run(check(victims, options.messages))


class Victims:
    """The web processes, and what happens to them."""

    def __init__(self, product: Product, database: str, servers: list[Server]) -> None:
        self.product, self.database, self.servers = product, database, servers
        self.kills = 0

    async def torment(self, calm: asyncio.Event) -> None:
        while not calm.is_set():
            await asyncio.sleep(random.uniform(0.5, 1.5))
            number = random.randrange(len(self.servers))
            old = self.servers[number]
            await asyncio.to_thread(old.kill)
            self.kills += 1
            await asyncio.sleep(random.uniform(0, 0.5))
            new = self.product.start_web(old.name, self.database, old.port)
            self.servers[number] = new  # the list is the one `running` stops
            await asyncio.to_thread(new.wait)


async def check(victims: Victims, messages: int) -> int:
    from chatcheck.check import check as judge  # type: ignore[import-not-found]
    from chatcheck.drive import Plan, run  # type: ignore[import-not-found]
    from chatcheck.history import Recorder  # type: ignore[import-not-found]

    people = People(victims.product.conversations)
    recorder = Recorder()
    plan = Plan(people.members, people.staff, messages=messages, pause=0.2, settle=30.0)
    await run(plan, LiveAdapter(victims, people), recorder, victims.torment)
    # Numbers count every event of a case, so messages alone have gaps.
    report = judge(recorder.events, people.members, people.staff, contiguous=False)
    print(f"{victims.kills} kills, {len(report.violations)} violations, {dict(report.kinds)}")
    print(report.figures)
    for violation in report.violations[:20]:
        print(violation)
    return 0 if report.ok else 1


class People:
    """Who talks where: a visitor and an agent, in every second conversation two agents."""

    def __init__(self, filled: int) -> None:
        self.members: dict[str, set[str]] = {}
        self.ids: dict[str, int] = {}
        for case in range(1, CONVERSATIONS + 1):
            here = {f"visitor-{case}": case, f"agent-{case}": filled + case}
            if case % 2 == 0:
                here[f"colleague-{case}"] = filled + CONVERSATIONS + case
            self.ids |= here
            self.members[str(case)] = set(here)
        self.staff = {name for name in self.ids if not name.startswith("visitor")}
        self.names = {person: name for name, person in self.ids.items()}


class LiveAdapter:
    """How chatcheck's clients speak to /live."""

    def __init__(self, victims: Victims, people: People) -> None:
        self.victims, self.people = victims, people
        self.client_ids: dict[str, str] = {}

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
        server = random.choice(self.victims.servers)
        headers = {"Cookie": session(server, self.people.ids[who])}
        own_site = websockets.Origin(f"http://localhost:{server.port}")
        url = f"ws://localhost:{server.port}/live"
        stream = f"case:{conv}"
        try:
            socket = await connect(
                url, host="127.0.0.1", origin=own_site, additional_headers=headers, proxy=None
            )
            await socket.send(orjson.dumps({"t": "follow", "streams": {stream: after}}).decode())
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
        from chatcheck.history import Message

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
                elif frame["t"] == "event" and (message := self.adapter.message(frame)):
                    yield message
        except websockets.ConnectionClosed:
            return

    async def close(self) -> None:
        await self.socket.close()


if __name__ == "__main__":
    sys.exit(main())
