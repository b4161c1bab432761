"""A request about the same is there already: with a script and without, on the way to a second."""

from uuid import UUID

import pytest
from playwright.async_api import Page, expect

from helpdesk.contact.commands import save_draft
from helpdesk.tickets.claims import about_of
from helpdesk.tickets.models import from_reference, reference
from tests.browser.conftest import DESKTOP, NARROW, PHONE, OpenPage, axe, sideways
from tests.helpdesk.contact.reports import payment
from tests.people import Cast
from tests.triage.twins.build import WITHDRAWAL, forget_words, indexed

FORM = "/report?service=payments&type=payment_not_received&new=1"


@pytest.fixture
async def hd_20(cast: Cast) -> str:
    """Nina's: payment_not_received, contract C-1002, transaction T-77."""
    forget_words(cast.desk)
    contract_id = cast.contracts["C-1002"].id
    answers = {"transaction_id": "T-77"}
    filed = await indexed(
        cast,
        "nina",
        WITHDRAWAL,
        type_key="payment_not_received",
        group_key="PAY",
        contract_id=contract_id,
        answers=answers,
        about=about_of(contract_id, answers),
    )
    return reference(filed.ticket_id)


async def a_draft(cast: Cast, **changes: str) -> str:
    report = payment(contract="C-1002", **changes)
    report |= {"answers.amount": "500", "answers.amount.currency": "JPY"}
    id = report.pop("draft")
    async with cast.desk.transaction(await cast.actor("nina")) as tx:
        await save_draft(tx, "", UUID(id), report)
    return id


async def bodies(cast: Cast, ref: str) -> list[str]:
    rows = await cast.desk.pool.fetch(
        "SELECT body FROM messages WHERE ticket_id = $1 ORDER BY id", from_reference(ref)
    )
    return [row["body"] for row in rows]


async def main_button(page: Page) -> str:
    return await page.locator("#report-actions .btn-primary").inner_text()


async def test_typing_the_transaction_changes_the_main_button(
    open_page: OpenPage, cast: Cast, hd_20: str
) -> None:
    page = await open_page("nina", FORM)
    assert await main_button(page) == "Check and send"
    number = page.locator("[id='answers.transaction_id']")
    await number.fill("t-77")
    await expect(page.locator("#report-actions .btn-primary")).to_have_text(f"Add this to {hd_20}")
    await expect(number).to_be_focused()
    await expect(page.locator("#suggestions-news")).to_contain_text(
        f"You have told us about this: {hd_20}."
    )
    twin = page.locator(f"#twin-{hd_20}")
    await expect(twin).to_contain_text("New")
    await expect(twin).to_contain_text("First answer: our aim")
    await number.fill("T-99")
    await expect(page.locator("#report-actions .btn-primary")).to_have_text("Check and send")
    await expect(twin).to_have_count(0)


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no script"])
async def test_her_words_join_it_and_no_new_ticket_is_there(
    open_page: OpenPage, cast: Cast, hd_20: str, javascript: bool
) -> None:
    id = await a_draft(cast)
    page = await open_page("nina", f"/report/{id}", javascript=javascript)
    await page.locator("#description").fill("It is still not there on Friday.")
    await page.get_by_role("button", name=f"Add this to {hd_20}").last.click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(f"Added to {hd_20}")
    await page.get_by_role("link", name="Go to your request").click()
    await expect(page.get_by_text("It is still not there on Friday.")).to_be_visible()
    assert len(await bodies(cast, hd_20)) == 2
    assert await cast.desk.pool.fetchval("SELECT count(*) FROM tickets") == 1


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no script"])
async def test_something_else_is_sent_with_a_sentence(
    open_page: OpenPage, cast: Cast, hd_20: str, javascript: bool
) -> None:
    id = await a_draft(cast)
    page = await open_page("nina", f"/report/{id}", javascript=javascript, expected="422")
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


async def test_alike_words_are_a_soft_suggestion(
    open_page: OpenPage, cast: Cast, hd_20: str
) -> None:
    page = await open_page("nina", FORM)
    await page.fill("#subject", "The withdrawal is not on my bank account yet")
    twins = page.locator("#twins")
    await expect(twins).to_contain_text("Is it about one of your requests?")
    await expect(page.get_by_role("button", name=f"Add this to {hd_20}")).to_be_visible()
    assert await main_button(page) == "Check and send"


@pytest.mark.parametrize("where", ["", "/check"])
async def test_both_pages_can_be_used_by_everybody(
    open_page: OpenPage, cast: Cast, hd_20: str, where: str
) -> None:
    id = await a_draft(cast, subject="A" * 30 + " " + "long" * 20)
    for width, scheme in ((DESKTOP, "light"), (PHONE, "dark"), (NARROW, "light")):
        page = await open_page("nina", f"/report/{id}{where}", width=width, scheme=scheme)
        await expect(page.locator("#twins")).to_be_visible()
        assert await sideways(page) == []
        if width != NARROW:
            assert await axe(page) == []
