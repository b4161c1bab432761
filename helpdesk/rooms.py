"""The rooms of the web process: whose routes are served, and what each keeps running."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module

from starlette.routing import BaseRoute

from helpdesk.desk import Desk

# While rooms are being built, one that is not there yet is left out. (Lead: make this static.)
NAMES = [
    "chat.socket",
    "helpdesk.contact.pages",
    "helpdesk.contact.api",
    "helpdesk.contact.joining",
    "helpdesk.console.pages",
    "helpdesk.tickets.pages",
    "helpdesk.evidence.pages",
    "chat.pages",
    "chat.console",
    "helpdesk.people.pages",
    "helpdesk.mail.pages",
]
ROUTES: list[BaseRoute] = []
for name in NAMES:
    try:
        ROUTES += import_module(name).routes
    except ImportError as missing:
        print(f"rooms: {name} left out: {missing}")


@asynccontextmanager
async def start_parts(desk: Desk) -> AsyncIterator[None]:
    """Per-process parts (the message writer, stream readers); each adds itself to desk.parts."""
    try:
        from chat.hub import chat_parts  # type: ignore[attr-defined, unused-ignore]
    except ImportError:
        yield
        return
    async with chat_parts(desk):
        yield
