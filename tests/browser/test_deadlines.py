"""What is due next, why, and what another policy would do to it, in a browser."""

from datetime import UTC, datetime

from playwright.async_api import expect

from helpdesk.core.clock import FrozenClock
from tests.browser.conftest import OpenPage, faults
from tests.build import a_ticket
from tests.helpdesk.sla.build import due, settled, work
from tests.people import Cast


async def test_a_deadline_is_explained_and_a_policy_changed_by_keyboard(
    open_page: OpenPage, cast: Cast, clock: FrozenClock
) -> None:
    await settled(cast)
    clock.set(datetime(2026, 6, 5, 20, 40, tzinfo=UTC))  # Friday, 16:40 in New York
    filed = await a_ticket(cast, "nina", group_key="PAY", severity=3, subject="Not paid yet")
    await work(cast)
    clock.set(datetime(2026, 6, 8, 13, 30, tzinfo=UTC))
    page = await open_page("max", "/desk?view=due")
    row = page.locator("#list .due")
    await expect(row).to_contain_text("First answer")
    await page.get_by_role("link", name="Not paid yet").click()
    await page.get_by_text("Why this deadline?").press("Enter")
    lines = page.locator(".count-lines").first
    await expect(lines).to_contain_text("Closed until Mon 8 Jun 09:00 New York")
    await expect(lines.locator("[data-tone=due]")).to_contain_text("Mon 8 Jun 12:40 New York")
    assert await faults(page) == []

    await page.goto("/desk/sla/targets/first_response_high")
    await page.get_by_label("Within").fill("1")
    await page.get_by_label("Within").press("Enter")
    await expect(page.locator("#effect")).to_contain_text("1 gets an earlier date")
    assert await faults(page) == []
    await page.get_by_role("button", name="Publish version 2").press("Enter")
    await expect(page.get_by_role("status").first).to_contain_text("Published.")
    await work(cast)
    assert await due(cast, filed) == datetime(2026, 6, 8, 13, 40, tzinfo=UTC)
