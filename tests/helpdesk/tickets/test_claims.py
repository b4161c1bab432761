"""What a ticket is about is held by it, by a unique key."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpdesk.core.clock import FrozenClock
from helpdesk.permissions import SYSTEM
from helpdesk.tickets.claims import (
    AlreadyReported,
    about_of,
    claim_earlier_tickets,
    holders_of,
    join_claims,
)
from helpdesk.tickets.commands import add_message, change_status, close_by_requester, reopen
from helpdesk.tickets.filing import Filed
from helpdesk.tickets.merging import merge_tickets, unmerge
from helpdesk.tickets.states import NotAllowed, Status
from tests.build import a_ticket
from tests.conftest import TUESDAY
from tests.people import Cast


async def a_payment(
    cast: Cast, who: str = "nina", contract: str | None = "C-1002", paid: str = "T-77", **more: Any
) -> Filed:
    contract_id = cast.contracts[contract].id if contract else None
    answers = {"transaction_id": paid} if paid else {}
    wanted = {
        "type_key": "payment_not_received",
        "group_key": "PAY",
        "contract_id": contract_id,
        "answers": answers,
        "about": about_of(contract_id, answers),
        **more,
    }
    return await a_ticket(cast, who, **wanted)


async def solve(cast: Cast, filed: Filed) -> None:
    async with cast.desk.transaction(await cast.actor("max")) as tx:
        await change_status(tx, filed.ticket_id, Status.SOLVED)


async def tickets(cast: Cast) -> int:
    return int(await cast.desk.pool.fetchval("SELECT count(*) FROM tickets"))


@pytest.mark.parametrize(
    ("contract", "answers", "about"),
    [
        (None, {}, ()),
        (17, {}, ("contract:17",)),
        (17, {"transaction_id": "t 77"}, ("contract:17", "transaction:T77")),
        (None, {"transaction_id": " t-77\u00a0"}, ("transaction:T-77",)),
        (None, {"transaction_id": "none"}, ()),
        (None, {"transaction_id": {"lacking": "it is not listed 7"}}, ()),
        (None, {"transaction_id": "9" * 500}, ("transaction:" + "9" * 70,)),
    ],
)
def test_what_a_report_claims(contract: int | None, answers: Any, about: Sequence[str]) -> None:
    assert about_of(contract, answers) == tuple(about)


async def test_the_same_contract_or_the_same_transaction_is_claimed_once(cast: Cast) -> None:
    first = await a_payment(cast)
    for same in ({}, {"paid": "T-78"}, {"contract": "C-1003"}, {"contract": None}):
        with pytest.raises(AlreadyReported) as refusal:
            await a_payment(cast, **same)
        assert refusal.value.tickets == (first.ticket_id,)
    assert await tickets(cast) == 1
    await a_payment(cast, contract="C-1003", paid="T-79")
    await a_payment(cast, type_key="refund_to_card")
    await a_payment(cast, "cora")
    assert await tickets(cast) == 4


async def test_what_was_refused_leaves_no_claim_behind(cast: Cast) -> None:
    await a_payment(cast)
    with pytest.raises(AlreadyReported):
        await a_payment(cast, paid="T-78")
    await a_payment(cast, contract=None, paid="T-78")
    assert await tickets(cast) == 2


async def test_a_report_about_neither_claims_nothing(cast: Cast) -> None:
    for _ in range(3):
        await a_payment(cast, contract=None, paid="")
    assert await cast.desk.pool.fetchval("SELECT count(*) FROM ticket_claims") == 0


@pytest.mark.parametrize("contract", [None, "C-1002"])
async def test_fifty_at_once_are_one_ticket(cast: Cast, contract: str | None) -> None:
    sends = [a_payment(cast, contract=contract) for _ in range(50)]
    done = await asyncio.gather(*sends, return_exceptions=True)
    [filed] = [one for one in done if isinstance(one, Filed)]
    refused = [one for one in done if isinstance(one, AlreadyReported)]
    assert len(refused) == 49
    assert {one.tickets for one in refused} == {(filed.ticket_id,)}
    assert await tickets(cast) == 1


async def test_the_same_form_sent_by_many_at_once_is_no_duplicate_of_itself(cast: Cast) -> None:
    once = uuid4()
    for contract in (None, "C-1002"):
        sends = [a_payment(cast, contract=contract, once=once) for _ in range(20)]
        assert len({filed.ticket_id for filed in await asyncio.gather(*sends)}) == 1
    assert await tickets(cast) == 1


async def test_with_a_reason_it_is_filed_and_linked_to_the_first(cast: Cast) -> None:
    first = await a_payment(cast)
    second = await a_payment(cast, despite="different withdrawal", severity=3)
    rows = await cast.desk.pool.fetch("SELECT * FROM ticket_links")
    [link] = rows
    assert (link["ticket_id"], link["other_id"]) == (second.ticket_id, first.ticket_id)
    assert (link["kind"], link["reason"]) == ("possible_duplicate", "different withdrawal")
    assert link["by_id"] == cast.nina.id
    pair = await cast.desk.pool.fetch("SELECT severity, group_id FROM tickets ORDER BY id")
    assert [row["severity"] for row in pair] == [2, 3]
    assert pair[0]["group_id"] == pair[1]["group_id"]
    with pytest.raises(AlreadyReported) as refusal:
        await a_payment(cast)
    assert refusal.value.tickets == (second.ticket_id, first.ticket_id)


async def test_it_is_free_a_week_after_it_was_solved(cast: Cast, clock: FrozenClock) -> None:
    first = await a_payment(cast)
    await solve(cast, first)
    clock.at += timedelta(days=7, seconds=-1)
    with pytest.raises(AlreadyReported):
        await a_payment(cast)
    clock.at += timedelta(seconds=1)
    assert (await a_payment(cast)).ticket_id != first.ticket_id


async def test_opened_again_it_is_held_again(cast: Cast, clock: FrozenClock) -> None:
    first = await a_payment(cast)
    await solve(cast, first)
    async with cast.desk.transaction(await cast.actor("nina")) as tx:
        await add_message(tx, first.ticket_id, "It is not there yet.", uuid4())
    clock.at += timedelta(days=30)
    with pytest.raises(AlreadyReported):
        await a_payment(cast)


async def test_one_of_two_solved_leaves_it_held_by_the_other(
    cast: Cast, clock: FrozenClock
) -> None:
    first = await a_payment(cast)
    second = await a_payment(cast, despite="different withdrawal")
    await solve(cast, second)
    clock.at += timedelta(days=30)
    with pytest.raises(AlreadyReported) as refusal:
        await a_payment(cast)
    assert refusal.value.tickets == (first.ticket_id,)


async def test_two_solved_at_the_same_instant_free_it(cast: Cast, clock: FrozenClock) -> None:
    pair = [await a_payment(cast, contract=None)]
    pair.append(await a_payment(cast, contract=None, despite="different withdrawal"))
    await asyncio.gather(*(solve(cast, one) for one in pair))
    clock.at += timedelta(days=7)
    await a_payment(cast, contract=None)


async def test_filing_and_solving_at_once_never_wait_for_each_other(cast: Cast) -> None:
    for _ in range(5):
        first = await a_payment(cast, despite="again")
        await asyncio.gather(
            solve(cast, first), *(a_payment(cast, despite=f"number {n}") for n in range(4))
        )


async def test_a_claim_that_nobody_holds_any_more_is_no_obstacle(cast: Cast) -> None:
    first = await a_payment(cast)
    await cast.desk.pool.execute(
        "UPDATE tickets SET status = 'closed', solved_at = $1", TUESDAY - timedelta(days=9)
    )
    assert (await a_payment(cast)).ticket_id != first.ticket_id


async def test_a_merged_ticket_speaks_through_the_one_that_goes_on(
    cast: Cast, clock: FrozenClock
) -> None:
    """Filed about another contract, merged, and taken out again: its claim goes along."""
    first = await a_payment(cast)
    second = await a_payment(cast, contract="C-1003", paid="T-90")
    pete = await cast.actor("pete")
    async with cast.desk.transaction(pete) as tx:
        merge = await merge_tickets(tx, second.ticket_id, first.ticket_id)
    with pytest.raises(AlreadyReported) as refusal:
        await a_payment(cast, contract="C-1003", paid="T-91")
    assert refusal.value.tickets == (first.ticket_id,)
    await solve(cast, first)
    clock.at += timedelta(days=3)
    async with cast.desk.transaction(pete) as tx:
        await unmerge(tx, merge.id)
    clock.at += timedelta(days=30)
    with pytest.raises(AlreadyReported) as refusal:
        await a_payment(cast, contract="C-1003", paid="T-92")
    assert refusal.value.tickets == (second.ticket_id,)
    await a_payment(cast)  # the first was solved long ago


async def test_what_a_guest_claimed_the_account_claims(cast: Cast) -> None:
    first = await a_payment(cast, contract=None)
    mine = await a_payment(cast, "finn", contract=None)
    assert mine.ticket_id != first.ticket_id
    async with cast.desk.transaction(SYSTEM) as tx:
        await join_claims(tx, cast.nina.id, cast.finn.id)
    pool = cast.desk.pool
    await pool.execute("UPDATE tickets SET requester_id = $1", cast.finn.id)
    with pytest.raises(AlreadyReported) as refusal:
        await a_payment(cast, "finn", contract=None)
    assert set(refusal.value.tickets) == {first.ticket_id, mine.ticket_id}
    await a_payment(cast, contract=None)


async def test_tickets_from_before_claim_what_they_are_about(cast: Cast) -> None:
    first = await a_payment(cast, about=(), paid=" t-77 ")
    other = await a_payment(cast, about=())
    lacking = {"transaction_id": {"lacking": "it is not listed 7"}}
    await a_payment(cast, "finn", contract=None, about=(), answers=lacking)
    solved = await a_payment(cast, "cora", about=())
    await solve(cast, solved)
    for _ in range(2):
        async with cast.desk.transaction(SYSTEM) as tx:
            await claim_earlier_tickets(tx)
    rows = await cast.desk.pool.fetch("SELECT * FROM ticket_claims ORDER BY about")
    assert [row["about"] for row in rows] == list(about_of(
        cast.contracts["C-1002"].id, {"transaction_id": "T-77"}
    ))  # fmt: skip
    for same in ({"contract": None}, {"paid": "T-1"}):
        with pytest.raises(AlreadyReported) as refusal:
            await a_payment(cast, **same)
        assert refusal.value.tickets == (other.ticket_id, first.ticket_id)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["file", "file", "insist", "solve", "reopen", "write", "close", "wait"]),
        st.integers(0, 3),
    ),
    max_size=14,
)
KEYS = [("C-1002", "T-1"), ("C-1002", "T-2"), ("C-1003", "T-1"), (None, "T-2")]


@given(steps=STEPS)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_happens_nobody_files_twice_without_a_reason(
    cast: Cast, clock: FrozenClock, steps: list[tuple[str, int]]
) -> None:
    """A plain model beside it: filing is refused exactly when one about the same is still held."""
    pool = cast.desk.pool
    await pool.execute("DELETE FROM ticket_claims; DELETE FROM ticket_links; DELETE FROM drafts")
    await pool.execute("UPDATE tickets SET status = 'closed', solved_at = '2020-01-01'")
    clock.at = TUESDAY
    made: list[tuple[Filed, tuple[str, ...]]] = []
    for step, number in steps:
        if step == "wait":
            clock.at += timedelta(days=4)
        elif step in ("file", "insist"):
            contract, paid = KEYS[number]
            contract_id = cast.contracts[contract].id if contract else None
            about = about_of(contract_id, {"transaction_id": paid})
            held = [one.ticket_id for one, its in made if set(its) & set(about)]
            held = [id for id in held if await still_held(cast, id, clock)]
            reason = "another matter" if step == "insist" else ""
            try:
                filed = await a_payment(cast, contract=contract, paid=paid, despite=reason)
            except AlreadyReported as refusal:
                refused = set(refusal.tickets)
            else:
                refused = set()
                made.append((filed, about))
                assert filed.ticket_id in await holders_of(
                    pool, cast.nina.id, "payment_not_received", about, clock.at
                )
            assert bool(refused) == bool(held and not reason)
            assert refused <= set(held)
        elif made:
            await act(cast, step, made[number % len(made)][0])


async def still_held(cast: Cast, ticket_id: int, clock: FrozenClock) -> bool:
    row = await cast.desk.pool.fetchrow(
        "SELECT status, solved_at FROM tickets WHERE id = $1", ticket_id
    )
    if row["status"] not in ("solved", "closed"):
        return True
    return bool(row["solved_at"] > clock.at - timedelta(days=7))


async def act(cast: Cast, step: str, filed: Filed) -> None:
    status = await cast.desk.pool.fetchval(
        "SELECT status FROM tickets WHERE id = $1", filed.ticket_id
    )
    who = "max" if step in ("solve", "close") else "nina"
    async with cast.desk.transaction(await cast.actor(who)) as tx:
        if step == "solve" and status in ("new", "open", "waiting_on_user"):
            await change_status(tx, filed.ticket_id, Status.SOLVED)
        elif step == "close" and status == "solved":
            await change_status(tx, filed.ticket_id, Status.CLOSED)
        elif step == "reopen" and status == "solved":
            with suppress(NotAllowed):  # after a fortnight
                await reopen(tx, filed.ticket_id, "It is not solved.", uuid4())
        elif step == "write" and status == "solved":
            await add_message(tx, filed.ticket_id, "One more thing.", uuid4())
        elif step == "write" and status in ("new", "open"):
            await close_by_requester(tx, filed.ticket_id)
