"""A demonstration: believable people, contracts, tickets and chats, made by the commands."""

from dataclasses import replace
from datetime import timedelta
from random import Random

from helpdesk.core.clock import FrozenClock
from helpdesk.core.live import Live
from helpdesk.desk import Desk
from helpdesk.permissions import SYSTEM
from helpdesk.rooms import furnish

from .help import load_help
from .notices import play_alerts
from .people import make_people, sign_ins
from .play import Play
from .readers import play_readers
from .routing import play_rules
from .suggestions import note_suggestions

__all__ = ["is_empty", "seed", "sign_ins"]

DAYS = 30  # how far back the demonstration begins


async def is_empty(desk: Desk) -> bool:
    """Nobody has an account yet."""
    return not await desk.pool.fetchval("SELECT EXISTS (SELECT FROM people)")


async def seed(desk: Desk, tickets: int = 300) -> None:
    """Thirty days of a desk's life. The clock is an argument, so they pass in seconds."""
    await furnish(desk)
    random = Random(2001)
    now = desk.clock.now()
    clock = FrozenClock(now - timedelta(days=DAYS))
    # Nobody follows the past, and nobody is mailed about it.
    past = replace(desk, clock=clock, live=Live(None), relayed=frozenset())
    async with past.transaction(SYSTEM) as tx:
        company = await make_people(tx, random)
    articles = await load_help(past, now, company.people)
    await play_rules(past, clock, Random(2002), company)
    await Play(past, clock, now, random, company, articles).run(tickets)
    await play_alerts(past, clock, now, random, company)
    await play_readers(past, clock, now, random, articles)
    await note_suggestions(past)
