"""The frames of a socket by plain requests, at whichever process they arrive."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx2
import orjson

from helpdesk.desk import Desk
from helpdesk.people.commands import deactivate
from helpdesk.people.sessions import end_sessions
from helpdesk.permissions import SYSTEM
from tests.people import Cast

from .live import Frame, begin_chat, tab_of
from .test_two_processes import two_processes


class Poller:
    """A page without WebSockets; `sites` take turns."""

    def __init__(self, cookie: str, *sites: str) -> None:
        self.cookie, self.sites, self.id, self.turn = cookie, sites, "", 0
        self.client = httpx2.AsyncClient(timeout=30)
        self.frames: list[Frame] = []

    async def ask(self, **what: Any) -> Any:
        site = self.sites[self.turn % len(self.sites)]
        self.turn += 1
        answer = await self.post(site, {"id": self.id, **what}, site)
        assert answer.status_code == 200, answer.text
        told = answer.json()
        self.id = told.get("id", self.id)
        self.frames += [orjson.loads(text) for text in told.get("frames", ())]
        return told

    async def post(self, site: str, what: Any, origin: str) -> httpx2.Response:
        headers = {"cookie": self.cookie, "origin": origin}
        return await self.client.post(f"{site}/live/poll", json=what, headers=headers)

    async def tell(self, **frame: Any) -> Any:
        return await self.ask(frames=[orjson.dumps(frame).decode()])

    async def closed(self) -> int:
        while "close" not in (told := await self.ask()):
            pass
        code: int = told["close"]
        return code

    async def until(self, kind: str, **fields: Any) -> Frame:
        while True:
            for frame in self.frames:
                if frame["t"] == kind and fields.items() <= frame.items():
                    return frame
            assert "close" not in await self.ask()


async def test_two_people_talk_by_requests_and_by_a_socket(
    site: str, desk: Desk, cast: Cast
) -> None:
    chat = await begin_chat(desk, cast)
    stream, face = f"case:{chat.case_id}", f"chat:{chat.id}"
    async with two_processes(desk) as processes:
        nina = Poller(await cast.session("nina"), *[process.site for process in processes])
        await nina.ask()
        assert nina.frames[0]["you"]["name"] == "Nina"
        await nina.tell(t="follow", streams={stream: 0})
        await nina.until("event", n=3)
        pete = await tab_of(site, cast, "pete", chat)
        for number in range(4):  # each request at another process
            cid = str(uuid4())
            await nina.tell(t="send", s=stream, face=face, cid=cid, body=f"nina {number}")
            assert (await nina.until("ack", cid=cid))["n"] == 4 + 2 * number
            await pete.until(lambda frame, n=number: frame.get("body") == f"nina {n}")
            await pete.ack(await pete.say(chat, f"pete {number}"))
            await nina.until("event", body=f"pete {number}")
        await pete.ack(await pete.say(chat, "between ourselves", note=True))
        await pete.ack(await pete.say(chat, "to all"))
        await nina.until("event", body="to all")
        numbers = [frame["n"] for frame in nina.frames if frame["t"] == "event"]
        assert numbers == [*range(1, 12), 13]
        assert "between ourselves" not in str(nina.frames)
        async with desk.transaction(SYSTEM) as tx:
            await end_sessions(tx, cast.nina.id)
        async with asyncio.timeout(20):
            assert await nina.closed() in (4401, 1012)
        await pete.leave()


async def test_a_session_of_requests_is_its_owners_and_its_pages_alone(
    site: str, desk: Desk, cast: Cast
) -> None:
    chat = await begin_chat(desk, cast)
    nina = Poller(await cast.session("nina"), site)
    await nina.ask()
    for origin in ("", "null", "http://evil.example", "http://localhost:1"):
        assert (await nina.post(site, {"id": nina.id}, origin)).status_code == 403
    for who in ("omar", "pete"):
        other = Poller(await cast.session(who), site)
        other.id = nina.id
        assert (await other.ask())["close"] == 1012
        assert other.frames == []
    omar = Poller(await cast.session("omar"), site)
    await omar.ask()
    await omar.tell(t="follow", streams={f"case:{chat.case_id}": 0})
    assert (await omar.until("following"))["streams"] == {}
    for wrong in ({"id": 1}, {"frames": [1]}, {"more": 1}, {"frames": ["{}"] * 51}, []):
        assert (await nina.post(site, wrong, site)).status_code == 422
    # Its owner goes on as if nothing had been.
    await nina.tell(t="follow", streams={f"case:{chat.case_id}": 0})
    await nina.until("event", n=3)
    waiting = asyncio.create_task(nina.closed())
    await asyncio.sleep(0.1)
    async with desk.transaction(SYSTEM) as tx:
        await deactivate(tx, cast.nina.id)
    assert await asyncio.wait_for(waiting, 20) in (4401, 1012)
