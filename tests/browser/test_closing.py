"""Closing with one key, articles put into a reply, and the question after the answer."""

from playwright.async_api import expect

from tests.build import a_ticket
from tests.helpdesk.contact.offers import an_article
from tests.people import Cast

from .conftest import OpenPage, arrive, axe

WORDS = "Clear the cache. Then open the page again."


async def test_an_article_is_put_into_the_reply_and_the_ticket_closed_by_keys(
    cast: Cast, open_page: OpenPage
) -> None:
    article = await an_article(cast, "clear-the-cache", "Clear the cache", WORDS, ["tech_unsolved"])
    filed = await a_ticket(
        cast, type_key="tech_unsolved", seen={"articles": [article], "helped": False}
    )
    page = await open_page("amy", f"/desk/tickets/{filed.reference}")
    box = page.locator(".composer textarea")
    await box.fill("Please read this:")
    await page.click("[data-open-pick]")
    await expect(page.locator("#pick-results")).to_contain_text("Clear the cache")
    assert await axe(page) == []
    await page.keyboard.type("cashe")
    await expect(page.locator("#pick-results strong")).to_have_text(["Clear the cache"])
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.locator("#pick")).to_be_hidden()
    await expect(box).to_be_focused()
    text = await box.input_value()
    assert text.startswith("Please read this:\nClear the cache\nhttp")
    assert text.endswith("/help/articles/clear-the-cache\n")

    # Solved without an answer to the question: the browser asks for it, and the text stays.
    question = page.locator(".composer .closing")
    await expect(question).to_be_hidden()
    await page.select_option(".composer [name=then]", "solved")
    await expect(question).to_be_visible()
    await box.press("Control+Enter")
    await expect(box).to_have_value(text)
    await box.press("Escape")
    await page.keyboard.press("c")
    await expect(page.locator("#reply-closing-article")).to_be_focused()
    await expect(page.locator("#reply-closing-article")).to_have_value("clear-the-cache")
    assert await axe(page) == []
    await box.press("Control+Enter")
    await expect(page.locator("#thread-head")).to_contain_text("Solved")
    await expect(page.locator("#context")).to_contain_text("Covered by Clear the cache")

    # One key makes a draft of the answer.
    await page.locator("#thread-head h1").click()
    await page.keyboard.press("d")
    await arrive(page, "**/desk/help/*")
    drafts = "SELECT count(*) FROM articles WHERE from_ticket_id = $1"
    assert await cast.desk.pool.fetchval(drafts, filed.ticket_id) == 1

    # The requester says how far it is solved, and is offered to reopen.
    finn = await open_page("finn", f"/requests/{filed.reference}")
    await finn.get_by_text("Hardly").click()
    await finn.get_by_label("What was good, or what is missing?").fill("It came back")
    await finn.get_by_role("button", name="Give this answer").click()
    await expect(finn.locator("#rating")).to_contain_text("You said: Hardly")
    assert await axe(finn) == []
    await finn.get_by_role("link", name="Not solved, reopen it").click()
    await expect(finn.locator("#reopen-body")).to_be_focused()
