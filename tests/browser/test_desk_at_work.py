"""Agents at work in real browsers: several chats at once, macros, the palette, keys, what rings."""

import asyncio
from typing import Any

from playwright.async_api import Frame, Page, expect

from chat.models import Conversation
from chat.queries import hold_conversation
from helpdesk.cases.commands import post_message
from helpdesk.cases.models import Audience
from helpdesk.console.replies.commands import Wording, write_reply
from helpdesk.console.replies.doing import Doing
from helpdesk.console.replies.models import Reach
from tests.build import a_ticket
from tests.chat.live import begin_chat
from tests.helpdesk.contact.offers import an_article
from tests.people import Cast

from .conftest import NARROW, OpenPage, axe, sideways


async def says(cast: Cast, chat: Conversation, who: str, *texts: str) -> None:
    for text in texts:
        async with cast.desk.transaction(await cast.actor(who)) as tx:
            case, held = await hold_conversation(tx, chat.id)
            await post_message(
                tx, case, text, Audience.SIDE, side_id=held.side_id, conversation_id=held.id
            )


async def live_now(page: Page) -> None:
    await expect(page.locator("html")).to_have_attribute("data-live", "open")


async def until(page: Page | Frame, truth: str) -> None:
    """Pages refuse to evaluate text themselves: the condition is a part of the script."""
    async with asyncio.timeout(60):
        await page.evaluate(UNTIL.replace("TRUTH", truth))


UNTIL = """() => new Promise(done => {
  const look = () => (TRUTH) ? done() : setTimeout(look, 20);
  look();
})"""


async def order(page: Page) -> list[str]:
    found: list[str] = await page.evaluate(
        "[...document.querySelectorAll('#list .conversation')].map(row => row.id)"
    )
    return found


async def test_several_chats_at_once(cast: Cast, open_page: OpenPage) -> None:
    nina = await begin_chat(cast.desk, cast, "nina")
    omar = await begin_chat(cast.desk, cast, "omar")
    await says(cast, nina, "nina", *[f"Line {number} of many" for number in range(40)])
    await says(cast, omar, "pete", "I look at it")
    pete = await open_page("pete", f"/desk/chats/{nina.id}")
    await live_now(pete)
    box, log = pete.locator(".composer textarea"), pete.locator(".log-scroll")
    hers, his = pete.locator(f"#chat-{nina.id}"), pete.locator(f"#chat-{omar.id}")
    await expect(his).to_contain_text("Answered")

    # What comes in elsewhere is counted where it waits, and says so by colour, sign and words.
    await says(cast, omar, "omar", "One", "Two")
    await expect(his.locator("[data-part=unread]")).to_have_text("2 unread")
    await expect(his).to_contain_text("Two")
    await expect(his.locator("[data-wait]")).to_contain_text("Waits")

    # Away and back again: the draft and the place are where they were.
    await box.fill("Half an answer")
    await log.evaluate("box => box.scrollTo({top: -300})")
    await until(pete, "sessionStorage.getItem('scrolled')?.includes('chat') ?? false")
    await his.locator("a").click()
    await expect(pete.locator("h1.pane-title, h2.pane-title").last).to_be_attached()
    await expect(pete.locator("#thread .pane-title")).to_have_text("Omar")
    await expect(box).to_have_value("")
    await expect(his.locator("[data-part=unread]")).to_be_hidden()
    await hers.locator("a").click()
    await expect(box).to_have_value("Half an answer")
    assert abs(await log.evaluate("box => box.scrollTop") + 300) < 30

    # Somebody else joins the line while the hand rests on the list: no row moves until it leaves.
    await hers.hover()
    before = await order(pete)
    late = await begin_chat(cast.desk, cast, "otto", agent="")
    await expect(pete.locator("#list-news")).to_have_text("1 new")
    assert await order(pete) == before
    await pete.mouse.move(900, 300)
    await expect(pete.locator(f"#chat-{late.id}")).to_be_visible()
    await expect(pete.locator("#list-news")).to_be_hidden()

    # The draft is at the desk: another machine has it, a colleague knows of it.
    for _ in range(600):
        if await cast.desk.pool.fetchval("SELECT count(*) FROM chat_drafts"):
            break
        await asyncio.sleep(0.1)
    elsewhere = await open_page("pete", f"/desk/chats/{nina.id}", width=NARROW)
    await expect(elsewhere.locator(".composer textarea")).to_have_value("Half an answer")
    assert await sideways(elsewhere) == []
    max_ = await open_page("max", f"/desk/chats/{nina.id}")
    await expect(max_.locator("#drafting")).to_contain_text("Pete has begun a text")
    assert await axe(pete) == []


async def test_a_macro_the_palette_and_keys_of_ones_own(cast: Cast, open_page: OpenPage) -> None:
    filed = await a_ticket(cast)
    other = await a_ticket(cast, subject="Quite another matter")
    await an_article(cast, "clear-the-cache", "Clear the cache", "Clear it.", ["tech_unsolved"])
    doing = Doing(ask_label="Screenshot of the page", tags=("pages",))
    async with cast.desk.transaction(await cast.actor("max")) as tx:
        body = "Hello {{requester.first_name}}, about {{contract.title}}: please send one."
        await write_reply(tx, Wording("picture, please", Reach.EVERYBODY, None, body, doing))
        await write_reply(tx, Wording("bye", Reach.EVERYBODY, None, "Bye", Doing()))
    amy = await open_page("amy", f"/desk/tickets/{filed.reference}", expected="422")
    await live_now(amy)
    box, menu = amy.locator(".composer textarea"), amy.locator("[data-part=canned]")
    await box.press_sequentially("/")
    await expect(menu.locator("[role=option]")).to_have_count(2)
    assert await axe(amy) == []
    await box.press_sequentially("pict")
    await expect(menu.locator("[role=option]")).to_have_count(1)
    await box.press("Enter")
    await expect(box).to_have_value("Hello Finn, about [[contract.title]]: please send one.")
    effects = amy.locator("[data-part=effects] li")
    await expect(effects).to_have_count(2)
    await expect(effects.last).to_contain_text("asks for Screenshot of the page by")
    await box.press("Control+Enter")  # asked once about what has no value
    await expect(amy.locator("#just-wrote")).to_contain_text("[[contract.title]] has no value")
    await box.fill("Hello Finn: please send one.")
    await box.press("Control+Enter")
    await expect(amy.locator(".log .msg", has_text="please send one")).to_have_count(1)
    await expect(amy.locator("#thread-head")).to_contain_text("Waiting for the user")
    await expect(amy.locator("[data-part=macro]")).to_be_hidden()

    # The palette: from everywhere, a ticket by its reference, a command by some letters.
    await box.press("Control+k")
    words = amy.locator("#palette-words")
    first = amy.locator("#palette-list [role=option]").first
    await expect(first).to_contain_text("Write a reply")  # what is open, before the list beside it
    await words.press_sequentially("write a n", delay=5)
    await words.fill("cache")
    await expect(amy.locator("#palette-list")).to_contain_text("Clear the cache")
    assert await axe(amy) == []
    await words.fill(other.reference)
    await expect(amy.locator("#palette-list [aria-selected=true]")).to_contain_text("Quite another")
    await words.press("Enter")
    await expect(amy.locator("#thread .pane-title")).to_have_text("Quite another matter")
    await amy.keyboard.press("Control+k")
    await words.fill("awf evd")
    await expect(amy.locator("#palette-list")).to_contain_text("Nothing")
    await words.fill("evid")
    await expect(amy.locator("[role=option]").first).to_contain_text("Ask for evidence")
    await words.press("Enter")
    await expect(amy.locator("#ask [name=piece]")).to_be_focused()

    # Keys of one's own: kept at the desk, for every browser.
    await amy.goto("/desk/settings")
    key = amy.get_by_label("Write a note")
    await key.fill("j")
    await amy.get_by_role("button", name="Save").click()
    await expect(amy.locator(".error-summary")).to_contain_text("Next in the list")
    await key.fill("z")
    await amy.get_by_role("button", name="Save").click()
    await expect(amy.locator(".error-summary")).to_have_count(0)
    there = await open_page("amy", f"/desk/tickets/{filed.reference}")
    await live_now(there)
    await until(there, "Object.entries(localStorage).some(([, v]) => v.includes('\"z\"'))")
    await there.press("body", "n")
    await expect(there.locator(".composer textarea")).not_to_be_focused()
    await there.press("body", "?")
    await expect(there.locator("#keys")).to_contain_text("z Write a note")
    await there.keyboard.press("Escape")
    await there.press("body", "z")
    await expect(there.locator(".composer textarea")).to_be_focused()


async def test_one_page_rings_whispers_are_no_replies_and_articles_are_cards(
    cast: Cast, open_page: OpenPage, site: str
) -> None:
    await an_article(
        cast, "arrival", "When it arrives", "In two days.", ["withdrawal_not_received"]
    )
    chat = await begin_chat(cast.desk, cast, "nina")
    pete = await open_page("pete", "/desk/replies")
    second = await pete.context.new_page()
    await second.goto("/desk")
    for page in (pete, second):
        await live_now(page)
        await page.wait_for_load_state("networkidle")
    await says(cast, chat, "nina", "Is anybody there?")
    rang = "document.documentElement.dataset.rang ?? ''"

    async def rings() -> list[Any]:
        return [await page.evaluate(rang) for page in (pete, second)]

    leads = "document.documentElement.dataset.rings !== undefined"
    leader = pete if await pete.evaluate(leads) else second
    await until(leader, "document.documentElement.dataset.rang === 'message'")
    assert sorted(await rings()) == ["", "message"]

    await pete.goto(f"/desk/chats/{chat.id}")
    await live_now(pete)
    nina = await open_page("nina", f"/chat/{chat.id}")
    await live_now(nina)
    async with await cast.browser(site, "max") as max_:
        told = await max_.post(f"/desk/chats/{chat.id}/whisper", data={"body": "The canary knows"})
        assert told.status_code == 303
    whisper = pete.locator(".log .msg", has_text="The canary knows")
    await expect(whisper).to_have_attribute("data-kind", "note")
    await expect(whisper).to_contain_text("Max whispered to Pete")
    await expect(whisper).to_contain_text("Only the team sees this")
    await pete.press("body", "i")
    await pete.fill("#pick-words", "arrives")
    await expect(pete.locator("#pick-results strong")).to_have_text(["When it arrives"])
    await pete.keyboard.press("Enter")
    card = nina.locator(".log .evidence", has_text="When it arrives")
    await expect(card.locator("a")).to_have_attribute("href", "/help/articles/arrival?language=en")
    await pete.click('.composer [data-key="o"]')
    await pete.locator(".composer .menu-items button").first.click()
    await expect(nina.locator(".log")).to_contain_text("Pete asked for")
    await expect(pete.locator(".asked")).to_have_count(1)
    assert "canary" not in await nina.content()
    await nina.reload()
    assert "canary" not in await nina.content()
    await expect(card).to_have_count(1)

    # A colleague's chat: asked once, then one writes along and the visitor is told.
    tess = await open_page("tess", f"/desk/chats/{chat.id}")
    await live_now(tess)
    box = tess.locator(".composer textarea")
    await box.fill("I can help, too")
    await box.press("Enter")
    await expect(tess.locator("#just-wrote")).to_contain_text("This chat is with Pete")
    await box.press("Enter")
    await expect(nina.locator(".log")).to_contain_text("I can help, too")
    await expect(nina.locator(".log")).to_contain_text("Tess joined the chat as well")
    await expect(tess.get_by_role("button", name="Leave")).to_be_visible()
