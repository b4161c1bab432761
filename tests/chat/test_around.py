"""What surrounds the messages: the line, who is there, who types, who has read."""

import asyncio
from uuid import uuid4

from chat.agents.converting import turn_into_ticket
from chat.commands import (
    Opening,
    TicketWish,
    claim,
    end,
    open_conversation,
    set_availability,
)
from chat.queries import chat_open
from helpdesk.cases.commands import join_side
from helpdesk.cases.queries import hold_case
from helpdesk.core.clock import FrozenClock
from helpdesk.desk import Desk
from helpdesk.permissions import SYSTEM
from tests.people import Cast

from .live import Tab, begin_chat, open_tab, tab_of


def positions(tab: Tab) -> list[int]:
    return [frame["position"] for frame in tab.of("line")]


async def test_places_in_line_are_pushed_when_they_change(
    site: str, desk: Desk, cast: Cast, clock: FrozenClock
) -> None:
    first = await begin_chat(desk, cast, agent="")
    clock.advance(seconds=1)
    second = await begin_chat(desk, cast, visitor="omar", agent="")
    pete = await open_tab(site, await cast.session("pete"))
    await pete.follow({"chat:queue": 0})
    nina, omar = await tab_of(site, cast, "nina", first), await tab_of(site, cast, "omar", second)
    await nina.until(lambda frame: frame["t"] == "line")
    await omar.until(lambda frame: frame["t"] == "line")
    assert (set(positions(nina)), set(positions(omar))) == ({1}, {2})
    async with desk.transaction(await cast.actor("pete")) as tx:
        await claim(tx, first.id)
    await omar.until(lambda frame: frame["t"] == "line" and frame["position"] == 1)
    await pete.until(lambda frame: frame["t"] == "queue" and frame["what"] == "claimed")
    assert pete.of("queue")[-1]["ids"] == [first.id]
    await nina.until(lambda frame: frame.get("type") == "conversation.claimed")
    async with desk.transaction(await cast.actor("omar")) as tx:
        await end(tx, second.id)
    await pete.until(lambda frame: frame["t"] == "queue" and frame["what"] == "left_line")
    for tab in (nina, omar, pete):
        await tab.leave()


async def test_the_two_sides_of_a_case_do_not_notice_each_other(
    site: str, desk: Desk, cast: Cast
) -> None:
    hers = await begin_chat(desk, cast, visitor="cora")
    async with desk.transaction(SYSTEM) as tx:
        await join_side(
            tx, await hold_case(tx, hers.case_id), await cast.actor("finn"), "freelancer"
        )
    cora, finn = await tab_of(site, cast, "cora", hers), await tab_of(site, cast, "finn", hers)
    pete = await tab_of(site, cast, "pete", hers)
    stream, face = f"case:{hers.case_id}", f"chat:{hers.id}"
    await cora.tell(t="typing", s=stream, kind="reply")
    await pete.tell(t="typing", s=stream, kind="reply", face=face)
    await finn.tell(t="typing", s=stream, kind="reply")
    await cora.tell(t="read", s=stream, n=3)
    await cora.ack(await cora.say(hers, "only for the desk"))
    assert (await finn.ack(await finn.say(hers, "not mine")))["code"] == "not_allowed"
    await pete.until(lambda frame: frame["t"] == "presence" and len(frame["who"]) == 3)
    await asyncio.sleep(0.5)

    assert {frame["by"]["name"] for frame in pete.of("typing")} == {"Cora", "Finn", "Pete"}
    assert {frame["by"]["name"] for frame in cora.of("typing")} == {"Cora", "Pete"}
    assert {frame["by"]["name"] for frame in finn.of("typing")} == {"Finn"}
    assert [one["name"] for one in cora.of("presence")[-1]["who"]] == ["Cora", "Pete"]
    assert [one["name"] for one in finn.of("presence")[-1]["who"]] == ["Finn", "Pete"]
    assert "Cora" not in str(finn.frames)
    assert "only for the desk" not in str(finn.frames)
    for tab in (cora, finn, pete):
        await tab.leave()


async def test_typing_a_note_is_seen_by_staff_only(site: str, desk: Desk, cast: Cast) -> None:
    chat = await begin_chat(desk, cast)
    nina, pete = await tab_of(site, cast, "nina", chat), await tab_of(site, cast, "pete", chat)
    amy = await tab_of(site, cast, "amy", chat)
    await pete.tell(t="typing", s=f"case:{chat.case_id}", kind="note", face=f"chat:{chat.id}")
    await amy.until(lambda frame: frame["t"] == "typing" and frame["kind"] == "note")
    assert not nina.of("typing")
    for tab in (nina, pete, amy):
        await tab.leave()


async def test_read_marks_are_told_and_kept(site: str, desk: Desk, cast: Cast) -> None:
    chat = await begin_chat(desk, cast)
    nina, pete = await tab_of(site, cast, "nina", chat), await tab_of(site, cast, "pete", chat)
    await nina.tell(t="read", s=f"case:{chat.case_id}", n=2**40)
    mark = await pete.until(lambda frame: frame["t"] == "read")
    assert (mark["by"]["name"], mark["n"]) == ("Nina", 3)
    await asyncio.sleep(1.3)
    kept = await desk.pool.fetchval("SELECT seq FROM read_marks WHERE person_id = $1", cast.nina.id)
    assert kept == 3
    amy = await tab_of(site, cast, "amy", chat)
    assert (await amy.until(lambda frame: frame["t"] == "read"))["n"] == 3
    for tab in (nina, pete, amy):
        await tab.leave()


async def test_an_open_socket_keeps_an_agent_there(
    site: str, desk: Desk, cast: Cast, clock: FrozenClock
) -> None:
    async with desk.transaction(await cast.actor("pete")) as tx:
        await set_availability(tx, True)
    pete = await open_tab(site, await cast.session("pete"))
    await pete.follow({"chat:queue": 0})
    clock.advance(seconds=50)
    assert not (await chat_open(desk, "PAY")).open
    await pete.until(lambda frame: frame["t"] == "beat", 17)
    await asyncio.sleep(0.3)
    assert (await chat_open(desk, "PAY")).open
    await pete.leave()


async def test_a_beat_says_the_newest_number_this_person_may_see(
    site: str, desk: Desk, cast: Cast
) -> None:
    chat = await begin_chat(desk, cast)
    nina, pete = await tab_of(site, cast, "nina", chat), await tab_of(site, cast, "pete", chat)
    await pete.ack(await pete.say(chat, "a note", note=True))
    stream = f"case:{chat.case_id}"
    hers = await nina.until(lambda frame: frame["t"] == "beat", 17)
    his = await pete.until(lambda frame: frame["t"] == "beat", 17)
    assert hers["streams"] == {stream: 3}
    assert his["streams"] == {stream: 4}
    await nina.leave()
    await pete.leave()


async def test_a_chat_about_a_request_is_on_its_case(desk: Desk, cast: Cast) -> None:
    chat = await begin_chat(desk, cast)
    wish = TicketWish("guidance", "PAY", 1, 2, "Withdrawal has not arrived", "From the chat")
    filed = await turn_into_ticket(desk, await cast.actor("pete"), chat, wish)
    async with desk.transaction(await cast.actor("nina")) as tx:
        again = await open_conversation(
            tx, Opening(uuid4(), "PAY", "Still", "Still nothing", ticket_id=filed.ticket_id)
        )
    assert again.case_id == chat.case_id
