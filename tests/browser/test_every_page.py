"""Every page there is, as those who may see it: axe, the console, and room on a narrow screen."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser

from tests.people import Cast
from tests.test_access_matrix import CELLS, address_of, objects
from tests.world import World, build

from .conftest import DESKTOP, faults

NO_PAGES = ("/download", "/original", "/image", "/thumbnail", "/transcript", "/counts", "/api/v1",
            "/suggestions", "/alerts/area", "/offered", "/filled", "/desk/palette", "/desk/names",
            "/desk/chats/state", "/state", "/widget", "/desk/chats/colleagues",
            "/desk/chats/{id:int}/ticket", ".json", ".xml", ".txt", ".atom")  # fmt: skip
# Who shows what: one customer and one agent see what all customers and agents see.
LOOKERS = {
    "nobody": ("",),
    "gus": ("/requests", "/chat"),
    "finn": ("/requests", "/report", "/evidence", "/chat", "/account", "/guest"),
    "cora": ("/requests/", "/evidence", "/chat/"),
    "tess": ("/desk", "/evidence/{id:int}/lines", "/account"),
    "admin": (
        "/admin",
        "/desk/calendars",
        "/desk/widgets",
        "/desk/absences",
        "/desk/chats/board",
        "/desk/chats/settings",
        "/desk/reports",
        "/desk/dashboard",
        "/desk/rules",
        "/desk/incidents",
        "/desk/escalations",
        "/desk/sla",
        "/desk/triage",
    ),
}
MORE = {  # what no row of the table shows: refusals, filled lists, other views
    "nobody": ["/help/search?q=refnd", "/help/search?q=xylophone", "/no-such-page",
               "/guest/gone", "/contact?next=1", "/contact?service=payments",
               "/report?type=payment_not_received", "/chat?type=withdrawal_not_received"],
    "finn": ["/requests/HD-99999", "/desk", "/requests?show=closed",
             "/report?type=team_app_bug&new=1"],
    "tess": ["/desk?view=all", "/desk?view=due", "/desk?view=solved", "/desk/search?q=timer",
             "/desk/search?q=nothing", "/admin/mailbox"],
}  # fmt: skip
EXPECTED = ("404", "403", "422")  # the console tells of pages that say no


@pytest.fixture
async def world(cast: Cast, site: str) -> AsyncIterator[World]:
    built = await build(cast, site)
    yield built
    await built.close()


def addresses(world: World, who: str) -> list[str]:
    known = objects(world)
    found = [
        address_of(cell, known[cell.object])
        for cell in CELLS
        if (cell.method, cell.who, cell.status) == ("GET", who, 200)
        and cell.route.startswith(LOOKERS[who])
        and not cell.route.endswith(NO_PAGES)
        and not cell.route.startswith(NO_PAGES)
    ]
    return [*dict.fromkeys(found), *MORE.get(who, ())]


@pytest.mark.parametrize("who", LOOKERS)
async def test_every_page_is_sound(chromium: Browser, world: World, who: str) -> None:
    context = await chromium.new_context(base_url=world.site, reduced_motion="reduce")
    found: list[str] = []
    if who != "nobody":
        name, _, token = world.cookies[who].partition("=")
        cookie: Any = {"name": name, "value": token, "url": world.site.replace("http:", "https:"),
                  "secure": True, "httpOnly": True}  # fmt: skip
        await context.add_cookies([cookie])
    paths = addresses(world, who)
    assert paths

    async def go_through(some: list[str]) -> None:
        page = await context.new_page()
        page.on("pageerror", lambda error: found.append(f"{page.url}: {error}"))
        page.on(
            "console",
            lambda message: (
                found.append(f"{page.url}: {message.text}")
                if message.type == "error" and not any(code in message.text for code in EXPECTED)
                else None
            ),
        )
        for path in some:
            await page.set_viewport_size({"width": DESKTOP, "height": 900})
            await page.goto(path)
            found.extend(await faults(page))

    await asyncio.gather(go_through(paths[::2]), go_through(paths[1::2]))
    await context.close()
    assert not found, "\n".join(found)
