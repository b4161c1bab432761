"""The rooms of the web process: whose routes are served, and what each keeps running."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.routing import BaseRoute

import chat.socket
import helpdesk.tickets.pages
from chat.hub import open_hub
from helpdesk.desk import Desk

ROUTES: list[BaseRoute] = [
    *chat.socket.routes,
    *helpdesk.tickets.pages.routes,
]


@asynccontextmanager
async def start_parts(desk: Desk) -> AsyncIterator[None]:
    """Per-process parts (the message writer, stream readers); each adds itself to desk.parts."""
    async with open_hub(desk):
        yield
