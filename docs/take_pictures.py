"""The pictures of the README, taken from a desk that runs with its demo data: `make pictures`."""

import asyncio
import os
import shutil
import sys
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

        await report(await signed_in("finn@example.com"))
        await console(await signed_in("tess@desk.example.com"))
        agent = await signed_in("pete@desk.example.com", "dark")
        visitor = await signed_in("nina@example.com", width=480)
        await chat(agent, visitor)
        await browser.close()


async def report(page: Page) -> None:
    await page.goto("/report?service=technical_support&type=team_app_bug")
    await page.fill("[name=subject]", "Team app stops tracking after the laptop sleeps")
    await page.wait_for_timeout(1500)
    await page.screenshot(path=HERE / "report.png")


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
    await agent.wait_for_timeout(2000)
    await visitor.goto("/chat")
    await visitor.select_option("[name=type]", "withdrawal_not_received")
    await visitor.fill("textarea", "Hello, I withdrew money on Monday and it is not there yet.")
    await visitor.locator("main form button[type=submit]").first.click()
    await visitor.wait_for_url("**/chat/*")
    await agent.reload()
    await agent.locator("main button", has_text="Take next").click()
    await agent.wait_for_url("**/desk/chats/*")
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
