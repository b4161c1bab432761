"""A process that is told to stop: its tabs move to the others, and each message is answered."""

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .hub import Hub

SHORTEST, LONGEST = 0.3, 4.0  # seconds over which the tabs spread
TABS_PER_SECOND = 400
GRACE = 1.5  # seconds for those that were just about to go
RESTARTING = 1012


async def move_away(hub: "Hub") -> None:
    """Ask every tab to go, each at its own moment; then answer what was sent, then close."""
    hub.leaving = True
    within = min(LONGEST, SHORTEST + len(hub.sockets) / TABS_PER_SECOND)
    loop = asyncio.get_running_loop()
    give_up_at = loop.time() + within + GRACE
    for socket in tuple(hub.sockets):
        socket.tell({"t": "move", "within": round(within, 1)})
    while hub.sockets and loop.time() < give_up_at:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    hub.deaf = True  # who sends from here on hears no answer, and sends again elsewhere
    await hub.writer.finish()
    for socket in tuple(hub.sockets):
        socket.close(RESTARTING, "Restarting")
    await hub.marks.finish()
    await hub.desk.live.finish()
