"""The managers' queue in a browser: keys, news that moves nothing under the pointer, a phone."""

from datetime import timedelta

from playwright.async_api import Page, expect

from helpdesk.core.clock import FrozenClock
from tests.helpdesk.escalations.build import an_escalation
from tests.people import Cast

from .conftest import PHONE, OpenPage, faults, sideways


async def due(cast: Cast, clock: FrozenClock, subject: str, minutes: int) -> int:
    contract = cast.contracts["C-1001"].id
    _, made = await an_escalation(cast, "finn", subject=subject, contract_id=contract)
    await cast.desk.pool.execute(
        "UPDATE escalations SET due_at = $2 WHERE id = $1",
        made.id,
        clock.at + timedelta(minutes=minutes),
    )
    return made.id


async def titles(page: Page) -> list[str]:
    return await page.locator("#list .queue-link").all_inner_texts()


async def test_a_manager_works_the_queue(
    open_page: OpenPage, cast: Cast, clock: FrozenClock
) -> None:
    await due(cast, clock, "The oldest", -30)
    await due(cast, clock, "The second", 20)
    page = await open_page("max", "/desk/escalations")
    await page.locator("#rail-escalations").get_by_text("1 late").wait_for()

    # News while the pointer is in the list waits behind a line that counts it.
    second = page.locator(".queue-row").nth(1)
    await second.hover()
    before = await second.bounding_box()
    await due(cast, clock, "Between them", 10)
    await page.get_by_role("button", name="1 change – show").wait_for()
    assert await titles(page) == ["The oldest", "The second"]
    assert await second.bounding_box() == before
    line = await page.locator("#changes button").bounding_box()
    bar = await page.locator("#bulk-bar").bounding_box()
    assert line is not None
    assert bar is not None
    assert line["y"] >= bar["y"] + bar["height"]  # what is chosen can still be acted on
    await page.get_by_role("button", name="1 change – show").click()
    await page.get_by_role("link", name="Between them").wait_for()
    assert await titles(page) == ["The oldest", "Between them", "The second"]
    # Nobody is in the list: it follows by itself.
    await page.mouse.move(5, 5)
    await due(cast, clock, "The last", 600)
    await page.get_by_role("link", name="The last").wait_for()

    # By keys alone: look at two, choose them, take and decide one.
    await page.keyboard.press("j")
    await page.keyboard.press("x")
    await page.keyboard.press("j")
    await page.keyboard.press("x")
    await expect(page.locator("#bulk-bar")).to_contain_text("2 chosen")
    await page.keyboard.press(" ")
    await page.locator("#peek").get_by_role("heading", name="Between them").wait_for()
    await page.locator("#decisions").get_by_text("Nothing like this").wait_for()
    assert await page.evaluate("document.activeElement.className") == "queue-link"
    await page.keyboard.press("k")
    await page.keyboard.press("Enter")
    await page.locator("#peek").get_by_role("heading", name="The oldest").wait_for()
    await page.keyboard.press("a")
    await page.get_by_role("heading", name="Why it is here").wait_for()
    await page.locator("summary", has_text="Decide").wait_for()
    await page.keyboard.press("d")
    await page.get_by_label("In favour of the requester", exact=True).check()
    await page.get_by_label("The reasons").fill("You were right.")
    assert await faults(page) == []
    await page.set_viewport_size({"width": PHONE, "height": 844})
    await page.get_by_role("button", name="Tell the requester").click()
    await page.locator("#peek .chip", has_text="In favour of the requester").wait_for()
    await page.get_by_role("link", name="Back to the queue").click()
    await page.get_by_role("link", name="Between them").wait_for()
    assert await titles(page) == ["Between them", "The second", "The last"]


async def test_many_get_a_later_date_by_keys_on_a_phone_and_back(
    open_page: OpenPage, cast: Cast, clock: FrozenClock
) -> None:
    first = await due(cast, clock, "The oldest", -30)
    await due(cast, clock, "The second", 20)
    page = await open_page("max", "/desk/escalations")
    await page.set_viewport_size({"width": PHONE, "height": 844})
    for key in ("j", "x", "j", "x"):
        await page.keyboard.press(key)
    await expect(page.locator("#bulk-bar")).to_contain_text("2 chosen")
    await page.locator("#bulk-dates > summary").press("Enter")
    assert await faults(page) == []
    assert await sideways(page) == []
    await page.get_by_label("Why it takes longer").fill("The bank is closed")
    await page.keyboard.press("Enter")
    await page.get_by_role("heading", name="Move the date of 2").wait_for()
    assert await faults(page) == []
    assert await sideways(page) == []
    await page.get_by_role("button", name="Move the dates").press("Enter")
    await page.get_by_text("2 escalations got the later date").wait_for()
    moved = await cast.desk.pool.fetchval("SELECT due_at FROM escalations WHERE id = $1", first)
    assert moved == clock.at + timedelta(days=1)
    await page.get_by_role("button", name="Undo").press("Enter")
    await page.get_by_text("Taken back.", exact=True).wait_for()
