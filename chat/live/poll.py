"""POST /live/poll: the frames of a socket by plain requests, where WebSockets are blocked.

`{}` opens a session and answers its id; `{"id"}` waits for frames and takes them all;
`{"id", "frames"}` says something and is answered at once; `{"id", "bye"}` ends it. Behind it is
the same `Socket`. It lives in one process; a request that arrives at another one is handed over
through Valkey.
"""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Annotated, Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from starlette.responses import Response

from helpdesk.core.live import Envelope
from helpdesk.desk import Desk
from helpdesk.permissions import Can
from helpdesk.security import same_origin
from helpdesk.web import Problem, WebRequest, api

from .frames import LARGEST_FRAME
from .hub import Hub, hub_of
from .outbox import Message, Outbox
from .socket import Socket, enter

HOLD = 20.0  # seconds a request waits for frames
GONE = 30.0  # seconds after the last request began, then the tab is taken for gone
ROOM = 64 * 1024  # characters kept for the next request; the outbox keeps the rest
HANDED_OVER = 3.0  # seconds the other process has to say that it is there
MOST_FRAMES = 50
LARGEST_BODY = 256 * 1024
LOST = {"close": 1012, "reason": "This session is not known here"}

Answer = dict[str, Any]
FrameText = Annotated[str, StringConstraints(max_length=LARGEST_FRAME)]


class Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    id: str = Field(default="", max_length=100)
    frames: list[FrameText] = Field(default=[], max_length=MOST_FRAMES)
    bye: bool = False


class Polled:
    """What stands where a socket has its connection."""

    def __init__(self, polls: "Polls", id: str) -> None:
        self.polls, self.id = polls, id
        self.texts: list[str] = []
        self.size = 0
        self.closing: Answer | None = None
        self.changed = asyncio.Event()  # there is something to take
        self.taken = asyncio.Event()
        self.taker: object = None  # of several waiting requests only the newest is served
        self.turn = asyncio.Lock()  # frames are heard in their order
        self.leaving: asyncio.TimerHandle | None = None
        self.socket: Socket | None = None

    async def send(self, message: Message) -> None:
        """As an ASGI server does: wait while the other side does not take what there is."""
        while self.size > ROOM and message["type"] != "websocket.close":
            self.taken.clear()
            await self.taken.wait()
        if message["type"] == "websocket.close":
            self.closing = {"close": message["code"], "reason": message["reason"]}
        else:
            self.texts.append(message["text"])
            self.size += len(message["text"])
        self.changed.set()

    async def take(self) -> Answer:
        """All frames there are; waits for the first of them."""
        self.taker = me = object()
        self.changed.set()  # whoever waited before goes away empty
        await asyncio.sleep(0)
        if not self.texts and self.closing is None:
            self.changed.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self.changed.wait(), HOLD)
        if self.taker is not me:
            return {"frames": []}
        texts, self.texts, self.size = self.texts, [], 0
        self.taken.set()
        if self.closing is not None and not texts:
            self.polls.forget(self.id)
            return self.closing
        return {"frames": texts}

    async def hear(self, texts: list[str]) -> Answer:
        assert self.socket is not None
        async with self.turn:
            for text in texts:
                if not self.socket.outbox.closed and not self.socket.hub.deaf:
                    await self.socket.attend(text)
        return {"frames": []}


class Polls:
    """The sessions of this process, and those asked for here that live elsewhere."""

    def __init__(self, desk: Desk, hub: Hub) -> None:
        self.desk, self.hub = desk, hub
        self.mark = secrets.token_hex(4)
        self.open: dict[str, Polled] = {}
        self.asked: dict[str, asyncio.Future[Answer]] = {}  # of other processes
        self.answering: set[asyncio.Task[None]] = set()

    def begin(self, request: WebRequest) -> Polled:
        polled = Polled(self, f"{self.mark}-{secrets.token_urlsafe(18)}")
        actor, client = request.state["actor"], request.scope.get("client")
        polled.socket = enter(self.hub, actor, Outbox(polled.send), client)
        self.open[polled.id] = polled
        self.keep(polled)
        return polled

    def keep(self, polled: Polled) -> None:
        """Somebody asked: the tab is there for another while."""
        if polled.leaving is not None:
            polled.leaving.cancel()
        loop = asyncio.get_running_loop()
        polled.leaving = loop.call_later(GONE, self.forget, polled.id)

    def forget(self, id: str) -> None:
        polled = self.open.pop(id, None)
        if polled is None:
            return
        if polled.leaving is not None:
            polled.leaving.cancel()
        if polled.socket is not None:
            polled.socket.close(1000, "Gone")

    async def serve(self, session_id: int | None, asked: Asked) -> Answer:
        polled = self.open.get(asked.id)
        if polled is None:
            return LOST
        owner = polled.socket.actor.session_id if polled.socket else session_id
        if owner != session_id:
            return LOST
        if asked.bye:
            self.forget(asked.id)
            return {"frames": []}
        self.keep(polled)
        return await (polled.hear(asked.frames) if asked.frames else polled.take())

    # Between processes

    async def hand_over(self, session_id: int | None, asked: Asked) -> Answer:
        if not self.desk.live.hearing:
            return LOST
        name, loop = f"{os.getpid()}-{secrets.token_hex(8)}", asyncio.get_running_loop()
        taken = self.asked[f"{name}+"] = loop.create_future()
        answer = self.asked[name] = loop.create_future()
        self.tell(asked.id, {"answer": name, "session": session_id, **asked.model_dump()})
        try:
            await asyncio.wait_for(taken, HANDED_OVER)
            return await asyncio.wait_for(answer, HOLD + HANDED_OVER)
        except TimeoutError:
            return LOST
        finally:
            del self.asked[name], self.asked[f"{name}+"]

    def tell(self, about: str, what: Answer) -> None:
        self.desk.live.deliver([Envelope(f"poll:{about}", 0, {}, what)])

    def hear(self, envelope: Envelope) -> None:
        """`poll:<session>` asks whoever has it; `poll:<request>` answers whoever asked."""
        about = envelope.stream.partition(":")[2]
        if answer := self.asked.get(about):
            if not answer.done():
                answer.set_result(envelope.frame)
        elif about.startswith(self.mark):
            task = asyncio.ensure_future(self.answer(envelope.frame))
            self.answering.add(task)
            task.add_done_callback(self.answering.discard)

    async def answer(self, told: dict[str, Any]) -> None:
        self.tell(f"{told['answer']}+", {})  # it is here: whoever asked may wait
        asked = Asked(id=told["id"], frames=told["frames"], bye=told["bye"])
        self.tell(told["answer"], await self.serve(told["session"], asked))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        unwatch = self.desk.live.watch("poll", self.hear)
        try:
            yield
        finally:
            unwatch()
            for id in tuple(self.open):
                self.forget(id)
            for task in self.answering:
                task.cancel()


async def poll(request: WebRequest) -> Response:
    if not same_origin(request.scope):
        raise Problem(403, "The request did not come from a page of this desk")
    try:
        asked = Asked.model_validate_json(await request.body())
    except ValidationError:
        raise Problem(422, "Malformed request") from None
    polls = polls_of(request.state["desk"])
    session_id = request.state["actor"].session_id
    if not asked.id:
        polled = polls.begin(request)
        answer = {"id": polled.id, **await polled.take()}
    elif asked.id.startswith(polls.mark):
        answer = await polls.serve(session_id, asked)
    else:
        answer = await polls.hand_over(session_id, asked)
    return Response(orjson.dumps(answer), media_type="application/json")


def polls_of(desk: Desk) -> Polls:
    found: Polls | None = desk.parts.get("chat.polls")
    if found is None:
        found = desk.parts["chat.polls"] = Polls(desk, hub_of(desk))
    return found


@asynccontextmanager
async def poll_parts(desk: Desk) -> AsyncIterator[None]:
    """Run it for as long as a web process serves, inside the parts of the chat."""
    polls = desk.parts["chat.polls"] = Polls(desk, hub_of(desk))
    async with polls.running():
        yield
    desk.parts.pop("chat.polls", None)


routes = [api("/live/poll", poll, can=Can.VISIT, method="POST", max_body=LARGEST_BODY)]
