"""Everything an agent does with a ticket, over HTTP; and that nobody else does it."""

import asyncio
from uuid import uuid4

import httpx2
import pytest

from helpdesk.tickets.models import reference
from helpdesk.tickets.states import Severity, Status
from tests.build import a_ticket
from tests.people import Cast

from .build import desk_of, do, move, say, ticket

CUSTOMERS = ("finn", "cora")


async def test_a_reply_reaches_the_requester_and_a_note_stays(cast: Cast, site: str) -> None:
    filed = await a_ticket(cast)
    async with await cast.browser(site, "amy") as amy, await cast.browser(site, "finn") as finn:
        assert (await say(amy, filed.reference, "We look into it")).status_code == 303
        assert (await say(amy, filed.reference, "CANARY-NOTE", "note")).status_code == 303
        shown = (await finn.get(f"/requests/{filed.reference}")).text
        desk = (await amy.get(desk_of(filed.reference))).text
    assert "We look into it" in shown
    assert "CANARY-NOTE" not in shown
    assert "CANARY-NOTE" in desk
    row = await ticket(cast, filed.ticket_id)
    assert (row["status"], row["assignee_id"]) == ("open", cast.amy.id)


async def test_a_reply_that_is_sent_twice_is_stored_once(cast: Cast, site: str) -> None:
    filed = await a_ticket(cast)
    once = str(uuid4())
    fields = {"once": once, "body": "Only one of me", "mode": "reply"}
    async with await cast.browser(site, "amy") as amy:
        answers = await asyncio.gather(
            *(amy.post(f"{desk_of(filed.reference)}/messages", data=fields) for _ in range(5))
        )
        page = (await amy.get(desk_of(filed.reference))).text
    assert {answer.status_code for answer in answers} == {303}
    assert page.count("Only one of me") == 1


async def test_a_reply_can_leave_a_status(cast: Cast, site: str) -> None:
    filed = await a_ticket(cast)
    async with await cast.browser(site, "amy") as amy:
        await say(amy, filed.reference, "Which bank is it?", then="waiting_on_user")
        assert (await ticket(cast, filed.ticket_id))["status"] == "waiting_on_user"
        refused = await say(amy, filed.reference, "And then", then="nonsense")
        assert refused.status_code == 422
        assert "And then" in refused.text


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("", "Write something first"),
        ("   \u200b ", "Write something first"),
        ("x" * 10_001, "10,000"),
    ],
)
async def test_a_reply_that_is_no_text_is_refused_beside_the_field(
    cast: Cast, site: str, body: str, words: str
) -> None:
    filed = await a_ticket(cast)
    async with await cast.browser(site, "amy") as amy:
        answer = await say(amy, filed.reference, body)
        program = await amy.post(
            f"{desk_of(filed.reference)}/messages",
            data={"once": str(uuid4()), "body": body, "mode": "reply"},
            headers={"accept": "application/json"},
        )
    assert answer.status_code == program.status_code == 422
    assert 'id="body-error"' in answer.text
    assert words in answer.text
    assert "body" in program.json()["errors"]


async def test_hostile_words_are_shown_as_words(cast: Cast, site: str) -> None:
    filed = await a_ticket(cast, subject="<img src=x onerror=alert(1)> \u202e reversed")
    async with await cast.browser(site, "amy") as amy:
        await say(amy, filed.reference, "<script>alert(1)</script>")
        page = (await amy.get(desk_of(filed.reference))).text
        listed = (await amy.get("/desk?view=all")).text
    assert "<script>alert" not in page
    assert "<img src=x" not in page + listed


async def test_of_ten_who_take_one_ticket_one_has_it(cast: Cast, site: str) -> None:
    filed = await a_ticket(cast)
    names = ["amy", "max", "admin", "pete", "tess"] * 2
    async with httpx2.AsyncClient(base_url=site, timeout=30) as client:
        cookies = [await cast.session(name) for name in names]
        answers = await asyncio.gather(
            *(
                client.post(
                    f"{desk_of(filed.reference)}/claim",
                    headers={"cookie": cookie, "origin": site},
                )
                for cookie in cookies
            )
        )
    owner = (await ticket(cast, filed.ticket_id))["assignee_id"]
    won = [name for name, answer in zip(names, answers, strict=True) if answer.status_code == 303]
    lost = [answer for answer in answers if answer.status_code != 303]
    assert {cast.people[name].id for name in won} == {owner}
    assert {answer.status_code for answer in lost} == {409}
    assert all("has taken" in answer.text for answer in lost)


async def test_take_next_gives_everybody_another_one_most_urgent_first(
    cast: Cast, site: str
) -> None:
    made = [await a_ticket(cast, severity=severity) for severity in (2, 4, 3, 1)]
    async with await cast.browser(site, "amy") as amy, await cast.browser(site, "max") as max_:
        first = await amy.post("/desk/take-next")
        assert made[1].reference in first.headers["location"]
        rest = await asyncio.gather(*(each.post("/desk/take-next") for each in (amy, max_, amy)))
        nothing = await amy.post("/desk/take-next")
    places = {answer.headers["location"].split("?")[0] for answer in [first, *rest]}
    assert places == {desk_of(each.reference) for each in made}
    assert nothing.headers["location"] == "/desk?view=unassigned"


async def test_severity_needs_a_reason_which_the_requester_reads(cast: Cast, site: str) -> None:
    filed = await a_ticket(cast)
    async with await cast.browser(site, "amy") as amy, await cast.browser(site, "finn") as finn:
        refused = await do(amy, filed.reference, "severity", severity="urgent", reason=" ")
        assert refused.status_code == 422
        assert 'id="reason-error"' in refused.text
        wrong = await do(amy, filed.reference, "severity", severity="huge", reason="So it is")
        assert 'id="severity-error"' in wrong.text
        assert "So it is" in wrong.text
        await do(amy, filed.reference, "severity", severity="urgent", reason="You lose money")
        shown = (await finn.get(f"/requests/{filed.reference}")).text
    row = await ticket(cast, filed.ticket_id)
    assert (row["severity"], row["chosen_severity"]) == (Severity.URGENT, Severity.NORMAL)
    assert "You lose money" in shown


async def test_a_status_moves_as_the_states_allow(cast: Cast, site: str) -> None:
    filed = await a_ticket(cast)
    async with await cast.browser(site, "amy") as amy:
        for status, code in (
            ("on_hold", 303),
            ("solved", 303),
            ("closed", 422),
            ("new", 409),
            ("nonsense", 422),
            ("open", 303),
        ):
            answer = await do(amy, filed.reference, "status", status=status, coverage="unique")
            assert answer.status_code == code, status
    assert (await ticket(cast, filed.ticket_id))["status"] == "open"


async def test_a_ticket_goes_to_somebody_of_its_department_or_to_nobody(
    cast: Cast, site: str
) -> None:
    filed = await a_ticket(cast)
    async with await cast.browser(site, "amy") as amy:
        await do(amy, filed.reference, "assign", assignee=cast.max.id)
        assert (await ticket(cast, filed.ticket_id))["assignee_id"] == cast.max.id
        for wrong in (cast.pete.id, cast.finn.id, "x", "9" * 30):
            refused = await do(amy, filed.reference, "assign", assignee=wrong)
            assert refused.status_code in (409, 422)
        await do(amy, filed.reference, "assign", assignee="")
    assert (await ticket(cast, filed.ticket_id))["assignee_id"] is None


async def test_a_hand_over_needs_a_reason_that_only_colleagues_read(cast: Cast, site: str) -> None:
    filed = await a_ticket(cast)
    group = cast.groups["PAY"].id
    async with await cast.browser(site, "amy") as amy, await cast.browser(site, "finn") as finn:
        refused = await do(amy, filed.reference, "hand-over", group=group)
        assert 'id="handover_reason-error"' in refused.text
        nowhere = await do(amy, filed.reference, "hand-over", group="x", handover_reason="CANARY")
        assert nowhere.status_code == 422
        done = await do(amy, filed.reference, "hand-over", group=group, handover_reason="CANARY")
        assert done.status_code == 303
        shown = (await finn.get(f"/requests/{filed.reference}")).text
    assert (await ticket(cast, filed.ticket_id))["group_id"] == group
    assert "CANARY" not in shown
    assert "Payments" in shown


async def test_evidence_is_asked_for_with_a_date_and_may_be_cancelled(
    cast: Cast, site: str
) -> None:
    filed = await a_ticket(cast)
    asked = {"piece": "screenshot", "due": "2026-06-05", "note": "The whole window, please"}
    async with await cast.browser(site, "amy") as amy, await cast.browser(site, "finn") as finn:
        for wrong, field in (
            ({"piece": "screenshot"}, "due"),
            ({"piece": "screenshot", "due": "2026-06-01"}, "due"),
            ({"piece": "screenshot", "due": "soon"}, "due"),
            ({"due": "2026-06-05"}, "label"),
            (asked | {"note": "x" * 501}, "note"),
        ):
            refused = await do(amy, filed.reference, "ask", **wrong)
            assert refused.status_code == 422
            assert f'id="{field}-error"' in refused.text, wrong
        assert (await do(amy, filed.reference, "ask", **asked)).status_code == 303
        shown = (await finn.get(f"/requests/{filed.reference}")).text
        assert "The whole window, please" in shown
        assert (await ticket(cast, filed.ticket_id))["status"] == "waiting_on_user"
        id = await cast.desk.pool.fetchval("SELECT id FROM evidence_requests")
        cancelled = await do(amy, filed.reference, f"ask/{id}/cancel")
        assert cancelled.status_code == 303
        assert (await do(amy, filed.reference, f"ask/{2**80}/cancel")).status_code == 404
        after = (await finn.get(f"/requests/{filed.reference}")).text
    assert "The whole window, please" not in after


async def test_the_other_side_of_the_contract_is_on_the_case_and_not_in_the_thread(
    cast: Cast, site: str
) -> None:
    contract = cast.contracts["C-1001"].id
    his = await a_ticket(cast, "finn", contract_id=contract, description="What Finn says. " * 5)
    hers = await a_ticket(cast, "cora", contract_id=contract, description="What Cora says. " * 5)
    async with await cast.browser(site, "amy") as amy:
        page = (await amy.get(desk_of(his.reference))).text
    thread, _, context = page.partition('id="context"')
    assert "What Finn says" in thread
    assert "What Cora says" not in page
    assert hers.reference in context
    assert "Logo and brand kit" in context


async def test_a_long_case_shows_its_end_and_a_link_to_all_of_it(cast: Cast, site: str) -> None:
    filed = await a_ticket(cast)
    async with await cast.browser(site, "amy") as amy:
        for number in range(205):
            await say(amy, filed.reference, f"line {number}.")
        page = (await amy.get(desk_of(filed.reference))).text
        assert "line 204." in page
        assert "line 0." not in page
        everything = (await amy.get(f"{desk_of(filed.reference)}?all=1")).text
    assert "line 0." in everything
    assert "line 204." in everything


async def test_a_closed_ticket_takes_nothing_more(cast: Cast, site: str) -> None:
    filed = await a_ticket(cast)
    await move(cast, filed.ticket_id, Status.SOLVED)
    await cast.desk.pool.execute("UPDATE tickets SET status = 'closed'")
    async with await cast.browser(site, "amy") as amy:
        assert (await say(amy, filed.reference, "One more thing")).status_code == 409
        page = (await amy.get(desk_of(filed.reference))).text
    assert "<textarea" not in page


@pytest.mark.parametrize("who", CUSTOMERS)
async def test_the_desk_is_closed_to_customers_and_open_to_agents(
    cast: Cast, site: str, who: str
) -> None:
    filed = await a_ticket(cast)
    ref = desk_of(filed.reference)
    reads = ["/desk", "/desk/counts", "/desk/search?q=x", ref, "/desk/chats"]
    writes = ["status", "severity", "claim", "assign", "hand-over", "ask", "messages", "evidence"]
    posts = [f"{ref}/{write}" for write in writes] + ["/desk/take-next", f"{ref}/ask/1/cancel"]
    async with await cast.browser(site, who) as customer, await cast.browser(site, "amy") as amy:
        for path in reads:
            assert (await customer.get(path)).status_code == 403, path
            assert (await amy.get(path)).status_code == 200, path
        for path in posts:
            assert (await customer.post(path)).status_code == 403, path
            assert (await amy.post(path)).status_code not in (401, 403, 404, 500), path
    async with await cast.browser(site) as nobody:
        for path in reads:
            assert (await nobody.get(path)).headers["location"].startswith("/sign-in")
        for path in posts:
            assert (await nobody.post(path)).status_code == 401


async def test_what_is_no_ticket_is_not_found(cast: Cast, site: str) -> None:
    async with await cast.browser(site, "amy") as amy:
        for ref in (reference(12_345), "HD-1", "HD-", "HD-99999999999999999999999", "x", "HD-٣٤"):
            assert (await amy.get(f"/desk/tickets/{ref}")).status_code == 404
            assert (await amy.post(f"/desk/tickets/{ref}/claim")).status_code == 404
