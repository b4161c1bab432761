"""The people who asked: their list, one request, with and without JavaScript."""

from uuid import uuid4

from playwright.async_api import FilePayload, Page, expect

from helpdesk.desk import Desk
from helpdesk.evidence.commands import add_facts
from helpdesk.tickets import commands
from helpdesk.tickets.filing import Piece
from helpdesk.tickets.queries import hold_ticket
from helpdesk.tickets.states import Status
from tests.build import a_ticket
from tests.people import Cast

from .conftest import OpenPage, arrive, faults, sideways

RECEIPT = FilePayload(name="receipt.txt", mimeType="text/plain", buffer=b"a receipt of the bank")


async def solve(desk: Desk, cast: Cast, ticket_id: int) -> None:
    async with desk.transaction(await cast.actor("amy")) as tx:
        await commands.change_status(tx, ticket_id, Status.SOLVED)


async def live_now(page: Page) -> None:
    await expect(page.locator("html")).to_have_attribute("data-live", "open")


async def test_a_file_with_a_message_joins_the_request_at_once(
    cast: Cast, open_page: OpenPage
) -> None:
    filed = await a_ticket(cast)
    page = await open_page("finn", f"/requests/{filed.reference}")
    await live_now(page)
    await page.evaluate("window.same = true")
    await page.set_input_files("#add-files", RECEIPT)
    await expect(page.locator("#write .upload")).to_have_attribute("data-state", "ready")
    await page.fill("#body", "Here it is")
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator("#evidence")).to_contain_text("receipt.txt")
    await expect(page.locator(".log .evidence")).to_have_count(1)
    await expect(page.locator(".log .msg", has_text="Here it is")).to_have_count(1)
    await expect(page.locator("#body")).to_have_value("")
    await expect(page.locator("#write .upload")).to_have_count(0)
    assert await page.evaluate("window.same"), "the page was loaded again"


async def test_what_was_named_on_the_form_stands_beside_the_messages(
    cast: Cast, open_page: OpenPage
) -> None:
    named = Piece("transaction", "transaction", "Transaction", facts={"transaction_id": "T-77"})
    filed = await a_ticket(cast, pieces=[named])
    page = await open_page("finn", f"/requests/{filed.reference}")
    await live_now(page)
    async with cast.desk.transaction(await cast.actor("finn")) as tx:
        case, ticket = await hold_ticket(tx, filed.ticket_id)
        await add_facts(tx, case, kind="contract", label="Contract", facts={"contract": "C-9"},
                        side_id=ticket.side_id, ticket_id=ticket.id)  # fmt: skip
    await expect(page.locator("#evidence .evidence")).to_have_count(2)
    async with cast.desk.transaction(await cast.actor("amy")) as tx:
        await commands.reply(tx, filed.ticket_id, "We look for it", uuid4())
    await expect(page.locator(".log .msg")).to_have_count(2)  # their words and ours
    await page.reload()
    await expect(page.locator(".log .msg")).to_have_count(2)
    await page.get_by_role("link", name="Transaction").click()
    await expect(page.get_by_text("T-77")).to_be_visible()
    await page.get_by_role("link", name=filed.reference).click()
    await arrive(page, f"**/requests/{filed.reference}")


async def test_whose_turn_it_is_changes_while_the_page_is_open(
    desk: Desk, cast: Cast, open_page: OpenPage
) -> None:
    filed = await a_ticket(cast)
    page = await open_page("finn", f"/requests/{filed.reference}")
    await live_now(page)
    await page.get_by_role("button", name="Ask for news").click()
    await expect(page.locator("#now")).to_contain_text("You asked for news 1 time")
    await solve(desk, cast, filed.ticket_id)
    await expect(page.locator("#now")).to_have_attribute("data-turn", "done")
    await expect(page.locator("#write")).to_have_count(0)
    await page.fill("#reopen-body", "It is still there")
    await page.get_by_role("button", name="Not solved, reopen").click()
    await expect(page.locator("#now")).to_have_attribute("data-turn", "us")
    await expect(page.locator(".log")).to_contain_text("It is still there")
    await page.fill("#body", "A word after it")
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator(".log .msg", has_text="A word after it")).to_have_count(1)
    await page.get_by_role("button", name="It is solved, close it").click()
    await expect(page.locator("#status")).to_contain_text("Solved")


async def test_everything_works_without_javascript(
    desk: Desk, cast: Cast, open_page: OpenPage
) -> None:
    filed = await a_ticket(cast)
    page = await open_page("finn", "/requests", javascript=False, expected="422")
    await page.click(f"text={filed.reference}")
    await page.fill("#body", "By hand")
    await page.set_input_files("#files-plain", RECEIPT)
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator(".log")).to_contain_text("By hand")
    await expect(page.locator("#evidence")).to_contain_text("receipt.txt")
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator(".error-summary")).to_contain_text("Write a message, or add a file")
    await page.get_by_role("button", name="Ask for news").click()
    await page.get_by_role("button", name="It is solved, close it").click()
    await expect(page.locator("#status")).to_contain_text("Solved")
    await page.get_by_role("button", name="Not solved, reopen").click()
    await expect(page.locator(".error-summary")).to_contain_text("Say in a sentence")
    await page.fill("#reopen-body", "Not at all")
    await page.get_by_role("button", name="Not solved, reopen").click()
    await expect(page.locator("#status")).to_contain_text("We are working on it")


async def test_what_was_typed_is_there_after_a_reload(cast: Cast, open_page: OpenPage) -> None:
    filed = await a_ticket(cast)
    page = await open_page("finn", f"/requests/{filed.reference}")
    await page.type("#body", "half a thought")
    await page.reload()
    await expect(page.locator("#body")).to_have_value("half a thought")


async def test_axe_finds_nothing_on_the_pages_of_requests(
    desk: Desk, cast: Cast, open_page: OpenPage
) -> None:
    await a_ticket(cast)
    solved = await a_ticket(cast, subject="Another one, and it is solved")
    await solve(desk, cast, solved.ticket_id)
    page = await open_page("finn")
    # The other pages are visited by test_every_page.py.
    for path in (
        "/requests?show=closed",
        "/requests?show=waiting",
        f"/requests/{solved.reference}",
    ):
        await page.goto(path)
        await page.wait_for_timeout(300)
        assert not await faults(page)


async def test_nothing_scrolls_sideways_on_the_narrowest_phone(
    cast: Cast, open_page: OpenPage
) -> None:
    filed = await a_ticket(cast, subject="W" * 60 + " and a word")
    page = await open_page("finn", width=320)
    for path in ("/requests", f"/requests/{filed.reference}"):
        await page.goto(path)
        await page.wait_for_timeout(200)
        assert not await sideways(page), path


async def test_a_next_step_arrives_below_its_answer_as_it_is_after_a_reload(
    cast: Cast, open_page: OpenPage
) -> None:
    await cast.desk.pool.execute(
        "UPDATE people SET time_zone = 'America/New_York' WHERE id = $1", cast.finn.id
    )
    filed = await a_ticket(cast)
    finn = await open_page("finn", f"/requests/{filed.reference}")
    amy = await open_page("amy", f"/desk/tickets/{filed.reference}")
    for page in (finn, amy):
        await live_now(page)
    await amy.locator(".next-step > summary").press("Enter")
    await amy.get_by_label("What happens next", exact=True).fill("We ask the bank")
    await amy.get_by_label("By when").fill("2026-09-01")
    assert await faults(amy) == []
    await amy.locator("#thread textarea").fill("We look into it")
    await amy.keyboard.press("Control+Enter")
    for page in (amy, finn):
        told = page.locator(".msg-next")
        await expect(told).to_contain_text("Next step: We ask the bank. We do this by 1 Sep 2026,")
        live = await told.inner_text()
        await page.reload()
        await expect(page.locator(".msg-next")).to_have_text(live, use_inner_text=True)
    assert await amy.locator(".next-step").get_attribute("open") is None
    await expect(amy.locator("#promised")).to_contain_text("(New York)")
    assert await faults(finn) == []
