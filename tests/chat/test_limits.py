"""What one address may take, and one person: so much and no more, and others are not touched."""

from dataclasses import replace
from uuid import uuid4

import pytest

from chat.commands import MOST_OPEN, NotAllowed, Opening, end, open_conversation
from chat.live.limits import Addresses, Budget, weight
from helpdesk.core.settings import Settings
from helpdesk.desk import Desk
from tests.people import Cast


async def test_an_address_opens_so_many_tabs_and_so_fast() -> None:
    few = Addresses(Settings(live_sockets=3, visitor_sockets=2, live_connects_per_second=0.5))
    home, office = few.of("192.0.2.1"), few.of("198.51.100.7")
    assert few.of("192.0.2.1") is home
    for _ in range(2):
        assert few.admits(home, visitor=True)
        home.open += 1
        home.visitors += 1
    assert not few.admits(home, visitor=True)
    assert few.admits(home, visitor=False)
    home.open += 1
    assert not few.admits(home, visitor=False)
    # Ten at once, then one every two seconds.
    assert [few.admits(office, visitor=False) for _ in range(12)] == [True] * 10 + [False] * 2
    few.forget_idle()
    assert set(few.known) == {"192.0.2.1", "198.51.100.7"}


async def test_large_frames_count_for_more() -> None:
    budget = Budget(rate=50, burst=200)
    now = budget.at
    assert sum(budget.take(weight("{}"), now) for _ in range(300)) == 199
    assert budget.take(weight("x" * 60_000), now + 10)
    assert sum(budget.take(weight("x" * 60_000), now + 10) for _ in range(100)) == 5


async def test_one_person_has_so_many_chats_at_a_time(desk: Desk, cast: Cast) -> None:
    opening = Opening(uuid4(), "PAY", "My withdrawal", "Where is it?")

    async def begin(who: str) -> int:
        async with desk.transaction(await cast.actor(who)) as tx:
            return (await open_conversation(tx, replace(opening, once=uuid4()))).id

    ids = [await begin("nina") for _ in range(MOST_OPEN)]
    with pytest.raises(NotAllowed):
        await begin("nina")
    assert await begin("omar")
    async with desk.transaction(await cast.actor("nina")) as tx:
        await end(tx, ids[0])
    assert await begin("nina")
