"""Two agents at one ticket: warned while both write, asked when one was faster, drafts kept."""

from typing import Any

from playwright.async_api import FilePayload, Page, expect

from tests.build import a_ticket
from tests.people import Cast

from .conftest import OpenPage

NOTE = FilePayload(name="canarynote.txt", mimeType="text/plain", buffer=b"for the team only")


async def at(open_page: OpenPage, who: str, ref: str, **options: Any) -> Page:
    page = await open_page(who, f"/desk/tickets/{ref}", **options)
    await expect(page.locator("html")).to_have_attribute("data-live", "open")
    return page


async def write(page: Page, text: str) -> None:
    await page.locator(".composer textarea").press_sequentially(text)


async def test_two_who_write_at_once_are_warned(cast: Cast, open_page: OpenPage) -> None:
    ref = (await a_ticket(cast)).reference
    amy, pete = await at(open_page, "amy", ref), await at(open_page, "pete", ref)
    await expect(amy.locator("#presence")).to_contain_text("Pete is viewing")
    await write(amy, "I think")
    await expect(amy.locator("#also-writing")).to_be_hidden()
    await write(pete, "So do I")
    await expect(amy.locator("#also-writing")).to_have_text("Pete is writing a reply too.")
    await expect(pete.locator("#also-writing")).to_have_text("Amy is writing a reply too.")


async def test_a_reply_that_crossed_comes_back_into_the_box_and_goes_the_second_time(
    cast: Cast, open_page: OpenPage
) -> None:
    ref = (await a_ticket(cast)).reference
    amy = await at(open_page, "amy", ref, expected="ailed")
    pete = await at(open_page, "pete", ref)
    # Amy's tab is cut off: her composer has not seen what Pete writes.
    await amy.context.set_offline(True)
    await write(pete, "Pete was faster")
    await pete.get_by_role("button", name="Send reply").click()
    await expect(pete.locator(".log .msg", has_text="Pete was faster")).to_have_count(1)
    await write(amy, "Amy was slower")
    await amy.get_by_role("button", name="Send reply").click()
    await amy.route("**/live", lambda route: route.abort())
    await amy.context.set_offline(False)
    await expect(amy.locator("#just-wrote")).to_contain_text("Pete answered")
    await expect(amy.locator(".composer textarea")).to_have_value("Amy was slower")
    await amy.get_by_role("button", name="Send reply").click()
    await expect(pete.locator(".log .msg", has_text="Amy was slower")).to_have_count(1)
    await expect(amy.locator(".composer textarea")).to_have_value("")


async def test_a_reply_begun_here_goes_on_in_another_browser(
    cast: Cast, open_page: OpenPage
) -> None:
    ref = (await a_ticket(cast)).reference
    here = await at(open_page, "amy", ref)
    async with here.expect_response(lambda answer: answer.url.endswith("/draft")):
        await write(here, "Half a reply")
    there = await at(open_page, "amy", ref)
    await expect(there.locator(".composer textarea")).to_have_value("Half a reply")
    async with there.expect_response(lambda answer: answer.url.endswith("/messages")):
        await there.get_by_role("button", name="Send reply").click()
    await here.reload()
    await expect(here.locator(".log .msg", has_text="Half a reply")).to_have_count(1)
    await expect(here.locator(".composer textarea")).to_have_value("")


async def test_a_file_added_to_a_note_stays_with_the_team(cast: Cast, open_page: OpenPage) -> None:
    ref = (await a_ticket(cast)).reference
    amy = await at(open_page, "amy", ref)
    finn = await open_page("finn", f"/requests/{ref}")
    await amy.locator('.composer-tab:has(input[value="note"])').click()
    await amy.set_input_files(".composer input[type=file]", NOTE)
    card = amy.locator('.log .msg[data-kind="note"]', has_text="canarynote.txt")
    await expect(card).to_have_count(1)
    await finn.reload()
    await expect(finn.locator("body")).not_to_contain_text("canarynote")
