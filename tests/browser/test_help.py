"""The help centre in a browser: by keyboard, on a phone, in the dark, printed, without scripts."""

import re

import pytest
from playwright.async_api import expect

from helpdesk.desk import Desk
from tests.articles import BODY, publish, publish_in

from .conftest import OpenPage, arrive, axe, sideways

ARTICLE = "/help/articles/refunds-to-a-card"
TABLE = "\n\n| Way | Days |\n| --- | --- |\n| Card | 5 |\n\n> Keep the receipt.\n\n`IBAN`"


@pytest.fixture(autouse=True)
async def shelf(desk: Desk, cast: object) -> None:
    article = await publish(desk, body=BODY + TABLE, types=["refund_to_card"])
    await publish_in(desk, article, "es", "Reembolsos", "Cuándo vuelve.", "El dinero vuelve.")
    await publish(desk, "when-paid", "How and when you get paid", "Money for your work.",
                  "You are paid when the client releases the milestone.",
                  category="getting-paid")  # fmt: skip


async def test_nothing_scrolls_sideways_on_the_narrowest_screen(open_page: OpenPage) -> None:
    page = await open_page("", "", width=320)
    for path in ("/help", "/help/search?q=refund", ARTICLE, "/help/topics/paying"):
        await page.goto(path)
        assert await sideways(page) == [], path


async def test_results_come_while_somebody_types_and_are_told_once(open_page: OpenPage) -> None:
    page = await open_page("", "/help")
    await page.keyboard.press("/")
    assert await page.evaluate("document.activeElement.id") == "help-q"
    await page.keyboard.type("refnud")
    await page.wait_for_selector("#hits a")
    assert await page.evaluate("document.activeElement.id") == "help-q"  # never stolen
    assert await page.input_value("#help-q") == "refnud"
    await page.wait_for_selector("#found-news:not(:empty)", state="attached")
    news = await page.text_content("#found-news") or ""
    assert "article" in news
    assert "instead of refnud" in news
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowUp")
    assert await page.evaluate("document.activeElement.id") == "help-q"
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await arrive(page, f"**{ARTICLE}")


async def test_the_last_search_and_what_was_opened_are_remembered(
    open_page: OpenPage, desk: Desk
) -> None:
    page = await open_page("", "/help")
    async with page.expect_response(re.compile(r"q=refund(\+|%20)card")):
        await page.type("#help-q", "refund card", delay=120)
    await expect(page.locator("#hits a").first).to_be_visible()
    await page.click("#hits a")
    await page.wait_for_selector("article h1")
    rows = await desk.pool.fetch("SELECT words, opened_id FROM help_searches")
    assert [row["words"] for row in rows] == ["refund card"]
    assert rows[0]["opened_id"] is not None


async def test_all_of_it_works_without_scripts(open_page: OpenPage, desk: Desk) -> None:
    page = await open_page("", "/help", javascript=False)
    await page.fill("#help-q", "money back")
    await page.click("button:has-text('Search')")
    await page.click("#hits a")
    assert await page.text_content("h1") == "Refunds to a card"
    await page.click("button:has-text('It solved my problem')")
    assert "Good to know" in (await page.text_content("#verdict") or "")
    await page.fill("#verdict-comment", "It came on Friday")
    await page.click("#verdict button:has-text('Send')")
    assert "We have your words" in (await page.text_content("#verdict") or "")
    assert await desk.pool.fetchval("SELECT count(*) FROM article_verdicts") == 1


async def test_an_answer_changes_its_place_on_the_page_only(open_page: OpenPage) -> None:
    page = await open_page("", ARTICLE)
    await page.evaluate("window.same = true")
    await page.click("button:has-text('Not helpful')")
    await page.wait_for_selector("#verdict-comment")
    assert await page.evaluate("window.same")
    assert "Write a ticket" in (await page.text_content("#verdict") or "")
    assert await axe(page) == []
    await page.click("text=Change your answer")
    await page.click("button:has-text('It solved my problem')")
    await page.wait_for_selector("#verdict :text('Good to know')")


async def test_print_keeps_the_article_and_nothing_else(open_page: OpenPage) -> None:
    page = await open_page("", ARTICLE)
    await page.emulate_media(media="print")
    assert await page.is_visible("article h1")
    assert await page.is_visible("article table")
    assert "/help/articles/" in (await page.text_content(".article-address:visible") or "")
    for part in (".site-nav", ".reading-more", "#verdict", ".crumbs", ".contents"):
        assert not await page.is_visible(part), part


async def test_print_keeps_the_topics_and_no_controls(open_page: OpenPage) -> None:
    page = await open_page("", "/help")
    assert await page.is_visible(".help-contact")
    await page.emulate_media(media="print")
    assert await page.is_visible(".topic a")
    for part in (".site-nav", ".help-search", ".help-contact", ".site-footer"):
        assert not await page.is_visible(part), part


async def test_the_language_of_an_article_is_marked_for_screen_readers(
    open_page: OpenPage,
) -> None:
    page = await open_page("", ARTICLE)
    await page.click("text=Español")
    assert await page.get_attribute("article", "lang") == "es"
    await page.click("text=English")
    assert await page.text_content("h1") == "Refunds to a card"
