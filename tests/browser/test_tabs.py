"""One tab of a person has the connection, whichever lives; without WebSockets it is requests."""

import asyncio
import signal

from playwright.async_api import Page, expect

from helpdesk.desk import Desk
from tests.chat.live import begin_chat, tab_of
from tests.chat.network import network_to
from tests.chat.test_two_processes import two_processes
from tests.people import Cast

from .conftest import OpenPage
from .test_chat import bodies, write
from .test_widget import LOCKLESS

SENT = "#log .msg:not([data-state=sent]):not([data-state=seen])"


async def leaders(pages: list[Page]) -> list[Page]:
    roles = [await page.evaluate("document.documentElement.dataset.tab") for page in pages]
    return [page for page, role in zip(pages, roles, strict=True) if role == "leads"]


async def test_one_tab_has_the_socket_for_all_and_the_next_takes_over_at_once(
    site: str, desk: Desk, cast: Cast, open_page: OpenPage
) -> None:
    chat = await begin_chat(desk, cast)
    pete = await tab_of(site, cast, "pete", chat)
    first = await open_page("nina", expected="WebSocket|net::ERR")
    pages = [first, *[await first.context.new_page() for _ in range(2)]]
    sockets: list[str] = []
    for page in pages:
        page.on("websocket", lambda socket: sockets.append(socket.url))
        await page.goto(f"/chat/{chat.id}")
        await expect(page.locator("html")).to_have_attribute("data-live", "open")
    assert len(sockets) == 1
    (leader,) = await leaders(pages)
    assert leader is first

    said = ["Hello"]
    for page in pages:
        said.append(f"from tab {pages.index(page)}")
        await write(page, said[-1])
        await pete.until(lambda frame, body=said[-1]: frame.get("body") == body)
    for page in pages:
        await expect(page.locator("#log .bubble-text")).to_have_count(4)

    await write(pages[1], "as its leader dies")
    await first.close()
    await pete.until(lambda frame: frame.get("body") == "as its leader dies")
    said.append("as its leader dies")
    left = pages[1:]
    for page in left:
        await expect(page.locator("html")).to_have_attribute("data-live", "open")
        await expect(page.locator(SENT)).to_have_count(0)
        assert await bodies(page) == said
    assert len(await leaders(left)) == 1
    assert pete.bodies() == said

    await left[0].context.set_offline(True)
    for socket in ("written and sent", "written and not wanted"):
        await write(left[1], socket)
    for page in left:
        unwanted = page.locator(".msg", has_text="not wanted")
        await expect(unwanted).to_contain_text("Not sent")
    await unwanted.get_by_role("button", name="Discard").click()
    for page in left:
        await expect(page.locator(".msg", has_text="not wanted")).to_have_count(0)
    await left[0].context.set_offline(False)
    await pete.until(lambda frame: frame.get("body") == "written and sent", 15)
    await asyncio.sleep(0.3)
    assert pete.bodies() == [*said, "written and sent"]
    await pete.leave()


async def test_without_web_locks_each_tab_has_its_own_connection_and_nothing_is_doubled(
    site: str, desk: Desk, cast: Cast, open_page: OpenPage
) -> None:
    chat = await begin_chat(desk, cast)
    pete = await tab_of(site, cast, "pete", chat)
    async with network_to(site) as (network, through):
        first = await open_page("nina", expected="WebSocket|net::ERR")
        await first.context.add_init_script(LOCKLESS)
        pages = [first, await first.context.new_page()]
        for page in pages:
            await page.goto(f"{through}/chat/{chat.id}")
            await expect(page.locator("html")).to_have_attribute("data-live", "open")
        assert await leaders(pages) == pages
        network.down = True
        network.cut()
        said = ["Hello"]
        for page in pages:
            await expect(page.locator("#connection")).to_contain_text("Keep writing")
            said.append(f"in the dark of tab {pages.index(page)}")
            await write(page, said[-1])
        network.down = False
        await pages[1].reload()
        for page in pages:
            await expect(page.locator("#log .bubble-text")).to_have_count(3)
            await expect(page.locator(SENT)).to_have_count(0)
        for page in pages:
            said.append(f"in the light of tab {pages.index(page)}")
            await write(page, said[-1])
            await pete.until(lambda frame, body=said[-1]: frame.get("body") == body, 30)
        for page in pages:
            await expect(page.locator("#log .bubble-text")).to_have_count(5)
            assert await bodies(page) == pete.bodies()
        assert sorted(pete.bodies()) == sorted(said)
    await pete.leave()


async def test_where_websockets_are_blocked_the_same_frames_come_by_requests(
    site: str, desk: Desk, cast: Cast, open_page: OpenPage
) -> None:
    chat = await begin_chat(desk, cast)
    pete = await tab_of(site, cast, "pete", chat)
    async with network_to(site) as (network, through):
        network.no_sockets = True
        page = await open_page("nina", expected="WebSocket|net::ERR")
        await page.goto(f"{through}/chat/{chat.id}")
        await expect(page.locator("html")).to_have_attribute("data-live", "open")
        for number in range(3):
            await write(page, f"nina {number}")
            await pete.until(lambda frame, n=number: frame.get("body") == f"nina {n}")
            await pete.ack(await pete.say(chat, f"pete {number}"))
            await expect(page.locator("#log")).to_contain_text(f"pete {number}")
        await pete.tell(t="typing", s=f"case:{chat.case_id}", kind="reply", face=f"chat:{chat.id}")
        await expect(page.locator(".typing")).to_contain_text("Pete is typing")
        await pete.ack(await pete.say(chat, "a secret of ours", note=True))
        network.cut()
        await write(page, "during a cut")
        await pete.until(lambda frame: frame.get("body") == "during a cut", 15)
        await expect(page.locator(SENT)).to_have_count(0)
        shown = [text for text in pete.bodies() if text != "a secret of ours"]
        assert await bodies(page) == shown
        pete.frames.clear()
        await page.goto(f"{through}/requests")  # the tab says goodbye
        await pete.until(lambda frame: frame["t"] == "presence" and len(frame["who"]) == 1)
    await pete.leave()


async def test_a_restart_of_the_process_is_no_more_than_a_blink(
    desk: Desk, cast: Cast, open_page: OpenPage
) -> None:
    chat = await begin_chat(desk, cast)
    async with two_processes(desk) as (one, other), network_to(one.site) as (network, through):
        page = await open_page("nina", expected="WebSocket|net::ERR")
        await page.goto(f"{through}/chat/{chat.id}")
        await expect(page.locator("html")).to_have_attribute("data-live", "open")
        await page.evaluate(
            """() => {
              window.states = [];
              new MutationObserver(() => window.states.push(document.documentElement.dataset.live))
                .observe(document.documentElement, {attributeFilter: ["data-live"]});
            }"""
        )
        pete = await tab_of(other.site, cast, "pete", chat)
        network.port = other.port  # who connects from now on comes to the other process
        leaving = asyncio.create_task(one.kill(signal.SIGTERM))
        for number in range(5):
            await write(page, f"during the restart {number}")
            await pete.ack(await pete.say(chat, f"and back {number}"))
        await asyncio.wait_for(leaving, 30)
        await expect(page.locator("#log .bubble-text")).to_have_count(11)
        await expect(page.locator(SENT)).to_have_count(0)
        await pete.until(lambda frame: frame.get("body") == "during the restart 4")
        assert await bodies(page) == pete.bodies()
        assert set(await page.evaluate("window.states")) <= {"connecting", "open"}
        await expect(page.locator("#connection")).to_be_hidden()
        await pete.leave()
