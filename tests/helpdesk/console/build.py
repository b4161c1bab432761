"""What the console's tests do over and over."""

import re
from typing import Any
from uuid import uuid4

import httpx2

from helpdesk.tickets import commands
from helpdesk.tickets.states import Status
from tests.people import Cast


def desk_of(ref: str) -> str:
    return f"/desk/tickets/{ref}"


def refs(html: str) -> list[str]:
    """The tickets a page lists, in order."""
    return re.findall(r'href="/desk/tickets/(HD-\d+)', html)


async def do(browser: httpx2.AsyncClient, ref: str, action: str, **fields: Any) -> httpx2.Response:
    return await browser.post(f"{desk_of(ref)}/{action}", data=fields)


async def say(
    browser: httpx2.AsyncClient, ref: str, body: str, mode: str = "reply", **more: Any
) -> httpx2.Response:
    fields = {"once": str(uuid4()), "body": body, "mode": mode} | more
    return await browser.post(f"{desk_of(ref)}/messages", data=fields)


async def move(cast: Cast, ticket_id: int, status: Status, agent: str = "max") -> None:
    async with cast.desk.transaction(await cast.actor(agent)) as tx:
        await commands.change_status(tx, ticket_id, status)


async def ticket(cast: Cast, ticket_id: int) -> Any:
    return await cast.desk.pool.fetchrow("SELECT * FROM tickets WHERE id = $1", ticket_id)
