"""Story A4, on the agents' side: from the offer to the hand-over, over HTTP and the socket."""

from typing import Any
from uuid import uuid4

import orjson
import pytest

from chat.agents.offering import give_chats
from chat.agents.returning import return_dropped
from chat.models import Conversation
from chat.queries import waiting_chats
from helpdesk.core.clock import FrozenClock
from helpdesk.desk import Desk
from helpdesk.relay import relay_once
from helpdesk.wiring import SUBSCRIBERS
from tests.articles import publish
from tests.build import a_ticket
from tests.chat.agents.scene import ask, is_there, page_seen, row_of, types_of
from tests.chat.live import Tab, open_tab, tab_of
from tests.conftest import TUESDAY
from tests.people import Cast

SECRET = "canarywhisper"


@pytest.fixture
def clock(the_clock: FrozenClock) -> FrozenClock:
    the_clock.at = TUESDAY.replace(hour=14)
    return the_clock


def is_event(type: str) -> Any:
    return lambda frame: frame.get("type") == type


async def press(
    cast: Cast, site: str, who: str, chat: Conversation, button: str, **data: str
) -> Any:
    headers = {"accept": "application/json"}
    async with await cast.browser(site, who, headers=headers) as browser:
        return await browser.post(f"/desk/chats/{chat.id}/{button}", data=data)


async def begun(desk: Desk, cast: Cast, site: str, **words: str) -> tuple[Conversation, Tab]:
    """Nina talks to Pete; her tab is open."""
    await is_there(desk, cast, "pete")
    chat = await ask(desk, cast, **words)
    assert (await press(cast, site, "pete", chat, "claim")).status_code == 200
    return chat, await tab_of(site, cast, "nina", chat)


async def test_a4_3_and_7_a_chat_is_held_out_and_the_next_one_waits(
    desk: Desk, cast: Cast, site: str, clock: FrozenClock
) -> None:
    await is_there(desk, cast, "pete", capacity=1)
    desk_tab = await open_tab(site, await cast.session("pete"))
    await desk_tab.follow({"chat:queue": 0})
    async with await cast.browser(site, "nina") as nina:
        start = {"type": "withdrawal_not_received", "description": "Where is it?"}
        started = await nina.post("/chat", data=start | {"once": str(uuid4())})
        assert started.status_code == 303, started.text
    (waiting,) = await waiting_chats(desk)
    async with desk.reading() as db:
        hers = await db.get_one(Conversation, waiting.id)
    nina_tab = await tab_of(site, cast, "nina", hers)
    assert (await nina_tab.until(lambda f: f["t"] == "line"))["position"] == 1
    await give_chats(desk)
    rings = await desk_tab.until(lambda f: f["t"] == "queue" and f["what"] == "offered")
    assert (rings["ids"], rings["to"]) == ([hers.id], cast.pete.id)
    async with await cast.browser(site, "pete") as pete:
        state = (await pete.get("/desk/chats/state")).json()
        assert [one["visitor"] for one in state["offers"]] == ["Nina"]
    assert (await press(cast, site, "pete", hers, "accept")).json() == {"id": hers.id}
    assert (await nina_tab.until(is_event("conversation.claimed")))["by"]["name"] == "Pete"

    omars = await ask(desk, cast, "omar")
    omar_tab = await tab_of(site, cast, "omar", omars)
    assert (await omar_tab.until(lambda f: f["t"] == "line"))["position"] == 1
    assert await give_chats(desk) == 0
    async with await cast.browser(site, "omar") as omar:
        on = await omar.post(f"/chat/{omars.id}/leave", data={"description": "kept"})
        assert (on.status_code, on.headers["location"]) == (307, "/report")
    assert (await row_of(desk, omars)).abandoned_at is None  # nobody was lost
    for tab in (desk_tab, nina_tab, omar_tab):
        await tab.leave()


async def test_a4_12_the_chat_of_an_agent_who_drops_is_first_in_line_and_whole(
    desk: Desk, cast: Cast, site: str, clock: FrozenClock
) -> None:
    chat, nina = await begun(desk, cast, site, body="All of this must be seen")
    clock.advance(seconds=10)
    await is_there(desk, cast, "max", capacity=1)
    earlier = await ask(desk, cast, "omar")
    clock.advance(seconds=60)
    await page_seen(desk, cast, "max")
    assert await return_dropped(desk) == 1
    told = await nina.until(is_event("conversation.returned"))
    assert told["text"] == "Pete lost the connection: this chat is first in the line again"
    assert [row.id for row in await waiting_chats(desk)] == [chat.id, earlier.id]
    await give_chats(desk)
    assert (await press(cast, site, "max", chat, "accept")).status_code == 200
    assert (await nina.until(lambda f: f.get("by", {}).get("name") == "Max"))["type"] == (
        "conversation.claimed"
    )
    async with await cast.browser(site, "max") as max_:
        assert "All of this must be seen" in (await max_.get(f"/desk/chats/{chat.id}")).text
    await nina.leave()


async def test_what_is_said_among_staff_reaches_the_visitor_by_no_path(
    desk: Desk, cast: Cast, site: str, clock: FrozenClock
) -> None:
    chat, nina = await begun(desk, cast, site)
    pete = await tab_of(site, cast, "pete", chat)
    looks_on = await tab_of(site, cast, "max", chat)
    await pete.until(lambda f: f["t"] == "presence" and len(f["who"]) == 3)
    assert (await press(cast, site, "tess", chat, "whisper", body=SECRET)).status_code == 403
    assert (await press(cast, site, "tess", chat, "take-over")).status_code == 403
    for button in ("watch", "whisper"):
        cid = str(uuid4())
        for _ in range(2):  # a repeat is the same whisper
            done = await press(cast, site, "max", chat, button, body=f"{SECRET} to you", once=cid)
            assert done.status_code == 200, done.text
    heard = await pete.until(is_event("conversation.whispered"))
    assert (heard["body"], heard["aud"]) == (f"{SECRET} to you", "staff")
    assert "Max" not in orjson.dumps(nina.frames).decode()
    assert (await press(cast, site, "tess", chat, "join")).status_code == 200
    await nina.until(is_event("conversation.joined"))
    wish = {"to": f"agent:{cast.max.id}", "reason": "knows", "summary": f"{SECRET}: she is upset"}
    refused = await press(cast, site, "pete", chat, "transfer", **wish)
    assert (refused.status_code, "not take chats" in refused.text) == (409, True)
    gone = wish | {"to": "department:TECH"}
    assert (await press(cast, site, "pete", chat, "transfer", **gone)).status_code == 409
    await is_there(desk, cast, "max")
    assert (await press(cast, site, "tess", chat, "transfer", **wish)).status_code == 409
    assert (await press(cast, site, "pete", chat, "transfer", **wish)).status_code == 200
    assert (await row_of(desk, chat)).agent_id == cast.max.id
    await is_there(desk, cast, "tess")
    assert (await press(cast, site, "max", chat, "transfer", **gone)).status_code == 200
    assert [(row.id, row.group_key) for row in await waiting_chats(desk)] == [(chat.id, "TECH")]
    assert (await press(cast, site, "tess", chat, "claim")).status_code == 200
    assert (await press(cast, site, "max", chat, "take-over")).status_code == 200
    await nina.until(lambda f: f["t"] == "presence" and "Max" in str(f))
    over = await nina.until(is_event("conversation.taken_over"))
    assert over["text"] == "Max took the chat over from Tess"
    assert (await press(cast, site, "max", chat, "ticket")).status_code == 200
    assert (await press(cast, site, "max", chat, "end", reason="solved")).status_code == 200
    await nina.until(is_event("conversation.ended"))
    await relay_once(desk, SUBSCRIBERS)
    async with await cast.browser(site, "nina") as browser:
        pages = [(await browser.get(f"/chat/{chat.id}{more}")).text for more in ("", "/transcript")]
    mails = await desk.pool.fetch("SELECT body FROM mails")
    files = await desk.pool.fetch("SELECT name, label, facts::text FROM evidence")
    everything = orjson.dumps(nina.frames).decode() + str(pages) + str(mails) + str(files)
    assert "Nina" in everything
    assert SECRET not in everything
    assert "looks on" not in everything
    assert SECRET in orjson.dumps(pete.frames).decode()
    for tab in (nina, pete, looks_on):
        await tab.leave()


async def test_a4_9_and_14_an_article_is_shown_and_some_matters_go_to_the_form(
    desk: Desk, cast: Cast, site: str, clock: FrozenClock
) -> None:
    title = "When will my withdrawal arrive"
    article = (await publish(desk, "when-will-my-withdrawal-arrive", title)).slug
    chat, nina = await begun(desk, cast, site)
    assert (await press(cast, site, "pete", chat, "article", article="no-such")).status_code == 422
    assert (await press(cast, site, "pete", chat, "article", article=article)).status_code == 200
    card = await nina.until(is_event("conversation.article_shared"))
    assert card["data"]["label"] == title
    async with await cast.browser(site, "nina") as browser:
        assert (await browser.get(card["data"]["link"])).status_code == 200

    refused = await press(cast, site, "pete", chat, "ticket", type="account_closure")
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/ticket-only")
    async with await cast.browser(site, "pete") as pete:
        offered = (await pete.get(f"/desk/chats/{chat.id}/ticket")).json()["types"]
        assert "account_closure" not in {type["key"] for type in offered}
    assert (await press(cast, site, "pete", chat, "steer", type="guidance")).status_code == 422
    assert (
        await press(cast, site, "pete", chat, "steer", type="account_closure")
    ).status_code == 200
    way = await nina.until(is_event("conversation.steered"))
    async with await cast.browser(site, "nina") as browser:
        form = await browser.get(way["data"]["link"])
        assert form.status_code in (200, 303)
    await nina.leave()


async def test_a4_10_the_ticket_is_prefilled_checked_for_twins_and_has_the_transcript(
    desk: Desk, cast: Cast, site: str, clock: FrozenClock
) -> None:
    said = "Withdrawal T-77 of USD 1,250.50 from 28 May is not in my bank"
    chat, nina = await begun(desk, cast, site, body=said)
    async with await cast.browser(site, "pete") as pete:
        proposal = (await pete.get(f"/desk/chats/{chat.id}/ticket")).json()
    assert proposal["answers"] == {
        "transaction_date": "2026-05-28",
        "amount": "USD 1,250.50",
        "transaction_id": "T-77",
    }
    assert (proposal["type"], proposal["department"]) == ("withdrawal_not_received", "PAY")
    earlier = await a_ticket(
        cast, "nina", type_key="withdrawal_not_received", group_key="PAY",
        answers={"transaction_id": "T-77"}, about=("transaction:T-77",),
    )  # fmt: skip
    held = await press(cast, site, "pete", chat, "ticket")
    assert held.status_code == 409
    assert [one["reference"] for one in held.json()["earlier"]] == [earlier.reference]
    despite = "The first one was about the fee"
    made = await press(cast, site, "pete", chat, "ticket", despite=despite)
    again = await press(cast, site, "pete", chat, "ticket", despite=despite)
    assert made.json() == again.json()
    told = await nina.until(is_event("conversation.ticketed"))
    assert told["data"]["reference"] == made.json()["reference"]
    assert told["data"]["due"].startswith("2026-06-0")
    piece = await desk.pool.fetchrow("SELECT * FROM evidence WHERE kind = 'chat_transcript'")
    assert (piece["ticket_id"], piece["conversation_id"]) == (made.json()["id"], chat.id)
    async with await cast.browser(site, "nina") as browser:
        text = (await browser.get(f"/evidence/{piece['id']}/download")).text
    assert said in text
    assert await desk.pool.fetchval("SELECT count(*) FROM tickets") == 2

    private = await ask(desk, cast, "nina", body="Somebody writes me horrible things")
    kept = await press(cast, site, "pete", private, "ticket", type="abuse_or_harassment")
    assert kept.status_code == 200, kept.text
    async with await cast.browser(site, "pete") as pete:
        assert (await pete.get(f"/desk/tickets/{kept.json()['reference']}")).status_code == 404

    other = await ask(desk, cast, "nina", body="T-77 once more")
    assert (await press(cast, site, "pete", other, "claim")).status_code == 200
    not_hers = await a_ticket(cast, "omar")
    refused = await press(cast, site, "pete", other, "ticket", join=not_hers.reference)
    assert refused.status_code == 409
    joined = await press(cast, site, "pete", other, "ticket", join=earlier.reference)
    assert joined.json()["reference"] == earlier.reference
    count = "SELECT count(*) FROM evidence WHERE ticket_id = $1 AND kind = 'chat_transcript'"
    assert await desk.pool.fetchval(count, earlier.ticket_id) == 1
    await nina.leave()


async def test_a4_13_after_a_notice_a_chat_is_ended_for_conduct_and_requests_stay_open(
    desk: Desk, cast: Cast, site: str, clock: FrozenClock
) -> None:
    chat, nina = await begun(desk, cast, site)
    too_soon = await press(cast, site, "pete", chat, "conduct", kind="insults")
    assert (too_soon.status_code, "notice first" in too_soon.text) == (409, True)
    assert (await press(cast, site, "pete", chat, "notice")).status_code == 200
    await nina.until(is_event("conversation.conduct_notice"))
    for _ in range(2):
        ended = await press(cast, site, "pete", chat, "conduct", kind="insults")
        assert ended.status_code == 200
    await nina.until(is_event("conversation.ended"))
    row = await row_of(desk, chat)
    assert (row.end_reason, row.flagged_at) == ("conduct", clock.at)
    assert (await types_of(desk, chat)).count("conversation.flagged") == 1
    assert "insults" not in orjson.dumps(nina.frames).decode()
    cid = await nina.say(chat, "One more thing")
    assert (await nina.ack(cid))["code"] == "closed"
    async with await cast.browser(site, "nina") as browser:
        assert (await browser.get("/contact")).status_code == 200
    assert (await a_ticket(cast, "nina")).ticket_id
    await nina.leave()
