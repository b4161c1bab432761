"""The rooms of the web process: whose routes are served, and what each keeps running."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module

from starlette.routing import BaseRoute

from chat.hub import chat_parts
from helpdesk.catalogue.commands import ensure_default
from helpdesk.catalogue.queries import current
from helpdesk.desk import Desk
from helpdesk.people.commands import ensure_groups
from helpdesk.permissions import SYSTEM

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


async def furnish(desk: Desk) -> None:
    """A desk without a catalogue gets the one we ship, and its departments."""
    await ensure_default(desk)
    catalogue = (await current(desk)).catalogue
    async with desk.transaction(SYSTEM) as tx:
        await ensure_groups(tx, catalogue.groups)


@asynccontextmanager
async def start_parts(desk: Desk) -> AsyncIterator[None]:
    """Per-process parts (the message writer, stream readers); each adds itself to desk.parts."""
    async with chat_parts(desk):
        yield
