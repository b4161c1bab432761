"""A worker whose clock stands still: works until nothing is left to do, or until it is killed."""

import asyncio
import sys
from datetime import datetime

import helpdesk.schema  # noqa: F401
from helpdesk.core.clock import FrozenClock
from helpdesk.core.settings import Settings
from helpdesk.desk import open_desk

from .year_play import FOLLOWED, work


async def main(at: datetime) -> None:
    async with open_desk(Settings(), FrozenClock(at), FOLLOWED) as desk:
        print("up", flush=True)
        await work(desk)


asyncio.run(main(datetime.fromisoformat(sys.argv[1])))
