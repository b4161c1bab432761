"""On the way to a ticket, in a real browser: what may answer it, and nobody is held up."""

import asyncio
import re
from typing import Any

import pytest
from playwright.async_api import Page, Route, expect

from helpdesk.alerts.commands import alerts_changed
from tests.browser.conftest import DESKTOP, OpenPage, axe, sideways
from tests.helpdesk.contact.offers import an_alert, some_articles
from tests.people import Cast

GUIDANCE = "/report?service=customer_service&type=guidance"
BUG = "/report?service=technical_support&type=team_app_bug"
PART = "**/report/suggestions?*"


@pytest.fixture(autouse=True)
async def no_alerts_of_before(cast: Cast) -> None:
    """Every process remembers them for some seconds; the tables are empty."""
    cast.desk.live.deliver([alerts_changed()])
    await asyncio.sleep(0.05)


async def press(page: Page, name: str) -> None:
    await page.get_by_role("button", name=name).click()


async def test_articles_come_while_the_subject_is_typed(open_page: OpenPage, cast: Cast) -> None:
    await some_articles(cast)
    page = await open_page("finn", BUG)
    block = page.locator("#suggestions")
    await expect(block.locator(".suggestion-open")).to_have_text("The tracker stops or loses time")
    await page.evaluate("performance.setResourceTimingBufferSize(500)")
    await page.focus("#subject")
    await page.keyboard.type("Split a project into parts", delay=15)
    await expect(block).to_contain_text("Split a project into milestones")
    await expect(page.locator("#subject")).to_be_focused()
    await expect(page.locator("#subject")).to_have_value("Split a project into parts")
    await expect(page.locator("#suggestions-news")).to_have_text("2 articles may answer this.")
    asked = await page.evaluate(
        "performance.getEntriesByType('resource')"
        ".filter(e => e.name.includes('/report/suggestions')).length"
    )
    assert asked <= 3  # a pause is asked about, not a key


async def test_only_the_newest_answer_counts(open_page: OpenPage, cast: Cast) -> None:
    await some_articles(cast)
    page = await open_page("finn", GUIDANCE)

    async def slowly(route: Route) -> None:
        if "tracker" in route.request.url:
            await asyncio.sleep(1)
        await route.continue_()

    await page.route(PART, slowly)
    await page.fill("#subject", "tracker stops")
    await page.wait_for_timeout(300)
    await page.fill("#subject", "closing the account")
    shown = page.locator("#suggestions .suggestion-open").first
    await expect(shown).to_have_text("Closing your account: what must be settled first")
    await page.wait_for_timeout(1200)
    await expect(shown).to_have_text("Closing your account: what must be settled first")


async def test_a_late_answer_moves_neither_the_field_nor_the_focus(
    open_page: OpenPage, cast: Cast
) -> None:
    await some_articles(cast)
    page = await open_page("finn", BUG)

    async def slowly(route: Route) -> None:
        await asyncio.sleep(0.4)
        await route.continue_()

    await page.route(PART, slowly)
    await page.fill("#subject", "split the project; the account, the tracker")
    await page.focus("#description")
    await page.keyboard.type("I wrote")
    where = "document.querySelector('#description').getBoundingClientRect().top"
    before = await page.evaluate(where)
    await expect(page.locator("#suggestions .suggestion-open")).not_to_have_count(1)
    assert abs(await page.evaluate(where) - before) < 2
    await page.keyboard.type(" on")
    await expect(page.locator("#description")).to_have_value("I wrote on")
    await expect(page.locator("#description")).to_be_focused()


async def test_a_known_issue_takes_one_click_by_keyboard_alone(
    open_page: OpenPage, cast: Cast
) -> None:
    await some_articles(cast)
    await an_alert(cast)
    page = await open_page("finn", "/report?service=payments&type=payment_not_received")
    await page.focus("#subject")
    await page.keyboard.type("The payments page hangs")
    block = page.locator("#suggestions")
    await expect(block.locator(".alert")).to_contain_text("Payments page is slow")
    await expect(page.locator("#suggestions-news")).to_contain_text("A known issue may be the")
    await page.keyboard.press("Tab")  # the alert's title
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="This affects me: tell me")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(block).to_contain_text("We tell you when it is fixed.")
    await expect(page.locator("#alert-area")).to_contain_text("We tell you when it is solved")
    await expect(page.locator("#subject")).to_have_value("The payments page hangs")
    inside = "document.querySelector('#suggestions').contains(document.activeElement)"
    assert await page.evaluate(inside)
    assert await cast.desk.pool.fetchval("SELECT affected FROM alerts") == 1
    assert await cast.desk.pool.fetchval("SELECT count(*) FROM tickets") == 0


async def test_my_problem_is_different(open_page: OpenPage, cast: Cast) -> None:
    await an_alert(cast, "The tracker is down", "technical_support")
    page = await open_page("finn", BUG)
    await page.fill("#subject", "The tracker loses an hour each night")
    await expect(page.locator("#suggestions .alert")).to_be_visible()
    await press(page, "My problem is different")
    await expect(page.locator("#suggestions .alert")).to_have_count(0)
    await expect(page.locator("#subject")).to_have_value("The tracker loses an hour each night")


@pytest.mark.parametrize("who", ["finn", ""])
@pytest.mark.parametrize("javascript", [True, False])
async def test_an_article_opened_in_place_solves_it(
    open_page: OpenPage, cast: Cast, who: str, javascript: bool
) -> None:
    await some_articles(cast)
    page = await open_page(who, GUIDANCE, javascript=javascript)
    await page.fill("#subject", "How do I split one project?")
    await page.fill("#description", "I want to pay in three parts.")
    await press(page, "Split a project into milestones")
    await expect(page.get_by_role("region", name="Split a project")).to_contain_text(
        "Open the contract and choose Add a milestone."
    )
    await expect(page.locator("#description")).to_have_value("I want to pay in three parts.")
    await press(page, "This solved my problem")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Good. Nothing was sent")
    assert await cast.desk.pool.fetchval("SELECT verdict FROM article_verdicts") == "solved"
    assert await cast.desk.pool.fetchval("SELECT count(*) FROM tickets") == 0
    address = page.url
    await page.goto(GUIDANCE)
    await page.wait_for_timeout(300)
    await expect(page.locator("#description")).to_have_value("")
    await page.goto(address)
    await press(page, "Go on with the report")
    await expect(page.locator("#description")).to_have_value("I want to pay in three parts.")
    assert await cast.desk.pool.fetchval("SELECT count(*) FROM article_verdicts") == 0


@pytest.mark.parametrize("javascript", [True, False])
async def test_none_of_these_helped_and_the_ticket_knows(
    open_page: OpenPage, cast: Cast, javascript: bool
) -> None:
    articles = await some_articles(cast)
    page = await open_page("", GUIDANCE, javascript=javascript)
    await page.fill("#subject", "How do I split one project into parts?")
    if not javascript:
        await press(page, "Update the form")
    await press(page, "Split a project into milestones")
    await expect(page.locator(".suggestion-text")).to_be_visible()
    await press(page, "None of these helped")
    await expect(page.locator("#suggestions")).to_contain_text("None of the articles helped.")
    await expect(page.locator("#subject")).to_have_value("How do I split one project into parts?")
    await page.fill("#description", "I read it and the button is not on my contract page at all.")
    await page.fill("#name", "Gwen")
    await page.fill("#email", "gwen@example.org")
    await page.get_by_role("button", name="Check and send").last.click()
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Sent.")
    seen = await cast.desk.pool.fetchval("SELECT seen FROM tickets")
    assert seen["articles"] == [articles["milestones"]]
    assert seen["helped"] is False
    number = await cast.desk.pool.fetchval("SELECT id FROM tickets")
    desk = await open_page("amy", f"/desk/tickets/HD-{number + 10_000}")
    await expect(desk.locator("#context")).to_contain_text("Split a project into milestones")


async def test_what_only_people_can_do_is_reading_only(open_page: OpenPage, cast: Cast) -> None:
    await some_articles(cast)
    page = await open_page("finn", GUIDANCE)
    await page.fill("#subject", "Please close my account")
    await press(page, "None of these helped")
    await page.get_by_role("radio", name=re.compile("Trust & safety")).check()
    await page.select_option("#type", "account_closure")
    block = page.locator("#suggestions")
    await expect(block).to_contain_text("Worth reading meanwhile")
    await expect(block.get_by_role("button", name="None of these helped")).to_have_count(0)
    await block.get_by_role("button", name="Closing your account").click()
    await expect(block.locator(".suggestion-text")).to_contain_text("Settle what is open first.")
    await expect(block.get_by_role("button", name="This solved my problem")).to_have_count(0)
    await block.get_by_role("link", name="Continue").click()
    await expect(page.locator("#description")).to_be_in_viewport()


async def test_an_answer_that_is_late_takes_no_newer_choice_back(
    open_page: OpenPage, cast: Cast
) -> None:
    await some_articles(cast)
    page = await open_page("finn", GUIDANCE)
    await page.fill("#subject", "Please close my account")
    release, answers = asyncio.Event(), 0

    async def hold_the_first(route: Route) -> None:
        nonlocal answers
        answers += 1
        if answers == 1:
            await release.wait()
        await route.continue_()

    await page.route("**/report", hold_the_first)
    await press(page, "None of these helped")
    await page.get_by_role("radio", name=re.compile("Trust & safety")).check()
    await page.wait_for_timeout(500)  # enough for an answer that does not wait its turn
    release.set()
    await page.select_option("#type", "account_closure")
    await expect(page.locator("#suggestions")).to_contain_text("Worth reading meanwhile")
    await expect(page.locator("#type")).to_have_value("account_closure")
    await page.unroute_all(behavior="wait")


async def test_before_a_chat_the_same_is_mentioned_and_nobody_is_held_up(
    open_page: OpenPage, cast: Cast
) -> None:
    await some_articles(cast)
    await an_alert(cast, "The tracker is down", "technical_support")
    page = await open_page("finn", "/chat?type=level1_tech")
    await page.fill("#description", "The tracker is down again")
    await expect(page.locator("#suggestions")).to_contain_text("Known issue: The tracker is down")
    await expect(page.locator("#suggestions")).to_contain_text("The tracker stops or loses time")
    await expect(page.locator("#description")).to_have_value("The tracker is down again")
    assert await axe(page) == []
    await press(page, "Leave it as a request")
    await expect(page.locator("#description")).to_have_value("The tracker is down again")


LOOKS: list[tuple[int, Any]] = [(DESKTOP, "light"), (320, "dark")]


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
async def test_it_is_accessible_and_fits(
    open_page: OpenPage, cast: Cast, width: int, scheme: Any
) -> None:
    await some_articles(cast)
    await an_alert(cast, "The tracker is down", "technical_support")
    page = await open_page("finn", BUG, width=width, scheme=scheme)
    await page.fill("#subject", "The tracker stops after sleep")
    await expect(page.locator("#suggestions .alert")).to_be_visible()
    await page.locator("#suggestions .suggestion-open").first.click()
    await expect(page.locator(".suggestion-text")).to_be_visible()
    assert await axe(page) == []
    assert await sideways(page) == []
    await press(page, "This affects me: tell me")
    await press(page, "None of these helped")
    await expect(page.locator("#suggestions")).to_contain_text("None of the articles helped.")
    assert await axe(page) == []
    assert await sideways(page) == []
    await page.goto("/contact?service=technical_support")
    assert await axe(page) == []
    assert await sideways(page) == []
