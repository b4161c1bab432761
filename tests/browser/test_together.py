"""Merging by one key, and what the open pages of everybody else become."""

from playwright.async_api import Page, expect

from tests.build import a_ticket
from tests.helpdesk.tickets.together import known_to_engine, pair, suggested
from tests.people import Cast

from .conftest import OpenPage, axe, faults
from .test_two_agents import at


async def known(cast: Cast, site: str, ref: str, other: str) -> None:
    """As the worker does it; and the process that answers has loaded what it needs."""
    await known_to_engine(cast)
    async with await cast.browser(site, "pete") as pete:
        await suggested(pete, ref, other)


def texts(page: Page, words: str) -> object:
    return page.locator(".log .msg", has_text=words)


async def test_one_key_merges_and_every_open_page_goes_along(
    cast: Cast, site: str, open_page: OpenPage
) -> None:
    first, second = await pair(cast)
    await known(cast, site, second.reference, first.reference)
    nina = await open_page("nina", f"/requests/{second.reference}")
    await expect(nina.locator("html")).to_have_attribute("data-live", "open")
    await nina.locator("#body").fill("Half a sentence")
    amy = await at(open_page, "amy", first.reference)
    pete = await at(open_page, "pete", second.reference)
    row = pete.locator(f"#similar-{first.ticket_id}")
    await expect(row).to_contain_text("the same,")
    await pete.keyboard.press("s")
    await expect(row.locator("a")).to_be_focused()
    assert await axe(pete) == []
    await pete.keyboard.press("m")
    await pete.wait_for_url(f"**/desk/tickets/{first.reference}?view=*")
    for page in (pete, amy):
        for words in ("first-words", "second-words"):
            await expect(texts(page, words)).to_have_count(1)
    await nina.wait_for_url(f"**/requests/{first.reference}")
    await expect(texts(nina, "second-words")).to_have_count(1)
    await expect(nina.locator(".log .msg-event", has_text="one request now")).to_have_count(1)
    await expect(nina.locator("#body")).to_have_value("Half a sentence")
    await nina.locator("#body").fill("The whole sentence")
    await nina.get_by_role("button", name="Send").click()
    await expect(texts(pete, "The whole sentence")).to_have_count(1)

    # Taken back: what was written since stays.
    await expect(pete.locator("#similar")).to_contain_text("Merged into this")
    await pete.get_by_role("button", name="Take it out again").click()
    await expect(texts(pete, "second-words")).to_have_count(0)
    await expect(texts(pete, "The whole sentence")).to_have_count(1)
    await expect(texts(nina, "second-words")).to_have_count(0)
    await nina.goto(f"/requests/{second.reference}")
    await expect(texts(nina, "second-words")).to_have_count(1)
    await expect(nina.locator(".log")).to_contain_text("again")


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


async def test_different_requesters_are_linked_not_merged(
    cast: Cast, site: str, open_page: OpenPage
) -> None:
    ninas, _ = await pair(cast)
    coras = await a_ticket(cast, "cora", subject="My payment has not arrived")
    await known(cast, site, coras.reference, ninas.reference)
    page = await at(open_page, "pete", coras.reference, expected="409")
    row = page.locator(f"#similar-{ninas.ticket_id}")
    await expect(row).to_contain_text("different requesters cannot be merged")
    await expect(row.get_by_role("button", name="Merge")).to_have_count(0)
    await page.get_by_text("Merge or link another ticket").click()
    await page.get_by_label("Its reference").fill(ninas.reference)
    await page.get_by_role("button", name="Merge", exact=True).click()
    await expect(page.locator("#thread-state")).to_contain_text(
        "different requesters cannot be merged; link them to the case instead"
    )
    await page.get_by_text("Merge or link another ticket").click()
    await page.get_by_label("Its reference").fill(ninas.reference)
    await page.locator("#another-ticket").get_by_role("button", name="Link").click()
    await expect(page.locator("#similar")).to_contain_text("Linked")
    await expect(page.locator("#similar")).to_contain_text(ninas.reference)


async def test_without_a_script_the_panel_is_a_page(
    cast: Cast, site: str, open_page: OpenPage
) -> None:
    first, second = await pair(cast)
    await known(cast, site, second.reference, first.reference)
    page = await open_page("pete", f"/desk/tickets/{second.reference}", javascript=False)
    await page.get_by_role("link", name="Show tickets like this one").click()
    await page.get_by_role("button", name="Merge this into it").click()
    await page.wait_for_url(f"**/desk/tickets/{first.reference}?view=*")
    await expect(texts(page, "second-words")).to_have_count(1)
    await page.get_by_role("link", name="Show tickets like this one").click()
    await page.get_by_role("button", name="Take it out again").click()
    await expect(texts(page, "second-words")).to_have_count(0)
