"""“Did this solve it?”: on the request page, by mail link, and what agents see of it."""

import re
from typing import Any

import httpx2
import pytest
from sqlmodel import select

from helpdesk.core.clock import FrozenClock
from helpdesk.mail.models import Mail
from helpdesk.permissions import SYSTEM
from helpdesk.relay import relay_once
from helpdesk.tickets import assigning, commands
from helpdesk.tickets.filing import Filed
from helpdesk.tickets.jobs import sweep_rating_links
from helpdesk.tickets.rating import SCALE, issue_rating_link, rate
from helpdesk.tickets.states import Status
from helpdesk.wiring import SUBSCRIBERS
from tests.build import a_ticket
from tests.people import Cast


async def solve(cast: Cast, filed: Filed, agent: str = "amy") -> None:
    async with cast.desk.transaction(await cast.actor(agent)) as tx:
        await assigning.claim(tx, filed.ticket_id)
        await commands.change_status(tx, filed.ticket_id, Status.SOLVED)


async def solved(cast: Cast, who: str = "finn", **more: Any) -> Filed:
    filed = await a_ticket(cast, who, **more)
    await solve(cast, filed)
    return filed


async def link(cast: Cast, filed: Filed) -> str:
    async with cast.desk.transaction(SYSTEM) as tx:
        return f"/rate/{await issue_rating_link(tx, filed.ticket_id)}"


async def rated(cast: Cast, filed: Filed) -> Any:
    query = "SELECT * FROM ticket_ratings WHERE ticket_id = $1"
    return await cast.desk.pool.fetchrow(query, filed.ticket_id)


async def answer(browser: httpx2.AsyncClient, filed: Filed, **fields: Any) -> httpx2.Response:
    return await browser.post(f"/requests/{filed.reference}/rating", data=fields)


async def test_the_question_comes_with_the_answer_and_not_before(cast: Cast, site: str) -> None:
    filed = await a_ticket(cast)
    async with await cast.browser(site, "finn") as finn:
        assert "Did this solve it?" not in (await finn.get(f"/requests/{filed.reference}")).text
        refused = await answer(finn, filed, score=5)
        assert refused.status_code == 409
        assert "open again" in refused.text
        await solve(cast, filed)
        assert "Did this solve it?" in (await finn.get(f"/requests/{filed.reference}")).text
        sent = await answer(finn, filed, score=4, comment="Quick, and in plain words")
        assert sent.headers["location"] == f"/requests/{filed.reference}#rating"
        page = (await finn.get(f"/requests/{filed.reference}")).text
    assert "You said: <strong>Mostly</strong>" in page
    row = await rated(cast, filed)
    assert (row["score"], row["comment"]) == (4, "Quick, and in plain words")
    assert (row["type_key"], row["group_id"]) == ("level1_tech", cast.groups["GEN"].id)
    assert (row["agent_id"], row["person_id"]) == (cast.amy.id, cast.finn.id)


async def test_it_can_be_changed_for_fourteen_days(
    cast: Cast, site: str, clock: FrozenClock
) -> None:
    filed = await solved(cast)
    async with await cast.browser(site, "finn") as finn:
        await answer(finn, filed, score=5)
        clock.advance(days=13)
        assert (await answer(finn, filed, score=1, comment="It came back")).status_code == 303
        assert (await rated(cast, filed))["score"] == 1
        clock.advance(days=2)
        late = await answer(finn, filed, score=5)
        page = (await finn.get(f"/requests/{filed.reference}")).text
    assert late.status_code == 409
    assert "14 days" in late.text
    assert "Change your answer" not in page
    assert "It came back" in page
    assert (await rated(cast, filed))["score"] == 1


async def test_a_poor_answer_offers_to_reopen_and_a_good_one_does_not(
    cast: Cast, site: str
) -> None:
    filed = await solved(cast)
    async with await cast.browser(site, "finn") as finn:
        for score, offered in ((5, False), (3, False), (2, True), (1, True)):
            await answer(finn, filed, score=score)
            page = (await finn.get(f"/requests/{filed.reference}")).text
            assert ("Not solved, reopen it" in page) is offered, score
        await finn.post(f"/requests/{filed.reference}/reopen", data={"body": "Still broken"})
    query = "SELECT status FROM tickets WHERE id = $1"
    assert await cast.desk.pool.fetchval(query, filed.ticket_id) == "open"


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, "score"),
        ({"score": "6"}, "score"),
        ({"score": "-1"}, "score"),
        ({"score": "٣"}, "score"),
        ({"score": "9" * 400}, "score"),
        ({"score": "3", "comment": "x" * 2001}, "comment"),
        ({"score": "3", "comment": "a\0b"}, "comment"),
    ],
)
async def test_what_is_no_answer_is_refused_beside_its_field(
    cast: Cast, site: str, fields: dict[str, str], wrong: str
) -> None:
    filed = await solved(cast)
    door = await link(cast, filed)
    async with await cast.browser(site, "finn") as finn, await cast.browser(site) as nobody:
        for page in (await answer(finn, filed, **fields), await nobody.post(door, data=fields)):
            assert page.status_code == 422
            assert f'id="{wrong}-error"' in page.text
            assert f'href="#{wrong}"' in page.text
        assert await rated(cast, filed) is None
        assert (await nobody.post(door, data={"score": "3"})).status_code == 200


async def test_one_side_says_it_and_nobody_else(cast: Cast, site: str) -> None:
    filed = await solved(cast, "cora", contract_id=cast.contracts["C-1001"].id)
    for who, status in (("finn", 404), ("otto", 404), ("amy", 403), ("max", 403), ("", 401)):
        async with await cast.browser(site, who) as browser:
            assert (await answer(browser, filed, score=1)).status_code == status, who
    assert await rated(cast, filed) is None
    for who in ("cora", "dora"):  # of one company
        async with await cast.browser(site, who) as browser:
            assert (await answer(browser, filed, score=4)).status_code == 303, who
    counted = "SELECT count(*) FROM ticket_ratings"
    assert await cast.desk.pool.fetchval(counted) == 1
    async with cast.desk.transaction(await cast.actor("amy")) as tx:
        with pytest.raises(commands.NotAllowed, match="Only who asked"):
            await rate(tx, filed.ticket_id, 5, "")


async def test_agents_see_it_and_only_those_who_see_the_ticket(cast: Cast, site: str) -> None:
    filed = await a_ticket(cast, "cora", restricted=True, group_key="TECH")
    await solve(cast, filed, "tess")
    async with await cast.browser(site, "cora") as cora, await cast.browser(site, "tess") as tess:
        await answer(cora, filed, score=2, comment="Nobody read my second message")
        shown = (await tess.get(f"/desk/tickets/{filed.reference}")).text
        own = (await cora.get(f"/requests/{filed.reference}")).text
    assert "Nobody read my second message" in shown
    assert "rated the answer" in shown
    assert "rated the answer" not in own
    async with await cast.browser(site, "amy") as amy:
        assert (await amy.get(f"/desk/tickets/{filed.reference}")).status_code == 404
    event = await cast.desk.pool.fetchrow("SELECT * FROM events WHERE type = 'ticket.rated'")
    assert (event["audience"], event["group_id"]) == ("private", cast.groups["TECH"].id)
    assert "second message" not in event["data"]


# The link


async def mailed_links(cast: Cast) -> list[str]:
    while await relay_once(cast.desk, SUBSCRIBERS):
        pass
    async with cast.desk.reading() as db:
        mails = (await db.exec(select(Mail))).all()
    return [found for mail in mails for found in re.findall(r"/rate/\S+", mail.body)]


async def test_the_mail_about_the_answer_has_a_link_for_each_choice(cast: Cast, site: str) -> None:
    filed = await solved(cast)
    links = await mailed_links(cast)
    assert [found.partition("?score=")[2] for found in links] == [str(score) for score in SCALE]
    async with await cast.browser(site) as nobody:
        page = (await nobody.get(links[1])).text
        assert re.search(r'value="4"[^>]* checked', page)
        assert await rated(cast, filed) is None, "opening it says nothing"
        where = links[1].partition("?")[0]
        thanks = await nobody.post(where, data={"score": "4", "comment": "Good"})
        assert "Thank you" in thanks.text
        assert (await nobody.get(links[1])).status_code == 404
        assert (await nobody.post(where, data={"score": "1"})).status_code == 404
    row = await rated(cast, filed)
    assert (row["score"], row["person_id"]) == (4, cast.finn.id)


async def test_who_solved_it_alone_gets_no_mail(cast: Cast) -> None:
    filed = await a_ticket(cast)
    async with cast.desk.transaction(await cast.actor("finn")) as tx:
        await commands.close_by_requester(tx, filed.ticket_id)
    assert await mailed_links(cast) == []


async def test_a_link_that_is_forged_over_or_replaced_opens_one_plain_page(
    cast: Cast, site: str, clock: FrozenClock
) -> None:
    filed = await solved(cast)
    old, new = await link(cast, filed), await link(cast, filed)
    async with await cast.browser(site) as nobody:
        pages = []
        for bad in (old, new[:-1], new + "x", "/rate/1", "/rate/" + "x" * 43, "/rate/%00"):
            for refused in (await nobody.get(bad), await nobody.post(bad, data={"score": "5"})):
                assert refused.status_code == 404, bad
                pages.append(refused.text.replace(refused.headers["x-request-id"], ""))
        assert all("does not work any more" in page for page in pages)
        assert (await nobody.get(new)).status_code == 200
        clock.advance(days=31)
        assert (await nobody.get(new)).status_code == 404
        assert (await nobody.post(new, data={"score": "5"})).status_code == 404
    assert await rated(cast, filed) is None


async def test_a_link_of_a_request_that_is_open_again_waits(cast: Cast, site: str) -> None:
    filed = await solved(cast)
    door = await link(cast, filed)
    async with cast.desk.transaction(await cast.actor("amy")) as tx:
        await commands.change_status(tx, filed.ticket_id, Status.OPEN)
    async with await cast.browser(site) as nobody:
        assert (await nobody.get(door)).status_code == 404
        assert (await nobody.post(door, data={"score": "5"})).status_code == 404
        await solve(cast, filed)
        assert (await nobody.post(door, data={"score": "5"})).status_code == 200


async def test_of_ten_who_use_a_link_at_once_one_is_heard(cast: Cast, site: str) -> None:
    import asyncio

    filed = await solved(cast)
    door = await link(cast, filed)
    async with await cast.browser(site) as nobody:
        answers = await asyncio.gather(*(nobody.post(door, data={"score": "4"}) for _ in range(10)))
    assert sorted(each.status_code for each in answers) == [200] + [404] * 9


async def test_links_nobody_can_use_are_forgotten(cast: Cast, clock: FrozenClock) -> None:
    await link(cast, await solved(cast))
    clock.advance(days=31)
    cast.desk.parts.pop("rating links swept at", None)
    await sweep_rating_links(cast.desk)
    assert await cast.desk.pool.fetchval("SELECT count(*) FROM rating_links") == 0
