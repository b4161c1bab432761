"""What a web process keeps for its open sockets: the writer, the streams, the heartbeat."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from helpdesk.alerts.commands import alerts_changed
from helpdesk.cases.models import Audience
from helpdesk.cases.stream import Following, Streams, stream_of
from helpdesk.cases.writer import Writer
from helpdesk.core.live import Envelope
from helpdesk.desk import Desk
from helpdesk.permissions import Actor

from .heart import Heart
from .leaving import move_away
from .limits import Addresses
from .line import Line
from .presence import Presence
from .reading import ReadMarks

if TYPE_CHECKING:
    from .socket import Socket

log = logging.getLogger("helpdesk.live")

# For the writer: `s` is a message about to be stored.
OPEN_CONVERSATION = """
    SELECT c.status <> 'ended' FROM conversations c
    WHERE c.id = s.conversation_id AND c.case_id = s.case_id"""
SIDE_OF = {
    "chat": "SELECT side_id FROM conversations WHERE id = $1 AND case_id = $2",
    "ticket": "SELECT side_id FROM tickets WHERE id = $1 AND case_id = $2",
}
MOST_SIDES = 50_000
SETTLE = 0.2  # seconds: who comes and goes within them is told once
MANY, MOST_SETTLES = 50, 10


def person_frame(actor: Actor) -> dict[str, Any]:
    return {"id": actor.id, "name": actor.name, "staff": actor.is_staff}


class Hub:
    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.loop = asyncio.get_running_loop()
        self.writer = Writer(desk, OPEN_CONVERSATION)
        self.streams = Streams(desk)
        self.sockets: set[Socket] = set()
        self.by_session: dict[int, set[Socket]] = {}
        self.addresses = Addresses(desk.settings)
        self.leaving = False  # the process is about to stop: nobody new is let in
        self.deaf = False
        self.lists: dict[str, set[Socket]] = {}
        self.sides: dict[tuple[str, int], int] = {}
        self.newcomers: list[Following] = []
        self.settling: asyncio.Task[None] | None = None
        self.presence = Presence(self)
        self.line = Line(self)
        self.marks = ReadMarks(self)
        self.heart = Heart(self)

    # Sockets

    def join(self, socket: "Socket") -> None:
        self.sockets.add(socket)
        socket.address.open += 1
        if socket.actor.session_id is None:
            socket.address.visitors += 1
        else:
            self.by_session.setdefault(socket.actor.session_id, set()).add(socket)
        self.heart.join(socket)

    def leave(self, socket: "Socket") -> None:
        """Also when it is only about to close: nothing more reaches it."""
        if socket not in self.sockets:
            return
        self.sockets.discard(socket)
        socket.address.open -= 1
        if socket.actor.session_id is None:
            socket.address.visitors -= 1
        session = self.by_session.get(socket.actor.session_id or 0, set())
        session.discard(socket)
        if not session:
            self.by_session.pop(socket.actor.session_id or 0, None)
        self.heart.leave(socket)
        self.set_lists(socket, set())
        for case_id in tuple(socket.followings):
            socket.unfollow(case_id)

    def set_lists(self, socket: "Socket", names: set[str]) -> None:
        for name in socket.lists - names:
            self.lists[name].discard(socket)
        for name in names - socket.lists:
            self.lists.setdefault(name, set()).add(socket)
        socket.lists = names or frozenset()

    def relay(self, envelope: Envelope) -> None:
        """Frames of a list."""
        for socket in tuple(self.lists.get(envelope.stream, ())):
            socket.push(envelope.text)

    def relay_alerts(self) -> None:
        """Valkey was silent: whatever changed meanwhile, open pages look for themselves."""
        self.relay(alerts_changed())

    # Cases

    def joined(self, following: Following) -> None:
        if following.live:
            self.newcomers.append(following)
            self.presence.touch(following.stream.case_id, ask=True)
            self.settle()

    def left(self, case_id: int) -> None:
        self.presence.touch(case_id)
        self.settle()

    def settle(self) -> None:
        if self.settling is None:
            self.settling = asyncio.ensure_future(self.settle_soon())

    async def settle_soon(self) -> None:
        """What newcomers get besides events: who is here, who has read, their place in line."""
        for _ in range(MOST_SETTLES):
            before = len(self.newcomers)
            await asyncio.sleep(SETTLE)
            if len(self.newcomers) - before < MANY:
                break  # else everybody comes back at once: their messages go first
        self.settling = None
        newcomers, self.newcomers = self.newcomers, []
        await self.presence.announce()
        here = [following for following in newcomers if following.live]
        if here:
            try:
                await self.marks.greet(here)
                await self.line.greet(here)
            except Exception as fault:
                log.warning("newcomers wait for the next beat: %s", type(fault).__name__)

    async def side_of(self, case_id: int, face: str) -> int | None:
        """Whose conversation or ticket of the case it is. It never changes, so it is kept."""
        key = (face, case_id)
        if key not in self.sides:
            kind, _, number = face.partition(":")
            side_id = await self.desk.pool.fetchval(SIDE_OF[kind], int(number), case_id)
            if side_id is None:
                return None
            if len(self.sides) >= MOST_SIDES:
                self.sides.clear()
            self.sides[key] = side_id
        return self.sides[key]

    # What is told but not stored

    def announce_typing(
        self, following: Following, kind: str, face: str | None, side_id: int | None
    ) -> None:
        """Staff see everybody type; a side sees itself, and staff who answer it."""
        actor, view = following.actor, following.view
        if view is None:
            return
        reach: dict[str, Any] = {"audience": Audience.STAFF, "side_id": None}
        if not actor.is_staff:
            reach = {"audience": Audience.SIDE, "side_id": min(view.side_ids)}
        elif kind != "note" and side_id is not None:
            reach = {"audience": Audience.SIDE, "side_id": side_id}
        stream = stream_of(following.stream.case_id)
        frame = {"t": "typing", "s": stream, "by": person_frame(actor), "kind": kind}
        if face is not None:
            frame["face"] = face
        self.desk.live.deliver([Envelope(stream, 0, reach, frame)])

    def mark_read(self, following: Following, n: int) -> None:
        self.marks.set(following, n)


def hub_of(desk: Desk) -> Hub:
    hub: Hub = desk.parts["chat"]
    return hub


@asynccontextmanager
async def chat_parts(desk: Desk) -> AsyncIterator[Hub]:
    """Run it for as long as a web process serves."""
    hub = Hub(desk)
    desk.parts["chat"] = hub
    endings: list[Callable[[], object]] = [
        desk.live.watch("session", hub.heart.session_changed),
        desk.live.watch("rights", hub.heart.rights_changed),
        desk.live.watch("presence", hub.presence.hear),
        desk.live.follow("desk", hub.relay),
        desk.live.follow("chat:queue", hub.relay),
        desk.live.follow("alerts", hub.relay),
        desk.live.follow("chat:queue", hub.line.hear),
        desk.live.follow("chat:queue", hub.presence.hear_line),
    ]
    desk.live.reconnected.add(hub.relay_alerts)
    leave = partial(move_away, hub)
    desk.leaving.append(leave)
    tasks = [asyncio.create_task(work) for work in (hub.writer.run(), hub.heart.run())]
    try:
        yield hub
    finally:
        for end in endings:
            end()
        desk.live.reconnected.discard(hub.relay_alerts)
        desk.leaving.remove(leave)
        hub.streams.close()
        tasks += [task for task in (hub.settling, hub.line.pushing, hub.marks.saving) if task]
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError, Exception):
                await task
        desk.parts.pop("chat", None)
