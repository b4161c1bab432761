"""A real browser. Anything it complains about on the console fails the test."""

import os
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from axe_playwright_python.base import AXE_FILE_PATH
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from tests.people import Cast

# The last list of features counts: Playwright's own, but storage is kept apart for each site as
# people have it; and the address bar's, whose hidden pages cost more than the page under test.
OFF = (
    "AvoidUnnecessaryBeforeUnloadCheckSync,DestroyProfileOnBrowserClose,HttpsUpgrades,"
    "HttpsFirstBalancedModeAutoEnable,LensOverlay,MediaRouter,PaintHolding,OptimizationHints,"
    "AvoidCorsURLLoaderRestartOnRedirect,NetworkTimeServiceQuerying,AimEnabled,PreconnectToSearch,"
    "WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup"
)
ARGUMENTS = [
    f"--disable-features={OFF}",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NAMES = ("chromium-headless-shell", "chromium")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PATIENCE = 30_000  # milliseconds: a busy machine is no fault of a page
expect.set_options(timeout=PATIENCE)
DESKTOP, PHONE, NARROW = 1440, 390, 320
# Two whole looks, and the colours of the other two.
WHOLE: dict[str, Any] = {"type": "tag", "values": RULES}
COLOURS: dict[str, Any] = {"type": "rule", "values": ["color-contrast"]}
LOOKS: list[tuple[Any, int, dict[str, Any]]] = [
    ("light", DESKTOP, WHOLE),
    ("light", PHONE, COLOURS),
    ("dark", PHONE, WHOLE),
    ("dark", DESKTOP, COLOURS),
]

# Colours do not fade from one scheme to the other: what is judged is how they end.
AT_ONCE = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("*, *::before, *::after { transition: none !important }");
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}"""

OpenPage = Callable[..., Awaitable[Page]]


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
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
        time_zone: str | None = None,
    ) -> Page:
        context = await chromium.new_context(
            base_url=site,
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            java_script_enabled=javascript,
            reduced_motion="reduce",
            timezone_id=time_zone,
        )
        contexts.append(context)
        if who:
            await sign_in(context, cast, site, who)
        page = await context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
        page.on(
            "console",
            lambda message: (
                complaints.append(f"{page.url}: {message.text}")
                if message.type == "error" and not (expected and re.search(expected, message.text))
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


async def sign_in(context: BrowserContext, cast: Cast, site: str, who: str) -> None:
    """By a session of their own: staff need a new one after a night."""
    name, _, token = (await cast.session(who)).partition("=")
    cookie: Any = {
        "name": name,
        "value": token,
        "url": site.replace("http://", "https://"),  # a __Host- cookie is a secure one
        "secure": True,
        "httpOnly": True,
    }
    await context.add_cookies([cookie])


async def arrive(page: Page, address: str) -> None:
    """Until the page is there, whatever it came by: a page may read itself again on the way.

    `*` is anything but a slash, `**` anything. Waiting for one navigation fails when the next one
    cuts it off, which is no fault.
    """
    wanted = re.escape(address).replace(r"\*\*", ".*").replace(r"\*", "[^/]*")
    await expect(page).to_have_url(re.compile(f"{wanted}$"))
    await page.wait_for_load_state()


async def axe(page: Page, only: dict[str, Any] = WHOLE) -> list[str]:
    """What axe finds on the page as it is: WCAG 2.2 AA and best practice."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE_FILE_PATH.read_text())
    found = await page.evaluate(
        "only => axe.run(document, {runOnly: only, resultTypes: ['violations']})", only
    )
    return [
        f"{violation['id']}: {node['target']} {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


async def faults(page: Page) -> list[str]:
    """What is wrong with the page as it is, in every look there is, and on a narrow screen."""
    found = []
    await page.evaluate(AT_ONCE)
    for scheme, width, what in LOOKS:
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        await page.set_viewport_size({"width": width, "height": 900})
        where = f"{page.url} {width} {scheme}"
        found += [f"{where}: {fault}" for fault in await axe(page, what)]
        found += [f"{where} is too narrow for {element}" for element in await sideways(page)]
    await page.set_viewport_size({"width": NARROW, "height": 640})
    return found + [
        f"{page.url} {NARROW} is too narrow for {element}" for element in await sideways(page)
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
