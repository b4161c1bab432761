"""Merging, linking and telling apart in the console; what everybody sees of it afterwards."""

import asyncio
import re
from typing import Any
from uuid import uuid4

from chat.commands import Opening, open_conversation
from helpdesk.core.clock import FrozenClock
from helpdesk.tickets import commands
from helpdesk.tickets.rating import issue_rating_link
from helpdesk.tickets.states import Status
from tests.build import a_ticket
from tests.helpdesk.evidence.build import attach, send
from tests.helpdesk.tickets.together import (
    FRAGMENT,
    known_to_engine,
    merge,
    pair,
    row,
    said,
    say,
    similar,
    suggested,
    undo,
)
from tests.helpdesk.tickets.together import do as run
from tests.people import Cast

from .build import desk_of, do, refs
from .build import say as write


async def verdicts(cast: Cast) -> list[tuple[Any, ...]]:
    query = "SELECT ticket_id, other_id, same, by_id, probability, engine FROM triage_verdicts"
    return [tuple(one) for one in await cast.desk.pool.fetch(query)]


async def test_an_agent_merges_from_the_panel_and_takes_it_back(
    cast: Cast, site: str, clock: FrozenClock
) -> None:
    first, second = await pair(cast)
    await known_to_engine(cast)
    await attach(cast, site, second, "slip.txt", b"paid on Monday", who="nina")
    clock.advance(hours=1)
    async with await cast.browser(site, "pete") as pete, await cast.browser(site, "nina") as nina:
        before = await said(nina, first), await said(nina, second)
        panel = await suggested(pete, second.reference, first.reference)
        assert "Merge this into it" in panel  # the earlier one goes on
        assert re.search(r"[a-z] the same, \d+ %", panel)
        answer = await do(
            pete,
            second.reference,
            "merge",
            other=first.reference,
            into=first.reference,
            percent="87",
            engine="test 1",
        )
        assert answer.status_code == 303
        moved = await pete.get(answer.headers["location"])
        assert moved.headers["location"] == f"{desk_of(first.reference)}?view=mine"
        page = (await pete.get(desk_of(first.reference))).text
        assert page.index("first-words") > 0
        assert page.index("second-words") > 0
        assert "slip.txt" in page
        assert f"in {second.reference}" in page
        assert await verdicts(cast) == [
            (first.ticket_id, second.ticket_id, True, cast.pete.id, 0.87, "test 1")
        ]
        assert "slip.txt" in (await nina.get(f"/requests/{first.reference}")).text
        await say(cast, "nina", first, "After the merge")

        panel = await similar(pete, first.reference)
        assert "Merged into this" in panel
        number = re.search(r'name="merge" value="(\d+)"', panel)
        assert number
        undone = await do(pete, first.reference, "unmerge", merge=number[1])
        assert undone.status_code == 303
        assert await said(nina, first) == [*before[0], "After the merge"]
        assert await said(nina, second) == before[1]
        page = (await pete.get(desk_of(second.reference))).text
        for act in ("merged", "took"):
            assert f"Pete {act} {second.reference}" in page
    assert await verdicts(cast) == []


async def test_different_requesters_are_refused_with_the_way_that_is_open(
    cast: Cast, site: str
) -> None:
    ninas, coras = await a_ticket(cast, "nina"), await a_ticket(cast, "cora")
    async with await cast.browser(site, "pete") as pete:
        for headers in ({}, {"accept": "application/json"}):
            answer = await pete.post(
                f"{desk_of(coras.reference)}/merge",
                data={"other": ninas.reference},
                headers=headers,
            )
            assert answer.status_code == 409
            words = "requesters cannot be merged; link them to the case instead"
            assert words in answer.text
        linked = await do(pete, coras.reference, "link", other=ninas.reference)
        assert linked.status_code == 303
        assert ninas.reference in await similar(pete, coras.reference)
    for who, filed, other in (("nina", ninas, coras), ("cora", coras, ninas)):
        async with await cast.browser(site, who) as browser:
            page = (await browser.get(f"/requests/{filed.reference}")).text
            assert "linked" not in page
            assert other.reference not in page
            assert (await browser.get(f"/requests/{other.reference}")).status_code == 404


async def test_not_the_same_is_never_suggested_again_until_it_is_taken_back(
    cast: Cast, site: str
) -> None:
    first, second = await pair(cast)
    await known_to_engine(cast)
    async with await cast.browser(site, "pete") as pete:
        await suggested(pete, second.reference, first.reference)
        panel = await pete.post(
            f"{desk_of(second.reference)}/not-the-same",
            data={"other": first.reference, "percent": "64", "engine": "test 1"},
            headers=FRAGMENT,
        )
        assert panel.status_code == 200
        assert "similar-row" not in panel.text.replace("similar-rows", "")
        assert await verdicts(cast) == [
            (first.ticket_id, second.ticket_id, False, cast.pete.id, 0.64, "test 1")
        ]
        for ref in (first.reference, second.reference):
            assert 'class="similar-row"' not in await similar(pete, ref)
        await do(pete, first.reference, "unlink", other=second.reference)
        assert await verdicts(cast) == []
        assert 'class="similar-row"' in await similar(pete, second.reference)


async def test_lists_counts_and_search_show_the_one_that_goes_on(cast: Cast, site: str) -> None:
    first, second = await pair(cast)
    await merge(cast, second, first)
    async with await cast.browser(site, "max") as agent:
        for address in ("/desk?view=all", "/desk?view=unassigned", "/desk/search?q=payment"):
            assert refs((await agent.get(address)).text) == [first.reference], address
        for asked in (second.reference, first.reference, "second-words"):
            found = await agent.get("/desk/search", params={"q": asked})
            assert refs(found.text) == [first.reference], asked
        assert (await agent.get("/desk/counts")).json()["tickets"] == 1
        page = (await agent.get(desk_of(first.reference))).text
        assert "Their other requests" not in page
    async with await cast.browser(site, "nina") as nina:
        for tab in ("open", "waiting", "closed"):
            page = (await nina.get(f"/requests?show={tab}")).text
            assert second.reference not in page
            assert (first.reference in page) is (tab == "open")
        listed = (await nina.get("/api/v1/tickets")).json()["items"]
        assert [one["reference"] for one in listed] == [first.reference]


async def test_the_old_reference_leads_to_the_other_for_those_who_may_see_it(
    cast: Cast, site: str
) -> None:
    first, second = await pair(cast)
    await merge(cast, second, first)
    expected = {"nina": 303, "otto": 404, "cora": 404}
    for who, status in expected.items():
        async with await cast.browser(site, who) as browser:
            answer = await browser.get(f"/requests/{second.reference}")
            assert answer.status_code == status, who
            if status == 303:
                assert answer.headers["location"] == f"/requests/{first.reference}"
            shown = await browser.get(f"/api/v1/tickets/{second.reference}")
            assert shown.status_code == (200 if status == 303 else 404)
    async with await cast.browser(site, "nina") as nina:
        sent = await nina.post(
            f"/api/v1/tickets/{second.reference}/messages",
            json={"body": "By a program, to the old reference"},
            headers={"idempotency-key": "one-two-three"},
        )
        assert sent.status_code == 201, sent.text
        assert sent.json()["reference"] == first.reference
        shown = (await nina.get(f"/api/v1/tickets/{second.reference}")).json()
        assert shown["reference"] == first.reference
        assert [(m["reference"], m["body"][:12]) for m in shown["messages"]] == [
            (second.reference, "second-words"),
            (first.reference, "first-words "),
            (first.reference, "By a program"),
        ]
        closing = await nina.post(f"/requests/{second.reference}/close")
        assert closing.status_code == 409  # what they saw was another state
        assert f"was merged into {first.reference}" in closing.text


async def test_a_restricted_pair_is_merged_for_its_department_alone(cast: Cast, site: str) -> None:
    first, second = await pair(cast, "finn", restricted=True, group_key="TAS")
    await merge(cast, second, first, "sam")
    for who, status in (("sam", 303), ("max", 303), ("amy", 404)):
        async with await cast.browser(site, who) as browser:
            assert (await browser.get(desk_of(second.reference))).status_code == status
            found = await browser.get("/desk/search", params={"q": second.reference})
            assert refs(found.text) == ([first.reference] if status == 303 else [])
            panel = await browser.get(f"{desk_of(first.reference)}/similar")
            assert panel.status_code == (200 if status == 303 else 404)
            assert "canary" not in panel.text


async def test_a_hidden_ticket_is_not_named_by_panel_link_or_event(cast: Cast, site: str) -> None:
    open_one = await a_ticket(cast, "finn", subject="Somebody used my card, twice")
    hidden = await a_ticket(
        cast, "finn", subject="Somebody used my card", restricted=True, group_key="TAS"
    )
    await known_to_engine(cast)
    async with await cast.browser(site, "sam") as sam:
        await suggested(sam, open_one.reference, hidden.reference)
        await do(sam, open_one.reference, "link", other=hidden.reference)
        assert hidden.reference in await similar(sam, open_one.reference)
    async with await cast.browser(site, "amy") as amy:
        assert hidden.reference not in await similar(amy, open_one.reference)
        page = (await amy.get(desk_of(open_one.reference))).text
        assert "a restricted ticket" in page
        assert hidden.reference not in page
        for action in ("link", "not-the-same", "merge"):
            refused = await do(amy, open_one.reference, action, other=hidden.reference)
            nobodys = await do(amy, open_one.reference, action, other="HD-99999")
            assert refused.status_code == nobodys.status_code in (409, 422), action
        assert (await amy.get(f"{desk_of(hidden.reference)}/similar")).status_code == 404


async def test_what_an_agent_had_begun_to_write_is_kept(cast: Cast, site: str) -> None:
    first, second = await pair(cast)
    async with await cast.browser(site, "amy") as amy:
        draft = {"kind": "reply", "body": "Begun on the second"}
        await amy.post(f"{desk_of(second.reference)}/draft", data=draft)
        merged = await merge(cast, second, first)
        assert "Begun on the second" in (await amy.get(desk_of(first.reference))).text
        await undo(cast, merged)
        assert "Begun on the second" in (await amy.get(desk_of(second.reference))).text
        await merge(cast, second, first)
        await write(amy, first.reference, "Sent at last")
        assert "Begun on the second" not in (await amy.get(desk_of(first.reference))).text


async def test_a_joined_case_is_for_its_own_requester_and_the_parties_of_its_contract(
    cast: Cast, site: str
) -> None:
    contract = cast.contracts["C-1002"].id  # Cora and Nina
    ninas = await a_ticket(cast, "nina", contract_id=contract)
    coras, finns = await a_ticket(cast, "cora"), await a_ticket(cast, "finn")
    async with await cast.browser(site, "amy") as amy:
        joined = await do(amy, coras.reference, "link", other=ninas.reference, kind="same_case")
        assert joined.status_code == 303
        assert "On the same case" in await similar(amy, coras.reference)
        refused = await do(amy, finns.reference, "link", other=ninas.reference, kind="same_case")
        assert refused.status_code == 409
        assert "Link them as related" in refused.text
        assert (await do(amy, finns.reference, "link", other=ninas.reference)).status_code == 303
    async with await cast.browser(site, "cora") as cora:  # linking shows nothing to the parties
        assert (await cora.get(f"/requests/{ninas.reference}")).status_code == 404
        page = (await cora.get(f"/requests/{coras.reference}")).text
        assert ninas.reference not in page


async def test_nonsense_is_refused_and_changes_nothing(cast: Cast, site: str) -> None:
    first, second = await pair(cast)
    async with await cast.browser(site, "amy") as amy:
        for action, fields, status in (
            ("merge", {}, 422),
            ("merge", {"other": "nonsense"}, 422),
            ("merge", {"other": first.reference, "into": "HD-77777"}, 422),
            ("merge", {"other": second.reference}, 409),
            ("merge", {"other": first.reference, "reason": "x" * 600}, 422),
            ("unmerge", {"merge": "-1"}, 422),
            ("unmerge", {"merge": "99999999"}, 404),
            ("link", {"other": second.reference}, 409),
            ("link", {"other": first.reference, "kind": "not_same"}, 422),
            ("not-the-same", {"other": "\x00"}, 422),
        ):
            answer = await do(amy, second.reference, action, **fields)
            assert answer.status_code == status, (action, fields, answer.status_code)
        assert (await do(amy, "HD-99999", "merge", other=first.reference)).status_code == 404
    assert (await row(cast, second))["status"] == Status.NEW
    assert await cast.desk.pool.fetchval("SELECT count(*) FROM ticket_links") == 0


async def test_a_rating_link_of_before_rates_the_one_that_goes_on(cast: Cast, site: str) -> None:
    first, second = await pair(cast)
    for filed in (first, second):
        await run(cast, "max", commands.change_status, filed.ticket_id, Status.SOLVED)
    token = await run(cast, "max", issue_rating_link, second.ticket_id)
    await merge(cast, second, first)
    async with await cast.browser(site) as anybody:
        assert first.reference in (await anybody.get(f"/rate/{token}")).text
        rated = await anybody.post(f"/rate/{token}", data={"score": "5", "comment": ""})
        assert rated.status_code == 200
    query = "SELECT ticket_id FROM ticket_ratings"
    assert await cast.desk.pool.fetchval(query) == first.ticket_id


async def test_a_colleague_of_one_of_the_two_reads_no_more_than_before(
    cast: Cast, site: str
) -> None:
    """Cora filed one of them before her company was known."""
    first, second = await pair(cast, "cora")
    private = "UPDATE sides SET company_id = NULL WHERE case_id = $1"
    for hidden, open_one in ((second, first), (first, second)):
        await cast.desk.pool.execute("UPDATE sides SET company_id = $1", cast.cora.company_id)
        await cast.desk.pool.execute(private, hidden.case_id)
        merged = await merge(cast, second, first)
        async with (
            await cast.browser(site, "dora") as dora,
            await cast.browser(site, "cora") as cora,
        ):
            assert len(await said(cora, first)) == 2
            shown = await dora.get(f"/requests/{first.reference}")
            program = await dora.get(f"/api/v1/tickets/{first.reference}")
            old = await dora.get(f"/requests/{second.reference}")
            if hidden is second:
                for answer in (shown, program):
                    assert answer.status_code == 200
                    assert "first-words" in answer.text
                    assert "second-words" not in answer.text
            else:
                assert (shown.status_code, program.status_code) == (404, 404)
            assert old.status_code == 404
        await undo(cast, merged)
        async with await cast.browser(site, "dora") as dora:
            for one, status in ((open_one, 200), (hidden, 404)):
                assert (await dora.get(f"/requests/{one.reference}")).status_code == status


async def test_two_agents_who_press_at_once(cast: Cast, site: str) -> None:
    first, second = await pair(cast)
    async with await cast.browser(site, "amy") as amy, await cast.browser(site, "pete") as pete:
        answers = await asyncio.gather(
            do(amy, first.reference, "merge", other=second.reference),
            do(pete, second.reference, "merge", other=first.reference),
        )
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    [refused] = [answer for answer in answers if answer.status_code == 409]
    assert re.search(r"HD-\d+ was merged into HD-\d+\. Go on there\.", refused.text)


async def test_a_file_uploaded_for_the_old_one_is_sent_with_a_message_to_the_other(
    cast: Cast, site: str
) -> None:
    first, second = await pair(cast)
    async with await cast.browser(site, "nina") as nina:
        answer = await send(nina, "slip.txt", b"paid on Monday", case=second.case_id)
        assert answer.status_code == 201, answer.text
        await merge(cast, second, first)
        sent = await nina.post(
            f"/requests/{second.reference}/messages",
            data={
                "once": "5b0ed2f0-9d0c-4b7e-8a2e-61d9a2e5b011",
                "body": "Here it is",
                "uploads": answer.json()["id"],
            },
        )
        assert sent.status_code == 303, sent.text
        page = (await nina.get(f"/requests/{first.reference}")).text
        assert "slip.txt" in page
        assert "Here it is" in page


async def test_a_piece_asked_for_before_is_answered_on_the_one_that_goes_on(
    cast: Cast, site: str, clock: FrozenClock
) -> None:
    first, second = await pair(cast)
    async with await cast.browser(site, "amy") as amy, await cast.browser(site, "nina") as nina:
        asked = await do(amy, second.reference, "ask", label="A bank slip", due="2026-06-09")
        assert asked.status_code == 303
        await merge(cast, second, first)
        assert "A bank slip" in (await nina.get(f"/requests/{first.reference}")).text
        page = (await amy.get(desk_of(first.reference))).text
        assert "Still missing: A bank slip." in page


async def test_a_chat_about_the_old_one_joins_the_case_of_the_other(cast: Cast) -> None:
    first, second = await pair(cast)
    await merge(cast, second, first)
    opening = Opening(uuid4(), "GEN", "My payment", "News?", ticket_id=second.ticket_id)
    chat = await run(cast, "nina", open_conversation, opening)
    assert chat.case_id == first.case_id


async def test_whatever_is_sent_from_an_old_page_is_refused_with_where_it_goes_on(
    cast: Cast, site: str
) -> None:
    first, second = await pair(cast)
    await merge(cast, second, first)
    async with await cast.browser(site, "amy") as amy:
        for action, fields in (
            ("status", {"status": "solved", "coverage": "unique"}),
            ("claim", {}),
            ("severity", {"severity": "high", "reason": "why"}),
            ("type", {"type": "level1_tech"}),
            ("messages", {"once": str(uuid4()), "body": "To nobody", "mode": "reply"}),
            ("link", {"other": first.reference}),
        ):
            answer = await do(amy, second.reference, action, **fields)
            assert answer.status_code == 409, action
            assert f"was merged into {first.reference}. Go on there." in answer.text, action
        kept = (await amy.get(desk_of(first.reference))).text
        assert "To nobody" not in kept
    assert (await row(cast, first))["status"] == Status.NEW


async def test_links_of_a_merged_ticket_are_shown_on_the_one_that_goes_on(
    cast: Cast, site: str
) -> None:
    first, second = await pair(cast)
    coras = await a_ticket(cast, "cora", subject="Quite another thing")
    async with await cast.browser(site, "amy") as amy:
        await do(amy, second.reference, "link", other=coras.reference)
        merged = await merge(cast, second, first)
        panel = await similar(amy, first.reference)
        assert coras.reference in panel
        assert f'Said of <span class="mono">{second.reference}' in panel
        assert first.reference in await similar(amy, coras.reference)
        await undo(cast, merged)
        assert coras.reference not in await similar(amy, first.reference)
        assert coras.reference in await similar(amy, second.reference)


async def test_of_two_long_threads_the_newest_are_shown_and_the_rest_is_a_link_away(
    cast: Cast, site: str, clock: FrozenClock
) -> None:
    first, second = await pair(cast)
    fill = """
        WITH m AS (
            INSERT INTO messages (
                case_id, client_id, author_id, audience, body, posted_at, ticket_id)
            SELECT $1, gen_random_uuid(), $2, 'staff', 'filled ' || n, $4::timestamptz, $3
            FROM generate_series(1, 250) n RETURNING id, body
        ), c AS (UPDATE cases SET last_seq = last_seq + 250 WHERE id = $1)
        INSERT INTO events (case_id, seq, type, audience, actor_id, ticket_id, message_id, data,
            occurred_at, relayed_at)
        SELECT $1, 2 + row_number() OVER (ORDER BY id), 'note.added', 'staff', $2, $3, id, '{}',
            $4, $4 FROM m"""
    args = (second.case_id, cast.amy.id, second.ticket_id, clock.now())
    await cast.desk.pool.execute(fill, *args)
    await merge(cast, second, first)
    async with await cast.browser(site, "amy") as amy:
        page = (await amy.get(desk_of(first.reference))).text
        assert "Show what was said before" in page
        assert "filled 250" in page
        assert "filled 12<" not in page
        assert "first-words" in page
        page = (await amy.get(f"{desk_of(first.reference)}?all=1")).text
        assert "Show what was said before" not in page
        assert "filled 12<" in page
        assert page.count('class="bubble-text"') >= 252
