"""Tickets like this one, by keys and without a script. Merged with one: test_story_a3.py."""

from playwright.async_api import Page, expect

from tests.build import a_ticket
from tests.helpdesk.tickets.together import known_to_engine, pair, suggested
from tests.people import Cast

from .conftest import OpenPage, arrive, faults
from .test_two_agents import at


async def known(cast: Cast, site: str, ref: str, other: str) -> None:
    """As the worker does it; and the process that answers has loaded what it needs."""
    await known_to_engine(cast)
    async with await cast.browser(site, "pete") as pete:
        await suggested(pete, ref, other)


def texts(page: Page, words: str) -> object:
    return page.locator(".log .msg", has_text=words)


async def test_keys_link_and_tell_apart_and_the_focus_goes_on(
    cast: Cast, site: str, open_page: OpenPage
) -> None:
    alike = "My payment of Monday has not arrived"
    first, second, third = [await a_ticket(cast, "nina", subject=alike) for _ in range(3)]
    for other in (first, second):
        await known(cast, site, third.reference, other.reference)
    page = await at(open_page, "pete", third.reference)
    rows = page.locator(".similar-row")
    await expect(rows).to_have_count(2)
    await page.keyboard.press("x")  # nothing has the focus: it only goes there
    await expect(rows.nth(0).locator("a")).to_be_focused()
    await page.keyboard.press("j")
    await expect(rows.nth(1).locator("a")).to_be_focused()
    await page.keyboard.press("k")
    await page.keyboard.press("x")
    await expect(rows).to_have_count(1)
    await expect(rows.nth(0).locator("a")).to_be_focused()
    await page.keyboard.press("l")
    await expect(rows).to_have_count(0)
    await expect(page.locator("#similar")).to_contain_text("Linked")
    await expect(page.locator("#similar")).to_contain_text("Not the same")
    await expect(page.locator("#similar")).to_be_focused()
    assert await faults(page) == []


async def test_without_a_script_the_panel_is_a_page(
    cast: Cast, site: str, open_page: OpenPage
) -> None:
    first, second = await pair(cast)
    await known(cast, site, second.reference, first.reference)
    page = await open_page("pete", f"/desk/tickets/{second.reference}", javascript=False)
    await page.get_by_role("link", name="Show tickets like this one").click()
    await page.get_by_role("button", name="Merge this into it").click()
    await arrive(page, f"**/desk/tickets/{first.reference}?view=*")
    await expect(texts(page, "second-words")).to_have_count(1)
    await page.get_by_role("link", name="Show tickets like this one").click()
    await page.get_by_role("button", name="Take it out again").click()
    await expect(texts(page, "second-words")).to_have_count(0)
