"""One time for one moment: a thread shows the profile's zone, whatever the browser's is."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from playwright.async_api import Page, expect

from helpdesk.core.clock import FrozenClock
from helpdesk.desk import Desk
from helpdesk.escalations.deciding import extend
from helpdesk.escalations.raising import Raising, escalate
from helpdesk.escalations.states import Cause, Level
from helpdesk.people.commands import set_time_zone
from helpdesk.permissions import SYSTEM
from helpdesk.tickets.commands import reply
from helpdesk.tickets.filing import Filed
from tests.build import a_ticket
from tests.chat.live import begin_chat
from tests.conftest import TUESDAY
from tests.people import Cast

from .conftest import OpenPage

TOKYO, NEW_YORK = "Asia/Tokyo", "America/New_York"


async def in_tokyo(desk: Desk, cast: Cast, *names: str) -> None:
    for name in names:
        async with desk.transaction(await cast.actor(name)) as tx:
            await set_time_zone(tx, TOKYO)


async def times_of(page: Page) -> list[str]:
    await expect(page.locator("html")).to_have_attribute("data-live", "open")
    return await page.locator("ol.log time").all_inner_texts()


async def put_off(cast: Cast, filed: Filed, now: datetime) -> None:
    async with cast.desk.transaction(SYSTEM) as tx:
        raising = Raising(Cause.TIME, Level.MANAGER, "it is late")
        made = await escalate(tx, filed.ticket_id, raising)
        made.due_at = now + timedelta(minutes=1)
        await extend(tx, made.id, datetime(2026, 6, 4, 15, 30, tzinfo=UTC), "More is needed")


async def test_a_request_s_messages_are_timed_in_the_profile_s_zone(
    desk: Desk, cast: Cast, open_page: OpenPage, clock: FrozenClock
) -> None:
    await in_tokyo(desk, cast, "finn", "amy")
    filed = await a_ticket(cast)
    for who, path in (
        ("finn", f"/requests/{filed.reference}"),
        ("amy", f"/desk/tickets/{filed.reference}"),
    ):
        page = await open_page(who, path, time_zone=NEW_YORK)
        assert (await times_of(page))[0] == "19:00"  # ten o'clock in UTC
        clock.advance(hours=5, minutes=1)  # past midnight in Tokyo
        async with desk.transaction(await cast.actor("amy")) as tx:
            await reply(tx, filed.ticket_id, f"An answer for {who}", uuid4())
        row = page.locator(".log .msg", has_text=f"An answer for {who}")
        await expect(row.locator("time")).to_have_text("00:01")
        await expect(page.locator(".msg-day")).to_have_count(2)
        # A date that is told in a sentence, live and when the page is read again.
        await put_off(cast, filed, clock.at)
        moved = page.locator(".msg-event", has_text="moved the date for the decision")
        await expect(moved.last).to_contain_text("to 5 Jun 2026, 00:30: “More is needed”")
        lived = await moved.last.locator("[data-part=body]").inner_text()
        await page.reload()
        await expect(moved.last.locator("[data-part=body]")).to_have_text(lived)
        clock.at = TUESDAY


async def test_without_a_zone_of_one_s_own_it_is_the_browser_s(
    cast: Cast, open_page: OpenPage
) -> None:
    filed = await a_ticket(cast)
    page = await open_page("finn", f"/requests/{filed.reference}", time_zone=NEW_YORK)
    assert set(await times_of(page)) == {"06:00"}


async def test_a_chat_s_messages_are_timed_in_the_profile_s_zone(
    desk: Desk, cast: Cast, open_page: OpenPage
) -> None:
    await in_tokyo(desk, cast, "finn", "amy")
    chat = await begin_chat(desk, cast, "finn", "amy")
    for who, path in (("finn", f"/chat/{chat.id}"), ("amy", f"/desk/chats/{chat.id}")):
        page = await open_page(who, path, time_zone=NEW_YORK)
        assert set(await times_of(page)) == {"19:00"}
