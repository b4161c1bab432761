"""Alerts in a browser: posted at the desk, seconds later on the page of somebody who waits."""

from typing import Any

from tests.helpdesk.alerts.build import an_alert, shown_on
from tests.helpdesk.people.visitors import visitor
from tests.people import Cast

from .conftest import OpenPage, arrive, faults


async def follows(page: Any) -> None:
    await page.wait_for_function("document.documentElement.dataset.live === 'open'")


async def test_what_an_agent_posts_is_on_a_visitors_open_page_without_a_reload(
    open_page: OpenPage, cast: Cast
) -> None:
    visitors = await open_page("", "/contact")
    await visitors.locator(".alert-none").wait_for()
    await follows(visitors)
    desk = await open_page("tess", "/desk/alerts")
    await desk.fill("#title", "Payments page is slow")
    await desk.select_option("#area", "payments")
    await desk.fill("#body", "It takes a minute to open.")
    await desk.get_by_role("button", name="Post it now").click()
    await visitors.get_by_role("link", name="Payments page is slow").wait_for()
    assert await visitors.locator(".alert-none").count() == 0
    news = visitors.locator("#alert-news")
    assert await news.inner_text() == "Partly working: Payments page is slow."
    await arrive(desk, "**/desk/alerts/*")
    await desk.fill("#body", "A new machine helps.")
    await desk.get_by_role("button", name="It is solved").click()
    await visitors.locator(".alert-none").wait_for()
    assert await visitors.evaluate("scrollY") == 0


async def test_one_click_counts_in_place_and_keeps_what_was_typed(
    open_page: OpenPage, cast: Cast, site: str
) -> None:
    alert = await an_alert(cast)
    async with visitor(site) as nobody:
        await shown_on(nobody, "/alerts/area", alert.title)
    page = await open_page("finn", "/report?type=level1_tech")
    await page.fill("#subject", "The page hangs when I open it")
    await page.get_by_role("button", name="This affects me").first.click()
    await page.get_by_text("We tell you when it is solved").first.wait_for()
    assert await page.input_value("#subject") == "The page hangs when I open it"
    assert page.url.split("?")[0].startswith(f"{site}/report")


async def test_without_scripts_the_page_shows_it_and_counts(
    open_page: OpenPage, cast: Cast, site: str
) -> None:
    alert = await an_alert(cast)
    async with visitor(site) as nobody:
        await shown_on(nobody, "/alerts/area", alert.title)
    page = await open_page("", "/contact", javascript=False)
    await page.get_by_role("button", name="This affects me").click()
    assert page.url == f"{site}/contact"
    await page.get_by_role("link", name="Get a mail when it is solved").click()
    await page.fill("#email", "vic@example.org")
    await page.get_by_role("button", name="Send me one mail").click()
    await page.get_by_text("One mail goes out when it is solved").wait_for()


async def test_the_pages_of_alerts_are_for_everybody(
    open_page: OpenPage, cast: Cast, site: str
) -> None:
    alerts = [
        await an_alert(cast, title=f"{level} {'Verylongword' * 6}", level=level)
        for level in ("outage", "degraded", "maintenance", "notice")
    ]
    async with visitor(site) as nobody:
        await shown_on(nobody, "/alerts/area", "notice")
    for who, path in (
        ("", "/contact"),
        ("", "/alerts"),
        ("", f"/alerts/{alerts[0].id}"),
        ("tess", "/desk/alerts"),
        ("tess", f"/desk/alerts/{alerts[1].id}"),
    ):
        page = await open_page(who, path)
        for details in await page.locator("main details").all():
            await details.evaluate("box => box.open = true")
        assert await faults(page) == [], path
