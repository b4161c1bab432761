"""Opening, taking, ending a chat, and what becomes of it."""

import asyncio
from collections import Counter
from dataclasses import replace
from uuid import uuid4

import pytest

from chat.agents.converting import turn_into_ticket
from chat.commands import (
    NotAllowed,
    Opening,
    TicketWish,
    claim,
    end,
    open_conversation,
    set_availability,
    take_next,
)
from chat.models import Conversation, ConversationStatus
from chat.queries import (
    chat_open,
    chat_row,
    find_conversation,
    own_chats,
    position,
    waiting_by_group,
    waiting_chats,
)
from helpdesk.cases.commands import post_message
from helpdesk.cases.models import Audience
from helpdesk.cases.queries import NoSuchCase, hold_case
from helpdesk.cases.timeline import read_page
from helpdesk.core.clock import FrozenClock
from helpdesk.desk import Desk
from helpdesk.permissions import SYSTEM, Actor
from tests.people import Cast

from .live import begin_chat

OPENING = Opening(uuid4(), "PAY", "Where is it", "Where is my money?")


async def types_of(desk: Desk, chat: Conversation) -> list[str]:
    page = await read_page(desk.pool, SYSTEM, chat.case_id)
    assert page is not None
    return [entry.frame["type"] for entry in page.entries]


async def test_the_same_form_twice_opens_one_chat(desk: Desk, cast: Cast) -> None:
    ids = set()
    for _ in range(2):
        async with desk.transaction(await cast.actor("nina")) as tx:
            ids.add((await open_conversation(tx, OPENING)).id)
    assert len(ids) == 1
    (row,) = await waiting_chats(desk)
    assert (row.visitor, row.line, row.status) == ("Nina", "Where is my money?", "waiting")


async def test_both_parties_of_a_contract_meet_on_one_case_and_do_not_see_each_other(
    desk: Desk, cast: Cast
) -> None:
    contract = cast.contracts["C-1001"].id
    cases = []
    for name in ("cora", "finn"):
        actor = await cast.actor(name)
        if name == "cora":
            chat = await begin_chat(desk, cast, visitor="cora", agent="")
            await desk.pool.execute(
                "UPDATE cases SET contract_id = $1 WHERE id = $2", contract, chat.case_id
            )
            await turn_into_ticket(desk, await cast.actor("pete"), chat, WISH)
        async with desk.transaction(actor) as tx:
            opening = replace(OPENING, once=uuid4(), contract_id=contract, body=f"from {name}")
            cases.append((await open_conversation(tx, opening)).case_id)
    assert cases[0] == cases[1]
    page = await read_page(desk.pool, await cast.actor("finn"), cases[0])
    assert page is not None
    assert "from finn" in str(page.entries)
    assert "cora" not in str(page.entries).lower()


async def test_a_contract_of_others_opens_nothing(desk: Desk, cast: Cast) -> None:
    contract = cast.contracts["C-1001"].id
    async with desk.transaction(await cast.actor("otto")) as tx:
        with pytest.raises(NotAllowed):
            await open_conversation(tx, replace(OPENING, once=uuid4(), contract_id=contract))


async def test_of_twenty_agents_who_take_one_chat_one_gets_it(desk: Desk, cast: Cast) -> None:
    chat = await begin_chat(desk, cast, agent="")
    agents = [await cast.actor(name) for name in ("amy", "pete", "tess", "sam", "lena")] * 4

    async def take(agent: Actor) -> int | str:
        try:
            async with desk.transaction(agent) as tx:
                return (await claim(tx, chat.id)).agent_id or 0
        except NotAllowed as refusal:
            return str(refusal)

    answers = Counter(await asyncio.gather(*(take(agent) for agent in agents)))
    winners = [answer for answer in answers if isinstance(answer, int)]
    assert len(winners) == 1
    refusal = next(answer for answer in answers if isinstance(answer, str))
    assert refusal.endswith("has taken this chat already.")
    assert (await types_of(desk, chat)).count("conversation.claimed") == 1


async def test_agents_who_take_the_next_get_different_chats(desk: Desk, cast: Cast) -> None:
    chats = [await begin_chat(desk, cast, agent="") for _ in range(3)]

    async def take() -> int | None:
        async with desk.transaction(await cast.actor("pete")) as tx:
            taken = await take_next(tx)
        return taken.id if taken else None

    taken = await asyncio.gather(take(), take(), take())
    assert sorted(id for id in taken if id) == sorted(chat.id for chat in chats)
    assert await take() is None


async def test_a_line_for_each_department(desk: Desk, cast: Cast, clock: FrozenClock) -> None:
    chats = []
    for visitor in ("nina", "omar", "cora"):
        chats.append(await begin_chat(desk, cast, visitor=visitor, agent=""))
        clock.advance(minutes=1)
    async with desk.transaction(await cast.actor("otto")) as tx:
        other = await open_conversation(tx, replace(OPENING, once=uuid4(), group_key="TECH"))
    assert [await position(desk, chat.id) for chat in [*chats, other]] == [1, 2, 3, 1]
    assert {key: count for key, (count, _) in (await waiting_by_group(desk)).items()} == {
        "PAY": 3,
        "TECH": 1,
    }
    async with desk.transaction(await cast.actor("nina")) as tx:
        await end(tx, chats[0].id)
    assert [await position(desk, chat.id) for chat in chats] == [0, 1, 2]
    assert (await types_of(desk, chats[0]))[-1] == "conversation.left_line"


async def test_who_has_waited_longest_for_an_answer_is_on_top(
    desk: Desk, cast: Cast, clock: FrozenClock
) -> None:
    first, second = await begin_chat(desk, cast), await begin_chat(desk, cast, visitor="omar")
    pete = await cast.actor("pete")
    clock.advance(minutes=1)
    for chat, writer in ((first, "pete"), (second, "pete"), (first, "nina"), (second, "omar")):
        clock.advance(minutes=1)
        async with desk.transaction(await cast.actor(writer)) as tx:
            await post_message(
                tx, await hold_case(tx, chat.case_id), f"by {writer}", Audience.SIDE,
                side_id=chat.side_id, conversation_id=chat.id,
            )  # fmt: skip
    rows = await own_chats(desk, pete.id)
    assert [row.id for row in rows] == [first.id, second.id]
    assert [row.line for row in rows] == ["by nina", "by omar"]
    assert rows[0].waiting_since is not None
    async with desk.transaction(pete) as tx:
        await post_message(
            tx, await hold_case(tx, first.case_id), "answered", Audience.SIDE,
            side_id=first.side_id, conversation_id=first.id,
        )  # fmt: skip
    rows = await own_chats(desk, pete.id)
    assert [row.id for row in rows] == [second.id, first.id]
    assert rows[1].waiting_since is None
    assert rows[1].line_by_staff


async def test_an_agent_is_there_while_available_and_connected(
    desk: Desk, cast: Cast, clock: FrozenClock
) -> None:
    assert not (await chat_open(desk, "PAY")).open
    async with desk.transaction(await cast.actor("pete")) as tx:
        await set_availability(tx, True)
    assert (await chat_open(desk, "PAY")).open
    assert not (await chat_open(desk, "TECH")).open
    clock.advance(seconds=46)
    closed = await chat_open(desk, "PAY")
    assert (closed.open, closed.reason) == (False, "Nobody is available for chat at the moment.")
    async with desk.transaction(await cast.actor("pete")) as tx:
        await set_availability(tx, True)
        await set_availability(tx, False)
    assert not (await chat_open(desk, "PAY")).open


WISH = TicketWish("guidance", "PAY", 1, 2, "Withdrawal has not arrived", "From the chat")


async def test_a_chat_becomes_a_ticket_of_the_visitor_once(desk: Desk, cast: Cast) -> None:
    chat = await begin_chat(desk, cast)
    pete = await cast.actor("pete")
    first = await turn_into_ticket(desk, pete, chat, WISH)
    again = await turn_into_ticket(desk, pete, chat, WISH)
    assert (first.ticket_id, first.case_id) == (again.ticket_id, chat.case_id)
    row = await desk.pool.fetchrow("SELECT * FROM tickets WHERE id = $1", first.ticket_id)
    assert (row["requester_id"], row["source"]) == (cast.nina.id, "chat")
    assert row["conversation_id"] == chat.id
    types = await types_of(desk, chat)
    assert types.count("conversation.ticketed") == 1
    assert types.count("ticket.opened") == 1


async def test_ending_is_final_and_told_once(desk: Desk, cast: Cast) -> None:
    chat = await begin_chat(desk, cast)
    for name in ("nina", "pete"):
        async with desk.transaction(await cast.actor(name)) as tx:
            ended = await end(tx, chat.id)
    assert ended.status == ConversationStatus.ENDED
    assert ended.ended_by_id == cast.nina.id
    assert (await types_of(desk, chat)).count("conversation.ended") == 1
    async with desk.transaction(await cast.actor("amy")) as tx:
        with pytest.raises(NotAllowed):
            await claim(tx, chat.id)
    assert (await chat_row(desk, chat.id)).status == "ended"


async def test_a_chat_is_hidden_from_everybody_else(desk: Desk, cast: Cast) -> None:
    chat = await begin_chat(desk, cast)
    for name in ("omar", "cora", "otto"):
        async with desk.transaction(await cast.actor(name)) as tx:
            with pytest.raises(NoSuchCase):
                await end(tx, chat.id)
            with pytest.raises(NoSuchCase):
                await find_conversation(tx.db, tx.actor, chat.id)
