"""The waiting line: each visitor's place in it, pushed when it changes."""

import asyncio
import logging
from typing import TYPE_CHECKING

from helpdesk.cases.models import Audience
from helpdesk.cases.stream import Following, stream_of
from helpdesk.core.live import Envelope

if TYPE_CHECKING:
    from .hub import Hub

log = logging.getLogger("helpdesk.live")

SETTLE = 0.1  # seconds

# Departments have a line each.
PLACES = """
SELECT id, case_id, side_id,
    row_number() OVER (PARTITION BY group_id ORDER BY opened_at, id) AS position
FROM conversations WHERE status = 'waiting'
"""


class Line:
    def __init__(self, hub: "Hub") -> None:
        self.hub = hub
        self.told: dict[int, int] = {}  # by conversation
        self.pushing: asyncio.Task[None] | None = None

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
        told: dict[int, int] = {}
        streams = self.hub.streams.open
        for row in await self.hub.desk.pool.fetch(PLACES):
            stream = streams.get(row["case_id"])
            if stream is None:
                continue
            conversation, position = row["id"], row["position"]
            told[conversation] = position
            if self.told.get(conversation) == position and row["case_id"] not in newly:
                continue
            name = stream_of(row["case_id"])
            shown = {"t": "line", "s": name, "face": f"chat:{conversation}", "position": position}
            reach = {"audience": Audience.SIDE, "side_id": row["side_id"]}
            stream.hear(Envelope(name, 0, reach, shown))
        self.told = told

    async def greet(self, newcomers: list[Following]) -> None:
        cases = frozenset(following.stream.case_id for following in newcomers)
        await self.push(cases)
