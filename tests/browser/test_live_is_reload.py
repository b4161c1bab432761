"""What a page shows as things happen is what it shows after a reload, for everything there is."""

import asyncio
import random
from typing import Any

from playwright.async_api import Page, expect

from helpdesk.cases.events import EVENT_TYPES
from helpdesk.desk import Desk
from tests.chat.happenings import happen
from tests.chat.live import begin_chat
from tests.people import Cast

from .conftest import OpenPage

# Every row of the log as a reader has it: what it is, its number, its words, where it leads.
# Not whether it was read: that comes when somebody looks.
ROWS = """() => [...document.querySelectorAll("#log > li, .log > li")].map(row => {
  const words = row.cloneNode(true);
  words.querySelectorAll("[hidden], button, [data-part=state]").forEach(one => one.remove());
  return [row.className.trim(), row.dataset.kind ?? "", row.dataset.seq ?? "",
          words.textContent.replace(/\\s+/g, " ").trim(),
          ...[...row.querySelectorAll("a[href]")].map(link => link.getAttribute("href"))];
})"""


async def rows(page: Page) -> list[list[str]]:
    found: list[list[str]] = await page.evaluate(ROWS)
    return [row for row in found if "msg-unread" not in row[0]]


async def test_a_page_shows_live_what_it_shows_after_a_reload(
    desk: Desk, cast: Cast, open_page: OpenPage
) -> None:
    chat = await begin_chat(desk, cast)
    nina = await open_page("nina", f"/chat/{chat.id}")
    pete = await open_page("pete", f"/desk/chats/{chat.id}")
    for page in (nina, pete):
        await expect(page.locator("html")).to_have_attribute("data-live", "open")
    dice = random.Random(7)
    # The end comes last: pages look otherwise then.
    types = [type for type in EVENT_TYPES if not type.startswith("conversation.ended")]
    dice.shuffle(types)
    for type in types:
        await happen(desk, cast, chat, type, dice)
    await happen(desk, cast, chat, "message.posted", random.Random(LAST))
    head = await desk.pool.fetchval("SELECT last_seq FROM cases WHERE id = $1", chat.case_id)
    shown: dict[str, Any] = {}
    for name, page in (("nina", nina), ("pete", pete)):
        await expect(page.locator(f'[data-seq="{head}"]')).to_have_count(1)
        await asyncio.sleep(0.2)
        shown[name] = await rows(page)
        await page.reload()
        await expect(page.locator("html")).to_have_attribute("data-live", "open")
        assert await rows(page) == shown[name], name
    assert len(shown["pete"]) > len(shown["nina"]) > 20


LAST = 1  # a throw of dice that everybody sees
