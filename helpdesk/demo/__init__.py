"""A demonstration: believable people, contracts, tickets and chats, made by the commands."""

from dataclasses import replace
from datetime import timedelta
from random import Random

from helpdesk.core.clock import FrozenClock
from helpdesk.core.live import Live
from helpdesk.desk import Desk
from helpdesk.permissions import SYSTEM
from helpdesk.reports.counting.commands import rebuild
from helpdesk.rooms import furnish

from .away import play_absences
from .burst import play_burst
from .escalated import play_escalations
from .help import load_help
from .notices import play_alerts
from .owed import play_owed
from .people import make_people, sign_ins
from .play import Play
from .promised import play_promises
from .readers import play_readers
from .replies import write_replies
from .routing import play_rules
from .suggestions import note_suggestions
from .widget import show_widget

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
    await show_widget(past)
    await play_rules(past, clock, Random(2002), company)
    await Play(past, clock, now, random, company, articles).run(tickets)
    ids = {key: person.id for key, person in company.people.items()}
    await play_burst(past, clock, now, Random(2007), company)
    await write_replies(past, Random(2003), ids)
    await play_escalations(past, clock, now, Random(2006), company)
    await play_owed(past, clock, now)
    await play_promises(past, clock, now, DAYS)
    await play_absences(past, company.people)
    await play_alerts(past, clock, now, random, company)
    await play_readers(past, clock, now, random, articles)
    await note_suggestions(past)
    await rebuild(desk)
