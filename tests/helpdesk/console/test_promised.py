"""Agents read what the requester was promised: range, reason, when, and on whose clock."""

import re
from datetime import timedelta
from uuid import uuid4

from helpdesk.reports.counting.commands import count_stale
from helpdesk.tickets.commands import reply
from tests.build import a_ticket
from tests.chat.live import begin_chat
from tests.conftest import FrozenClock
from tests.helpdesk.sla.test_promises import known, work
from tests.people import Cast

IN_NEW_YORK = "UPDATE people SET time_zone = 'America/New_York' WHERE id = $1"


def promised(html: str) -> str:
    """Beside the deadline, as it is read."""
    part = html.split('id="promised"')[1].split("</dd>")[0]
    return " ".join(re.sub(r"<[^>]*>", " ", part.partition(">")[2]).split())


async def test_a_ticket_and_a_chat_show_the_promise_on_both_clocks(
    cast: Cast, site: str, clock: FrozenClock
) -> None:
    await cast.desk.pool.execute(IN_NEW_YORK, cast.nina.id)
    await known(cast, clock.now())
    filed = await a_ticket(cast, "nina")
    chat = await begin_chat(cast.desk, cast, "nina")
    await work(cast)
    page = f"/desk/tickets/{filed.reference}"
    async with await cast.browser(site, "pete") as pete:
        told = promised((await pete.get(page)).text)
        assert "(New York)" in told
        assert "nine of ten by" in told
        assert "On your clock" in told
        assert "(UTC)" in told
        assert "Told today" in told
        assert "from the last 40 answers" in told
        beside = (await pete.get(f"/desk/chats/{chat.id}")).text
        assert f'data-promised="{filed.reference}"' in beside
        assert "(New York)" in beside
        every = (await pete.get(f"{page}/deadlines")).text
        assert "1\u00a0promise to the requester" in every
    clock.advance(days=6)
    async with await cast.browser(site, "pete") as pete:
        assert "Passed" in promised((await pete.get(page)).text)


async def test_a_date_that_was_moved_since_is_what_was_promised_last(
    cast: Cast, site: str, clock: FrozenClock
) -> None:
    filed = await a_ticket(cast, "nina")
    await work(cast)
    page = f"/desk/tickets/{filed.reference}"
    [owed] = await cast.desk.pool.fetch(
        "SELECT * FROM sla_obligations WHERE ticket_id = $1 AND kind = 'first_response'",
        filed.ticket_id,
    )
    until = clock.now() + timedelta(days=3)
    form = {"kind": "first_response", "began_by": owed["began_by"], "reason": "The bank is closed",
            "until": f"{until:%Y-%m-%dT%H:%M}"}  # fmt: skip
    async with await cast.browser(site, "max") as max, await cast.browser(site, "pete") as pete:
        assert (await max.post(f"{page}/deadlines", data=form)).status_code == 303
        again = await max.post(f"{page}/deadlines", data=form)  # before the worker has heard of it
        assert "It was moved to this date already." in again.text
        told = promised((await pete.get(page)).text)
        assert told.startswith("A later date for the first answer by")
        assert "The bank is closed" in told
        assert "Kept" not in told
        async with cast.desk.transaction(await cast.actor("pete")) as tx:
            await reply(tx, filed.ticket_id, "It is open again", uuid4())
        assert " Kept " in promised((await pete.get(page)).text)
        chat = await begin_chat(cast.desk, cast, "nina")
        beside = (await pete.get(f"/desk/chats/{chat.id}")).text
        assert "A later date for the first answer" in beside  # the same as on the ticket


async def test_lists_behind_numbers_lead_to_the_arithmetic_of_what_was_owed(
    cast: Cast, site: str
) -> None:
    owed = await a_ticket(cast, "nina")
    await work(cast)
    not_yet = await a_ticket(cast, "nina")  # the worker has not come to it
    await cast.desk.pool.execute(
        "INSERT INTO report_stale SELECT id, now() FROM cases ON CONFLICT DO NOTHING"
    )
    assert await count_stale(cast.desk)
    async with await cast.browser(site, "max") as max:
        listed = (await max.get("/desk/dashboard/lists/arrived?period=today")).text
        why = f"/desk/tickets/{owed.reference}/deadlines"
        assert f'href="{why}"' in listed
        assert not_yet.reference in listed
        assert f"{not_yet.reference}/deadlines" not in listed
        assert "First answer" in (await max.get(why)).text
