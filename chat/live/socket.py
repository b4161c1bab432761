"""GET /live: the one WebSocket of a tab. docs/chat-protocol.md has every frame and close code."""

import asyncio
import logging
from functools import partial
from typing import Any

import orjson
from pydantic import ValidationError
from starlette.routing import WebSocketRoute
from starlette.types import Receive, Scope, Send

from helpdesk.alerts.queries import fingerprint
from helpdesk.cases.commands import without_secrets
from helpdesk.cases.stream import Following
from helpdesk.cases.writer import Outcome
from helpdesk.cases.writer import Send as Sending
from helpdesk.core.addresses import neighbourhood
from helpdesk.core.text import BadText, clean_text, is_blank
from helpdesk.identity import keep_awake
from helpdesk.permissions import ANONYMOUS, Actor, Can, allowed
from helpdesk.security import SUBPROTOCOL, same_origin

from .frames import LARGEST_FRAME, Follow, Known, Pong, Read, Say, Typing, case_id_of, frames
from .hub import Hub, hub_of, person_frame
from .limits import Address, Budget, weight
from .outbox import Outbox

log = logging.getLogger("helpdesk.live")

LARGEST_TEXT = 10_000  # characters of a message
FRAMES_PER_SECOND = 40.0  # of any kind, besides messages; a tab never needs as many
FRAME_BURST = 180.0

SESSION_ENDED, WRONG_ORIGIN, NOTHING_HERE = 4401, 4403, 4404
DOES_NOT_READ, TOO_MANY_FRAMES = 4408, 4429
MALFORMED, TOO_BIG, RESTARTING = 1008, 1009, 1012

WHY = {
    "closed": "This chat has ended. Your text was not sent.",
    "empty": "There is nothing to send yet.",
    "not_allowed": "You cannot write here.",
    "too_fast": "That was a lot at once. Wait a moment; your text is kept.",
}
LISTS = {"desk": Can.WORK_TICKETS, "chat:queue": Can.WORK_CHATS, "alerts": Can.VISIT}
FOR_VISITORS = frozenset({"alerts"})


class Socket:
    """One open tab: who it is, what it follows, what it may still send."""

    __slots__ = (
        "__weakref__",
        "actor",
        "address",
        "bucket",
        "budget",
        "followings",
        "hub",
        "lists",
        "outbox",
        "sends",
    )

    def __init__(self, hub: Hub, actor: Actor, outbox: Outbox, address: Address) -> None:
        self.hub, self.actor, self.outbox, self.address = hub, actor, outbox, address
        self.followings: dict[int, Following] = {}  # by case
        self.lists: set[str] | frozenset[str] = frozenset()  # followed streams that are no case
        settings = hub.desk.settings
        rate = FRAMES_PER_SECOND + 2 * settings.chat_messages_per_second
        self.budget = Budget(rate, FRAME_BURST + settings.chat_burst)
        self.sends: Budget | None = None
        self.bucket = 0  # when its heart beats

    # Towards the tab

    def push(self, text: str) -> None:
        if not self.outbox.push(text):
            self.close(DOES_NOT_READ, "This tab does not read what it follows")

    def tell(self, frame: dict[str, Any]) -> None:
        self.push(orjson.dumps(frame).decode())

    async def room(self) -> None:
        await self.outbox.room()

    def close(self, code: int, reason: str = "") -> None:
        self.outbox.close(code, reason)
        self.hub.leave(self)

    # From the tab

    async def attend(self, text: str) -> None:
        """Hear it; whatever goes wrong is no fault of the tab."""
        try:
            await self.hear(text)
        except asyncio.CancelledError:
            raise
        except Exception as fault:  # most likely the database: the tab comes back and resumes
            log.warning("a socket starts again: %s", type(fault).__name__)
            self.close(RESTARTING, "Try again in a moment")

    async def hear(self, text: str) -> None:
        cost, now = weight(text), self.hub.loop.time()
        if not (self.budget.take(cost, now) and self.address.frames.take(cost, now)):
            return self.close(TOO_MANY_FRAMES, "Too many frames")
        if len(text) > LARGEST_FRAME:
            return self.close(TOO_BIG, "Frame too big")
        try:
            frame = frames.validate_json(text)
        except ValidationError:
            return self.close(MALFORMED, "Malformed frame or unknown type")
        await self.act(frame)

    async def act(self, frame: Known) -> None:
        if self.is_beyond_visitors(frame):
            self.close(SESSION_ENDED, "Sign in")
        elif isinstance(frame, Say):
            await self.say(frame)
        elif isinstance(frame, Follow):
            await self.follow(frame.streams, frozenset(frame.again))
        elif isinstance(frame, Typing):
            await self.typing(frame)
        elif isinstance(frame, Read):
            self.read(frame)
        else:
            assert isinstance(frame, Pong)

    def is_beyond_visitors(self, frame: Known) -> bool:
        """Whether somebody without a session asks for more than what is public."""
        if self.actor.session_id is not None or isinstance(frame, Pong):
            return False
        return not isinstance(frame, Follow) or not FOR_VISITORS.issuperset(frame.streams)

    # Following

    async def follow(self, wanted: dict[str, int], again: frozenset[str] = frozenset()) -> None:
        """Replace the list. What is followed already goes on; of the rest, missed events come."""
        cases = {number: after for name, after in wanted.items() if (number := case_id_of(name))}
        for case_id in tuple(self.followings):
            if case_id not in cases or f"case:{case_id}" in again:
                self.unfollow(case_id)
        self.hub.set_lists(self, {name for name in wanted if self.may_list(name)})
        new = {number: after for number, after in cases.items() if number not in self.followings}
        begun = await self.begin(new)
        streams = {f"case:{number}": one.newest for number, one in self.followings.items()}
        streams |= {name: await self.newest(name) for name in self.lists}
        refused = [name for name in wanted if name not in streams]
        self.tell({"t": "following", "streams": streams, "refused": refused})
        for following in begun:
            await self.hub.streams.catch_up(following)
            self.hub.joined(following)
        if not streams and not self.outbox.closed:
            self.close(NOTHING_HERE, "Nothing to follow")

    async def begin(self, wanted: dict[int, int]) -> list[Following]:
        begun = []
        for case_id, after in wanted.items():
            following = await self.hub.streams.follow(self, self.actor, case_id, after)
            if following is not None:
                self.followings[case_id] = following
                begun.append(following)
        return begun

    def may_list(self, name: str) -> bool:
        return name in LISTS and allowed(self.actor, LISTS[name])

    async def newest(self, name: str) -> int:
        """Lists have no numbers; that of alerts tells a page whether it shows the latest."""
        return await fingerprint(self.hub.desk) if name == "alerts" else 0

    def unfollow(self, case_id: int) -> None:
        following = self.followings.pop(case_id)
        following.end()
        self.hub.left(case_id)

    # Writing

    async def say(self, frame: Say) -> None:
        case_id = case_id_of(frame.s) or 0
        side_id = await self.writable_side(case_id, frame.face, frame.note)
        if side_id is None:
            return self.refuse(frame, "not_allowed")
        try:
            body = clean_text(frame.body, LARGEST_TEXT)
        except BadText as fault:
            code = "bad_text" if "\0" in frame.body else "too_long"
            return self.refuse(frame, code, str(fault))
        if is_blank(body):
            return self.refuse(frame, "empty")
        if self.sends is None:
            settings = self.hub.desk.settings
            self.sends = Budget(settings.chat_messages_per_second, settings.chat_burst)
            await keep_awake(self.hub.desk, self.actor)
        if not self.sends.take():
            return self.refuse(frame, "too_fast", after=self.sends.wait)
        self.hub.writer.add(
            Sending(
                case_id,
                int(frame.face.removeprefix("chat:")),
                side_id,
                self.actor,
                frame.cid,
                without_secrets(self.actor, body),
                frame.note,
                [partial(self.answered, str(frame.cid), frame.s)],
            )
        )

    async def writable_side(self, case_id: int, face: str, note: bool) -> int | None:
        """The side that hears what this person writes on the conversation; None if they may not."""
        following = self.followings.get(case_id)
        side_id = await self.hub.side_of(case_id, face)
        if following is None or following.view is None or side_id is None:
            return None
        if self.actor.is_staff:
            right = Can.WRITE_NOTE if note else Can.WORK_CHATS
            return side_id if allowed(self.actor, right) else None
        return side_id if not note and side_id in following.view.side_ids else None

    def answered(self, cid: str, stream: str, outcome: Outcome, seq: int) -> None:
        if outcome is Outcome.STORED:
            self.push(f'{{"t":"ack","cid":"{cid}","s":"{stream}","n":{seq}}}')
        elif outcome is Outcome.UNKNOWN:
            why = "The desk could not confirm this message. It is sent again by itself."
            self.tell({"t": "later", "cid": cid, "s": stream, "after": 2, "why": why})
        else:
            code = "closed" if outcome is Outcome.CLOSED else "not_allowed"
            self.tell({"t": "refused", "cid": cid, "s": stream, "code": code, "why": WHY[code]})

    def refuse(self, frame: Say, code: str, why: str = "", **more: float) -> None:
        told = {"t": "refused", "cid": str(frame.cid), "s": frame.s, "code": code}
        self.tell(told | {"why": why or WHY[code]} | more)

    # What is not stored as events

    async def typing(self, frame: Typing) -> None:
        case_id = case_id_of(frame.s) or 0
        following = self.followings.get(case_id)
        if following is None or (frame.kind == "note" and not self.actor.is_staff):
            return
        side_id = None
        if frame.face is not None:
            side_id = await self.hub.side_of(case_id, frame.face)
        self.hub.announce_typing(following, frame.kind, frame.face, side_id)

    def read(self, frame: Read) -> None:
        if following := self.followings.get(case_id_of(frame.s) or 0):
            self.hub.mark_read(following, min(frame.n, following.newest))


async def live(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()  # websocket.connect
    if not same_origin(scope):
        return await send({"type": "websocket.close", "code": WRONG_ORIGIN})  # answered as 403
    desk = scope["state"]["desk"]
    offered = SUBPROTOCOL if SUBPROTOCOL in scope.get("subprotocols", ()) else None
    await send({"type": "websocket.accept", "subprotocol": offered})
    outbox = Outbox(send)  # type: ignore[arg-type]
    socket = enter(hub_of(desk), scope["state"]["actor"], outbox, scope.get("client"))
    if socket is None:
        return await until_gone(receive)
    forget_handshake(scope)
    try:
        await converse(socket, receive)
    finally:
        socket.hub.leave(socket)


def enter(hub: Hub, actor: Actor, outbox: Outbox, client: Any) -> Socket | None:
    """Greet a new tab. None: there is no room, and it was told.

    Accepted first and closed then: a page cannot read the status of a refused handshake.
    """
    address = hub.addresses.of(neighbourhood((client or ("?", 0))[0]))
    visitor = actor.session_id is None
    if hub.leaving:
        outbox.close(RESTARTING, "Restarting")
        return None
    if not hub.addresses.admits(address, visitor):
        outbox.close(TOO_MANY_FRAMES, "Too many open pages from this address")
        return None
    socket = Socket(hub, ANONYMOUS if visitor else actor, outbox, address)
    hub.join(socket)
    now = hub.desk.clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
    socket.tell({"t": "hello", "you": person_frame(socket.actor), "now": now})
    return socket


async def converse(socket: Socket, receive: Receive) -> None:
    while (message := await receive())["type"] == "websocket.receive":
        if socket.outbox.closed or socket.hub.deaf:
            continue  # closing: until the tab has heard of it
        text = message.get("text")
        if text is None:
            socket.close(MALFORMED, "Frames are text")
            continue
        await socket.attend(text)


async def until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "websocket.disconnect":
        pass


def forget_handshake(scope: Scope) -> None:
    """Thousands of sockets are open at once; none needs its request headers any more."""
    scope["headers"].clear()
    for name in ("asgi", "extensions", "subprotocols", "query_string", "raw_path"):
        scope.pop(name, None)


class LiveEndpoint:
    """Plain ASGI: without the request object that a function endpoint would keep."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await live(scope, receive, send)


routes = [WebSocketRoute("/live", LiveEndpoint(), name="chat.live")]
