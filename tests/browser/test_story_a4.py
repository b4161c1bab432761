"""Story A4 in browsers: a chat about a withdrawal, from closed to handed over and the next day.

Nina has not got her money, Pete answers for Payments, Otto waits behind her, Max takes over, Amy
is of another department. The desk's clock is moved between the steps.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from playwright.async_api import FilePayload, Page, expect

from chat.agents.offering import give_chats
from chat.agents.returning import return_dropped
from helpdesk.core.clock import FrozenClock
from helpdesk.desk import Desk
from tests.chat.agents.scene import page_seen
from tests.chat.network import Network, network_to
from tests.conftest import TUESDAY
from tests.helpdesk.alerts.build import mails
from tests.helpdesk.contact.offers import an_article
from tests.helpdesk.contact.reports import png
from tests.helpdesk.escalations.build import work
from tests.people import Cast

from .conftest import PHONE, OpenPage, arrive, sign_in

START = "/chat?type=withdrawal_not_received"
WORDS = "Withdrawal T-77 of USD 1,250.50 from 28 May is not in my bank."
CARD, IBAN = "4111 1111 1111 1111", "GB82 WEST 1234 5698 7654 32"
ARTICLE = "When will my withdrawal arrive?"
STATEMENT = FilePayload(name="statement.png", mimeType="image/png", buffer=png())


@dataclass
class Story:
    desk: Desk
    cast: Cast
    clock: FrozenClock
    site: str
    network: Network  # between Nina and the desk
    through: str
    nina: Page
    pete: Page
    otto: Page
    ref: str = ""  # the ticket the chat becomes

    async def at(self, hour: int, **later: float) -> None:
        """Everybody's clock moves, as test mode has it; the worker does what is due."""
        now = (self.clock.now() + timedelta(**later)).replace(hour=hour).isoformat()
        set_clock = (
            "now => fetch('/testing/clock', {method: 'POST', body: JSON.stringify({now})})"
            ".then(answer => answer.status)"
        )
        assert await self.otto.evaluate(set_clock, now) == 200
        await work(self.cast)

    async def available(self, what: str = "") -> Any:
        path = f"/api/v1/chat/availability?department={what or 'PAY'}"
        return await self.otto.evaluate("path => fetch(path).then(told => told.json())", path)


async def live_now(page: Page) -> None:
    await expect(page.locator("html")).to_have_attribute("data-live", "open")


async def write(page: Page, words: str) -> None:
    """A visitor, or an agent."""
    box = page.locator("#body, .composer textarea").first
    await box.fill(words)
    await box.press("Enter")


def said(page: Page, words: str) -> Any:
    return page.locator(".log .msg", has_text=words)


async def menu(page: Page, which: str, button: str) -> None:
    await page.locator(f"details[id^={which}-] > summary").click()
    await page.locator(f"details[id^={which}-]").get_by_role("button", name=button).click()


async def test_story_a4(
    desk: Desk, cast: Cast, clock: FrozenClock, site: str, open_page: OpenPage
) -> None:
    slug, types = "when-will-my-withdrawal-arrive", ["withdrawal_not_received"]
    await an_article(cast, slug, ARTICLE, "In two working days.", types)
    clock.at = TUESDAY.replace(hour=2)
    async with network_to(site) as (network, through):
        nina = await open_page("nina", expected="WebSocket|net::ERR")
        pete, otto = await open_page(), await open_page("otto", "/help", expected="404")
        story = Story(desk, cast, clock, site, network, through, nina, pete, otto)
        await a4_1_at_night_it_says_when_chat_opens_and_keeps_her_text(story)
        await a4_2_in_the_afternoon_it_opens_when_somebody_is_there(story)
        await a4_3_she_is_next_in_line_and_pete_s_desk_rings(story)
        await a4_4_both_write_and_everything_arrives_in_order(story)
        await a4_5_cut_off_nothing_is_lost_or_doubled(story)
        await a4_7_otto_waits_and_leaves_for_the_form_with_his_text(story)
        await a4_8_numbers_are_hidden_and_the_statement_is_private(story, open_page)
        await a4_9_an_article_is_a_card_in_the_chat(story)
        await a4_10_one_click_makes_a_ticket_of_it(story)
        await a4_11_otto_reaches_nothing_of_it(story)
        await a4_14_an_account_is_never_closed_in_a_chat(story)
        max_ = await a4_12_pete_s_browser_is_gone_and_max_goes_on(story, open_page)
        await a4_13_a_rude_chat_is_ended_and_requests_stay_open(story, max_)
        await a4_15_the_end_is_rated_and_kept(story, max_)


async def a4_1_at_night_it_says_when_chat_opens_and_keeps_her_text(story: Story) -> None:
    told = await story.available()
    assert (told["available"], told["reason"]) == (False, "outside_hours")
    assert told["next_open"] == "2026-06-02T13:00:00Z"
    nina = story.nina
    await nina.goto(START)
    await expect(nina.locator(".notice-warn:visible")).to_contain_text(
        "Payments is closed now. Chat opens today 13:00 UTC."
    )
    await expect(nina.get_by_role("button", name="Start the chat")).to_have_count(0)
    await nina.fill("#description", WORDS)
    await nina.get_by_role("button", name="Leave it as a request").click()
    await arrive(nina, "**/report*")
    await expect(nina.locator("#description")).to_have_value(WORDS)
    await expect(nina.locator("#type")).to_have_value("withdrawal_not_received")


async def a4_2_in_the_afternoon_it_opens_when_somebody_is_there(story: Story) -> None:
    nina, pete = story.nina, story.pete
    await story.at(hour=15)
    assert (await story.available())["reason"] == "all_away"
    await nina.goto(START)
    await expect(nina.locator(".notice-warn:visible")).to_contain_text("Nobody is available")
    await sign_in(pete.context, story.cast, story.site, "pete")
    await pete.goto("/desk/chats")
    await live_now(pete)
    await pete.click(".availability .switch")
    await expect(pete.locator(".availability .switch")).to_contain_text("Available")
    assert (await story.available())["available"]


async def a4_3_she_is_next_in_line_and_pete_s_desk_rings(story: Story) -> None:
    nina, pete = story.nina, story.pete
    await nina.goto("/report?service=payments&type=withdrawal_not_received")
    await expect(nina.locator("#channel-advice")).to_contain_text("Live chat is best")
    await sign_in(nina.context, story.cast, story.through, "nina")
    await nina.goto(f"{story.through}{START}")
    await nina.fill("#description", WORDS)
    await nina.get_by_role("button", name="Start the chat").click()
    await arrive(nina, "**/chat/*")
    await expect(nina.locator("#place-words")).to_have_text("You are next in line")
    await give_chats(story.desk)
    offer = pete.locator("#offers")
    await expect(offer).to_contain_text("Nina waits for Payments")
    await expect(pete.locator("html")).to_have_attribute("data-rang", "offered")
    await offer.get_by_role("button", name="Accept").click()
    await arrive(pete, "**/desk/chats/*")
    await live_now(pete)
    await expect(nina.locator("#agent")).to_have_text("Pete")


async def a4_4_both_write_and_everything_arrives_in_order(story: Story) -> None:
    nina, pete = story.nina, story.pete
    await pete.locator(".composer textarea").press_sequentially("Hello Nina, let me look.")
    await expect(nina.locator(".typing")).to_contain_text("Pete is typing")
    await pete.press(".composer textarea", "Enter")
    await expect(said(nina, "let me look")).to_have_count(1)
    for number in range(3):
        await write(nina, f"nina {number}")
        await write(pete, f"pete {number}")
    for page in (nina, pete):
        await expect(said(page, "nina 2")).to_have_count(1)
        await expect(said(page, "pete 2")).to_have_count(1)
    assert await texts(nina) == await texts(pete)
    await expect(said(nina, "nina 2")).to_have_attribute("data-state", "seen")
    kept = "SELECT count(*) FROM messages WHERE body LIKE 'nina _' OR body LIKE 'pete _'"
    assert await story.desk.pool.fetchval(kept) == 6


async def texts(page: Page) -> list[str]:
    return await page.locator(".log .bubble-text").all_inner_texts()


async def a4_5_cut_off_nothing_is_lost_or_doubled(story: Story) -> None:
    """And A4.6: what was sent twice is stored once."""
    nina, pete = story.nina, story.pete
    story.network.down = True
    assert story.network.cut()
    await expect(nina.locator("#connection")).to_contain_text("Keep writing")
    await write(nina, "written in the dark")
    await write(pete, "while you were away")
    await expect(pete.locator("#thread-head .presence")).to_have_attribute("data-state", "away")
    story.network.down = False
    await nina.reload()
    for page in (nina, pete):
        for words in ("written in the dark", "while you were away"):
            await expect(said(page, words)).to_have_count(1)
    stored = "SELECT count(*) FROM messages WHERE body = 'written in the dark'"
    assert await story.desk.pool.fetchval(stored) == 1


async def a4_7_otto_waits_and_leaves_for_the_form_with_his_text(story: Story) -> None:
    otto = story.otto
    await story.desk.pool.execute("UPDATE availability SET capacity = 1")
    await otto.goto(START)
    await otto.fill("#description", "Mine is T-78")
    await otto.get_by_role("button", name="Start the chat").click()
    await arrive(otto, "**/chat/*")
    await expect(otto.locator("#place-words")).to_have_text("You are next in line")
    assert await give_chats(story.desk) == 0
    await expect(story.pete.locator("#list")).to_contain_text("Mine is T-78")
    await otto.get_by_role("button", name="Leave it as a request").click()
    await arrive(otto, "**/report*")
    await expect(otto.locator("#description")).to_have_value("Mine is T-78")
    lost = "SELECT count(*) FROM conversations WHERE abandoned_at IS NOT NULL"
    assert await story.desk.pool.fetchval(lost) == 0


async def a4_8_numbers_are_hidden_and_the_statement_is_private(
    story: Story, open_page: OpenPage
) -> None:
    nina, pete = story.nina, story.pete
    await write(nina, f"My card is {CARD}, my account {IBAN}.")
    for page in (nina, pete):
        masked = said(page, "[card number ending in 1111]")
        await expect(masked).to_contain_text("[bank account number]")
        assert CARD not in await page.content()
    await expect(nina.locator("#hidden-numbers")).to_have_attribute("open", "")
    await nina.fill("#private-text", IBAN)
    await nina.get_by_role("button", name="Hand over", exact=True).click()
    await nina.check("#private")
    await nina.set_input_files("#attach", files=[STATEMENT])
    await expect(nina.locator("#log .evidence", has_text="statement.png")).to_have_count(1)
    await expect(pete.locator(".log .evidence", has_text="statement.png")).to_have_count(1)
    amy = await open_page("amy", pete.url.replace(story.site, ""))
    await expect(said(amy, "while you were away")).to_have_count(1)
    hers = await amy.content()
    for hidden in ("statement.png", CARD, IBAN):
        assert hidden not in hers
    await amy.close()


async def a4_9_an_article_is_a_card_in_the_chat(story: Story) -> None:
    pete = story.pete
    await pete.locator("#thread-head h1").click()
    await pete.press("body", "i")
    await pete.fill("#pick-words", "withdrawal")
    await expect(pete.locator("#pick-results strong")).to_have_text([ARTICLE])
    await pete.keyboard.press("Enter")
    card = story.nina.locator(".log .evidence", has_text=ARTICLE)
    await expect(card.locator("a")).to_have_attribute("href", re.compile("/help/articles/when"))


async def a4_10_one_click_makes_a_ticket_of_it(story: Story) -> None:
    nina, pete = story.nina, story.pete
    chat = pete.url
    await pete.get_by_role("button", name="Make a ticket").click()
    await arrive(pete, "**/desk/tickets/HD-*")
    found = re.search(r"HD-\d+", pete.url)
    assert found
    story.ref = found[0]
    beside = pete.locator("#context")
    for words in ("Withdrawal not received", "2026-05-28", "USD 1,250.50", "T-77", "Transcript"):
        await expect(beside).to_contain_text(words)
    await expect(nina.locator("#log")).to_contain_text(f"turned the chat into {story.ref}")
    await expect(nina.locator("#ticket-words")).to_contain_text(
        "We aim to answer there by Wed 3 Jun"
    )
    await pete.goto(chat)
    await live_now(pete)


async def a4_11_otto_reaches_nothing_of_it(story: Story) -> None:
    number = story.nina.url.rpartition("/")[2]
    for path in (f"/chat/{number}", f"/chat/{number}/transcript", f"/requests/{story.ref}"):
        answer = await story.otto.goto(path)
        assert answer
        assert answer.status == 404, path
        assert "let me look" not in await story.otto.content()


async def a4_14_an_account_is_never_closed_in_a_chat(story: Story) -> None:
    otto, nina = story.otto, story.nina
    await otto.goto("/chat?type=account_closure")
    await expect(otto.locator("main")).to_contain_text("This is not handled in chat.")
    await expect(otto.get_by_role("button", name="Start the chat")).to_have_count(0)
    await menu(story.pete, "more", "Close my account")
    card = nina.locator(".log .evidence", has_text="Close my account")
    await expect(card.locator("a")).to_have_attribute("href", re.compile("account_closure"))


async def a4_12_pete_s_browser_is_gone_and_max_goes_on(story: Story, open_page: OpenPage) -> Page:
    max_ = await open_page("max", "/desk/chats")
    await live_now(max_)
    await max_.click(".availability .switch")
    await expect(max_.locator(".availability .switch")).to_contain_text("Available")
    await story.pete.close()
    story.clock.advance(seconds=60)
    await page_seen(story.desk, story.cast, "max")
    assert await return_dropped(story.desk) == 1
    await expect(story.nina.locator("#log")).to_contain_text("Pete lost the connection")
    await expect(story.nina.locator("#place-words")).to_have_text("You are next in line")
    await give_chats(story.desk)
    await max_.locator("#offers").get_by_role("button", name="Accept").click()
    await expect(story.nina.locator("#agent")).to_have_text("Max")
    await expect(said(max_, "written in the dark")).to_have_count(1)
    return max_


async def a4_13_a_rude_chat_is_ended_and_requests_stay_open(story: Story, max_: Page) -> None:
    otto = story.otto
    await otto.goto(START)
    await otto.fill("#description", "You are all idiots")
    await otto.get_by_role("button", name="Start the chat").click()
    await arrive(otto, "**/chat/*")
    hers = max_.url
    await max_.locator("#list a", has_text="idiots").click()
    await max_.get_by_role("button", name=re.compile("Take|Accept")).first.click()
    await expect(otto.locator("#agent")).to_have_text("Max")
    await menu(max_, "more", "Ask for a civil tone")
    await expect(otto.locator("#log")).to_contain_text("asks for a civil tone")
    await menu(max_, "end", "Insults")
    await expect(otto.locator("#log")).to_contain_text("The chat ends because of its tone")
    await expect(otto.locator("#composer")).to_be_hidden()
    assert "insults" not in (await otto.content()).lower()
    await otto.goto("/report?service=payments&type=withdrawal_not_received&new=1")
    await expect(otto.get_by_role("button", name="Check and send").last).to_be_enabled()
    await max_.goto(hers)
    await live_now(max_)


async def a4_15_the_end_is_rated_and_kept(story: Story, max_: Page) -> None:
    nina, cast = story.nina, story.cast
    await menu(max_, "end", "Solved")
    await expect(nina.locator("text=This chat has ended.")).to_be_visible()
    await expect(nina.locator("#composer")).to_be_hidden()
    await expect(max_.locator("#thread-foot")).to_contain_text("This chat ended")
    await story.at(hour=15, days=1)
    await nina.set_viewport_size({"width": PHONE, "height": 844})
    await nina.reload()
    await expect(said(nina, "let me look")).to_have_count(1)
    await expect(nina.locator("#log > li").last).to_be_in_viewport()
    await nina.get_by_label("Very good").check()
    await nina.get_by_role("button", name="Send the answer").click()
    await expect(nina.locator(".notice-ok")).to_be_visible()
    await nina.get_by_role("button", name="Send me the transcript").click()
    await expect(nina.locator(".notice-ok")).to_contain_text("The transcript is on its way")
    [mail] = [
        one for one in await mails(cast.desk, "nina@example.com") if "let me look" in one.body
    ]
    assert IBAN not in mail.body
    await sign_in(max_.context, cast, story.site, "max")
    await max_.goto(f"/desk/tickets/{story.ref}")
    await expect(max_.locator("#context")).to_contain_text("Transcript of the chat")
