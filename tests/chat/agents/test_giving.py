"""Chats are held out, taken, passed, left to lapse, and given back: none twice, none lost."""

import asyncio
import os
from collections import Counter
from random import Random

import pytest

from chat.agents.loads import agents_now
from chat.agents.offering import accept_offer, give_chats, pass_offer
from chat.agents.queries import own_offers, own_state
from chat.agents.returning import return_dropped
from chat.commands import NotAllowed, claim, end, set_availability, take_next
from chat.models import ConversationStatus
from chat.queries import own_chats, waiting_chats
from helpdesk.calendars.models import Absence, AbsenceKind
from helpdesk.cases.commands import post_message
from helpdesk.cases.models import Audience
from helpdesk.cases.queries import hold_case
from helpdesk.core.clock import FrozenClock
from helpdesk.desk import Desk
from helpdesk.relay import fire_due_timers
from helpdesk.wiring import TIMERS
from tests.people import Cast

from .scene import ask, is_there, offered_to, page_seen, row_of, run_line, types_of

ROUNDS = int(os.environ.get("HELPDESK_TEST_ROUNDS", "15"))


async def test_a_chat_is_held_out_and_goes_to_the_next_when_nobody_answers(
    desk: Desk, cast: Cast, clock: FrozenClock
) -> None:
    await is_there(desk, cast, "pete")
    await is_there(desk, cast, "max")
    chat = await ask(desk, cast)
    assert await give_chats(desk) == 1
    assert await give_chats(desk) == 0
    first = await offered_to(desk, chat)
    assert first == "pete"  # of two who rested alike, whoever came to the desk first
    (held,) = await own_offers(desk, cast.people[first].id)
    assert (held.id, held.visitor) == (chat.id, "Nina")
    clock.advance(seconds=21)
    await page_seen(desk, cast, "pete", "max")
    assert await fire_due_timers(desk, TIMERS) == 1
    assert await offered_to(desk, chat) is None
    assert await give_chats(desk) == 1
    assert await offered_to(desk, chat) == "max"
    async with desk.transaction(await cast.actor("pete")) as tx:
        with pytest.raises(NotAllowed):
            await accept_offer(tx, chat.id)
    async with desk.transaction(await cast.actor("max")) as tx:
        await accept_offer(tx, chat.id)
    assert (await row_of(desk, chat)).agent_id == cast.max.id
    assert await types_of(desk, chat) == [
        "conversation.opened",
        "message.posted",
        "conversation.claimed",
    ]


async def test_who_misses_two_in_a_row_is_not_asked_again(
    desk: Desk, cast: Cast, clock: FrozenClock
) -> None:
    await is_there(desk, cast, "pete")
    for visitor in ("nina", "omar"):
        await ask(desk, cast, visitor)
        await give_chats(desk)
        clock.advance(seconds=21)
        await page_seen(desk, cast, "pete")
        await fire_due_timers(desk, TIMERS)
    mine = await own_state(desk, cast.pete.id)
    assert (mine.available, mine.reason) == (False, "missed")
    await is_there(desk, cast, "pete")
    clock.advance(seconds=61)  # whoever passed is asked about the same again after a minute
    await page_seen(desk, cast, "pete")
    assert await give_chats(desk) == 2


async def test_nobody_is_given_a_chat_while_away_full_disconnected_or_absent(
    desk: Desk, cast: Cast, clock: FrozenClock
) -> None:
    chat = await ask(desk, cast)
    await is_there(desk, cast, "pete", there=False)
    assert await give_chats(desk) == 0
    await is_there(desk, cast, "pete", capacity=1)
    clock.advance(seconds=46)
    assert await give_chats(desk) == 0  # no page of theirs is open
    await page_seen(desk, cast, "pete")
    async with desk.sessions.begin() as db:
        absence = Absence(
            person_id=cast.pete.id, kind=AbsenceKind.ILL, begins_at=clock.at,
            ends_at=clock.at.replace(hour=23), said_at=clock.at,
        )  # fmt: skip
        db.add(absence)
    assert await give_chats(desk) == 0
    await desk.pool.execute("UPDATE absences SET withdrawn_at = $1", clock.at)
    assert await give_chats(desk) == 1
    other = await ask(desk, cast, "omar")
    assert await give_chats(desk) == 0  # what is held out counts
    async with desk.transaction(await cast.actor("pete")) as tx:
        await accept_offer(tx, chat.id)
        with pytest.raises(NotAllowed, match="You have 1 chat"):
            await take_next(tx)
    assert await give_chats(desk) == 0
    async with desk.transaction(await cast.actor("pete")) as tx:
        await claim(tx, other.id)  # by hand one may take more


async def test_a_silent_chat_stops_counting_until_the_visitor_writes(
    desk: Desk, cast: Cast, clock: FrozenClock
) -> None:
    async def say(name: str) -> None:
        async with desk.transaction(await cast.actor(name)) as tx:
            case = await hold_case(tx, chat.case_id)
            await post_message(
                tx, case, "…", Audience.SIDE, side_id=chat.side_id, conversation_id=chat.id
            )

    await is_there(desk, cast, "pete", capacity=1)
    chat = await ask(desk, cast)
    async with desk.transaction(await cast.actor("pete")) as tx:
        await claim(tx, chat.id)
    clock.advance(minutes=11)
    assert (await own_state(desk, cast.pete.id)).load == 1  # it waits for an answer
    await say("pete")
    clock.advance(minutes=11)
    assert (await own_state(desk, cast.pete.id)).load == 0
    # Nobody looks for an agent on behalf of somebody who says nothing.
    assert await return_dropped(desk) == 0
    await say("nina")
    assert (await own_state(desk, cast.pete.id)).load == 1
    assert await return_dropped(desk) == 1


async def test_a_department_serves_no_more_at_once_than_it_may(desk: Desk, cast: Cast) -> None:
    await run_line(desk, cast, "PAY", at_once=2)
    await is_there(desk, cast, "pete")
    await is_there(desk, cast, "max")
    for visitor in ("nina", "omar", "cora"):
        await ask(desk, cast, visitor)
    await asyncio.gather(*(give_chats(desk) for _ in range(3)))
    assert await desk.pool.fetchval("SELECT count(*) FROM chat_offers WHERE answer IS NULL") == 2


@pytest.mark.parametrize("seed", [1, 2])
async def test_whatever_agents_do_at_once_no_chat_is_lost_doubled_or_one_too_many(
    desk: Desk, cast: Cast, clock: FrozenClock, seed: int
) -> None:
    chance = Random(seed)
    places = {"pete": 2, "max": 1, "amy": 2, "tess": 1}
    for name, capacity in places.items():
        await is_there(desk, cast, name, capacity)
    visitors = ("nina", "omar", "cora", "finn", "otto")
    chats = [
        await ask(desk, cast, chance.choice(visitors), chance.choice(["PAY", "GEN", "TECH"]))
        for _ in range(14)
    ]
    actors = {name: await cast.actor(name) for name in places}

    async def one_act(name: str) -> None:
        doing = chance.choice(["accept", "accept", "accept", "pass", "next", "end", "end", "turn"])
        held = await own_offers(desk, actors[name].id)
        mine = await own_chats(desk, actors[name].id)
        try:
            async with desk.transaction(actors[name]) as tx:
                if doing == "accept" and held:
                    await accept_offer(tx, held[0].id)
                elif doing == "pass" and held:
                    await pass_offer(tx, held[0].id)
                elif doing == "next":
                    await take_next(tx)
                elif doing == "end" and mine:
                    await end(tx, mine[0].id)
                elif doing == "turn":
                    await set_availability(tx, chance.random() < 0.7)
        except NotAllowed:
            pass

    for _ in range(ROUNDS):
        names = list(places)
        await asyncio.gather(
            *(one_act(name) for name in names for _ in range(2)),
            give_chats(desk),
            give_chats(desk),
        )
        for agent in await agents_now(desk.pool, clock.at):
            assert agent.chats + agent.offers <= agent.capacity, agent
        clock.advance(seconds=chance.choice([1, 5, 30]))
        gone = chance.choice([*names, "", ""])
        await page_seen(desk, cast, *(name for name in names if name != gone))
        await asyncio.gather(fire_due_timers(desk, TIMERS), return_dropped(desk))

    for name in places:  # everybody comes to an end
        await is_there(desk, cast, name, 20)
    for _ in range(20):
        clock.advance(seconds=61)
        await page_seen(desk, cast, *places)
        await give_chats(desk)
        for name, actor in actors.items():
            for held_out in await own_offers(desk, actor.id):
                async with desk.transaction(actor) as tx:
                    await accept_offer(tx, held_out.id)
            for row in await own_chats(desk, cast.people[name].id):
                async with desk.transaction(actor) as tx:
                    await end(tx, row.id)
    assert not await waiting_chats(desk)
    for chat in chats:
        assert (await row_of(desk, chat)).status == ConversationStatus.ENDED
        told = Counter(await types_of(desk, chat))
        assert told["conversation.claimed"] == told["conversation.returned"] + 1
        assert told["conversation.ended"] == 1
