"""My requests and the page of one request: whose they are, and what one can do there."""

import re
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from helpdesk.core.clock import FrozenClock
from helpdesk.people.commands import open_guest
from helpdesk.people.queries import actor_of
from helpdesk.permissions import SYSTEM
from helpdesk.tickets import assigning, commands
from helpdesk.tickets.filing import file_ticket
from helpdesk.tickets.states import Severity, Status
from tests.build import a_filing, a_ticket
from tests.people import Cast


async def change(cast: Cast, ticket_id: int, status: Status) -> None:
    async with cast.desk.transaction(await cast.actor("max")) as tx:
        await commands.change_status(tx, ticket_id, status)


async def post(browser: httpx2.AsyncClient, ref: str, action: str, **fields: Any) -> Any:
    return await browser.post(f"/requests/{ref}/{action}", data={"once": str(uuid4())} | fields)


async def test_the_list_shows_own_requests_by_whose_turn_it_is(cast: Cast, site: str) -> None:
    new = await a_ticket(cast, subject="This one has just been filed")
    asked = await a_ticket(cast, subject="This one waits for Finn")
    done = await a_ticket(cast, subject="This one is solved now")
    await change(cast, asked.ticket_id, Status.WAITING_ON_USER)
    await change(cast, done.ticket_id, Status.SOLVED)
    async with await cast.browser(site, "finn") as finn:
        for tab, expected in (
            ("open", {new, asked}),
            ("waiting", {asked}),
            ("closed", {done}),
            ("nonsense", {new, asked}),
        ):
            page = (await finn.get(f"/requests?show={tab}")).text
            for each in (new, asked, done):
                assert (each.reference in page) is (each in expected), (tab, each.reference)
    async with await cast.browser(site, "otto") as otto:
        assert "No open requests" in (await otto.get("/requests")).text


async def test_the_list_goes_on_below_twenty_five(cast: Cast, site: str) -> None:
    made = [await a_ticket(cast, subject=f"Request number {number}") for number in range(30)]
    async with await cast.browser(site, "finn") as finn:
        first = (await finn.get("/requests")).text
        below = made[5].ticket_id
        assert f"below={below}" in first
        second = (await finn.get(f"/requests?below={below}")).text
    for index, each in enumerate(made):
        assert (each.reference in first) is (index >= 5)
        assert (each.reference in second) is (index < 5)


async def test_colleagues_see_requests_of_their_company_but_not_restricted_ones(
    cast: Cast, site: str
) -> None:
    shared = await a_ticket(cast, "cora", subject="The invoice of our company")
    secret = await a_ticket(
        cast,
        "cora",
        subject="Please close my own account",
        type_key="account_closure",
        group_key="TAS",
        restricted=True,
    )
    async with await cast.browser(site, "dora") as dora, await cast.browser(site, "cora") as cora:
        listed = (await dora.get("/requests")).text
        assert (await dora.get(f"/requests/{shared.reference}")).status_code == 200
        assert (await dora.get(f"/requests/{secret.reference}")).status_code == 404
        assert (await cora.get(f"/requests/{secret.reference}")).status_code == 200
        added = await post(dora, shared.reference, "messages", body="I know more about it")
        shown = (await cora.get(f"/requests/{shared.reference}")).text
    assert shared.reference in listed
    assert secret.reference not in listed
    assert added.status_code == 303
    assert "I know more about it" in shown


@pytest.mark.parametrize("who", ["otto", "nina", "cora"])
async def test_a_request_of_somebody_else_is_not_there(cast: Cast, site: str, who: str) -> None:
    filed = await a_ticket(cast, contract_id=cast.contracts["C-1001"].id)
    await a_ticket(cast, "cora", contract_id=cast.contracts["C-1001"].id)
    async with await cast.browser(site, who) as browser:
        assert (await browser.get(f"/requests/{filed.reference}")).status_code == 404
        for action in ("messages", "follow-up", "close", "reopen"):
            answer = await post(browser, filed.reference, action, body="Let me in")
            assert answer.status_code == 404, action
    assert not await cast.desk.pool.fetchval(
        "SELECT count(*) FROM messages WHERE body = 'Let me in'"
    )


async def test_a_guest_follows_a_request_and_only_that(cast: Cast, site: str) -> None:
    async with cast.desk.transaction(SYSTEM) as tx:
        guest, link = await open_guest(tx, "Gus", "gus@example.com")
    actor = await actor_of(cast.desk, guest.id)
    filed = await file_ticket(cast.desk, actor, a_filing(subject="I cannot sign in any more"))
    other = await a_ticket(cast)
    async with await cast.browser(site) as browser:
        entered = await browser.get(f"/guest/{link}")
        if entered.status_code == 200:
            pytest.fail("a guest link shows something before it is a session")
        browser.cookies.update(entered.cookies)
        cookie = "; ".join(f"{name}={value}" for name, value in entered.cookies.items())
        headers = {"cookie": cookie}
        page = await browser.get(f"/requests/{filed.reference}", headers=headers)
        hidden = await browser.get(f"/requests/{other.reference}", headers=headers)
    assert page.status_code == 200
    assert "I cannot sign in any more" in page.text
    assert hidden.status_code == 404


async def test_asking_for_news_counts_once_a_day_on_the_same_ticket(
    cast: Cast, site: str, clock: FrozenClock
) -> None:
    filed = await a_ticket(cast)
    async with await cast.browser(site, "finn") as finn:
        for _ in range(2):
            assert (await post(finn, filed.reference, "follow-up")).status_code == 303
        assert "1 time" in (await finn.get(f"/requests/{filed.reference}")).text
        clock.advance(hours=25)
        await post(finn, filed.reference, "follow-up", body="Still nothing?")
        page = (await finn.get(f"/requests/{filed.reference}")).text
    assert "2 times" in page
    assert "Still nothing?" in page
    assert await cast.desk.pool.fetchval("SELECT count(*) FROM tickets") == 1


async def test_not_solved_reopens_within_fourteen_days_and_not_later(
    cast: Cast, site: str, clock: FrozenClock
) -> None:
    filed = await a_ticket(cast)
    late = await a_ticket(cast, subject="This one is noticed too late")
    async with await cast.browser(site, "finn") as finn:
        for each in (filed, late):
            await post(finn, each.reference, "close")
        clock.advance(days=13, hours=23)
        refused = await post(finn, filed.reference, "reopen", body=" ")
        assert refused.status_code == 422
        assert 'id="reopen-body-error"' in refused.text
        done = await post(finn, filed.reference, "reopen", body="It came back")
        assert done.status_code == 303
        assert "It came back" in (await finn.get(f"/requests/{filed.reference}")).text
        clock.advance(hours=2)
        page = (await finn.get(f"/requests/{late.reference}")).text
        assert "Not solved, reopen" not in page
        too_late = await post(finn, late.reference, "reopen", body="It came back")
        assert too_late.status_code == 409
        assert "14 days" in too_late.text
        assert "It came back" in too_late.text


async def test_an_answer_to_a_question_gives_the_turn_back(cast: Cast, site: str) -> None:
    filed = await a_ticket(cast)
    await change(cast, filed.ticket_id, Status.WAITING_ON_USER)
    async with await cast.browser(site, "finn") as finn:
        assert "Your turn" in (await finn.get(f"/requests/{filed.reference}")).text
        await post(finn, filed.reference, "messages", body="It is the second account")
        assert "Our turn" in (await finn.get(f"/requests/{filed.reference}")).text


async def test_a_message_that_cannot_be_taken_is_kept_in_the_form(cast: Cast, site: str) -> None:
    filed = await a_ticket(cast)
    async with await cast.browser(site, "finn") as finn:
        empty = await post(finn, filed.reference, "messages", body="  ")
        assert empty.status_code == 422
        assert "Write a message, or add a file" in empty.text
        long = await post(finn, filed.reference, "messages", body="y" * 10_001)
        assert long.status_code == 422
        assert "y" * 10_001 in long.text
        twice = {"once": str(uuid4()), "body": "Only one of me"}
        for _ in range(2):
            await finn.post(f"/requests/{filed.reference}/messages", data=twice)
        page = (await finn.get(f"/requests/{filed.reference}")).text
    assert page.count("Only one of me") == 1


async def test_files_that_came_with_what_was_refused_go_along_with_the_next_try(
    cast: Cast, site: str
) -> None:
    filed = await a_ticket(cast)
    path = f"/requests/{filed.reference}/messages"
    files = [("evidence.other", (f"{n}.txt", f"Page {n}".encode())) for n in range(25)]
    words = {"once": str(uuid4()), "body": "All pages of the statement"}
    async with await cast.browser(site, "finn") as finn:
        many = await finn.post(path, data=words, files=files)
        assert many.status_code == 422
        assert "20 files are the most" in many.text
        assert "All pages of the statement" in many.text
        kept = re.findall(r'name="uploads" value="([^"]+)" checked', many.text)
        assert len(kept) == 20
        again = re.findall(r'name="once" value="([^"]+)"', many.text)
        assert set(again) == {words["once"]}, "files chosen again are the same files"
        sent = await finn.post(path, data=words | {"uploads": kept})
        assert sent.status_code == 303
        page = (await finn.get(f"/requests/{filed.reference}")).text
    assert "19.txt" in page
    assert "20.txt" not in page


async def test_notes_and_agents_affairs_are_no_part_of_the_page(cast: Cast, site: str) -> None:
    filed = await a_ticket(cast)
    async with cast.desk.transaction(await cast.actor("amy")) as tx:
        await commands.add_note(tx, filed.ticket_id, "CANARY-NOTE", uuid4())
        await assigning.claim(tx, filed.ticket_id)
        await commands.change_severity(
            tx, filed.ticket_id, Severity.HIGH, "This sentence is for the requester"
        )
    async with await cast.browser(site, "finn") as finn:
        page = (await finn.get(f"/requests/{filed.reference}")).text
    assert "CANARY-NOTE" not in page
    assert "assigned" not in page
    assert "This sentence is for the requester" in page
