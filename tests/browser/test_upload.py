"""Files on their way in a real browser: chosen, pasted, dropped, cancelled, cut off."""

import asyncio
from pathlib import Path
from typing import Any

from playwright.async_api import Page, expect

from tests.browser.conftest import OpenPage, axe, faults
from tests.build import a_ticket
from tests.helpdesk.evidence import samples
from tests.helpdesk.evidence.build import attach
from tests.people import Cast

FORM = "/report?type=team_app_bug"
CHOOSE = "[data-dropzone] input[data-upload]:not([capture])"


def file(name: str, content: bytes, kind: str = "") -> Any:
    return {"name": name, "mimeType": kind, "buffer": content}


def row(page: Page, name: str) -> Any:
    return page.locator(".upload", has_text=name)


async def uploads(cast: Cast) -> int:
    found: int = await cast.desk.pool.fetchval("SELECT count(*) FROM uploads")
    return found


async def test_several_files_at_once_each_get_a_row_and_a_picture(
    cast: Cast, open_page: OpenPage
) -> None:
    page = await open_page("finn", FORM)
    await page.set_input_files(
        CHOOSE,
        [
            file("team.log", samples.LOG, "text/plain"),
            file("shot.png", samples.png(), "image/png"),
        ],
    )
    await expect(row(page, "team.log")).to_have_attribute("data-state", "ready")
    await expect(row(page, "shot.png")).to_have_attribute("data-state", "ready")
    await expect(row(page, "shot.png").locator("img")).to_be_visible()
    assert await uploads(cast) == 2
    assert await axe(page) == []


async def test_a_refusal_is_told_in_the_desks_words(
    cast: Cast, open_page: OpenPage, tmp_path: Path
) -> None:
    page = await open_page("finn", FORM, expected="422")
    await page.set_input_files(CHOOSE, [file("a.log", samples.EXE), file("empty.txt", b"")])
    big = tmp_path / "big.pdf"
    big.write_bytes(samples.PDF + b"\0" * (25 * 1024 * 1024))
    await page.set_input_files(CHOOSE, [big])
    await expect(row(page, "a.log")).to_contain_text("looks like a Windows program")
    await expect(row(page, "empty.txt")).to_contain_text("is empty")
    await expect(row(page, "big.pdf")).to_contain_text("must be smaller than 25 MB")
    assert await uploads(cast) == 0
    await row(page, "a.log").get_by_role("button", name="Remove a.log").click()
    await expect(row(page, "a.log")).to_have_count(0)


async def test_a_screenshot_is_pasted_and_a_file_dropped(cast: Cast, open_page: OpenPage) -> None:
    page = await open_page("finn", FORM)
    await page.evaluate(
        """bytes => {
          const carried = new DataTransfer();
          const content = new Uint8Array(bytes);
          carried.items.add(new File([content], 'image.png', {type: 'image/png'}));
          document.dispatchEvent(
            new ClipboardEvent('paste', {clipboardData: carried, bubbles: true}));
          const dropped = new DataTransfer();
          dropped.items.add(new File(['one line'], 'dropped.txt', {type: 'text/plain'}));
          document.querySelector('[data-dropzone]').dispatchEvent(
            new DragEvent('drop', {dataTransfer: dropped, bubbles: true, cancelable: true}));
        }""",
        list(samples.png()),
    )
    await expect(row(page, "Pasted")).to_have_attribute("data-state", "ready")
    await expect(row(page, "dropped.txt")).to_have_attribute("data-state", "ready")
    assert await uploads(cast) == 2


async def test_progress_is_shown_and_an_upload_can_be_cancelled(
    cast: Cast, open_page: OpenPage
) -> None:
    page = await open_page("finn", FORM)
    session = await page.context.new_cdp_session(page)
    await slow(session, 300_000)
    await page.set_input_files(CHOOSE, [file("big.log", samples.LOG * 60, "text/plain")])
    await expect(row(page, "big.log")).to_have_attribute("data-state", "sending")
    await expect(row(page, "big.log")).to_contain_text(" left")
    assert float(await row(page, "big.log").locator("progress").get_attribute("value") or 0) > 0
    await row(page, "big.log").get_by_role("button", name="Remove big.log").click()
    await expect(row(page, "big.log")).to_have_count(0)
    await asyncio.sleep(0.5)
    assert await uploads(cast) == 0


async def slow(session: Any, speed: int) -> None:
    await session.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": speed},
    )


async def test_a_lost_connection_is_waited_for_and_the_file_stored_once(
    cast: Cast, open_page: OpenPage
) -> None:
    page = await open_page("finn", FORM, expected="ERR_")
    cut = 2

    async def gone(route: Any) -> None:
        nonlocal cut
        cut -= 1
        if cut == 1:  # the file arrives, the answer does not
            await route.fetch()
        await (route.abort("connectionreset") if cut >= 0 else route.continue_())

    await page.route("**/uploads", gone)
    await page.set_input_files(CHOOSE, [file("team.log", samples.LOG, "text/plain")])
    await expect(row(page, "team.log")).to_contain_text("Trying again")
    await expect(row(page, "team.log")).to_have_attribute("data-state", "ready")
    assert await uploads(cast) == 1


async def test_offline_it_waits_and_goes_on_by_itself(cast: Cast, open_page: OpenPage) -> None:
    page = await open_page("finn", FORM, expected="ERR_")
    await page.context.set_offline(True)
    await page.set_input_files(CHOOSE, [file("team.log", samples.LOG, "text/plain")])
    await expect(row(page, "team.log")).to_contain_text("You are offline")
    await page.context.set_offline(False)
    await expect(row(page, "team.log")).to_have_attribute("data-state", "ready")
    assert await uploads(cast) == 1


async def test_the_page_of_a_piece_is_clean_for_everybody(
    cast: Cast, site: str, open_page: OpenPage
) -> None:
    ticket = await a_ticket(cast, "finn", type_key="team_app_bug", group_key="TECH")
    picture = await attach(cast, site, ticket, "shot.png", samples.png(1200, 800))
    log = await attach(cast, site, ticket, "team.log", samples.LOG + b"x" * 5_000)
    zipped = await attach(cast, site, ticket, "a.zip", samples.archive(("a.txt", b"a")))
    # The other pages are visited by test_every_page.py.
    for who, address in (
        ("finn", f"/evidence/{zipped.id}"),
        ("finn", f"/evidence/{log.id}/lines?q=line+19"),
        ("tess", f"/evidence/{log.id}"),
        ("tess", f"/evidence/{picture.id}"),
        ("tess", f"/evidence/{zipped.id}"),
    ):
        page = await open_page(who, address)
        assert await faults(page) == []
