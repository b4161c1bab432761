"""Two browsers talk, whatever the network does."""

import re

from playwright.async_api import Page, expect

from chat.commands import set_availability
from helpdesk.desk import Desk
from tests.chat.live import begin_chat, tab_of
from tests.chat.network import network_to
from tests.conftest import TUESDAY
from tests.people import Cast

from .conftest import OpenPage, faults, sideways, sign_in

BELOW = """() => ["#body", "#composer .btn-primary", ".chat-head button"].filter((one) =>
  document.querySelector(one).getBoundingClientRect().bottom > innerHeight)"""


async def write(page: Page, text: str) -> None:
    await page.fill("#body", text)
    await page.press("#body", "Enter")


async def bodies(page: Page) -> list[str]:
    found: list[str] = await page.eval_on_selector_all(
        "#log .bubble-text", "all => all.map(one => one.textContent)"
    )
    return found


async def make_available(desk: Desk, cast: Cast, name: str) -> None:
    desk.clock.set(TUESDAY.replace(hour=15))  # type: ignore[attr-defined]  # Payments works in New York
    async with desk.transaction(await cast.actor(name)) as tx:
        await set_availability(tx, True)


async def test_cut_three_times_nothing_is_lost_or_doubled_and_a_second_tab_shows_the_same(
    site: str, desk: Desk, cast: Cast, open_page: OpenPage
) -> None:
    chat = await begin_chat(desk, cast)
    async with network_to(site) as (network, through):
        nina = await open_page("nina", expected="WebSocket|net::ERR")
        await nina.goto(f"{through}/chat/{chat.id}")
        second = await nina.context.new_page()
        await second.goto(f"{through}/chat/{chat.id}")
        pete = await tab_of(site, cast, "pete", chat)
        said = ["Hello"]
        for number in range(3):
            for text in (f"before {number}", f"and {number}"):
                await write(nina, text)
                said.append(text)
            assert network.cut()
            await write(nina, f"during {number}")
            said.append(f"during {number}")
            await pete.ack(await pete.say(chat, f"pete {number}"))
            await expect(nina.locator("#log")).to_contain_text(f"pete {number}", timeout=15_000)
            await expect(
                nina.locator("#log .msg:not([data-state=sent]):not([data-state=seen])")
            ).to_have_count(0, timeout=15_000)
        for page in (nina, second):
            await expect(page.locator("#log .bubble-text")).to_have_count(13, timeout=15_000)
        assert await bodies(nina) == await bodies(second)
        await pete.until(lambda frame: frame.get("body") == "during 2")
        assert pete.bodies() == await bodies(nina)
        assert [text for text in pete.bodies() if "pete" not in text] == said
        await pete.leave()


async def test_a_connection_that_died_without_a_word_is_noticed_within_30_seconds(
    site: str, desk: Desk, cast: Cast, open_page: OpenPage
) -> None:
    chat = await begin_chat(desk, cast)
    async with network_to(site) as (network, through):
        page = await open_page("nina", expected="WebSocket|net::ERR")
        await page.clock.install()
        await page.goto(f"{through}/chat/{chat.id}")
        await expect(page.locator("#log .bubble-text")).to_have_count(1)
        await page.wait_for_timeout(500)
        network.passing.clear()
        await page.clock.run_for(30_000)
        await expect(page.locator("#connection")).to_contain_text("Connection lost")
        await write(page, "are you there")
        network.passing.set()
        await page.clock.run_for(20_000)
        mine = page.locator("#log .msg", has_text="are you there")
        await expect(mine).to_have_attribute("data-state", "sent")


async def test_a_file_joins_the_chat_and_a_private_one_is_hidden_from_other_departments(
    site: str, desk: Desk, cast: Cast, open_page: OpenPage
) -> None:
    chat = await begin_chat(desk, cast)
    pete, amy = await tab_of(site, cast, "pete", chat), await tab_of(site, cast, "amy", chat)
    page = await open_page("nina", f"/chat/{chat.id}")
    note = {"name": "bank.txt", "mimeType": "text/plain", "buffer": b"IBAN on this page\n" * 20}
    await page.set_input_files("#attach", files=[note])  # type: ignore[list-item]
    shown = await pete.until(lambda frame: frame.get("type") == "evidence.added", 15)
    assert shown["evidence"]["name"] == "bank.txt"
    await expect(page.locator("#log .evidence")).to_have_count(1)
    await page.check("#private")
    await page.set_input_files("#attach", files=[note | {"name": "secret.txt"}])  # type: ignore[list-item]
    await pete.until(lambda frame: "secret.txt" in str(frame), 15)
    await expect(page.locator("#log .evidence")).to_have_count(2)
    await amy.until(lambda frame: "bank.txt" in str(frame))
    assert "secret.txt" not in str(amy.frames)
    await expect(page.locator(".upload")).to_have_count(0)
    await pete.leave()
    await amy.leave()


async def test_axe_finds_nothing_on_the_chat_pages(
    desk: Desk, cast: Cast, open_page: OpenPage
) -> None:
    await make_available(desk, cast, "pete")
    waiting = await begin_chat(desk, cast, visitor="omar", agent="")
    # The other pages are visited by test_every_page.py.
    for who, path in (
        ("", "/chat?type=withdrawal_not_received"),
        ("omar", f"/chat/{waiting.id}"),
    ):
        page = await open_page(who, path)
        await page.wait_for_timeout(300)
        assert not await faults(page)


async def test_what_the_desk_refused_is_put_right_in_the_box_on_both_sides(
    desk: Desk, cast: Cast, open_page: OpenPage
) -> None:
    chat = await begin_chat(desk, cast, agent="")
    nina = await open_page("nina", f"/chat/{chat.id}")
    pete = await open_page("pete", f"/desk/chats/{chat.id}")
    here = pete.locator("#thread-head .presence")
    await expect(here).to_have_attribute("data-state", "online")
    await pete.get_by_role("button", name="Take", exact=True).click()
    await expect(pete.locator("#thread-head")).to_contain_text("Hand over")
    await expect(here).to_have_attribute("data-state", "online")  # though it was read again
    for page, box in ((nina, "#body"), (pete, ".composer textarea")):
        await page.fill(box, "\u200b")  # nothing to see is nothing to send
        await page.press(box, "Enter")
        refused = page.locator(".log .msg[data-state=failed]")
        await expect(refused).to_contain_text("Not sent.")
        await page.type(box, "and this")
        await refused.get_by_role("button", name="Edit").click()
        await expect(page.locator(box)).to_have_value("\u200b\n\nand this")
        await expect(page.locator(box)).to_be_focused()
        await expect(refused).to_have_count(0)
        await page.press(box, "Enter")
        await expect(page.locator(".log .msg", has_text="and this").last).to_have_attribute(
            "data-state", re.compile("sent|seen")
        )
    # A switch that was pressed holds the focus, and no letters.
    await pete.locator(".availability input").focus()
    await pete.keyboard.press("n")
    await expect(pete.locator("#thread .composer")).to_have_attribute("data-mode", "note")


async def test_above_the_keyboard_of_a_phone_one_reads_and_writes(
    desk: Desk, cast: Cast, open_page: OpenPage
) -> None:
    talking = await begin_chat(desk, cast, body="Hello\n" * 20)
    waiting = await begin_chat(desk, cast, agent="")
    page = await open_page("nina")
    for chat in (talking, waiting):
        for width, height in ((390, 500), (320, 420), (844, 390)):
            await page.set_viewport_size({"width": width, "height": height})
            await page.goto(f"/chat/{chat.id}")
            for private in ("", "open"):
                if private:
                    await page.click("#hidden-numbers summary")
                below: list[str] = await page.evaluate(BELOW)
                assert not below, (chat.id, width, height, private)
                log = await page.locator(".chat-log").bounding_box()
                assert private or (log and log["height"] > 40), (width, height, log)
                assert not await sideways(page)


async def test_signed_out_in_another_tab_and_in_again_it_goes_on(
    site: str, desk: Desk, cast: Cast, open_page: OpenPage
) -> None:
    chat = await begin_chat(desk, cast)
    page = await open_page("nina", f"/chat/{chat.id}")
    await expect(page.locator("html")).to_have_attribute("data-live", "open")
    other = await page.context.new_page()
    await other.goto("/account")
    await other.locator("summary[aria-label^='Your account']").click()
    await other.get_by_role("button", name="Sign out").click()
    await expect(page.locator("#connection")).to_contain_text("You are signed out")
    link = page.locator("#connection").get_by_role("link", name="Sign in")
    await expect(link).to_have_attribute("href", f"/sign-in?next=%2Fchat%2F{chat.id}")
    pete = await tab_of(site, cast, "pete", chat)
    await pete.ack(await pete.say(chat, "while you were away"))
    await pete.leave()
    await write(page, "half a sentence")
    mine = page.locator("#log .msg", has_text="half a sentence")
    await expect(mine).to_contain_text("Sign in again; it is kept.")
    await sign_in(page.context, cast, site, "nina")
    await mine.get_by_role("button", name="Send now").click()
    await expect(mine).to_have_attribute("data-state", re.compile("sent|seen"))
    await expect(page.locator("#connection")).to_be_hidden()
    await expect(page.locator("#log")).to_contain_text("while you were away")
    await page.reload()
    await expect(mine).to_have_count(1)
    await expect(page.locator("#log .msg-unread")).to_have_count(0)  # it was looked at

    await page.goto("/help")
    pete = await tab_of(site, cast, "pete", chat)
    await pete.ack(await pete.say(chat, "and the next day"))
    await pete.leave()
    await page.goto(f"/chat/{chat.id}")
    await expect(page.locator("#log .msg-unread + .msg")).to_contain_text("and the next day")


async def test_who_waits_before_the_form_sees_that_somebody_came(
    desk: Desk, cast: Cast, open_page: OpenPage
) -> None:
    page = await open_page("nina")
    await page.clock.install()
    await page.goto("/chat?type=withdrawal_not_received")
    await page.fill("#description", "Where is it?")
    start = page.get_by_role("button", name="Start the chat")
    await expect(start).to_have_count(0)
    await make_available(desk, cast, "pete")
    await page.clock.run_for(31_000)
    await expect(start).to_be_visible()
    await expect(page.locator("#description")).to_have_value("Where is it?")
    await expect(page.locator("#description")).to_be_focused()
