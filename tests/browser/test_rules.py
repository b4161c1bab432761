"""Routing rules in a browser: written, ordered by keys, tested on history, and explained."""

import asyncio

from playwright.async_api import Route

from helpdesk.worker import work_once
from tests.build import a_ticket
from tests.people import Cast
from tests.triage.routing.build import (
    a_rule,
    anything,
    asks,
    do,
    everything,
    key,
    nothing,
    publish_rules,
)
from triage.routing.queries import standing
from triage.routing.replay.testing import test_next as run_next_test

from .conftest import OpenPage, arrive, faults

RULES = [
    a_rule("Cards", everything(asks("words", "card")), do("department", "PAY"), key=key(1)),
    a_rule("Spanish", everything(asks("language", "es")), do("tag", "es"), key=key(2)),
    a_rule(
        "Nested",
        everything(
            asks("hour", "20", "6", unit="GEN"),
            anything(asks("amount", "100000", unit="USD"), nothing(asks("type", "guidance"))),
        ),
        do("notify", "managers", by="mail", text="Look"),
        do("severity", "one"),
        key=key(3),
    ),
]


async def test_a_rule_is_written_with_choices_that_appear_at_once(
    open_page: OpenPage, cast: Cast
) -> None:
    page = await open_page("max", "/desk/rules/new")
    await page.fill("#name", "Large sums")
    await page.get_by_role("button", name="Add a condition").click()
    await page.select_option("[name='t.0.0.about']", "amount")
    await page.locator("[name='t.0.0.unit']").wait_for()
    assert await page.input_value("#name") == "Large sums"
    await page.fill("[name='t.0.0.values']", "1000")
    await page.select_option("[name='a.0.value']", "PAY")
    await page.locator("#rule-sentence").get_by_text("at least USD 1,000.00").wait_for()
    await page.get_by_role("button", name="Save it in the draft").click()
    await arrive(page, "**/desk/rules")
    await page.get_by_text("When a ticket is filed and the amount is at least").first.wait_for()
    assert [rule.name for rule in (await standing(cast.desk)).rules] == ["Large sums"]


async def test_rules_are_ordered_by_keys_and_the_focus_stays_with_the_rule(
    open_page: OpenPage, cast: Cast
) -> None:
    await publish_rules(cast, *RULES)
    page = await open_page("max", "/desk/rules")
    await page.get_by_role("button", name="Move down: Cards").focus()
    for expected in (["Spanish", "Cards", "Nested"], ["Spanish", "Nested", "Cards"]):
        await page.keyboard.press("Enter")
        await page.wait_for_function(
            "names => [...document.querySelectorAll('.rule-name')]"
            ".map(e => e.innerText.trim()).join() === names.join()",
            arg=expected,
        )
        focused = await page.evaluate("document.activeElement.getAttribute('aria-label')")
        assert focused.endswith(": Cards"), focused
    assert [rule.name for rule in (await standing(cast.desk)).rules] == expected


async def test_saving_while_the_form_is_on_its_way_waits_for_its_turn(
    open_page: OpenPage, cast: Cast
) -> None:
    page = await open_page("max", "/desk/rules/new")
    await page.fill("#name", "In a hurry")
    release = asyncio.Event()

    async def hold(route: Route) -> None:
        if "do=refresh" in (route.request.post_data or ""):
            await release.wait()
        await route.continue_()

    await page.route("**/desk/rules/new", hold)
    async with page.expect_request(lambda one: "do=refresh" in (one.post_data or "")):
        await page.select_option("[name='a.0.value']", "PAY")
    await page.get_by_role("button", name="Save it in the draft").click()
    release.set()
    await arrive(page, "**/desk/rules")
    assert [rule.name for rule in (await standing(cast.desk)).rules] == ["In a hurry"]


async def test_a_rule_is_written_without_scripts(open_page: OpenPage, cast: Cast) -> None:
    page = await open_page("max", "/desk/rules/new", javascript=False)
    await page.fill("#name", "By hand")
    await page.get_by_role("button", name="Add a group").click()
    await page.select_option("[name='t.0.0.0.about']", "restricted")
    await page.get_by_role("button", name="Show its choices").first.click()
    await page.select_option("[name='t.0.0.0.values']", "yes")
    await page.select_option("[name='a.0.value']", "TAS")
    await page.get_by_role("button", name="Save it in the draft").click()
    await (
        page.get_by_text("(it is restricted)")
        .or_(page.get_by_text("it is restricted: send it to Trust"))
        .first.wait_for()
    )


async def test_a_test_on_history_shows_its_result_by_itself(
    open_page: OpenPage, cast: Cast
) -> None:
    await publish_rules(cast, RULES[1])
    filed = await a_ticket(cast, subject="My card was charged twice")
    page = await open_page("max", "/desk/rules/new")
    await page.fill("#name", "Cards")
    await page.select_option("[name='a.0.value']", "PAY")
    await page.get_by_role("button", name="Save it in the draft").click()
    await arrive(page, "**/desk/rules")
    cast.desk.clock.advance(hours=1)  # type: ignore[attr-defined]
    await page.get_by_role("button", name="Test it").click()
    await arrive(page, "**/desk/rules/tests/*")
    await page.get_by_text("It begins in a moment.").wait_for()
    await run_next_test(cast.desk)
    await page.get_by_role("heading", name="From where to where").wait_for()
    await page.get_by_role("link", name=filed.reference).wait_for()
    assert await faults(page) == []


async def test_why_is_fetched_when_it_is_asked_for(open_page: OpenPage, cast: Cast) -> None:
    await publish_rules(cast, *RULES)
    filed = await a_ticket(cast, subject="My card was charged twice")
    await work_once(cast.desk)
    page = await open_page("pete", f"/desk/tickets/{filed.reference}")
    await page.get_by_text("Why did I get this?").click()
    await page.get_by_text("Sent from General to Payments.").wait_for()
    assert page.url.endswith(filed.reference)
    assert await faults(page) == []


async def test_the_pages_of_the_rules_are_sound(open_page: OpenPage, cast: Cast) -> None:
    await publish_rules(cast, *RULES)
    filed = await a_ticket(cast, subject="My card was charged twice")
    await work_once(cast.desk)
    page = await open_page("max", "/desk/rules")
    await page.get_by_role("button", name="Switch off: Spanish").click()
    await page.get_by_text("“Spanish” was switched off.").wait_for()
    found = await faults(page)
    # The other pages are visited by test_every_page.py.
    for path in (f"/desk/rules/{key(3)}", f"/desk/tickets/{filed.reference}/why"):
        await page.goto(path)
        found += await faults(page)
    assert found == []
