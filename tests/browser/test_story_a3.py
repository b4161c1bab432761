"""Story A3 in browsers: no second ticket about the same, and asking again without hounding.

Nina asks, Cora is the other side of her contract, Pete answers for Payments, Max is a manager.
The desk's clock is moved between the steps.
"""

import asyncio
import re
from dataclasses import dataclass
from datetime import timedelta

from playwright.async_api import FilePayload, Page, expect

from helpdesk.core.clock import FrozenClock
from helpdesk.tickets.commands import change_status
from helpdesk.tickets.filing import Filed
from helpdesk.tickets.models import from_reference
from helpdesk.tickets.states import Status
from tests.build import a_ticket
from tests.helpdesk.alerts.build import mails
from tests.helpdesk.contact.reports import png
from tests.helpdesk.escalations.build import work
from tests.helpdesk.tickets.together import known_to_engine, suggested
from tests.people import Cast
from tests.stories.a3 import a_draft, hd_20

from .conftest import OpenPage, arrive, sign_in

FORM = "/report?service=payments&type=payment_not_received&new=1"
FRIDAY = "It is still not there on Friday."
DIFFERENT = "different withdrawal"
OTHER = "This is another one of the same day."
INVOICE = "My invoice shows the wrong company"
WHOLE = "The whole sentence."
HERS = "I released it, and the desk shows nothing."
ELSEWHERE = {"contract": "C-1003", "currency": "EUR", "answers.transaction_id": "T-78"}
SLIP = FilePayload(name="slip.png", mimeType="image/png", buffer=png())


@dataclass
class Story:
    cast: Cast
    clock: FrozenClock
    site: str
    first: Filed  # HD-20
    nina: Page
    pete: Page
    other: str = ""  # the override
    coras: str = ""

    async def count(self, what: str) -> int:
        found: int = await self.cast.desk.pool.fetchval(f"SELECT count(*) FROM {what}")
        return found

    async def case_of(self, ref: str) -> int:
        query = "SELECT case_id FROM tickets WHERE id = $1"
        return int(await self.cast.desk.pool.fetchval(query, from_reference(ref)))

    async def later(self, **passed: float) -> None:
        """Everybody's clock moves, as test mode has it; the worker does what is due."""
        until = (self.clock.now() + timedelta(**passed)).isoformat()
        set_clock = (
            "now => fetch('/testing/clock', {method: 'POST', body: JSON.stringify({now})})"
            ".then(answer => answer.status)"
        )
        assert await self.nina.evaluate(set_clock, until) == 200
        await work(self.cast)

    async def pete_is_back(self) -> None:
        """After a night staff sign in again."""
        await sign_in(self.pete.context, self.cast, self.site, "pete")


async def live_now(page: Page) -> None:
    await expect(page.locator("html")).to_have_attribute("data-live", "open")


async def test_story_a3(cast: Cast, open_page: OpenPage, clock: FrozenClock, site: str) -> None:
    first = await hd_20(cast)
    nina, pete = await open_page("nina"), await open_page("pete", expected="409|401|403")
    story = Story(cast, clock, site, first, nina, pete)
    await a3_1_her_request_is_there_while_she_types(story)
    await a3_2_her_text_and_file_join_it(story)
    await a3_4_two_tabs_at_once_send_one_ticket(story)
    await a3_5_something_else_is_sent_with_a_sentence(story)
    await a3_6_alike_words_are_a_soft_suggestion(story)
    await a3_7_the_other_side_is_on_the_case_and_sees_nothing(story, open_page)
    await a3_8_the_two_are_one_request(story)
    await a3_9_the_next_day_it_is_taken_out_again(story)
    await a3_10_two_people_s_are_never_merged(story)
    await the_others_are_solved(story)
    await a3_11_she_asks_for_news_and_it_counts_once_a_day(story)
    await a3_12_after_a_week_she_is_told_and_need_not_ask(story)
    await a3_13_the_third_time_a_manager_has_it(story, open_page)
    await a3_14_in_a_chat_her_request_is_there_before_the_first_answer(story)


async def a3_1_her_request_is_there_while_she_types(story: Story) -> None:
    nina, ref = story.nina, story.first.reference
    await nina.goto("/contact")
    await nina.get_by_role("radio", name="Payments").check()
    await nina.get_by_role("link", name="Delayed or missing payment").click()
    main = nina.locator("#report-actions .btn-primary")
    await expect(main).to_have_text("Check and send")
    number = nina.locator("[id='answers.transaction_id']")
    await number.fill("t-77")
    await expect(main).to_have_text(f"Add this to {ref}")
    await expect(number).to_be_focused()
    await expect(nina.locator("#suggestions-news")).to_contain_text(
        f"You have told us about this: {ref}."
    )
    twin = nina.locator(f"#twin-{ref}")
    await expect(twin).to_contain_text("New")
    await expect(twin).to_contain_text("First answer: our aim")
    await number.fill("T-99")
    await expect(main).to_have_text("Check and send")
    await expect(twin).to_have_count(0)
    await nina.focus("#contract")
    await nina.keyboard.type("jap")
    await nina.keyboard.press("Enter")
    await expect(nina.locator(".contract-title")).to_have_text("Japanese translation")
    await expect(main).to_have_text(f"Add this to {ref}")
    await number.fill("T-77")


async def a3_2_her_text_and_file_join_it(story: Story) -> None:
    nina, ref = story.nina, story.first.reference
    await nina.fill("#description", FRIDAY)
    slip = nina.locator("[data-key=bank_slip]")
    await slip.locator("input[type=file]").first.set_input_files(SLIP)
    await expect(slip).to_have_attribute("data-state", "ready")
    await nina.get_by_role("button", name=f"Add this to {ref}").last.click()
    await expect(nina.get_by_role("heading", level=1)).to_have_text(f"Added to {ref}")
    await nina.get_by_role("link", name="Go to your request").click()
    await expect(nina.locator(".log .msg", has_text=FRIDAY)).to_have_count(1)
    await expect(nina.locator("#evidence")).to_contain_text("slip.png")
    assert await story.count("tickets") == 1


async def a3_4_two_tabs_at_once_send_one_ticket(story: Story) -> None:
    """And a double click in one of them, which is A3.3."""
    pages = [await story.nina.context.new_page() for _ in range(2)]
    for page in pages:
        draft = await a_draft(story.cast, **ELSEWHERE)
        await page.goto(f"/report/{draft}/check")
    buttons = [page.get_by_role("button", name="Send", exact=True) for page in pages]
    await asyncio.gather(buttons[0].dblclick(), buttons[1].click())
    for page in pages:
        told = page.locator("h1:has-text('Sent.'), #twins:has-text('You have told us about this')")
        await expect(told.first).to_be_visible()
    heads = [await page.get_by_role("heading", level=1).inner_text() for page in pages]
    assert await story.count("tickets") == 2
    assert sorted(head.startswith("Sent. Your reference is") for head in heads) == [False, True]
    second = pages[0 if heads[0].startswith("Check") else 1]
    await expect(second.locator("#twins")).to_contain_text("You have told us about this")
    for page in pages:
        await page.close()


async def a3_5_something_else_is_sent_with_a_sentence(story: Story) -> None:
    nina, pete, ref = story.nina, story.pete, story.first.reference
    await nina.goto(f"/report/{await a_draft(story.cast, description=OTHER)}")
    await nina.get_by_role("button", name="It is about something else").click()
    await expect(nina.get_by_role("heading", level=1)).to_have_text("Check and send")
    await nina.get_by_text("It is about something else").click()
    await nina.get_by_label("What is different?").fill(DIFFERENT)
    await nina.get_by_role("button", name="Send as a new request").click()
    await expect(nina.get_by_role("heading", level=1)).to_contain_text("Sent. Your reference is")
    story.other = await nina.locator(".reference").inner_text()
    await known_to_engine(story.cast)
    await work(story.cast)
    await pete.goto(f"/desk/tickets/{story.other}")
    await live_now(pete)
    similar = pete.locator("#similar")
    for words in ("Possible duplicate", ref, f"said by Nina: {DIFFERENT}"):
        await expect(similar).to_contain_text(words)
    await nina.get_by_role("link", name="Go to your request").click()
    await expect(nina.locator(".log")).to_contain_text(OTHER)
    assert "duplicate" not in await nina.content()


async def a3_6_alike_words_are_a_soft_suggestion(story: Story) -> None:
    nina = story.nina
    await nina.goto(FORM)
    await nina.fill("#subject", "The withdrawal is not on my bank account yet")
    await expect(nina.locator("#twins")).to_contain_text("Is it about one of your requests?")
    await expect(
        nina.get_by_role("button", name=f"Add this to {story.first.reference}")
    ).to_be_visible()
    await expect(nina.locator("#report-actions .btn-primary")).to_have_text("Check and send")


async def a3_7_the_other_side_is_on_the_case_and_sees_nothing(
    story: Story, open_page: OpenPage
) -> None:
    cora = await open_page("cora", f"/report/{await a_draft(story.cast, 'cora', description=HERS)}")
    await cora.get_by_role("button", name="Check and send").last.click()
    await cora.get_by_role("button", name="Send", exact=True).click()
    await expect(cora.get_by_role("heading", level=1)).to_contain_text("Sent. Your reference is")
    story.coras = await cora.locator(".reference").inner_text()
    await cora.get_by_role("link", name="Go to your request").click()
    await expect(cora.locator(".log")).to_contain_text(HERS)
    page = await cora.content()
    for hidden in (story.first.reference, story.other, FRIDAY, "slip.png"):
        assert hidden not in page
    await known_to_engine(story.cast)
    await work(story.cast)
    pete = story.pete
    await pete.goto(f"/desk/tickets/{story.coras}")
    await expect(pete.locator("#context")).to_contain_text(story.first.reference)
    assert await story.case_of(story.coras) == story.first.case_id
    nina = await open_page("nina", expected="404")
    answer = await nina.goto(f"/requests/{story.coras}")
    assert answer
    assert answer.status == 404
    await nina.close()


async def a3_8_the_two_are_one_request(story: Story) -> None:
    cast, nina, pete, ref = story.cast, story.nina, story.pete, story.first.reference
    told = len(await mails(cast.desk, "nina@example.com"))
    await nina.goto(f"/requests/{story.other}")
    await live_now(nina)
    await nina.locator("#body").fill("Half a sentence")
    await pete.goto(f"/desk/tickets/{story.other}")
    await live_now(pete)
    row = pete.locator(f"#similar-{story.first.ticket_id}")
    await expect(row).to_be_visible()
    await pete.keyboard.press("s")
    await expect(row.locator("a")).to_be_focused()
    await pete.keyboard.press("m")
    await arrive(pete, f"**/desk/tickets/{ref}?view=*")
    await arrive(nina, f"**/requests/{ref}")
    for page in (pete, nina):
        for words in (FRIDAY, OTHER):
            await expect(page.locator(".log .msg", has_text=words)).to_have_count(1)
    await expect(nina.locator("#body")).to_have_value("Half a sentence")
    await nina.locator("#body").fill(WHOLE)
    await nina.get_by_role("button", name="Send").click()
    await expect(pete.locator(".log .msg", has_text=WHOLE)).to_have_count(1)
    await work(cast)
    assert len(await mails(cast.desk, "nina@example.com")) == told + 1
    await nina.goto(f"/requests/{story.other}")
    await expect(nina).to_have_url(re.compile(f"/requests/{ref}$"))


async def a3_9_the_next_day_it_is_taken_out_again(story: Story) -> None:
    nina, pete = story.nina, story.pete
    await story.later(days=1)
    await story.pete_is_back()
    await pete.goto(f"/desk/tickets/{story.first.reference}")
    await live_now(pete)
    await expect(pete.locator("#similar")).to_contain_text("Merged into this")
    await pete.get_by_role("button", name="Take it out again").click()
    await expect(nina.locator(".log .msg", has_text=OTHER)).to_have_count(0)
    await expect(nina.locator(".log .msg", has_text=WHOLE)).to_have_count(1)
    await expect(pete.locator("#similar")).not_to_contain_text("Merged into this")
    for words in ("one request now", "again", "escalated"):
        await expect(nina.locator(".log")).to_contain_text(words)
    await nina.reload()  # the aim has passed in the night
    now = nina.locator("#now")
    await expect(now).to_contain_text("Later than we said")
    await expect(now).to_contain_text("our aim was yesterday 21:00. We are sorry.")
    await expect(now).to_contain_text("An experienced colleague will look at it.")
    await nina.goto(f"/requests/{story.other}")
    await expect(nina.locator(".log .msg", has_text=OTHER)).to_have_count(1)


async def a3_10_two_people_s_are_never_merged(story: Story) -> None:
    pete, ref = story.pete, story.first.reference
    async with await story.cast.browser(story.site, "pete") as browser:
        await suggested(browser, story.coras, ref)
    await pete.goto(f"/desk/tickets/{story.coras}")
    row = pete.locator(f"#similar-{story.first.ticket_id}")
    await expect(row).to_contain_text("different requesters cannot be merged")
    await expect(row.get_by_role("button", name="Merge")).to_have_count(0)
    await pete.get_by_text("Merge or link another ticket").click()
    await pete.get_by_label("Its reference").fill(ref)
    await pete.get_by_role("button", name="Merge", exact=True).click()
    await expect(pete.locator("#thread-state")).to_contain_text(
        "Different requesters cannot be merged; link them to the case instead"
    )


async def the_others_are_solved(story: Story) -> None:
    rest = "SELECT id FROM tickets WHERE id <> $1"
    for row in await story.cast.desk.pool.fetch(rest, story.first.ticket_id):
        async with story.cast.desk.transaction(await story.cast.actor("pete")) as tx:
            await change_status(tx, row["id"], Status.SOLVED)


async def a3_11_she_asks_for_news_and_it_counts_once_a_day(story: Story) -> None:
    nina, pete, ref = story.nina, story.pete, story.first.reference
    await pete.goto(f"/desk/tickets/{ref}")
    await live_now(pete)
    await pete.get_by_role("button", name="Take", exact=True).click()
    await expect(pete.locator("#thread-head")).to_contain_text("You own it")
    await nina.goto(f"/requests/{ref}")
    await live_now(nina)
    ask, now = nina.get_by_role("button", name="Ask for news"), nina.locator("#now")
    asked = ".log .msg"
    for times in (1, 2):  # the second is a message, and does not count
        await ask.click()
        await expect(nina.locator(asked, has_text="Is there any news?")).to_have_count(times)
        await expect(pete.locator(asked, has_text="Is there any news?")).to_have_count(times)
        await expect(now).to_contain_text("You asked for news 1 time.")
    await expect(now).to_contain_text("a new request would not be faster")
    await expect(now.locator("#promise")).to_contain_text("Now our aim: by today 21:00")
    await expect(pete.locator("#context")).to_contain_text("Asked again1 time")


async def a3_12_after_a_week_she_is_told_and_need_not_ask(story: Story) -> None:
    nina, pete, ref = story.nina, story.pete, story.first.reference
    await story.later(days=7)
    log = nina.locator(".log")
    await expect(log).to_contain_text(f"{ref} is not forgotten")
    await expect(log).to_contain_text("aims to answer by")
    await expect(nina.locator("#now")).to_contain_text("You asked for news 1 time.")
    told = [mail.body for mail in await mails(story.cast.desk, "nina@example.com")]
    [mail] = [body for body in told if "is not forgotten" in body and ref in body]
    assert "You need not do anything." in mail
    await story.pete_is_back()
    await pete.goto("/desk/notices")
    await expect(pete.locator("main")).to_contain_text("nobody has answered for 8 days")


async def a3_13_the_third_time_a_manager_has_it(story: Story, open_page: OpenPage) -> None:
    """From Friday evening to Sunday, so that no hour of Payments passes."""
    nina = story.nina
    await story.later(days=2, hours=10, minutes=50)
    asked = await a_ticket(story.cast, "nina", group_key="PAY", subject=INVOICE)
    await nina.goto(f"/requests/{asked.reference}")
    for times in (1, 2):
        await nina.get_by_role("button", name="Ask for news").click()
        await expect(nina.locator("#now")).to_contain_text(f"You asked for news {times} time")
        await story.later(hours=25)
    max_ = await open_page("max", "/desk/escalations?view=managers")
    await live_now(max_)
    row = max_.locator("#list .queue-row", has_text=INVOICE)
    await expect(row).to_have_count(0)
    await nina.get_by_role("button", name="Ask for news").click()
    await expect(nina.locator("#now")).to_contain_text("You asked for news 3 times.")
    await work(story.cast)
    await row.locator(".queue-link").click()
    peek = max_.locator("#peek")
    await expect(peek).to_contain_text("Asked for news again and again")
    await expect(peek).to_contain_text("asks for news the 3rd time")
    await expect(nina.locator("#escalation")).to_contain_text("A manager will look at it.")
    assert "3rd" not in await nina.content(), "what a rule asks is for staff"


async def a3_14_in_a_chat_her_request_is_there_before_the_first_answer(story: Story) -> None:
    nina, pete, ref = story.nina, story.pete, story.first.reference
    before = await story.count("tickets"), await story.count("cases")
    await story.later(hours=17)  # Monday, 15:40
    await story.pete_is_back()
    await pete.goto("/desk/chats")
    await pete.click(".availability .switch")
    await expect(pete.locator(".availability .switch")).to_contain_text("Available")
    await live_now(pete)
    await nina.goto("/chat?type=payment_not_received")
    await nina.fill("#description", "Hello, what about transaction T-77?")
    await nina.get_by_role("button", name="Start the chat").click()
    await arrive(nina, "**/chat/*")
    await pete.locator("#list a", has_text="T-77").click()
    await pete.get_by_role("button", name=re.compile("Take")).first.click()
    await expect(nina.locator("#agent")).to_have_text("Pete")
    beside = pete.locator("#context")
    await expect(beside.locator(".related li").first).to_contain_text(ref)
    await expect(beside.locator(".related li").first).to_contain_text("this case")
    await nina.reload()
    await expect(nina.locator("#ticket-words")).to_have_text(f"This chat belongs to {ref}.")
    assert (await story.count("tickets"), await story.count("cases")) == before
