"""Agents at the desk in real browsers, and the people who wait for them."""

import asyncio
import re
from typing import Any

from playwright.async_api import Page, expect

from helpdesk.desk import Desk
from helpdesk.tickets.commands import change_status
from helpdesk.tickets.models import reference
from helpdesk.tickets.states import Status
from tests.build import a_ticket
from tests.chat.live import begin_chat
from tests.chat.network import network_to
from tests.people import Cast

from .conftest import OpenPage, arrive, sideways

ARRIVED = re.compile("sent|seen")


async def write(page: Page, text: str) -> None:
    await page.fill(".composer textarea", text)
    await page.press(".composer textarea", "Control+Enter")


def bubble(page: Page, text: str) -> Any:
    return page.locator(".log .msg", has_text=text)


async def live_now(page: Page) -> None:
    """The socket follows: what happens from here on arrives without a reload."""
    await expect(page.locator("html")).to_have_attribute("data-live", "open")


async def test_an_answer_reaches_the_client_without_a_reload_and_a_note_never_does(
    cast: Cast, open_page: OpenPage
) -> None:
    filed = await a_ticket(cast)
    finn = await open_page("finn", f"/requests/{filed.reference}")
    amy = await open_page("amy", f"/desk/tickets/{filed.reference}")
    await expect(amy.locator("h1")).to_have_text("The payments page shows an error")

    await amy.press("body", "n")
    await amy.wait_for_selector(".composer textarea:focus")
    await expect(amy.get_by_role("button", name="Add note")).to_be_visible()
    await expect(amy.get_by_role("button", name="Send reply")).to_be_hidden()
    await write(amy, "The canary sings")
    note = bubble(amy, "The canary sings")
    await expect(note).to_have_attribute("data-kind", "note")
    await expect(note).to_contain_text("Only the team sees this")

    await amy.click(".composer-tab:has-text('Reply')")
    await expect(amy.get_by_role("button", name="Add note")).to_be_hidden()
    await write(amy, "We are looking into it")
    await expect(bubble(amy, "We are looking into it")).to_have_attribute("data-state", ARRIVED)
    await expect(bubble(finn, "We are looking into it")).to_have_count(1)
    await expect(bubble(amy, "We are looking into it")).to_have_count(1)
    await expect(amy.locator("#thread-head")).to_contain_text("Open, with us")

    await finn.fill("#body", "Thank you, I wait")
    await finn.get_by_role("button", name="Send").click()
    await expect(bubble(amy, "Thank you, I wait")).to_have_count(1)
    await finn.reload()
    assert "canary" not in await finn.content()
    await expect(bubble(finn, "Thank you, I wait")).to_have_count(1)


async def test_a_ticket_opens_beside_the_list_and_back_returns(
    cast: Cast, open_page: OpenPage
) -> None:
    first = await a_ticket(cast, subject="The first of two subjects", severity=3)
    second = await a_ticket(cast, subject="The second of two subjects")
    page = await open_page("amy", "/desk?view=unassigned")
    await expect(page.locator("h1")).to_have_text("My departments, unassigned")
    await page.evaluate("window.same = true")
    await page.press("body", "j")
    await page.press("body", "j")
    await page.keyboard.press("Enter")
    await arrive(page, f"**/{second.reference}?view=unassigned")
    await expect(page.locator("h1")).to_have_text("The second of two subjects")
    await expect(page.locator(".conversation-link[aria-current]")).to_contain_text("second")
    assert second.reference in await page.title()
    await page.fill(".composer textarea", "for the second only")
    await page.click(f"#ticket-{first.ticket_id} a")
    await expect(page.locator("h1")).to_have_text("The first of two subjects")
    await expect(page.locator(".composer textarea")).to_have_value("")
    assert await page.evaluate("window.same"), "the page was loaded again"

    await page.click(f"#ticket-{second.ticket_id} a")
    await expect(page.locator(".composer textarea")).to_have_value("for the second only")
    await page.go_back()
    await expect(page.locator("h1")).to_have_text("The first of two subjects")
    await expect(page.locator("#list .conversation")).to_have_count(2)


async def test_the_keys_go_on_from_an_open_ticket_and_over_the_end_of_a_page(
    desk: Desk, cast: Cast, open_page: OpenPage
) -> None:
    first = await a_ticket(cast)
    copies = "INSERT INTO tickets ({0}) SELECT {1} FROM tickets, generate_series(1, 54)"
    names = await desk.pool.fetch(
        "SELECT column_name AS name FROM information_schema.columns"
        " WHERE table_name = 'tickets' AND column_name <> 'id' AND is_generated = 'NEVER'"
    )
    columns = [row["name"] for row in names]
    values = ["gen_random_uuid()" if name == "once" else name for name in columns]
    await desk.pool.execute(copies.format(", ".join(columns), ", ".join(values)))
    page = await open_page("amy", f"/desk/tickets/{first.reference}?view=all")
    links = page.locator("#list .conversation-link")
    await expect(links).to_have_count(50)
    for at in (1, 2):
        await page.keyboard.press("j")
        await expect(links.nth(at)).to_be_focused()
    for _ in range(60):
        await page.keyboard.press("j")
    await expect(page.get_by_role("link", name="Next 50")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(links).to_have_count(5)


async def test_new_tickets_and_counts_arrive_by_themselves(cast: Cast, open_page: OpenPage) -> None:
    page = await open_page("amy", "/desk?view=unassigned")
    await expect(page.locator("#list")).to_contain_text("has an owner")
    await live_now(page)
    filed = await a_ticket(cast)
    await expect(page.locator(f"#ticket-{filed.ticket_id}")).to_be_visible()
    await expect(page.locator("#rail-tickets")).to_contain_text("1")
    await expect(page.locator(".view[aria-current] .count")).to_contain_text("1")


async def test_a_restricted_ticket_appears_to_its_department_by_itself(
    cast: Cast, open_page: OpenPage
) -> None:
    page = await open_page("sam", "/desk?view=unassigned")
    await live_now(page)
    filed = await a_ticket(cast, type_key="abuse_or_harassment", group_key="TAS", restricted=True)
    await expect(page.locator(f"#ticket-{filed.ticket_id}")).to_contain_text("Restricted")


async def test_a_reply_written_offline_says_so_and_goes_out_once(
    site: str, cast: Cast, open_page: OpenPage
) -> None:
    filed = await a_ticket(cast)
    finn = await open_page("finn", f"/requests/{filed.reference}")
    async with network_to(site) as (network, through):
        amy = await open_page("amy", expected="ERR_")
        await amy.goto(f"{through}/desk/tickets/{filed.reference}")
        await live_now(amy)
        network.down = True
        network.cut()
        await expect(amy.locator("#connection")).to_contain_text("Keep writing")
        await write(amy, "written in the dark")
        reply = bubble(amy, "written in the dark")
        await expect(reply).to_have_attribute("data-state", "queued")
        await expect(reply).to_contain_text("Not sent")
        await expect(reply.get_by_role("button", name="Send now")).to_be_visible()
        network.down = False
        await amy.reload()
        await expect(bubble(amy, "written in the dark")).to_have_attribute("data-state", ARRIVED)
        await expect(bubble(finn, "written in the dark")).to_have_count(1)
        await asyncio.sleep(1)
        await expect(bubble(finn, "written in the dark")).to_have_count(1)
        await expect(bubble(amy, "written in the dark")).to_have_count(1)


async def test_what_changed_around_a_ticket_while_both_were_cut_off_is_there_when_they_are_back(
    site: str, cast: Cast, open_page: OpenPage
) -> None:
    filed = await a_ticket(cast)
    async with network_to(site) as (network, through):
        amy = await open_page("amy", expected="ERR_")
        finn = await open_page("finn", expected="ERR_")
        await amy.goto(f"{through}/desk/tickets/{filed.reference}")
        await finn.goto(f"{through}/requests/{filed.reference}")
        for page in (amy, finn):
            await live_now(page)
        network.down = True
        network.cut()
        async with cast.desk.transaction(await cast.actor("pete")) as tx:
            await change_status(tx, filed.ticket_id, Status.WAITING_ON_USER)
        await expect(amy.locator("#connection")).to_contain_text("Keep writing")
        network.down = False
        await expect(amy.locator("#thread-head")).to_contain_text("Waiting for the user")
        await expect(finn.locator("#now")).to_have_attribute("data-turn", "you")


async def test_of_two_agents_one_takes_the_ticket_and_the_other_is_told_who(
    cast: Cast, open_page: OpenPage
) -> None:
    filed = await a_ticket(cast)
    address = f"/desk/tickets/{filed.reference}"
    amy = await open_page("amy", address)
    max_ = await open_page("max", address, expected="409")
    await expect(amy.locator("#presence")).to_contain_text("Max is viewing this too")
    await max_.route("**/desk/**", held := HeldBack())  # Max has not heard of it yet
    await amy.press("body", "a")
    await expect(amy.locator("#thread-head")).to_contain_text("You own it")
    await max_.click("button:has-text('Take'):not(:has-text('next'))")
    await held.release()
    await expect(max_.locator("#thread-state")).to_contain_text("Amy has taken")
    await expect(max_.locator("#thread-head")).to_contain_text("Amy")


class HeldBack:
    """Fetches of the page wait until released, then go on."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()

    async def __call__(self, route: Any) -> None:
        if route.request.method == "GET":
            await self.gate.wait()
        await route.continue_()

    async def release(self) -> None:
        await asyncio.sleep(0.3)
        self.gate.set()


async def test_somebody_else_who_just_wrote_is_read_before_one_sends(
    cast: Cast, open_page: OpenPage
) -> None:
    filed = await a_ticket(cast)
    amy = await open_page("amy", f"/desk/tickets/{filed.reference}")
    max_ = await open_page("max", f"/desk/tickets/{filed.reference}")
    await live_now(amy)
    await live_now(max_)
    await amy.fill(".composer textarea", "My answer")
    await expect(max_.locator(".typing")).to_contain_text("Amy is writing a reply")
    await write(max_, "Max was faster")
    await expect(amy.locator("#just-wrote")).to_contain_text("Max just wrote")
    await amy.press(".composer textarea", "Control+Enter")
    await expect(amy.locator("#just-wrote")).to_contain_text("send again")
    await expect(bubble(amy, "My answer")).to_have_count(0)
    await amy.press(".composer textarea", "Control+Enter")
    await expect(bubble(amy, "My answer")).to_have_attribute("data-state", ARRIVED)


async def test_what_an_agent_may_change_of_a_ticket(cast: Cast, open_page: OpenPage) -> None:
    filed = await a_ticket(cast)
    finn = await open_page("finn", f"/requests/{filed.reference}")
    await live_now(finn)
    page = await open_page("amy", f"/desk/tickets/{filed.reference}", expected="422")
    await page.click("summary:has-text('Change the severity')")
    await page.select_option("#severity", "urgent")
    await page.get_by_role("button", name="Change severity").click()
    await expect(page.locator("#reason-error")).to_contain_text("Say why")
    await expect(page.locator("#severity")).to_have_value("urgent")
    await page.fill("#reason", "It stops you from being paid")
    await page.get_by_role("button", name="Change severity").click()
    await expect(page.locator("#thread-head .severity")).to_contain_text("Urgent")
    await expect(finn.locator(".log")).to_contain_text("It stops you from being paid")

    await page.click("summary:has-text('Ask for evidence')")
    await page.fill("#label", "A picture of the error")
    await page.get_by_role("button", name="Ask for it").click()
    await expect(page.locator("#due-error")).to_contain_text("Choose the day")
    await page.fill("#due", "2027-01-31")
    await page.get_by_role("button", name="Ask for it").click()
    await expect(page.locator(".asked")).to_contain_text("A picture of the error")
    await expect(page.locator("#thread-head")).to_contain_text("Waiting for the user")
    await expect(finn.locator("#now")).to_contain_text("A picture of the error")
    await page.get_by_role("button", name="No longer needed").click()
    await expect(page.locator(".asked")).to_have_count(0)

    await page.click("summary:has-text('Change the status')")
    await page.select_option("#status", "solved")
    await page.locator("#change-status").get_by_text("No, it is unique").click()
    await page.get_by_role("button", name="Change status").click()
    await expect(page.locator("#thread-head")).to_contain_text("Solved")
    await expect(finn.locator("#now")).to_contain_text("Not solved")


async def test_an_agent_answers_a_chat_makes_a_ticket_of_it_and_ends_it(
    desk: Desk, cast: Cast, open_page: OpenPage
) -> None:
    earlier = await a_ticket(cast, "nina", subject="An older request of hers")
    pete = await open_page("pete", "/desk/chats")
    await pete.click(".availability .switch")
    await expect(pete.locator(".availability .switch")).to_contain_text("Available")
    await live_now(pete)
    chat = await begin_chat(desk, cast, agent="", body="My money is missing")
    row = pete.locator(f"#chat-{chat.id}")
    await expect(row).to_contain_text("My money is missing")
    await expect(row).to_contain_text("Waits")
    await expect(pete.locator("#rail-chats")).to_contain_text("1")
    nina = await open_page("nina", f"/chat/{chat.id}")

    await row.locator("a").click()
    await arrive(pete, f"**/desk/chats/{chat.id}")
    await expect(pete.locator("#context-open + .related")).to_contain_text(earlier.reference)
    await pete.press("body", "a")
    await expect(pete.locator("#list")).to_contain_text("Yours")
    await expect(pete.locator("#rail-chats")).to_be_hidden()
    await expect(nina.locator("#agent")).to_have_text("Pete")

    await nina.fill("#body", "Are you")
    await expect(pete.locator(".typing")).to_contain_text("Nina is typing")
    await pete.fill(".composer textarea", "Let me look")
    await pete.press(".composer textarea", "Enter")
    await expect(bubble(nina, "Let me look")).to_have_count(1)
    await expect(bubble(pete, "Let me look")).to_have_count(1)
    await pete.click(".composer-tab:has-text('Note')")
    await pete.fill(".composer textarea", "Bank says no")
    await pete.press(".composer textarea", "Enter")
    await expect(bubble(pete, "Bank says no")).to_have_attribute("data-kind", "note")
    await pete.click(".composer-tab:has-text('Reply')")
    await pete.set_input_files(
        ".composer input[type=file]",
        {"name": "receipt.txt", "mimeType": "text/plain", "buffer": b"a receipt of the bank"},
    )
    await expect(nina.locator(".log .evidence")).to_contain_text("receipt.txt")
    await expect(pete.locator("#context .evidence")).to_contain_text("receipt.txt")

    await pete.get_by_role("button", name="Make a ticket").click()
    await arrive(pete, "**/desk/tickets/HD-*")
    await expect(pete.locator(".log")).to_contain_text("Let me look")
    await pete.goto(f"/desk/chats/{chat.id}")
    await pete.locator("summary", has_text="End chat").click()
    await pete.get_by_role("button", name="Solved").click()
    await expect(pete.locator("#thread-foot")).to_contain_text("This chat ended")
    await expect(nina.locator("text=This chat has ended.")).to_be_visible()
    assert "Bank says no" not in await nina.content()


async def test_a_chat_that_a_colleague_took_first_says_who_has_it(
    desk: Desk, cast: Cast, open_page: OpenPage
) -> None:
    chat = await begin_chat(desk, cast, agent="")
    max_ = await open_page("max", f"/desk/chats/{chat.id}", expected="409")
    await max_.route("**/desk/**", held := HeldBack())
    pete = await open_page("pete", f"/desk/chats/{chat.id}")
    await pete.press("body", "a")
    await expect(pete.locator("#thread-head")).not_to_contain_text("Take")
    await max_.get_by_role("button", name="Take", exact=True).click()
    await held.release()
    await expect(max_.locator(".toast")).to_contain_text("Pete has taken this chat already")
    await expect(max_.locator("#thread-head")).to_contain_text("With Pete")


async def test_keys_are_listed_and_can_be_switched_off(cast: Cast, open_page: OpenPage) -> None:
    filed = await a_ticket(cast)
    page = await open_page("amy", f"/desk/tickets/{filed.reference}")
    await page.press("body", "?")
    await expect(page.locator("#keys")).to_be_visible()
    await page.click("#keys .switch")
    await page.get_by_role("button", name="Close").click()
    await page.press("body", "n")
    await expect(page.locator(".composer")).to_have_attribute("data-mode", "reply")


async def test_on_a_phone_each_pane_is_a_page(cast: Cast, open_page: OpenPage) -> None:
    filed = await a_ticket(cast)
    page = await open_page("amy", "/desk?view=unassigned", width=390)
    await page.click(f"#ticket-{filed.ticket_id} a")
    await expect(page.locator("h1")).to_be_visible()
    await expect(page.locator("#list")).to_be_hidden()
    await page.click(".context-open")
    await expect(page.locator("#context")).to_be_visible()
    await expect(page.locator("#thread")).to_be_hidden()
    await page.click("#context .pane-back")
    await expect(page.locator("#thread")).to_be_visible()
    await page.click("#thread .pane-back")
    await arrive(page, "**/desk?view=unassigned")
    await page.click(".views-open")
    await page.click(".view:has-text('All open')")
    await expect(page.locator("h1")).to_have_text("All open")


async def test_nothing_scrolls_sideways_on_the_narrowest_phone(
    desk: Desk, cast: Cast, open_page: OpenPage
) -> None:
    filed = await a_ticket(cast, subject="W" * 60 + " and a word")
    chat = await begin_chat(desk, cast, body="x" * 400)
    page = await open_page("max", width=320)
    for path in (
        "/desk?view=all",
        f"/desk/tickets/{filed.reference}",
        f"/desk/tickets/{filed.reference}#context",
        "/desk/chats",
        f"/desk/chats/{chat.id}",
        "/desk/search?q=word",
    ):
        await page.goto(path)
        await page.wait_for_timeout(200)
        assert not await sideways(page), path
    assert reference(filed.ticket_id) == filed.reference
