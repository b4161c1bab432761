"""A real browser. Anything it complains about on the console fails the test."""

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from axe_playwright_python.base import AXE_FILE_PATH
from playwright.async_api import Browser, Page, async_playwright

from tests.people import Cast

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
DESKTOP, PHONE = 1440, 390

OpenPage = Callable[..., Awaitable[Page]]


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture
async def open_page(chromium: Browser, site: str, cast: Cast) -> AsyncIterator[OpenPage]:
    """`await open_page("finn", "/contact", width=390, scheme="dark")`: a browser of its own."""
    contexts = []
    complaints: list[str] = []

    async def opened(
        who: str = "",
        path: str = "",
        *,
        width: int = DESKTOP,
        scheme: Any = "light",
        javascript: bool = True,
        expected: str = "",
    ) -> Page:
        context = await chromium.new_context(
            base_url=site,
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            java_script_enabled=javascript,
            reduced_motion="reduce",
        )
        contexts.append(context)
        if who:
            name, _, token = (await cast.session(who)).partition("=")
            cookie: Any = {
                "name": name,
                "value": token,
                "url": site.replace("http://", "https://"),  # a __Host- cookie is a secure one
                "secure": True,
                "httpOnly": True,
            }
            await context.add_cookies([cookie])
        page = await context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
        page.on(
            "console",
            lambda message: (
                complaints.append(f"{page.url}: {message.text}")
                if message.type == "error" and not (expected and expected in message.text)
                else None
            ),
        )
        if path:
            await page.goto(path)
        return page

    yield opened
    for context in contexts:
        await context.close()
    assert not complaints, complaints


async def axe(page: Page) -> list[str]:
    """What axe finds on the page as it is: WCAG 2.2 AA and best practice."""
    await page.evaluate(AXE_FILE_PATH.read_text())
    found = await page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
    return [
        f"{violation['id']}: {node['target']} {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


async def sideways(page: Page) -> list[str]:
    """Elements wider than the window, which would make it scroll sideways."""
    found: list[str] = await page.evaluate(
        """() => {
          const width = document.documentElement.clientWidth;
          if (document.documentElement.scrollWidth <= width) return [];
          return [...document.body.querySelectorAll('*')]
            .filter(e => e.getBoundingClientRect().right > width + 1)
            .map(e => e.outerHTML.slice(0, 120));
        }"""
    )
    return found
