"""Incidents in a browser: from the number on the rail to an alert, and what triage is worth."""

from helpdesk.core.clock import FrozenClock
from tests.people import Cast
from tests.triage.incidents.test_incidents import an_outage, incidents, sweep_all

from .conftest import OpenPage, faults


async def test_a_proposal_is_noticed_looked_at_and_made_an_incident(
    open_page: OpenPage, cast: Cast, clock: FrozenClock
) -> None:
    await an_outage(cast, clock)
    page = await open_page("max", "/desk")
    await page.locator("#rail-incidents").get_by_text("1 proposed").wait_for()
    await page.locator(".rail").get_by_role("link", name="Incidents").click()
    await page.get_by_role("heading", name="Proposed").wait_for()
    assert await faults(page) == []
    await page.get_by_role("link", name="Look at proposal").click()
    await page.get_by_role("heading", name="Is this an incident?").wait_for()
    assert await faults(page) == []
    await page.get_by_role("button", name="It is an incident").click()
    await page.get_by_role("button", name="Post the update").wait_for()
    await sweep_all(cast.desk)
    assert [row["state"] for row in await incidents(cast.desk)] == ["confirmed"]
    await page.fill("#body", "It works again.")
    await page.get_by_role("button", name="It is solved").click()
    await page.get_by_role("heading", name="Solved for them?").wait_for()
    assert await faults(page) == []


async def test_what_triage_is_worth_is_readable(open_page: OpenPage, cast: Cast) -> None:
    page = await open_page("max", "/desk/triage")
    await page.get_by_role("heading", name="What triage is worth").wait_for()
    assert await faults(page) == []
