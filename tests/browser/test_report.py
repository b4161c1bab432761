"""People file reports in a real browser, with scripts and without."""

import base64
import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, FilePayload, Page, expect
from sqlmodel import col, select

from helpdesk.evidence.models import Evidence
from helpdesk.tickets.models import Ticket
from tests.browser.conftest import OpenPage, arrive, faults, sideways
from tests.helpdesk.contact.reports import LOG, png
from tests.people import Cast

BUG = "/report?service=technical_support&type=team_app_bug"
CONFLICT = "status of 422"  # Chromium reports it on the console; the page is the answer


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "team.log").write_bytes(LOG)
    (tmp_path / "screen.png").write_bytes(png())
    return {name: str(tmp_path / name) for name in ("team.log", "screen.png")}


async def bring(page: Page, how: str, name: str, kind: str, data: bytes, on: str) -> None:
    """Drop a file on an element, or paste it."""
    await page.evaluate(
        """async ([how, name, kind, data, on]) => {
          const bytes = Uint8Array.from(atob(data), c => c.charCodeAt(0));
          const transfer = new DataTransfer();
          transfer.items.add(new File([bytes], name, {type: kind}));
          const target = document.querySelector(on);
          const rest = {bubbles: true, cancelable: true};
          const event = how === 'drop'
            ? new DragEvent('drop', {dataTransfer: transfer, ...rest})
            : new ClipboardEvent('paste', {clipboardData: transfer, ...rest});
          target.dispatchEvent(event);
        }""",
        [how, name, kind, base64.b64encode(data).decode(), on],
    )


async def write(page: Page) -> None:
    await page.fill("#subject", "Team 3 stops tracking after sleep on Windows 11")
    await page.fill(
        "#description",
        "I closed the lid yesterday. I expected the tracker to go on, but it stopped.",
    )
    await page.fill("[name='answers.app_version']", "3.4.1")
    await page.fill("[name='answers.steps']", "Start the tracker, close the lid, open it again.")


async def filed(cast: Cast) -> tuple[Ticket, dict[str, Evidence]]:
    async with cast.desk.reading() as db:
        [ticket] = (await db.exec(select(Ticket))).all()
        rows = (await db.exec(select(Evidence).order_by(col(Evidence.id)))).all()
    return ticket, {row.evidence_key: row for row in rows}


async def test_a_ticket_with_a_dropped_log_and_a_pasted_screenshot(
    open_page: OpenPage, cast: Cast
) -> None:
    page = await open_page("finn", "/contact")
    await page.get_by_role("radio", name="Technical support").check()
    await page.get_by_role("link", name="Team app / time tracker bug").click()
    await expect(page.locator("[name='answers.operating_system']")).not_to_have_value("")
    await write(page)
    await bring(page, "drop", "team.log", "text/plain", LOG, "[data-key=team_log]")
    await expect(page.locator("[data-key=team_log]")).to_have_attribute("data-state", "ready")
    await bring(page, "paste", "image.png", "image/png", png(), "body")
    pasted = page.locator("#loose-files .upload[data-state=ready]")
    await expect(pasted).to_have_count(1)
    await pasted.get_by_role("combobox").select_option("screenshot")
    await expect(page.locator("[data-key=screenshot] .upload")).to_have_count(1)
    await expect(page.locator("#ready")).to_contain_text("of 4 ready")
    await page.get_by_role("button", name="Check and send").last.click()
    await expect(page.get_by_role("heading", name="Check and send")).to_be_visible()
    await expect(page.locator("main")).to_contain_text("team.log")
    await page.get_by_role("button", name="Send", exact=True).dblclick()
    await expect(page.get_by_role("heading", level=1)).to_contain_text(
        "Sent. Your reference is HD-"
    )
    ticket, pieces = await filed(cast)
    assert ticket.severity == 2
    assert pieces["team_log"].audience == "private"
    assert pieces["screenshot"].thumbnail_id is not None
    assert "environment" in pieces


async def test_a_photo_taken_with_a_phone_is_evidence(
    chromium: Browser, site: str, cast: Cast
) -> None:
    phone = await chromium.new_context(base_url=site, has_touch=True, is_mobile=True)
    page = await phone.new_page()
    await page.goto("/report?service=customer_service&type=guidance")
    camera = page.get_by_label("Take a photo")
    await expect(camera.locator("..")).to_be_visible()
    await expect(camera).to_have_attribute("capture", "environment")
    photo = FilePayload(name="photo.png", mimeType="image/png", buffer=png())
    await camera.set_input_files(photo)
    await expect(page.locator("#loose-files .upload[data-state=ready]")).to_have_count(1)
    await phone.close()


async def test_the_same_without_scripts(
    open_page: OpenPage, cast: Cast, files: dict[str, str]
) -> None:
    page = await open_page("finn", "/contact", javascript=False, expected=CONFLICT)
    await page.get_by_label("Technical support").check()
    await page.get_by_role("button", name="Show what we can do").click()
    await page.get_by_role("link", name="Team app / time tracker bug").click()
    await write(page)
    await page.fill("#subject", "bug")
    await page.set_input_files("[name='evidence.team_log']", files["team.log"])
    await page.set_input_files("[name='evidence.screenshot']", files["screen.png"])
    await page.get_by_role("button", name="Check and send").last.click()
    assert await page.title() == "Error: Report a problem – Helpdesk"
    await expect(page.locator("#error-summary")).to_contain_text("Summarise your question")
    await expect(page.locator("[data-key=team_log] .upload-name")).to_have_text("team.log")
    await expect(page.locator("[data-key=screenshot] .upload-name")).to_have_text("screen.png")
    await page.fill("#subject", "Team 3 stops tracking after sleep on Windows 11")
    await page.get_by_role("button", name="Check and send").last.click()
    await page.get_by_role("button", name="Send", exact=True).click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text(
        "Sent. Your reference is HD-"
    )
    _, pieces = await filed(cast)
    assert {"team_log", "screenshot", "environment"} <= pieces.keys()


async def test_without_scripts_the_type_can_be_changed_and_the_text_stays(
    open_page: OpenPage, cast: Cast
) -> None:
    page = await open_page("finn", BUG, javascript=False)
    await page.fill("#subject", "Something I have typed already")
    await page.get_by_label("Contracts & disputes").check()
    await page.get_by_role("button", name="Update the form").click()
    await page.select_option("#type", "milestone_not_released")
    await page.get_by_role("button", name="Update the form").click()
    await expect(page.locator("#subject")).to_have_value("Something I have typed already")
    await page.select_option("#contract", "C-1001")
    await page.get_by_role("button", name="Use this contract").click()
    await page.get_by_label("2. Final files").check()
    await expect(page.locator("main")).to_contain_text("with Cora")


async def test_a_contract_is_found_by_three_letters_and_the_keyboard_alone(
    open_page: OpenPage, cast: Cast
) -> None:
    page = await open_page("nina", "/report?service=payments&type=payment_not_received")
    await page.focus("#contract")
    await page.keyboard.type("jap")
    await page.keyboard.press("Enter")
    await expect(page.locator(".contract-title")).to_have_text("Japanese translation")
    await page.get_by_role("button", name="Change the contract").click()
    await expect(page.locator("#contract")).to_have_attribute("role", "combobox")
    await page.focus("#contract")
    await page.keyboard.press("ArrowDown")  # opens the list
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.locator(".contract-title")).to_have_text("Old web shop")


async def test_choosing_another_type_keeps_text_and_focus(open_page: OpenPage, cast: Cast) -> None:
    page = await open_page("finn", BUG)
    await page.fill("#subject", "Something I have typed already")
    await page.focus("#type")
    await page.select_option("#type", "tech_unsolved")
    await expect(page.locator("[name='answers.articles_tried']")).to_be_visible()
    await expect(page.locator("#subject")).to_have_value("Something I have typed already")
    await expect(page.locator("#type")).to_be_focused()
    await expect(page.locator("#channel-advice")).to_contain_text("an engineer needs the steps")


async def test_a_closed_tab_is_taken_up_where_it_was_left(open_page: OpenPage, cast: Cast) -> None:
    page = await open_page("finn", BUG)
    await write(page)
    await bring(page, "drop", "team.log", "text/plain", LOG, "[data-key=team_log]")
    await expect(page.locator("#saved")).to_contain_text("Draft saved at")
    await expect(page.locator("[data-key=team_log]")).to_have_attribute("data-state", "ready")
    await page.wait_for_timeout(1200)
    context = page.context
    await page.close()
    page = await context.new_page()
    await page.goto(BUG)
    await expect(page.locator("#restored")).to_contain_text("Draft from")
    await expect(page.locator("[name='answers.app_version']")).to_have_value("3.4.1")
    await expect(page.locator("[data-key=team_log] .upload-name")).to_have_text("team.log")
    await page.get_by_role("button", name="Discard it").click()
    await expect(page.locator("#subject")).to_have_value("")


async def test_a_visitor_s_text_is_kept_in_the_browser(open_page: OpenPage, cast: Cast) -> None:
    path = "/report?service=customer_service&type=guidance"
    page = await open_page("", path)
    await page.fill("#subject", "How do I split a project?")
    await page.fill("#name", "Gwen")
    await expect(page.locator("#saved")).to_contain_text("Draft saved at")
    assert await cast.desk.pool.fetchval("SELECT count(*) FROM drafts") == 0
    context = page.context
    await page.close()
    page = await context.new_page()
    await page.goto(path)
    await expect(page.locator("#restored")).to_contain_text("Draft from")
    await expect(page.locator("#subject")).to_have_value("How do I split a project?")
    await expect(page.locator("#name")).to_have_value("Gwen")


async def test_what_is_typed_without_a_connection_is_not_lost(
    open_page: OpenPage, cast: Cast
) -> None:
    page = await open_page("finn", BUG, expected="net::ERR_INTERNET_DISCONNECTED")
    await page.context.set_offline(True)
    await page.fill("#subject", "Typed in a tunnel between two stations")
    await expect(page.locator("#saved")).to_contain_text("kept in this browser")
    await page.context.set_offline(False)
    await page.goto(BUG)
    await expect(page.locator("#subject")).to_have_value("Typed in a tunnel between two stations")


async def test_a_saved_draft_has_its_address_and_what_was_sent_is_not_sent_again(
    open_page: OpenPage, cast: Cast
) -> None:
    page = await open_page("finn", "/report?service=customer_service&type=guidance&new=1")
    await page.fill("#subject", "How do I split a project into parts?")
    long = "Как разделить проект? " * 850  # more than a page that is left may send
    await page.fill("#description", long)
    await expect(page.locator("#description-left")).to_have_text("1,301 left")
    await arrive(page, "**/report/*-*")
    await page.reload()
    await expect(page.locator("#description")).to_have_value(long)
    await page.get_by_role("button", name="Check and send").last.click()
    await page.get_by_role("button", name="Send", exact=True).click()
    await arrive(page, "**/sent")
    await page.go_back()
    await page.go_back()
    await expect(page.get_by_role("heading", name="Sent.")).to_be_visible()


async def test_a_text_far_too_long_is_told_beside_its_field_and_kept(
    open_page: OpenPage, cast: Cast
) -> None:
    page = await open_page("finn", BUG, expected="status of 4(13|22)")
    for length, told in ((290_000, "290,000 characters"), (1_100_000, "too long to be sent")):
        await page.fill("#description", "x" * length)
        await page.get_by_role("button", name="Check and send").last.click()
        await expect(page.locator("#description-error, #toasts").get_by_text(told)).to_be_visible()
        assert len(await page.input_value("#description")) == length


async def test_errors_get_the_focus_and_lead_into_the_fields(
    open_page: OpenPage, cast: Cast
) -> None:
    page = await open_page("finn", BUG, expected=CONFLICT)
    await page.fill("#subject", "bug")
    await page.get_by_role("button", name="Check and send").last.click()
    await expect(page.locator("#error-summary")).to_be_focused()
    assert (await page.title()).startswith("Error: ")
    await page.get_by_role("link", name=re.compile("Team log file")).click()
    await expect(page.locator("[data-key=team_log]")).to_be_focused()
    await page.get_by_role("link", name=re.compile("Summarise")).click()
    await expect(page.locator("#subject")).to_be_focused()


async def test_every_page_of_the_report_is_accessible(open_page: OpenPage, cast: Cast) -> None:
    """As the pages are while somebody uses them; as they open: test_every_page.py."""
    path = "/report?service=payments&type=payment_not_received"
    page = await open_page("finn", path, expected=CONFLICT)
    assert await faults(page) == []
    await page.click("#contract")
    await page.keyboard.type("logo")
    assert await faults(page) == []
    await page.keyboard.press("Enter")
    await page.wait_for_selector(".contract-title")
    await page.get_by_role("button", name="Check and send").last.click()
    await page.wait_for_selector("#error-summary")
    assert await faults(page) == []
    await page.goto("/report?service=technical_support&type=tech_unsolved&new=1")
    await page.fill("#subject", "Invoice page stays empty after clearing")
    await page.fill("#description", "I opened the invoices and the page is empty since Monday.")
    for key in ("articles_tried", "steps"):
        await page.fill(f"[name='answers.{key}']", "One, two, three.")
    await page.get_by_role("button", name="Check and send").last.click()
    await arrive(page, "**/check")
    assert await faults(page) == []
    await page.get_by_role("button", name="Send", exact=True).click()
    await arrive(page, "**/sent")
    assert await faults(page) == []


async def test_nothing_scrolls_sideways_on_the_smallest_phone(
    open_page: OpenPage, cast: Cast
) -> None:
    page = await open_page("finn", "/contact?service=trust_safety", width=320)
    assert await sideways(page) == []
    for path in (BUG, "/report?service=payments&type=payment_not_received", "/api/docs"):
        await page.goto(path)
        assert await sideways(page) == [], path
