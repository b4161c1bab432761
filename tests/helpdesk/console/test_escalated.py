"""Escalations below the managers, as lists of the console: whose, in order, page by page."""

import re
from datetime import timedelta

from helpdesk.core.clock import FrozenClock
from helpdesk.escalations.commands import give
from helpdesk.escalations.states import Level
from helpdesk.permissions import SYSTEM
from tests.helpdesk.escalations.build import an_escalation
from tests.people import Cast

from .build import refs

MINE, OURS = "/desk?view=escalated_mine", "/desk?view=escalated"
DUE = "UPDATE escalations SET due_at = $2 WHERE id = $1"


async def test_agents_find_what_is_escalated_to_them_and_to_their_departments(
    cast: Cast, site: str, clock: FrozenClock
) -> None:
    free, first = await an_escalation(cast, "finn", Level.L1)
    own, second = await an_escalation(cast, "finn", Level.L2)
    elsewhere, third = await an_escalation(cast, "finn", Level.L2, group_key="TAS", restricted=True)
    managers, _ = await an_escalation(cast, "finn", Level.MANAGER)
    await cast.desk.pool.execute(DUE, first.id, clock.now() - timedelta(minutes=3))
    async with cast.desk.transaction(SYSTEM) as tx:
        await give(tx, second.id, cast.amy.id)
    async with await cast.browser(site, "amy") as amy, await cast.browser(site, "pete") as pete:
        mine, ours = (await amy.get(MINE)).text, (await amy.get(OURS)).text
        assert refs(mine) == [own.reference]
        assert refs(ours) == [free.reference, own.reference]
        assert "Level 1, <span" in ours
        assert "3\u00a0min late" in ours
        assert re.search(r'view=escalated_mine".*?class="count">1<', mine, re.S)
        assert refs((await pete.get(MINE)).text) == refs((await pete.get(OURS)).text) == []
        assert (await amy.get(f"/desk/tickets/{free.reference}?view=escalated")).status_code == 200
    async with await cast.browser(site, "sam") as sam:
        assert refs((await sam.get(OURS)).text) == [elsewhere.reference]
    assert third.id
    assert managers.reference not in ours


async def test_their_pages_give_each_once_also_where_dates_are_equal(
    cast: Cast, site: str, clock: FrozenClock
) -> None:
    made = [(await an_escalation(cast, "finn", Level.L2)) for _ in range(53)]
    at = clock.now() + timedelta(hours=2)
    await cast.desk.pool.execute("UPDATE escalations SET due_at = $1", at)
    async with await cast.browser(site, "amy") as amy:
        page = (await amy.get(OURS)).text
        [after] = re.findall(r'rel="next" href="/desk\?view=escalated&amp;after=([^"]+)"', page)
        rest = (await amy.get(f"{OURS}&after={after}")).text
    assert refs(page) + refs(rest) == [filed.reference for filed, _ in made]
