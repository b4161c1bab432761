"""The heartbeat: newest numbers to every tab, and whether each of them is still let in."""

import asyncio
import logging
from typing import TYPE_CHECKING

import asyncpg
import orjson

from helpdesk.core.live import Envelope
from helpdesk.identity import NO_STAFF_IN_WIDGETS, PATIENCE, PERSON, as_actor, is_over
from helpdesk.permissions import Actor, Can, allowed

if TYPE_CHECKING:
    from .hub import Hub
    from .socket import Socket

log = logging.getLogger("helpdesk.live")

BEAT = 15  # seconds between two beats of one tab
CHECK = 5  # seconds between two looks at one tab's rights
SESSION_ENDED = 4401

ACTORS = f"""
SELECT s.id AS session_id, s.seen_at, s.expires_at, {PERSON}
FROM sessions s JOIN people p ON p.id = s.person_id
WHERE s.id = ANY($1) AND p.deactivated_at IS NULL AND {NO_STAFF_IN_WIDGETS}
"""
STILL_HERE = """
UPDATE availability SET seen_at = $2 WHERE person_id = ANY($1) AND seen_at < $2
"""


class Heart:
    """Tabs are spread over the seconds of a beat, so that none of them is a busy one."""

    def __init__(self, hub: "Hub") -> None:
        self.hub = hub
        self.buckets: list[set[Socket]] = [set() for _ in range(BEAT)]
        self.next = 0
        self.checking: set[asyncio.Task[None]] = set()

    def join(self, socket: "Socket") -> None:
        self.next = (self.next + 1) % BEAT
        socket.bucket = self.next
        self.buckets[socket.bucket].add(socket)

    def leave(self, socket: "Socket") -> None:
        self.buckets[socket.bucket].discard(socket)

    async def run(self) -> None:
        second = 0
        while True:
            await asyncio.sleep(1)
            second += 1
            try:
                await self.beat(self.buckets[second % BEAT])
                for number in self.due(second):
                    await self.check(list(self.buckets[number]))
            except Exception as fault:  # the database is away; tabs keep their sockets
                log.warning("no heartbeat this second: %s", type(fault).__name__)

    def due(self, second: int) -> range:
        """Whose rights are looked at now: all, while nobody could tell us that they changed."""
        if not self.hub.desk.live.hearing:
            return range(BEAT)
        return range(second % CHECK, BEAT, CHECK)

    async def beat(self, bucket: "set[Socket]") -> None:
        sockets = list(bucket)
        for socket in sockets:
            streams = {f"case:{case}": one.newest for case, one in socket.followings.items()}
            socket.push(orjson.dumps({"t": "beat", "streams": streams}).decode())
        cases = {case_id for socket in sockets for case_id in socket.followings}
        if cases:
            await self.hub.streams.check(list(cases))
            self.hub.presence.repeat(cases)
        agents = [s.actor.id for s in sockets if allowed(s.actor, Can.WORK_CHATS)]
        if agents:
            desk = self.hub.desk
            await desk.pool.execute(STILL_HERE, agents, desk.clock.now(), timeout=PATIENCE)
        await self.hub.line.keep_places(sockets)

    async def check(self, sockets: "list[Socket]") -> None:
        """Sessions that ended close their tabs; changed rights are applied."""
        sockets = [socket for socket in sockets if socket.actor.session_id is not None]
        if not sockets:
            return
        desk = self.hub.desk
        wanted = list({socket.actor.session_id for socket in sockets})
        rows: list[asyncpg.Record] = await desk.pool.fetch(ACTORS, wanted, timeout=PATIENCE)
        now = desk.clock.now()
        actors = {row["session_id"]: as_actor(row) for row in rows if not is_over(row, now)}
        for socket in sockets:
            actor = actors.get(socket.actor.session_id)
            if actor is None:
                socket.close(SESSION_ENDED, "The session has ended")
            elif actor != socket.actor:
                self.change(socket, actor)

    def change(self, socket: "Socket", actor: Actor) -> None:
        socket.actor = actor
        self.hub.set_lists(socket, {name for name in socket.lists if socket.may_list(name)})
        for case_id, following in tuple(socket.followings.items()):
            following.actor = actor
            if not following.stream.look_again(following):
                socket.followings.pop(case_id, None)

    def session_changed(self, envelope: Envelope) -> None:
        """`session:<id>`: it ended, most likely. The table has the last word."""
        number = envelope.stream.partition(":")[2]
        self.look(list(self.hub.by_session.get(int(number), ())))

    def rights_changed(self, envelope: Envelope) -> None:
        """`rights:<person>`: roles, departments, company, or the account itself."""
        person_id = int(envelope.stream.partition(":")[2])
        self.look([socket for socket in self.hub.sockets if socket.actor.id == person_id])

    def look(self, sockets: "list[Socket]") -> None:
        if sockets:
            task = asyncio.ensure_future(self.check(sockets))
            self.checking.add(task)
            task.add_done_callback(self.done)

    def done(self, task: "asyncio.Task[None]") -> None:
        self.checking.discard(task)
        if not task.cancelled() and (fault := task.exception()):
            log.warning("rights are checked again within seconds: %s", type(fault).__name__)
