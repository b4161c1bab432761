"""The pages of a chat, as a browser without scripts or an attacker asks for them."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from chat import pages
from chat.commands import claim, set_availability
from chat.models import Conversation
from chat.queries import said
from chat.widget import api
from helpdesk.cases.timeline import read_page
from helpdesk.console import chats
from helpdesk.desk import Desk
from tests.conftest import TUESDAY
from tests.people import Cast

from .live import begin_chat, tab_of
from .widget.build import Frame, a_key, a_widget, claims_for, sign

FORM = {
    "type": "withdrawal_not_received",
    "name": "Gabi",
    "email": "gabi@example.com",
    "description": "Where is my money?\nIt has been a week.",
}


async def available(desk: Desk, cast: Cast, name: str = "pete") -> None:
    desk.clock.set(TUESDAY.replace(hour=15))  # type: ignore[attr-defined]  # Payments works in New York
    async with desk.transaction(await cast.actor(name)) as tx:
        await set_availability(tx, True)


async def test_a_guest_starts_a_chat_and_may_come_back_to_it(
    site: str, desk: Desk, cast: Cast
) -> None:
    await available(desk, cast)
    async with await cast.browser(site) as browser:
        answer = await browser.post("/chat", data=FORM | {"once": str(uuid4())})
        assert answer.status_code == 303
        browser.headers["cookie"] = answer.headers["set-cookie"].split(";")[0]
        shown = await browser.get(answer.headers["location"])
        assert "Where is my money?" in shown.text
        text = await browser.get(answer.headers["location"] + "/transcript")
        assert "Gabi: Where is my money?" in text.text
    async with await cast.browser(site) as stranger:
        refused = await stranger.get(answer.headers["location"])
        assert refused.status_code == 404


async def test_an_impatient_guest_opens_one_chat(site: str, desk: Desk, cast: Cast) -> None:
    await available(desk, cast)
    form = FORM | {"once": str(uuid4())}

    async def send() -> httpx2.Response:
        async with await cast.browser(site) as browser:
            return await browser.post("/chat", data=form)

    answers = await asyncio.gather(*(send() for _ in range(5)))
    assert len({answer.headers["location"] for answer in answers}) == 1
    assert await desk.pool.fetchval("SELECT count(*) FROM conversations") == 1
    assert await desk.pool.fetchval("SELECT count(*) FROM people WHERE NOT is_account") == 1


async def test_every_field_says_what_is_wrong_and_keeps_the_text(
    site: str, desk: Desk, cast: Cast
) -> None:
    await available(desk, cast)
    async with await cast.browser(site) as browser:
        answer = await browser.post("/chat", data={"description": "kept words", "email": "no"})
        assert answer.status_code == 422
        for words in (
            "Choose what it is about.",
            "Enter the name we should use.",
            "Enter an e-mail address like",
            "kept words",
        ):
            assert words in answer.text
        hostile = FORM | {"description": "x" * 10_001, "name": "a\0b"}
        answer = await browser.post("/chat", data=hostile)
        assert answer.status_code == 422
        assert "too long" in answer.text
        assert "NUL" in answer.text


async def test_what_is_only_for_tickets_goes_to_the_form(site: str, desk: Desk, cast: Cast) -> None:
    await available(desk, cast, "sam")
    async with await cast.browser(site, "nina") as browser:
        page = await browser.get("/chat?type=account_closure")
        assert "This is not handled in chat." in page.text
        assert "Start the chat" not in page.text
        form = FORM | {"type": "account_closure", "once": str(uuid4())}
        answer = await browser.post("/chat", data=form)
        assert answer.status_code == 422


async def test_with_nobody_there_the_browser_sends_the_form_on(site: str, cast: Cast) -> None:
    async with await cast.browser(site, "nina") as browser:
        answer = await browser.post("/chat", data=FORM | {"once": str(uuid4())})
        assert (answer.status_code, answer.headers["location"]) == (307, "/report?nobody")
        page = await browser.post("/report?nobody", data=FORM | {"do": "write"})
        assert "Nobody is free to chat any more." in page.text
        assert "Where is my money?" in page.text
        assert "free to chat" not in (await browser.get("/report?new")).text


async def test_without_scripts_the_page_shows_the_way_to_the_form(site: str, cast: Cast) -> None:
    async with await cast.browser(site) as browser:
        page = await browser.get("/chat")
        assert "Chat needs JavaScript" in page.text
        assert 'href="/report"' in page.text


async def test_a_transcript_holds_no_notes(site: str, desk: Desk, cast: Cast) -> None:
    chat = await begin_chat(desk, cast)
    pete = await tab_of(site, cast, "pete", chat)
    await pete.ack(await pete.say(chat, "canary-note", note=True))
    await pete.ack(await pete.say(chat, "We found it."))
    await pete.leave()
    for who in ("nina", "pete"):
        async with await cast.browser(site, who) as browser:
            text = (await browser.get(f"/chat/{chat.id}/transcript")).text
            assert "Pete: We found it." in text
            assert "canary-note" not in text
    async with await cast.browser(site, "nina") as browser:
        assert "canary-note" not in (await browser.get(f"/chat/{chat.id}")).text


async def test_the_buttons_of_the_console(site: str, desk: Desk, cast: Cast) -> None:
    chat = await begin_chat(desk, cast, agent="")
    async with (
        await cast.browser(site, "pete", headers={"accept": "application/json"}) as pete,
        await cast.browser(site, "amy", headers={"accept": "application/json"}) as amy,
        await cast.browser(site, "nina") as nina,
    ):
        assert (await nina.post(f"/desk/chats/{chat.id}/claim")).status_code == 403
        assert (await pete.post(f"/desk/chats/{chat.id}/claim")).json() == {"id": chat.id}
        taken = await amy.post(f"/desk/chats/{chat.id}/claim")
        assert taken.status_code == 409
        assert "Pete has taken this chat already." in taken.text
        on = await pete.post("/desk/availability", data={"available": "1"})
        assert on.json()["available"] is True
        made = (await pete.post(f"/desk/chats/{chat.id}/ticket")).json()
        assert made["reference"].startswith("HD-")
        assert (await pete.post(f"/desk/chats/{chat.id}/ticket")).json() == made
        assert (await pete.post(f"/desk/chats/{chat.id}/end")).status_code == 200
        assert (await pete.post("/desk/chats/next")).json() == {"id": None}


async def test_somebody_else_cannot_end_or_leave(site: str, desk: Desk, cast: Cast) -> None:
    chat = await begin_chat(desk, cast)
    async with await cast.browser(site, "omar") as omar:
        for path in ("end", "leave", "transcript"):
            method = "GET" if path == "transcript" else "POST"
            answer = await omar.request(method, f"/chat/{chat.id}/{path}")
            assert answer.status_code == 404
        assert (await omar.get(f"/chat/{2**70}")).status_code == 404


async def test_a_link_to_another_partys_kind_stays_chosen_and_one_that_is_gone_says_so(
    site: str, cast: Cast
) -> None:
    async with await cast.browser(site, "cora") as client:
        offered = (await client.get("/chat")).text
        assert "withdrawal_not_received" not in offered
        linked = (await client.get("/chat?type=withdrawal_not_received")).text
        assert '<option value="withdrawal_not_received" selected>' in linked
        assert "is not offered any more" not in offered + linked
        assert "is not offered any more" in (await client.get("/chat?type=of_last_year")).text


async def test_what_changes_while_a_page_is_read_is_not_missed_by_it(
    site: str, desk: Desk, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the state of a chat and its words: the words are as late, so the state must be."""
    for place, words, who, path, now in (
        (pages, said, "nina", "/chat/{}", 'data-state="active"'),
        (chats, read_page, "pete", "/desk/chats/{}", 'data-agent-name="Pete"'),
        (api, said, "", "chats/{}", '"status":"active"'),
    ):
        chat = await begin_chat(desk, cast, agent="")

        async def taken_meanwhile(
            *asked: Any, chat: Conversation = chat, words: Any = words, **more: Any
        ) -> Any:
            async with desk.transaction(await cast.actor("pete")) as tx:
                await claim(tx, chat.id)
            return await words(*asked, **more)

        with monkeypatch.context() as patch:
            patch.setattr(place, words.__name__, taken_meanwhile)
            if who:
                async with await cast.browser(site, who) as browser:
                    page = (await browser.get(path.format(chat.id))).text
            else:
                widget = await a_widget(cast)
                claims = claims_for(desk, widget, email="nina@example.com", email_verified=True)
                async with Frame(site, widget) as frame:
                    await frame.identify(sign(desk, await a_key(cast, widget), claims))
                    page = (await frame.get(path.format(chat.id))).text
        assert "joined the chat" in page
        assert now in page, path
