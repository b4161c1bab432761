"""A request about the same is there already, without a script. With one: test_story_a3.py."""

import pytest
from playwright.async_api import expect

from helpdesk.tickets.models import from_reference
from tests.browser.conftest import DESKTOP, NARROW, PHONE, OpenPage, axe, sideways
from tests.people import Cast
from tests.stories import a3 as story


@pytest.fixture
async def hd_20(cast: Cast) -> str:
    return (await story.hd_20(cast)).reference


async def bodies(cast: Cast, ref: str) -> list[str]:
    rows = await cast.desk.pool.fetch(
        "SELECT body FROM messages WHERE ticket_id = $1 ORDER BY id", from_reference(ref)
    )
    return [row["body"] for row in rows]


async def test_her_words_join_it_and_no_new_ticket_is_there(
    open_page: OpenPage, cast: Cast, hd_20: str
) -> None:
    id = await story.a_draft(cast)
    page = await open_page("nina", f"/report/{id}", javascript=False)
    await page.locator("#description").fill("It is still not there on Friday.")
    await page.get_by_role("button", name=f"Add this to {hd_20}").last.click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(f"Added to {hd_20}")
    await page.get_by_role("link", name="Go to your request").click()
    await expect(page.get_by_text("It is still not there on Friday.")).to_be_visible()
    assert len(await bodies(cast, hd_20)) == 2
    assert await cast.desk.pool.fetchval("SELECT count(*) FROM tickets") == 1


async def test_something_else_is_sent_with_a_sentence(
    open_page: OpenPage, cast: Cast, hd_20: str
) -> None:
    id = await story.a_draft(cast)
    page = await open_page("nina", f"/report/{id}", javascript=False, expected="422")
    await page.get_by_role("button", name="It is about something else").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Check and send")
    await expect(page.get_by_role("button", name=f"Add this to {hd_20}")).to_be_visible()
    await page.get_by_text("It is about something else").click()
    await page.get_by_role("button", name="Send as a new request").click()
    await expect(page.locator("#error-summary")).to_contain_text("Say in one sentence")
    await page.get_by_label("What is different?").fill("different withdrawal")
    await page.get_by_role("button", name="Send as a new request").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Sent. Your reference is")
    [link] = await cast.desk.pool.fetch("SELECT reason FROM ticket_links")
    assert link["reason"] == "different withdrawal"


@pytest.mark.parametrize("where", ["", "/check"])
async def test_both_pages_can_be_used_by_everybody(
    open_page: OpenPage, cast: Cast, hd_20: str, where: str
) -> None:
    id = await story.a_draft(cast, subject="A" * 30 + " " + "long" * 20)
    for width, scheme in ((DESKTOP, "light"), (PHONE, "dark"), (NARROW, "light")):
        page = await open_page("nina", f"/report/{id}{where}", width=width, scheme=scheme)
        await expect(page.locator("#twins")).to_be_visible()
        assert await sideways(page) == []
        if width != NARROW:
            assert await axe(page) == []
