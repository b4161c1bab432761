"""The demonstration's console is alive: somebody waits, somebody is being answered."""

from datetime import timedelta
from random import Random

from chat.queries import others_chats, waiting_chats
from helpdesk.catalogue.commands import ensure_default
from helpdesk.catalogue.default import default_catalogue
from helpdesk.core.clock import FrozenClock
from helpdesk.demo.help import load_help
from helpdesk.demo.people import make_people
from helpdesk.demo.play import Play
from helpdesk.desk import Desk
from helpdesk.people.commands import ensure_groups
from helpdesk.permissions import SYSTEM


async def test_two_wait_and_one_is_being_answered(desk: Desk, clock: FrozenClock) -> None:
    now = clock.now()
    await ensure_default(desk)
    async with desk.transaction(SYSTEM) as tx:
        await ensure_groups(tx, default_catalogue().groups)
        company = await make_people(tx, Random(7))
    articles = await load_help(desk, now, company.people)
    await Play(desk, clock, now, Random(7), company, articles).chats_now()
    waiting = await waiting_chats(desk)
    (active,) = await others_chats(desk, 0)
    assert len(waiting) == 2
    assert active.agent.startswith("Tess")
    assert not active.line_by_staff
    assert active.waiting_since is not None
    for chat in (*waiting, active):
        assert now - timedelta(minutes=15) < chat.opened_at < now
    assert len({chat.visitor for chat in (*waiting, active)}) == 3
