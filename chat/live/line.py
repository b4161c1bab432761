"""The waiting line: each visitor's place in it, pushed when it changes."""

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from chat.agents.waits import lines, wait_of
from helpdesk.cases.models import Audience
from helpdesk.cases.stream import Following, stream_of
from helpdesk.core.live import Envelope

if TYPE_CHECKING:
    from .hub import Hub
    from .socket import Socket

log = logging.getLogger("helpdesk.live")

SETTLE = 0.1  # seconds

# Departments have a line each.
PLACES = """
SELECT c.id, c.case_id, c.side_id, g.key AS department,
    row_number() OVER (PARTITION BY c.group_id ORDER BY c.ahead DESC, c.opened_at, c.id) AS position
FROM conversations c JOIN groups g ON g.id = c.group_id WHERE c.status = 'waiting'
"""
STILL_WAITING = """
WITH held AS (
    SELECT id FROM conversations
    WHERE status = 'waiting' AND case_id = ANY($1) AND visitor_id = ANY($2)
)
UPDATE conversations c SET visitor_seen_at = $3 FROM held WHERE c.id = held.id
"""


class Line:
    def __init__(self, hub: "Hub") -> None:
        self.hub = hub
        self.told: dict[int, int] = {}  # by conversation
        self.cases: set[int] = set()  # with somebody who waits, and is followed here
        self.pushing: asyncio.Task[None] | None = None
        self.turn = asyncio.Lock()  # an older look is never told after a newer one

    def hear(self, envelope: Envelope) -> None:
        """Somebody joined a line or left one."""
        if self.pushing is None:
            self.pushing = asyncio.ensure_future(self.push_soon())

    async def push_soon(self) -> None:
        await asyncio.sleep(SETTLE)
        self.pushing = None
        try:
            await self.push()
        except Exception as fault:
            log.warning("places in line were not told: %s", type(fault).__name__)

    async def push(self, newly: frozenset[int] = frozenset()) -> None:
        """Tell everybody whose place is another; the cases of `newly` in any case."""
        async with self.turn:
            await self.tell(newly)

    async def tell(self, newly: frozenset[int]) -> None:
        told: dict[int, int] = {}
        cases = set()
        streams = self.hub.streams.open
        rows = await self.hub.desk.pool.fetch(PLACES)
        departments = await lines(self.hub.desk) if rows else {}
        for row in rows:
            stream = streams.get(row["case_id"])
            if stream is None:
                continue
            conversation, position = row["id"], row["position"]
            told[conversation] = position
            cases.add(row["case_id"])
            if self.told.get(conversation) == position and row["case_id"] not in newly:
                continue
            name = stream_of(row["case_id"])
            wait = wait_of(replace(departments[row["department"]], place=position))
            shown = {
                "t": "line",
                "s": name,
                "face": f"chat:{conversation}",
                "position": position,
                "wait": wait.words if wait else "",
            }
            reach = {"audience": Audience.SIDE, "side_id": row["side_id"]}
            stream.hear(Envelope(name, 0, reach, shown))
        self.told, self.cases = told, cases

    async def greet(self, newcomers: list[Following]) -> None:
        cases = frozenset(following.stream.case_id for following in newcomers)
        await self.push(cases)

    async def keep_places(self, sockets: "list[Socket]") -> None:
        """Whoever still waits with an open page is there."""
        if not self.cases:
            return
        visitors = [socket for socket in sockets if not socket.actor.is_staff]
        cases = {case for socket in visitors for case in socket.followings} & self.cases
        if cases:
            people = list({socket.actor.id for socket in visitors})
            desk = self.hub.desk
            await desk.pool.execute(STILL_WAITING, list(cases), people, desk.clock.now())
