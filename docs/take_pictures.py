"""The pictures of the README, taken from a desk that runs with its demo data: `make pictures`."""

import asyncio
import os
import re
import shutil
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.async_api import Page, async_playwright

from helpdesk.demo import sign_ins

HERE = Path(__file__).parent / "images"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PASSWORDS = {email: password for email, password, _ in sign_ins()}


async def main(base: str) -> None:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)

        async def signed_in(email: str, scheme: Any = "light", width: int = 1440) -> Page:
            context = await browser.new_context(
                base_url=base, viewport={"width": width, "height": 900}, color_scheme=scheme
            )
            page = await context.new_page()
            await page.goto("/sign-in")
            await page.fill("[name=email]", email)
            await page.fill("[name=password]", PASSWORDS[email])
            await page.click("main button[type=submit]")
            await page.wait_for_load_state()
            return page

        finn = await signed_in("finn@example.com")
        tess = await signed_in("tess@desk.example.com")
        await help_first(finn, tess)
        await editor(tess)
        manager = await signed_in("max@desk.example.com")
        await reports(manager)
        await managing(manager)
        await report(finn)
        await console(tess)
        await in_working_hours(tess)
        agent = await signed_in("pete@desk.example.com", "dark")
        visitor = await signed_in("nina@example.com", width=480)
        await chat(agent, visitor)
        await browser.close()


async def help_first(reader: Page, agent: Page) -> None:
    """What people meet while something is wrong, until it is solved again."""
    await agent.goto("/desk/alerts")
    await agent.fill("#title", "The payments page is slow")
    await agent.select_option("#area", "payments")
    await agent.get_by_role("radio", name="Partly working").check()
    await agent.fill("#body", "It takes a minute to open. Withdrawals arrive as usual.")
    await agent.get_by_role("button", name="Post it now").click()
    await agent.wait_for_url("**/desk/alerts/*")
    try:
        await reader.goto("/help")
        await reader.get_by_role("link", name="The payments page is slow").wait_for()
        await reader.screenshot(path=HERE / "help.png")
        await reader.goto("/report?service=payments&type=payment_not_received")
        await reader.fill("[name=subject]", "")
        await reader.type("[name=subject]", "Payments page hangs, my payment is late", delay=20)
        await reader.locator("#suggestions .alert").wait_for()
        await picture_from(reader, "#h-what", "suggestions.png")
    finally:
        await agent.fill("#body", "The page is as quick as before.")
        await agent.get_by_role("button", name="It is solved").click()
        await agent.wait_for_timeout(500)


async def picture_from(page: Page, place: str, name: str) -> None:
    """What stands there is at the top of the window."""
    await page.wait_for_timeout(1500)
    await page.locator(place).evaluate(
        "it => scrollTo(0, it.getBoundingClientRect().top + scrollY - 24)"
    )
    await page.wait_for_timeout(500)
    await page.screenshot(path=HERE / name)


async def editor(page: Page) -> None:
    await page.goto("/desk/help?show=drafts")
    await page.get_by_role("link", name="Team app troubleshooting").first.click()
    await page.wait_for_timeout(1500)
    await page.screenshot(path=HERE / "editor.png")


async def reports(page: Page) -> None:
    await page.emulate_media(color_scheme="dark")
    await page.goto("/desk/reports/coverage")
    await page.wait_for_timeout(500)
    await page.screenshot(path=HERE / "reports.png")


async def managing(page: Page) -> None:
    await page.emulate_media(color_scheme="light")
    await page.goto("/desk/escalations")
    await page.wait_for_timeout(500)
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await page.wait_for_timeout(1500)
    await page.screenshot(path=HERE / "escalations.png")
    await page.emulate_media(color_scheme="dark")
    await page.goto("/desk/dashboard?period=30")
    await page.wait_for_timeout(1000)
    await page.screenshot(path=HERE / "dashboard.png")


async def in_working_hours(page: Page) -> None:
    """Chat is open while its department is. A desk in test mode is set to its next Monday."""
    now = datetime.fromtimestamp(time.time(), UTC)
    monday = (now + timedelta(days=(7 - now.weekday()) % 7)).replace(hour=15, minute=0)
    here = await page.evaluate("location.origin")
    sent = {"now": monday.isoformat()}
    await page.request.post("/testing/clock", data=sent, headers={"origin": here})


async def report(page: Page) -> None:
    await page.goto("/report?service=technical_support&type=team_app_bug")
    await page.fill("[name=subject]", "Team app stops tracking after the laptop sleeps")
    await picture_from(page, "#report", "report.png")


async def console(page: Page) -> None:
    await page.goto("/desk?view=all")
    await page.locator(".conversation-link", has_text="Technical").first.click()
    await page.wait_for_timeout(1500)
    await page.screenshot(path=HERE / "console.png")


async def chat(agent: Page, visitor: Page) -> None:
    """Pete becomes available, Nina opens a chat, they talk."""
    await agent.goto("/desk/chats")
    switch = agent.locator("[name=available]")
    if not await switch.is_checked():
        await switch.click(force=True)
    for _ in range(60):  # a desk whose clock was moved has to hear from him first
        await agent.wait_for_timeout(1000)
        known = await (await visitor.request.get("/api/v1/chat/availability")).json()
        if any(one["available"] for one in known["departments"] if one["department"] == "PAY"):
            break
    await visitor.goto("/chat")
    await visitor.select_option("[name=type]", "withdrawal_not_received")
    await visitor.fill("textarea", "Hello, I withdrew money on Monday and it is not there yet.")
    await visitor.locator("main form button[type=submit]").first.click()
    await visitor.wait_for_url("**/chat/*")
    await agent.reload()
    await agent.locator("#list a", has_text="Nina").first.click()
    await agent.wait_for_url("**/desk/chats/*")
    await agent.get_by_role("button", name=re.compile("^(Take|Accept)")).first.click()
    await agent.fill("#composer textarea, .composer textarea", "Hello Nina, I look at it with you.")
    await agent.keyboard.press("Control+Enter")
    await visitor.wait_for_timeout(1500)
    await visitor.fill("#composer textarea", "Thank you. It went to the bank in my profile.")
    await visitor.keyboard.press("Enter")
    await agent.wait_for_timeout(2000)
    await agent.screenshot(path=HERE / "chat-desk.png")
    await visitor.screenshot(path=HERE / "chat.png")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "http://localhost:8000"))
