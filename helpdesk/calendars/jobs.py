"""The worker's part: feeds are fetched, and countries looked up for another year."""

import asyncio
from datetime import timedelta

from sqlmodel import select

from helpdesk.core.outgoing import Unreachable, fetch, networks
from helpdesk.desk import Desk
from helpdesk.permissions import SYSTEM

from .ical import BadFeed, read_days
from .models import HolidaySource, SourceKind
from .national import days_of
from .sources import COUNTRY_AGAIN, FEED_AGAIN, LONGEST_REST, horizon, take_days

LEASE = timedelta(minutes=5)
# Whoever takes one moves it on first: should this process die, another tries again later.
TAKE = """
UPDATE calendar_sources SET next_look_at = $1::timestamptz + $2::interval WHERE id = (
    SELECT id FROM calendar_sources WHERE removed_at IS NULL AND next_look_at <= $1
    ORDER BY next_look_at LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, kind, address
"""


async def sweep_sources(desk: Desk) -> int:
    """One source at a time, so that a slow one holds up only the others of its kind."""
    row = await desk.pool.fetchrow(TAKE, desk.clock.now(), LEASE)
    if row is None:
        return 0
    text, problem = "", ""
    if row["kind"] == SourceKind.FEED:
        try:
            body = await fetch(row["address"], networks(desk.settings.reachable_networks))
            text = body.decode("utf-8", "replace")
        except Unreachable as fault:
            problem = str(fault)
    try:
        if not problem:
            await refresh(desk, row["id"], text)
    except BadFeed as fault:
        problem = str(fault)
    if problem:
        await failed(desk, row["id"], problem)
    return 1


async def refresh(desk: Desk, source_id: int, text: str) -> None:
    """Raises BadFeed; then the days that are known stay."""
    async with desk.transaction(SYSTEM) as tx:
        source = await tx.db.get_one(HolidaySource, source_id)
        first, last = horizon(tx)
        problem = ""
        if source.kind == SourceKind.COUNTRY:
            days, again = days_of(source.country, source.part, first, last), COUNTRY_AGAIN
        else:
            read = await asyncio.to_thread(read_days, text, first, last)
            days, again = read.days, FEED_AGAIN
            if read.left_out:
                problem = f"Left out: {', '.join(read.left_out)}."
        if source.removed_at is not None:
            return
        await take_days(tx, source, days)
        source.next_look_at, source.problem = tx.now + again, problem


async def failed(desk: Desk, source_id: int, problem: str) -> None:
    async with desk.transaction(SYSTEM) as tx:
        query = select(HolidaySource).where(HolidaySource.id == source_id).with_for_update()
        source = (await tx.db.exec(query)).one()
        source.tries += 1
        source.problem, source.looked_at = problem[:300], tx.now
        source.next_look_at = tx.now + min(LONGEST_REST, timedelta(minutes=5) * 2**source.tries)
