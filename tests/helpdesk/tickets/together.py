"""What tests of merged tickets do over and over."""

import asyncio
import re
from html import unescape
from typing import Any
from uuid import uuid4

import httpx2

from helpdesk.tickets import commands
from helpdesk.tickets.filing import Filed
from helpdesk.tickets.merging import TicketMerge, merge_tickets, unmerge
from tests.build import a_ticket
from tests.people import Cast
from triage.twins.indexing import index_tickets

FRAGMENT = {"x-fragment": "similar"}  # what the console's script asks for


async def do(cast: Cast, who: str, command: Any, *arguments: Any, **named: Any) -> Any:
    async with cast.desk.transaction(await cast.actor(who)) as tx:
        return await command(tx, *arguments, **named)


async def pair(cast: Cast, who: str = "nina", **changes: Any) -> tuple[Filed, Filed]:
    """Two tickets of one person about the same, each on a case of its own."""
    first = await a_ticket(
        cast, who, subject="My payment has not arrived", description="first-words " * 4, **changes
    )
    second = await a_ticket(
        cast, who, subject="Where is my payment, again", description="second-words " * 4, **changes
    )
    return first, second


async def merge(cast: Cast, one: Filed, into: Filed, who: str = "pete") -> TicketMerge:
    merged: TicketMerge = await do(cast, who, merge_tickets, one.ticket_id, into.ticket_id)
    return merged


async def undo(cast: Cast, merged: TicketMerge, who: str = "pete") -> None:
    await do(cast, who, unmerge, merged.id)


async def say(cast: Cast, who: str, filed: Filed, words: str) -> None:
    command = commands.add_message if who in ("nina", "cora", "finn", "dora") else commands.reply
    await do(cast, who, command, filed.ticket_id, words, uuid4())


async def row(cast: Cast, filed: Filed) -> Any:
    return await cast.desk.pool.fetchrow("SELECT * FROM tickets WHERE id = $1", filed.ticket_id)


def bubbles(html: str) -> list[str]:
    """The texts of a thread, in order."""
    found = re.findall(r'<p class="bubble-text"[^>]*>(.*?)</p>', html, re.S)
    return [unescape(text).strip() for text in found if text.strip()]


def lines(html: str) -> list[str]:
    """What happened, in words, in order."""
    log = html[html.find('<ol class="log"') : html.find("</ol>", html.find('<ol class="log"'))]
    found = re.findall(r'<li class="msg-event".*?<span data-part="body">(.*?)</span>', log, re.S)
    return [unescape(text) for text in found]


async def said(browser: httpx2.AsyncClient, filed: Filed) -> list[str]:
    """The messages of a request, as its side reads them."""
    answer = await browser.get(f"/requests/{filed.reference}")
    if answer.status_code == 303:
        answer = await browser.get(answer.headers["location"])
    assert answer.status_code == 200, answer.status_code
    log = answer.text
    return bubbles(
        log[log.find('<ol class="log"') : log.find("</ol>", log.find('<ol class="log"'))]
    )


async def known_to_engine(cast: Cast) -> None:
    """As the worker does it, after a ticket was filed."""
    rows = await cast.desk.pool.fetch("SELECT id FROM tickets")
    await index_tickets(cast.desk, [one["id"] for one in rows])


async def similar(browser: httpx2.AsyncClient, ref: str) -> str:
    answer = await browser.get(f"/desk/tickets/{ref}/similar", headers=FRAGMENT)
    assert answer.status_code == 200, answer.text
    return answer.text


async def suggested(browser: httpx2.AsyncClient, ref: str, other: str) -> str:
    """The panel once it suggests the other one: a process that has just begun is still loading."""
    row = f'href="/desk/tickets/{other}?view=mine"'
    for _ in range(75):
        if row in (panel := await similar(browser, ref)):
            return panel
        await asyncio.sleep(0.2)
    raise AssertionError(f"{other} is not suggested for {ref}")
