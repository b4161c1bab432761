"""Two matters from beginning to end, each person in a browser of their own."""

import re

from playwright.async_api import FilePayload, Page, expect

from helpdesk.core.clock import FrozenClock
from tests.helpdesk.contact.reports import LOG, png
from tests.people import Cast

from .conftest import OpenPage, arrive

TEAM_LOG = FilePayload(name="team.log", mimeType="text/plain", buffer=LOG)
SCREEN = FilePayload(name="screen.png", mimeType="image/png", buffer=png())
PROGRAM = FilePayload(
    name="a.log", mimeType="text/plain", buffer=b"MZ\x90\0" + b"\0" * 400 + b"This program"
)
SECOND_LOG = FilePayload(name="after.log", mimeType="text/plain", buffer=LOG * 2)


async def live_now(page: Page) -> None:
    await expect(page.locator("html")).to_have_attribute("data-live", "open")


async def report_bug(page: Page) -> str:
    """Finn files the bug with its log and a picture; what does not fit is refused in words."""
    await page.goto("/contact")
    await page.get_by_role("radio", name="Technical support").check()
    await page.get_by_role("link", name="Team app / time tracker bug").click()
    await expect(page.locator("[name='answers.operating_system']")).not_to_have_value("")
    await page.fill("#subject", "Team 3 stops tracking after sleep on Windows 11")
    await page.fill(
        "#description",
        "I closed the lid yesterday. I expected the tracker to go on, but it stopped.",
    )
    await page.fill("[name='answers.app_version']", "3.4.1")
    await page.fill("[name='answers.steps']", "Start the tracker, close the lid, open it again.")
    line = page.locator("[data-key=team_log]")
    await line.locator("input[type=file]").first.set_input_files(PROGRAM)
    await expect(line).to_contain_text("program")
    await line.locator("input[type=file]").first.set_input_files(TEAM_LOG)
    await expect(line).to_have_attribute("data-state", "ready")
    await page.locator("[data-key=screenshot] input[type=file]").first.set_input_files(SCREEN)
    await expect(page.locator("[data-key=screenshot]")).to_have_attribute("data-state", "ready")
    await page.get_by_role("radio", name=re.compile("^Urgent")).check()
    await page.fill("#severity_reason", "I am paid by the hour and it does not count them.")
    await page.get_by_role("button", name="Check and send").last.click()
    await page.get_by_role("button", name="Send", exact=True).click()
    heading = page.get_by_role("heading", level=1)
    await expect(heading).to_contain_text("Sent. Your reference is HD-")
    await expect(page.locator("main")).to_contain_text("Technical")
    await expect(page.locator("main")).to_contain_text("do not open a second ticket")
    found = re.search(r"HD-\d+", await heading.inner_text())
    assert found
    return found[0]


async def test_a_bug_from_its_report_to_its_answer(cast: Cast, open_page: OpenPage) -> None:
    finn = await open_page("finn", expected="422")
    reference = await report_bug(finn)
    await finn.goto(f"/requests/{reference}")
    await live_now(finn)
    evidence = finn.locator("#evidence")
    await expect(evidence).to_contain_text("team.log")
    await expect(evidence).to_contain_text("screen.png")
    assert "MZ" not in await finn.content()

    # Amy answers another department: she sees that there is a log, and cannot open it.
    amy = await open_page("amy", f"/desk/tickets/{reference}", expected="403")
    pieces = amy.locator("#context")
    await expect(pieces).to_contain_text("Private. Only Technical and the owner can open it.")
    await expect(pieces).to_contain_text("screen.png")
    assert "team.log" not in await amy.content()

    # Tess belongs to the department that owns it. She reads the log.
    tess = await open_page("tess", "/desk?view=unassigned")
    await tess.get_by_role("link", name=re.compile("Team 3 stops tracking")).first.click()
    await expect(tess.locator("#thread-head .severity")).to_contain_text("Urgent")
    await expect(tess.locator("#context")).to_contain_text("team.log")
    address = await tess.locator("#context a", has_text="team.log").first.get_attribute("href")
    assert address
    assert (await tess.goto(address)).status == 200  # type: ignore[union-attr]
    await expect(tess.locator("main")).to_contain_text("tracker stopped after sleep")
    assert (await amy.goto(address)).status == 403  # type: ignore[union-attr]
    reads = await cast.desk.pool.fetch("SELECT person_id, what FROM evidence_reads ORDER BY id")
    assert (cast.tess.id, "view") in [tuple(row) for row in reads]
    assert (cast.amy.id, "refused") in [tuple(row) for row in reads]

    # She lowers the severity with a reason that Finn reads.
    await tess.goto(f"/desk/tickets/{reference}")
    await live_now(tess)
    await tess.click("summary:has-text('Change the severity')")
    await tess.select_option("#severity", "normal")
    await tess.fill("#reason", "Your hours can be added by hand until then")
    await tess.get_by_role("button", name="Change severity").click()
    await expect(tess.locator("#thread-head .severity")).to_contain_text("Normal")
    told = finn.locator(".log")
    await expect(told).to_contain_text("Your hours can be added by hand until then")
    await expect(told).to_contain_text("changed the severity from Urgent to Normal")

    # She asks for another log by a day; Finn adds it, and it is her turn again.
    await tess.click("summary:has-text('Ask for evidence')")
    await tess.select_option("#piece", "team_log")
    await tess.fill("#due", "2026-06-05")
    await tess.get_by_role("button", name="Ask for it").click()
    await expect(tess.locator("#thread-head")).to_contain_text("Waiting for the user")
    now = finn.locator("#now")
    await expect(now).to_have_attribute("data-turn", "you")
    await expect(now).to_contain_text("Team log file")
    await finn.locator("#write input[data-upload=team_log]").set_input_files(SECOND_LOG)
    await expect(finn.locator("#write .upload")).to_have_attribute("data-state", "ready")
    await finn.fill("#body", "Here is the log after a restart")
    await finn.get_by_role("button", name="Send").click()
    await expect(now).to_have_attribute("data-turn", "us")
    await expect(tess.locator(".asked")).to_have_count(0)
    await expect(tess.locator("#context")).to_contain_text("after.log")
    await expect(tess.locator(".log .msg", has_text="Here is the log")).to_have_count(1)

    # She answers, and it is solved.
    await tess.fill(".composer textarea", "Version 3.4.2 keeps counting after sleep.")
    await tess.press(".composer textarea", "Control+Enter")
    await expect(finn.locator(".log .msg", has_text="Version 3.4.2")).to_have_count(1)
    await tess.click("summary:has-text('Change the status')")
    await tess.select_option("#status", "solved")
    await tess.locator("#change-status").get_by_text("No, it is unique").click()
    await tess.get_by_role("button", name="Change status").click()
    await expect(now).to_have_attribute("data-turn", "done")

    # Amy still sees neither log, and knows of both.
    await amy.goto(f"/desk/tickets/{reference}")
    await expect(amy.locator("#context")).to_contain_text("Private. Only Technical")
    assert "after.log" not in await amy.content()
    private = await cast.desk.pool.fetch(
        "SELECT audience FROM evidence WHERE evidence_key = 'team_log'"
    )
    assert [row["audience"] for row in private] == ["private", "private"]


async def test_a_chat_from_the_waiting_line_to_a_ticket(
    cast: Cast, open_page: OpenPage, clock: FrozenClock
) -> None:
    clock.set(clock.at.replace(hour=15))  # Payments works in New York
    pete = await open_page("pete", "/desk/chats")
    await pete.click(".availability .switch")
    await expect(pete.locator(".availability .switch")).to_contain_text("Available")
    await live_now(pete)

    # Two people without an account come; the second waits behind the first.
    visitors = []
    for name in ("Gabi", "Hugo"):
        page = await open_page("", "/chat?type=withdrawal_not_received", expected="404")
        await page.fill("#name", name)
        await page.fill("#email", f"{name.lower()}@example.com")
        await page.fill("#description", f"{name} waits for a withdrawal.")
        await page.get_by_role("button", name="Start the chat").click()
        await arrive(page, "**/chat/*")
        visitors.append(page)
    gabi, hugo = visitors
    await expect(gabi.locator("#place-words")).to_have_text("You are next in line")
    await expect(hugo.locator("#place-words")).to_contain_text("2")

    # Pete takes the first: the second moves up. They talk.
    await expect(pete.locator("#list")).to_contain_text("Hugo waits")
    await pete.locator("#list a", has_text="Gabi waits").click()
    await arrive(pete, "**/desk/chats/*")
    await pete.get_by_role("button", name=re.compile("Take")).first.click()
    await expect(gabi.locator("#agent")).to_have_text("Pete")
    await expect(hugo.locator("#place-words")).to_have_text("You are next in line")
    await gabi.fill("#body", "It was 120 euros, last Monday")
    await gabi.press("#body", "Enter")
    await expect(pete.locator(".log .msg", has_text="120 euros")).to_have_count(1)
    await pete.fill(".composer textarea", "I make a request of it, so that it is traced")
    await pete.press(".composer textarea", "Enter")
    await expect(gabi.locator("#log .msg", has_text="so that it is traced")).to_have_count(1)

    # One click makes a ticket on the same case, with what was said; Gabi follows it from here.
    await pete.get_by_role("button", name="Make a ticket").click()
    await arrive(pete, "**/desk/tickets/HD-*")
    found = re.search(r"HD-\d+", pete.url)
    assert found
    await expect(pete.locator(".log")).to_contain_text("120 euros")
    await expect(gabi.locator("#log")).to_contain_text(f"turned the chat into {found[0]}")
    await gabi.goto("/requests")
    await gabi.get_by_role("link", name=re.compile(found[0])).first.click()
    await expect(gabi.locator("#thread")).to_contain_text("120 euros")
    assert (await hugo.goto(f"/requests/{found[0]}")).status == 404  # type: ignore[union-attr]
    cases = await cast.desk.pool.fetch(
        "SELECT c.case_id = t.case_id AS same FROM conversations c "
        "JOIN tickets t ON t.conversation_id = c.id"
    )
    assert [row["same"] for row in cases] == [True]
