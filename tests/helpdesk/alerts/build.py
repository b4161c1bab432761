"""Alerts for tests, posted by the command or by the board's form."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx2
from sqlmodel import col, select

from helpdesk.alerts.commands import Details, post_alert
from helpdesk.alerts.models import Alert, Level
from helpdesk.desk import Desk
from helpdesk.mail.models import Mail
from tests.people import Cast

TITLE = "Payments page is slow"
BODY = "The page takes a minute to open. Payouts are safe."
PLANNED = {"level": Level.MAINTENANCE, "title": "Machines are moved"}


async def an_alert(cast: Cast, who: str = "tess", body: str = BODY, **changes: Any) -> Alert:
    details = Details(**{"title": TITLE, "area": "payments", **changes})
    due = None
    if details.level != Level.MAINTENANCE:
        due = cast.desk.clock.now() + timedelta(minutes=30)
    async with cast.desk.transaction(await cast.actor(who)) as tx:
        return await post_alert(tx, uuid4(), details, body, due)


async def now(cast: Cast, id: int) -> Alert:
    async with cast.desk.reading() as db:
        return await db.get_one(Alert, id)


def form(**changes: Any) -> dict[str, Any]:
    return {
        "once": str(uuid4()),
        "title": TITLE,
        "area": "payments",
        "level": "degraded",
        "body": BODY,
        "next": "30",
        **changes,
    }


async def mails(desk: Desk, to: str = "") -> list[Mail]:
    query = select(Mail).order_by(col(Mail.id))
    if to:
        query = query.where(Mail.to_address == to)
    async with desk.reading() as db:
        return list((await db.exec(query)).all())


async def text_of(client: httpx2.AsyncClient, path: str) -> str:
    answer = await client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.text


async def eventually(holds: Callable[[], Awaitable[bool]], seconds: float = 5) -> None:
    """Another process hears of a change within a moment."""
    for _ in range(int(seconds / 0.02)):
        if await holds():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come to hold")


async def shown_on(client: httpx2.AsyncClient, path: str, words: str) -> None:
    async def holds() -> bool:
        return words in (await client.get(path)).text

    await eventually(holds)
