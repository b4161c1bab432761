"""The agents' pages of chats: who waits where, one chat with its case."""

import asyncio
import random
import re

import pytest

from helpdesk.core.clock import FrozenClock
from tests.build import a_ticket
from tests.chat.happenings import happen
from tests.chat.live import begin_chat
from tests.people import Cast


def chats(html: str) -> list[int]:
    return [int(id) for id in re.findall(r'href="/desk/chats/(\d+)"', html)]


async def test_the_list_has_own_chats_by_longest_wait_then_the_lines_then_colleagues(
    cast: Cast, site: str, clock: FrozenClock
) -> None:
    first = await begin_chat(cast.desk, cast, "nina")
    clock.advance(minutes=1)
    second = await begin_chat(cast.desk, cast, "omar")
    clock.advance(minutes=1)
    theirs = await begin_chat(cast.desk, cast, "otto", agent="max")
    clock.advance(minutes=1)
    waiting = await begin_chat(cast.desk, cast, "finn", agent="")
    clock.advance(minutes=4)
    async with await cast.browser(site, "pete") as pete, await cast.browser(site, "amy") as amy:
        page = (await pete.get("/desk/chats")).text
        elsewhere = (await amy.get("/desk/chats")).text
        counted = (await pete.get("/desk/counts")).json()
        not_hers = (await amy.get("/desk/counts")).json()
    assert chats(page) == [first.id, second.id, waiting.id, theirs.id]
    assert "Waits 4\u00a0min" in page
    assert "chip-danger" in page
    assert chats(elsewhere)[0] == waiting.id
    assert (counted["chats"], not_hers["chats"]) == (1, 0)


async def test_a_chat_shows_their_open_requests_the_case_and_what_was_said(
    cast: Cast, site: str
) -> None:
    filed = await a_ticket(cast, "nina", subject="Her request that is open")
    secret = await a_ticket(
        cast,
        "nina",
        subject="Her request about a person",
        type_key="abuse_or_harassment",
        group_key="TAS",
        restricted=True,
    )
    chat = await begin_chat(cast.desk, cast, "nina", body="<b>Bold</b> words")
    async with await cast.browser(site, "pete") as pete, await cast.browser(site, "max") as max_:
        page = (await pete.get(f"/desk/chats/{chat.id}")).text
        managers = (await max_.get(f"/desk/chats/{chat.id}")).text
    assert filed.reference in page
    assert secret.reference not in page
    assert secret.reference in managers
    assert "&lt;b&gt;Bold&lt;/b&gt; words" in page
    assert "Pete joined the chat" in page
    assert "With Pete" in managers


async def test_one_click_makes_a_ticket_on_the_same_case_and_the_page_links_to_it(
    cast: Cast, site: str
) -> None:
    chat = await begin_chat(cast.desk, cast, "nina")
    async with await cast.browser(site, "pete") as pete:
        made = await pete.post(f"/desk/chats/{chat.id}/ticket")
        page = (await pete.get(f"/desk/chats/{chat.id}")).text
        ticket = (await pete.get(made.headers["location"])).text
    assert made.headers["location"] in page
    assert "Make a ticket" not in page
    assert f"Case {chat.case_id}" in ticket
    assert "Hello" in ticket


async def test_an_ended_chat_takes_no_words(cast: Cast, site: str) -> None:
    chat = await begin_chat(cast.desk, cast, "nina")
    async with await cast.browser(site, "pete") as pete:
        assert "<textarea" in (await pete.get(f"/desk/chats/{chat.id}")).text
        await pete.post(f"/desk/chats/{chat.id}/end")
        page = (await pete.get(f"/desk/chats/{chat.id}")).text
    assert "<textarea" not in page
    assert "This chat ended" in page


async def test_the_switch_shows_whether_one_takes_chats(cast: Cast, site: str) -> None:
    async with await cast.browser(site, "pete") as pete:
        assert "Away" in (await pete.get("/desk/chats")).text
        await pete.post("/desk/availability", data={"available": "1"})
        assert "Available" in (await pete.get("/desk/chats")).text
        await pete.post("/desk/availability", data={})
        assert "Away" in (await pete.get("/desk/chats")).text


@pytest.mark.parametrize("id", ["1", "999999", str(2**64)])
async def test_a_chat_that_is_not_there_is_not_found(cast: Cast, site: str, id: str) -> None:
    async with await cast.browser(site, "pete") as pete:
        assert (await pete.get(f"/desk/chats/{int(id) + 10**6}")).status_code == 404


async def test_customers_do_not_reach_the_agents_side_of_their_own_chat(
    cast: Cast, site: str
) -> None:
    chat = await begin_chat(cast.desk, cast, "nina")
    async with await cast.browser(site, "nina") as nina:
        assert (await nina.get(f"/desk/chats/{chat.id}")).status_code == 403
        assert (await nina.get("/desk/chats")).status_code == 403


async def test_what_is_said_while_a_page_is_written_comes_live_and_is_not_there_twice(
    cast: Cast, site: str
) -> None:
    """A page follows from its number on: nothing it shows may be after that."""
    desk = cast.desk
    chat = await begin_chat(desk, cast)
    dice = random.Random(3)

    async def talk() -> None:
        while True:
            await happen(desk, cast, chat, "message.posted", dice)

    async with await cast.browser(site, "pete") as pete, await cast.browser(site, "nina") as nina:
        talking = asyncio.create_task(talk())
        for _ in range(12):
            for browser, path in ((pete, "/desk/chats"), (nina, "/chat")):
                page = (await browser.get(f"{path}/{chat.id}")).text
                [newest] = re.findall(r'data-newest="(\d+)" data-(?:side|me)=', page)
                assert max(map(int, re.findall(r'data-seq="(\d+)"', page))) <= int(newest)
        talking.cancel()
