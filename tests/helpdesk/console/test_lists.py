"""What each view holds, in which order, and that paging gives every ticket exactly once."""

import asyncio
import re

from helpdesk.cases.events import changed
from helpdesk.console.queries import counts
from helpdesk.console.views import Cursor, read_cursor
from helpdesk.core.clock import FrozenClock
from helpdesk.tickets import assigning
from helpdesk.tickets.states import Status
from tests.build import a_ticket
from tests.people import Cast

from .build import move, refs


async def test_each_view_holds_what_it_says(cast: Cast, site: str) -> None:
    mine = await a_ticket(cast, subject="Amy has taken this one")
    free = await a_ticket(cast, subject="Nobody owns this one yet")
    elsewhere = await a_ticket(cast, subject="For the payments people", group_key="PAY")
    waiting = await a_ticket(cast, subject="We wait for its requester")
    solved = await a_ticket(cast, subject="This one is solved already")
    async with cast.desk.transaction(await cast.actor("amy")) as tx:
        await assigning.claim(tx, mine.ticket_id)
    await move(cast, waiting.ticket_id, Status.WAITING_ON_USER)
    await move(cast, solved.ticket_id, Status.SOLVED)
    expected = {
        "mine": {mine},
        "unassigned": {free},
        "all": {mine, free, elsewhere, waiting},
        "waiting": {waiting},
        "solved": {solved},
    }
    async with await cast.browser(site, "amy") as amy:
        for view, tickets in expected.items():
            page = (await amy.get(f"/desk?view={view}")).text
            assert set(refs(page)) == {each.reference for each in tickets}, view
        counts = (await amy.get("/desk/counts")).json()
    assert (counts["tickets"], counts["chats"]) == (1, 0)


async def test_counts_are_never_older_than_the_change_a_page_heard_of(cast: Cast) -> None:
    amy = await cast.actor("amy")
    for number in range(3):
        assert (await counts(cast.desk, amy))["unassigned"] == number
        await a_ticket(cast)
    async with cast.desk.pool.acquire() as connection, connection.transaction():
        assert (await counts(cast.desk, amy))["unassigned"] == 3
        await connection.execute("LOCK TABLE tickets")
        cast.desk.live.hand_out([changed("desk", [])])
        reading = asyncio.create_task(counts(cast.desk, amy))
        await asyncio.sleep(0.1)
        cast.desk.live.hand_out([changed("desk", [])])
    assert (await reading)["unassigned"] == 3
    await cast.desk.pool.execute("DELETE FROM tickets")
    assert (await counts(cast.desk, amy))["unassigned"] == 0


async def test_urgent_tickets_come_first_then_the_oldest(
    cast: Cast, site: str, clock: FrozenClock
) -> None:
    made = []
    for severity in (2, 4, 1, 4, 3):
        made.append(await a_ticket(cast, severity=severity, subject=f"Severity is {severity} now"))
        clock.advance(minutes=1)
    async with await cast.browser(site, "amy") as amy:
        found = refs((await amy.get("/desk?view=all")).text)
    assert found == [made[index].reference for index in (1, 3, 4, 0, 2)]


async def test_every_ticket_is_on_exactly_one_page_while_others_file_more(
    cast: Cast, site: str, clock: FrozenClock
) -> None:
    made = []
    for number in range(120):
        made.append(await a_ticket(cast, severity=1 + number % 4, subject=f"Number {number} here"))
        if number % 3 == 0:
            clock.advance(seconds=1)
    found: list[str] = []
    async with await cast.browser(site, "amy") as amy:
        address = "/desk?view=all"
        while address:
            page, *_ = await asyncio.gather(
                amy.get(address), a_ticket(cast, severity=4), a_ticket(cast, severity=1)
            )
            found += refs(page.text)
            following = re.search(r'rel="next" href="([^"]+)"', page.text)
            address = following[1].replace("&amp;", "&") if following else ""
    assert len(found) == len(set(found))
    assert {each.reference for each in made} <= set(found)


async def test_solved_tickets_are_paged_by_when_they_were_solved(
    cast: Cast, site: str, clock: FrozenClock
) -> None:
    made = [await a_ticket(cast, subject=f"To be solved, {number}") for number in range(60)]
    for each in made:
        await move(cast, each.ticket_id, Status.SOLVED)
        clock.advance(seconds=1)
    async with await cast.browser(site, "amy") as amy:
        first = (await amy.get("/desk?view=solved")).text
        following = re.search(r'rel="next" href="([^"]+)"', first)
        assert following
        second = (await amy.get(following[1].replace("&amp;", "&"))).text
    assert refs(first) + refs(second) == [each.reference for each in reversed(made)]


async def test_restricted_tickets_show_to_their_department_and_managers_only(
    cast: Cast, site: str
) -> None:
    secret = await a_ticket(
        cast,
        subject="Somebody threatens me at home",
        group_key="TAS",
        type_key="abuse_or_harassment",
        restricted=True,
    )
    for who, sees in (("amy", False), ("sam", True), ("max", True)):
        async with await cast.browser(site, who) as browser:
            listed = secret.reference in (await browser.get("/desk?view=all")).text
            found = (await browser.get("/desk/search?q=threatens")).text
            opened = await browser.get(f"/desk/tickets/{secret.reference}")
            taken = await browser.post(f"/desk/tickets/{secret.reference}/claim")
        assert listed is sees, who
        assert (secret.reference in refs(found)) is sees, who
        assert opened.status_code == (200 if sees else 404), who
        assert taken.status_code in ((303, 409) if sees else (404,)), who


async def test_search_finds_by_reference_and_by_words(cast: Cast, site: str) -> None:
    one = await a_ticket(cast, subject="The invoice shows a wrong address")
    other = await a_ticket(cast, subject="Uploading a portfolio video stops")
    async with await cast.browser(site, "amy") as amy:
        for words, hits in (
            (one.reference, [one]),
            (one.reference.lower(), [one]),
            ("invoices", [one]),
            ("portfolio video", [other]),
            ("nothing at all like it", []),
            ('\x00 " OR 1=1 --', []),
            ("<script>", []),
        ):
            page = await amy.get("/desk/search", params={"q": words})
            assert page.status_code == 200
            assert refs(page.text) == [each.reference for each in hits], words
            assert "<script>alert" not in page.text


async def test_hostile_views_and_cursors_give_the_first_page(cast: Cast, site: str) -> None:
    filed = await a_ticket(cast)
    async with await cast.browser(site, "amy") as amy:
        for query in ("view=nosuch", "view=all&after=x", "view=all&after=9.9.9.9", "after=1.1"):
            page = await amy.get(f"/desk?{query}")
            assert page.status_code == 200
        far = await amy.get(f"/desk?view=all&after=0.{10**16}.{2**62}")
        assert filed.reference not in refs(far.text)
    for text in ("", "1.2", "1.2.3.4", "-1.2.3", "1.2.x", "99.1.1", f"1.1.{2**70}", "²3.1.1"):
        assert read_cursor(text) is None
    assert str(read_cursor("3.1780394400000000.17")) == "3.1780394400000000.17"
    assert isinstance(read_cursor("1.1.1"), Cursor)
