"""The chat on another site's page, in real browsers: whatever the network does, nothing is lost,
and nothing internal ever arrives."""

import asyncio
import re
from contextlib import suppress
from typing import Any
from uuid import uuid4

from playwright.async_api import (
    Error,
    Frame,
    Page,
    Response,
    WebSocket,
    expect,
)

from chat.commands import claim, set_availability
from chat.models import Conversation
from helpdesk.desk import Desk
from tests.chat.live import tab_of
from tests.chat.network import network_to
from tests.chat.widget.build import host_page
from tests.conftest import TUESDAY
from tests.people import Cast

from .conftest import NARROW, OpenPage, axe, sideways
from .test_desk_at_work import until

BLOCKED = """window.WebSocket = class {
  constructor() { setTimeout(() => this.onclose?.({code: 1006})) }
  close() {}
}"""
LOCKLESS = "delete Navigator.prototype.locks"
COUNT = """() => document.addEventListener("helpdesk:unread", (event) => {
  document.documentElement.dataset.unread = event.detail;
})"""
SUPPLY = """(token) => document.addEventListener("helpdesk:expired", () => {
  document.documentElement.dataset.asked = "yes";
  document.dispatchEvent(new CustomEvent("helpdesk:identify", { detail: { token } }));
})"""
OUTSIDE = """() => ({
  globals: Object.keys(window).filter((name) => !known.has(name)),
  stored: localStorage.length + sessionStorage.length,
  cookies: document.cookie,
  styles: document.styleSheets.length + document.adoptedStyleSheets.length,
  inside: [...document.body.children].filter((one) => one.shadowRoot).length,
})"""


class Heard:
    """Everything that reached the visitor's browser, by sockets and by requests."""

    def __init__(self, page: Page) -> None:
        self.texts: list[str] = []
        self.reading: list[asyncio.Task[None]] = []
        page.on("websocket", self.follow)
        page.on("response", self.note)

    def follow(self, socket: WebSocket) -> None:
        socket.on("framereceived", lambda text: self.texts.append(str(text)))

    def note(self, answer: Response) -> None:
        self.reading.append(asyncio.create_task(self.read(answer)))

    async def read(self, answer: Response) -> None:
        kind = answer.headers.get("content-type", "")
        if "json" in kind or "html" in kind:
            with suppress(Error):  # the page was left before it came
                self.texts.append(await answer.text())

    async def all(self) -> str:
        await asyncio.gather(*self.reading)
        return "\n".join(self.texts)


async def afternoon(desk: Desk, cast: Cast) -> None:
    desk.clock.set(TUESDAY.replace(hour=15))  # type: ignore[attr-defined]  # New York is at work
    async with desk.transaction(await cast.actor("pete")) as tx:
        await set_availability(tx, True)


async def press_launcher(page: Page) -> None:
    """Its shadow is closed, so nobody but a person finds the button."""
    size: Any = page.viewport_size
    await page.mouse.click(size["width"] - 48, size["height"] - 48)


async def frame_on(page: Page) -> Frame:
    await expect(page.locator("[data-helpdesk]:not([hidden])")).to_be_attached()
    return page.frames[1]


async def start_chat(frame: Frame, words: str) -> None:
    await frame.get_by_label("What is it about?").select_option("withdrawal_not_received")
    if await frame.locator("#guest").is_visible():
        await frame.get_by_label("Your name").fill("Gabi")
        await frame.get_by_label("Your e-mail address").fill("gabi@example.com")
    await frame.get_by_label("What can we do for you?").fill(words)
    await frame.get_by_role("button", name="Start the chat").click()
    await expect(frame.locator("#place")).to_contain_text("You are next in line")


async def taken(desk: Desk, cast: Cast) -> Conversation:
    number = await desk.pool.fetchval("SELECT max(id) FROM conversations")
    async with desk.transaction(await cast.actor("pete")) as tx:
        return await claim(tx, number)


async def write(frame: Frame, text: str) -> None:
    await frame.locator("#body").fill(text)
    await frame.locator("#body").press("Enter")


async def said(frame: Frame) -> list[str]:
    found: list[str] = await frame.eval_on_selector_all(
        "#log .msg > .words", "all => all.map(one => one.textContent)"
    )
    return found


async def test_on_another_site_nothing_is_lost_and_nothing_internal_arrives(
    site: str, desk: Desk, cast: Cast, open_page: OpenPage
) -> None:
    await afternoon(desk, cast)
    async with network_to(site) as (network, through), host_page(cast, through) as host:
        page = await open_page("", expected="WebSocket")
        heard = Heard(page)
        await page.add_init_script("globalThis.known = new Set([...Object.keys(window), 'known'])")
        await page.goto(host)
        frame = await frame_on(page)
        await press_launcher(page)
        await start_chat(frame, "Where is my withdrawal?")
        chat = await taken(desk, cast)

        pete = await open_page("pete", f"/desk/chats/{chat.id}")
        await pete.fill(".composer textarea", "Let me look.")
        await pete.press(".composer textarea", "Control+Enter")
        await expect(frame.locator("#log")).to_contain_text("Let me look.")
        await pete.locator('.composer-tab:has(input[value="note"])').click()
        await pete.fill(".composer textarea", "canary of a note")
        await pete.press(".composer textarea", "Control+Enter")
        await expect(pete.locator(".log")).to_contain_text("canary of a note")
        async with await cast.browser(site, "max") as supervisor:
            await supervisor.post(f"/desk/chats/{chat.id}/watch")
            path = f"/desk/chats/{chat.id}/whisper"
            told = await supervisor.post(path, data={"body": "canary", "once": str(uuid4())})
            assert told.status_code == 303
        await expect(pete.locator(".log")).to_contain_text("whispered")
        await write(frame, "Thank you, my card is 4111 1111 1111 1111")
        await expect(pete.locator(".log")).to_contain_text("[card number ending in 1111]")
        await expect(frame.locator("#private")).to_be_visible()

        # Cut, and offline for a while: what is written then arrives once, when it can.
        network.down = True
        assert network.cut()
        await expect(frame.locator("#connection")).to_contain_text("Keep writing")
        await write(frame, "written in the dark")
        await expect(frame.locator("#log .msg").last).to_contain_text("Not sent yet")
        network.down = False
        await page.reload()
        frame = await frame_on(page)
        await expect(frame.locator("#log .msg")).to_have_count(4)
        await expect(frame.locator("#body")).to_be_visible()  # it was open, so it is again
        await expect(pete.locator(".log")).to_contain_text("written in the dark")
        await expect(frame.locator("#log .msg").last).to_have_attribute("data-state", "seen")

        second = await page.context.new_page()
        heard_there = Heard(second)
        await second.goto(host)
        other = await frame_on(second)
        await expect(other.locator("#log .msg")).to_have_count(4)
        await write(other, "from the second tab")
        await expect(frame.locator("#log .msg")).to_have_count(5)
        assert await said(frame) == await said(other)

        # Closed, it counts what is new; opened, it is read.
        await page.bring_to_front()
        await page.evaluate(COUNT)
        await frame.locator("#body").press("Escape")
        await pete.locator('.composer-tab:has(input[value="reply"])').click()
        await pete.fill(".composer textarea", "It is on its way.")
        await pete.press(".composer textarea", "Control+Enter")
        await expect(page.locator("html")).to_have_attribute("data-unread", "1")
        await press_launcher(page)
        await expect(frame.locator("#log .new")).to_be_visible()
        await expect(page.locator("html")).to_have_attribute("data-unread", "0")

        outside = await page.evaluate(OUTSIDE)
        assert outside == {"globals": [], "stored": 0, "cookies": "", "styles": 0, "inside": 0}
        assert not await page.context.cookies([host, through])
        texts = await heard.all() + await heard_there.all()
        assert "It is on its way." in texts
        assert "canary" not in texts
        assert "4111 1111" not in texts


async def test_asleep_for_a_minute_and_in_two_tabs_everything_is_there_once(
    site: str, desk: Desk, cast: Cast, open_page: OpenPage
) -> None:
    """First nothing passes and nobody is told, then the connection is gone: sixty seconds in all.
    The browser has no Web Locks, which on a page without TLS none has."""
    await afternoon(desk, cast)
    async with network_to(site) as (network, through), host_page(cast, through) as host:
        page = await open_page("", expected="WebSocket|net::ERR")
        await page.context.add_init_script(LOCKLESS)
        await page.clock.install()
        await page.goto(host)
        frame = await frame_on(page)
        await press_launcher(page)
        await start_chat(frame, "Where is my withdrawal?")
        chat = await taken(desk, cast)
        pete = await open_page("pete", f"/desk/chats/{chat.id}")
        told = pete.locator(".log .msg .bubble-text")

        async def answer(text: str) -> None:
            await pete.fill(".composer textarea", text)
            await pete.press(".composer textarea", "Enter")
            await expect(pete.locator(".log .msg", has_text=text)).to_have_attribute(
                "data-state", re.compile("sent|seen")
            )

        await answer("Let me look.")
        await expect(frame.locator("#log")).to_contain_text("Let me look.")
        network.passing.clear()
        await write(frame, "into the silence")
        await answer("while you slept")
        await page.clock.run_for(30_000)
        await expect(frame.locator("#connection")).to_contain_text("Keep writing")
        network.down = True
        network.cut()
        network.passing.set()
        await page.clock.run_for(30_000)
        await write(frame, "and into the dark")
        await expect(frame.locator("#log .msg").last).to_contain_text("Not sent yet")
        await answer("and longer")
        await expect(frame.locator("#log")).not_to_contain_text("while you slept")
        network.down = False
        await page.clock.run_for(20_000)
        await expect(frame.locator("#log .msg")).to_have_count(6)
        await expect(frame.locator("#connection")).to_be_hidden()
        await expect(told).to_have_count(6)
        second = await page.context.new_page()
        await second.goto(host)
        other = await frame_on(second)
        await expect(other.locator("#log .msg")).to_have_count(6)
        for tab, text in ((other, "from the second tab"), (frame, "and from the first")):
            await write(tab, text)
            await expect(told.last).to_have_text(text)
        await expect(frame.locator("#log .msg")).to_have_count(8)
        await expect(other.locator("#log .msg")).to_have_count(8)
        shown = await said(frame)
        assert len(set(shown)) == 8
        assert shown == await said(other) == await told.all_text_contents()


async def test_the_sites_own_server_says_who_is_signed_in_there(
    site: str, desk: Desk, cast: Cast, open_page: OpenPage
) -> None:
    await afternoon(desk, cast)
    tokens: list[str] = []
    async with host_page(cast, site, "nina", tokens, served=True) as host:
        page = await open_page("", expected="401|404|503")
        await page.clock.install()
        await page.goto(host)
        frame = await frame_on(page)
        assert len(tokens) == 2  # nobody has opened it
        await press_launcher(page)
        await start_chat(frame, "Where is my withdrawal?")
        chat = await taken(desk, cast)
        assert (chat.visitor_id, len(tokens)) == (cast.nina.id, 1)
        await expect(frame.locator("#sub")).to_contain_text("Pete")

        # It has run out, and the site's server is out of order: it is asked again, and again.
        tokens.insert(0, "")
        desk.clock.advance(minutes=11)  # type: ignore[attr-defined]
        pete = await tab_of(site, cast, "pete", chat)
        async with asyncio.timeout(150):
            while tokens:
                await page.clock.run_for(16_000)
                await asyncio.sleep(0.5)  # the network has no such clock: it may answer meanwhile
        await write(frame, "Are you there?")
        await pete.until(lambda one: one.get("body") == "Are you there?", 30)
        await pete.leave()

        # Signed out there, so signed out here; and nothing of hers is left in the frame.
        await page.reload()
        frame = await frame_on(page)
        await expect(frame.locator("#guest")).to_be_visible()
        assert "Are you there?" not in await frame.content()


async def test_somebody_signed_in_there_by_keyboard_on_a_phone_without_sockets(
    site: str, desk: Desk, cast: Cast, open_page: OpenPage
) -> None:
    await afternoon(desk, cast)
    tokens: list[str] = []
    async with host_page(cast, site, "nina", tokens) as host:
        page = await open_page("", width=NARROW)
        await page.add_init_script(BLOCKED)
        await page.goto(host)
        frame = await frame_on(page)
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await expect(frame.get_by_label("What is it about?")).to_be_focused()
        assert not await axe(frame)  # type: ignore[arg-type]
        for _ in range(12):  # it covers the page, so the focus stays in it
            await page.keyboard.press("Tab")
            assert await page.evaluate("document.activeElement.dataset.helpdesk")
        await page.keyboard.press("Escape")
        await until(frame, "!document.hasFocus()")
        await page.keyboard.press("Enter")
        await start_chat(frame, "Where is my withdrawal?")
        chat = await taken(desk, cast)
        pete = await tab_of(site, cast, "pete", chat)
        assert chat.visitor_id == cast.nina.id
        await pete.ack(await pete.say(chat, "Let me look."))
        await expect(frame.locator("#log")).to_contain_text("Let me look.")
        # The token has run out: the page is asked for the next one, and all goes on.
        await page.evaluate(SUPPLY, tokens[1])
        desk.clock.advance(minutes=11)  # type: ignore[attr-defined]
        await expect(page.locator("html")).to_have_attribute("data-asked", "yes")
        await expect(frame.locator("#connection")).to_be_hidden()
        await write(frame, "Thank you")
        await pete.until(lambda one: one.get("body") == "Thank you", 15)
        await expect(frame.locator("#log .mine .state").last).to_have_text("Sent")
        await write(frame, "\u200b")  # nothing to see is nothing to send
        await frame.get_by_role("button", name="Edit").click()
        await expect(frame.locator("#body")).to_have_value("\u200b")
        await expect(frame.locator("#log .msg")).to_have_count(3)
        assert not await axe(frame)  # type: ignore[arg-type]
        assert not await sideways(frame)  # type: ignore[arg-type]
        await frame.get_by_role("button", name="End", exact=True).click()
        await frame.get_by_label("Very good").check()
        await frame.get_by_role("button", name="Send the answer").click()
        await expect(frame.locator("#thanks")).to_contain_text("Thank you")
        assert not await axe(frame)  # type: ignore[arg-type]
        await pete.leave()
