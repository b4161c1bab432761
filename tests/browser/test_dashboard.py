"""The dashboard in a browser: its looks, its keys, and that a refresh moves nothing."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from random import Random

from playwright.async_api import Page, expect

from helpdesk.core.clock import FrozenClock
from tests.build import a_ticket
from tests.helpdesk.reports.test_counting import live
from tests.helpdesk.reports.test_dashboard import count
from tests.people import Cast

from .conftest import arrive, faults

OpenPage = Callable[..., Awaitable[Page]]
HOLD = "() => document.querySelector('#part-hours .numbers').getBoundingClientRect().top"


async def test_a_manager_reads_the_dashboard(
    open_page: OpenPage, cast: Cast, clock: FrozenClock
) -> None:
    await live(cast, clock, Random(5), 30)
    clock.at += timedelta(minutes=5)
    await count(cast)
    page = await open_page("max")
    await page.clock.install()
    await page.goto("/desk/dashboard?period=4-weeks")
    assert not await faults(page)
    await page.set_viewport_size({"width": 1440, "height": 900})

    # With the keyboard: what a figure means, the numbers of a chart, the list behind one.
    means = page.locator("#tile-arrived summary")
    await means.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#tile-arrived .means-text")).to_be_visible()
    await page.keyboard.press("Enter")
    numbers = page.locator("#part-hours .numbers > summary")
    await numbers.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#part-hours table")).to_be_visible()
    chart = page.get_by_role("img", name="Arrivals against capacity by hour")
    await expect(chart).to_be_visible()

    # A minute later: another number, and everything else where it was.
    arrived = page.locator("#tile-arrived .figure > a")
    before, top = int((await arrived.inner_text()).split()[0]), await page.evaluate(HOLD)
    await a_ticket(cast, "nina")
    await count(cast)
    await page.clock.fast_forward(61_000)
    await expect(arrived).to_contain_text(str(before + 1))
    await expect(page.locator("#part-hours table")).to_be_visible()
    await expect(numbers).to_be_focused()
    assert abs(await page.evaluate(HOLD) - top) < 2

    await page.get_by_label("Refresh every minute").uncheck()
    await arrived.focus()
    await page.keyboard.press("Enter")
    await arrive(page, "**/desk/dashboard/lists/arrived?*")
    rows = page.locator("tbody tr")
    assert await rows.count() == before + 1
    assert not await faults(page)
