"""Working a ticket: who may move it where, and what everybody sees of it."""

import asyncio
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import col, select

from helpdesk.cases.models import Event
from helpdesk.cases.queries import NoSuchCase
from helpdesk.cases.timeline import read_page
from helpdesk.core.clock import FrozenClock
from helpdesk.relay import fire_due_timers
from helpdesk.tickets import assigning, commands
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.states import MOVES, Severity, Status, WrongMove
from helpdesk.wiring import TIMERS
from tests.build import a_ticket
from tests.people import Cast


async def do(cast: Cast, who: str, command, *arguments, **named):  # type: ignore[no-untyped-def]
    async with cast.desk.transaction(await cast.actor(who)) as tx:
        return await command(tx, *arguments, **named)


async def ticket_of(cast: Cast, id: int) -> Ticket:
    async with cast.desk.reading() as db:
        return await db.get_one(Ticket, id)


async def bodies(cast: Cast, who: str, case_id: int) -> list[str]:
    page = await read_page(cast.desk.pool, await cast.actor(who), case_id)
    return [e.frame["body"] for e in page.entries if "body" in e.frame] if page else []


async def test_a_reply_takes_the_ticket_and_opens_it(cast: Cast) -> None:
    filed = await a_ticket(cast)
    await do(cast, "amy", commands.reply, filed.ticket_id, "We look into it.", uuid4())
    ticket = await ticket_of(cast, filed.ticket_id)
    assert (ticket.assignee_id, ticket.status) == (cast.amy.id, Status.OPEN)
    assert ticket.first_answered_at is not None
    assert "We look into it." in await bodies(cast, "finn", filed.case_id)


async def test_a_repeated_reply_is_stored_once(cast: Cast) -> None:
    filed, once = await a_ticket(cast), uuid4()
    for _ in range(3):
        await do(cast, "amy", commands.reply, filed.ticket_id, "Once only", once)
    assert (await bodies(cast, "finn", filed.case_id)).count("Once only") == 1


async def test_a_note_is_seen_by_colleagues_and_by_nobody_else(cast: Cast) -> None:
    filed = await a_ticket(cast, "finn", contract_id=cast.contracts["C-1001"].id)
    await a_ticket(cast, "cora", contract_id=cast.contracts["C-1001"].id)
    await do(cast, "amy", commands.add_note, filed.ticket_id, "canary-7719", uuid4())
    assert "canary-7719" in await bodies(cast, "pete", filed.case_id)
    for outsider in ("finn", "cora", "dora"):
        assert "canary-7719" not in await bodies(cast, outsider, filed.case_id)


async def test_the_other_side_of_a_contract_never_sees_this_side(cast: Cast) -> None:
    contract = cast.contracts["C-1001"].id
    filed = await a_ticket(cast, "finn", contract_id=contract, description="finn's words " * 4)
    await a_ticket(cast, "cora", contract_id=contract, description="cora's words " * 4)
    assert all("cora" not in body for body in await bodies(cast, "finn", filed.case_id))
    assert all("finn" not in body for body in await bodies(cast, "dora", filed.case_id))
    assert len(await bodies(cast, "dora", filed.case_id)) == 1  # the company's own side
    assert len(await bodies(cast, "amy", filed.case_id)) == 2


async def test_a_stranger_finds_no_ticket_and_the_owner_does(cast: Cast) -> None:
    filed = await a_ticket(cast, "finn")
    with pytest.raises(NoSuchCase):
        await do(cast, "otto", commands.add_message, filed.ticket_id, "mine", uuid4())
    await do(cast, "finn", commands.add_message, filed.ticket_id, "mine", uuid4())


async def test_a_restricted_ticket_exists_only_for_its_department(cast: Cast) -> None:
    filed = await a_ticket(cast, "nina", group_key="TAS", restricted=True)
    with pytest.raises(NoSuchCase):
        await do(cast, "amy", assigning.claim, filed.ticket_id)
    await do(cast, "sam", assigning.claim, filed.ticket_id)
    await do(cast, "sam", commands.add_note, filed.ticket_id, "for TAS", uuid4())
    assert "for TAS" in await bodies(cast, "lena", filed.case_id)
    assert "for TAS" in await bodies(cast, "max", filed.case_id)
    for outsider in ("amy", "nina"):
        assert "for TAS" not in await bodies(cast, outsider, filed.case_id)
    await do(cast, "sam", assigning.hand_over, filed.ticket_id, cast.groups["PAY"].id, "money")
    assert "for TAS" in await bodies(cast, "pete", filed.case_id)
    assert "for TAS" not in await bodies(cast, "lena", filed.case_id)


async def test_one_of_ten_agents_gets_the_ticket(cast: Cast) -> None:
    filed = await a_ticket(cast)
    agents = ["amy", "max", "admin", "pete", "tess"] * 2
    results = await asyncio.gather(
        *(do(cast, who, assigning.claim, filed.ticket_id) for who in agents),
        return_exceptions=True,
    )
    owner = (await ticket_of(cast, filed.ticket_id)).assignee_id
    winners = {who for who, r in zip(agents, results, strict=True) if isinstance(r, Ticket)}
    assert [cast.people[who].id for who in winners] == [owner]


async def test_take_next_gives_the_most_urgent_and_never_the_same_twice(cast: Cast) -> None:
    low = await a_ticket(cast, severity=1)
    urgent = await a_ticket(cast, severity=4)
    normal = await a_ticket(cast, severity=2)
    await a_ticket(cast, severity=4, group_key="PAY")  # not amy's department
    taken = await asyncio.gather(*(do(cast, "amy", assigning.take_next) for _ in range(3)))
    assert {t.id for t in taken} == {low.ticket_id, urgent.ticket_id, normal.ticket_id}
    assert await do(cast, "amy", assigning.take_next) is None


async def test_the_requester_is_told_why_the_severity_changed(cast: Cast) -> None:
    filed = await a_ticket(cast, severity=4)
    await do(
        cast,
        "tess",
        commands.change_severity,
        filed.ticket_id,
        Severity.NORMAL,
        "A work-around exists.",
    )
    ticket = await ticket_of(cast, filed.ticket_id)
    assert (ticket.severity, ticket.chosen_severity) == (Severity.NORMAL, Severity.URGENT)
    page = await read_page(cast.desk.pool, await cast.actor("finn"), filed.case_id)
    assert page is not None
    event = next(e.frame for e in page.entries if e.frame["type"] == "ticket.severity_changed")
    assert event["text"] == "Tess changed the severity from Urgent to Normal"
    assert event["body"] == "A work-around exists."


async def test_follow_ups_count_once_a_day(cast: Cast, clock: FrozenClock) -> None:
    filed = await a_ticket(cast)
    assert await do(cast, "finn", commands.follow_up, filed.ticket_id, "News?", uuid4())
    assert not await do(cast, "finn", commands.follow_up, filed.ticket_id, "News??", uuid4())
    clock.advance(hours=25)
    assert await do(cast, "finn", commands.follow_up, filed.ticket_id, "News???", uuid4())
    assert (await ticket_of(cast, filed.ticket_id)).follow_ups == 2
    assert len(await bodies(cast, "finn", filed.case_id)) == 4


async def test_not_solved_reopens_within_fourteen_days(cast: Cast, clock: FrozenClock) -> None:
    filed = await a_ticket(cast)
    await do(cast, "amy", commands.change_status, filed.ticket_id, Status.SOLVED)
    clock.advance(days=14)
    await do(cast, "finn", commands.reopen, filed.ticket_id, "It is back.", uuid4())
    assert (await ticket_of(cast, filed.ticket_id)).status == Status.OPEN
    await do(cast, "amy", commands.change_status, filed.ticket_id, Status.SOLVED)
    clock.advance(days=14, seconds=1)
    with pytest.raises(commands.NotAllowed):
        await do(cast, "finn", commands.reopen, filed.ticket_id, "Again.", uuid4())


async def test_a_solved_ticket_closes_by_itself_once(cast: Cast, clock: FrozenClock) -> None:
    filed = await a_ticket(cast)
    await do(cast, "amy", commands.change_status, filed.ticket_id, Status.SOLVED)
    clock.advance(days=13)
    assert await fire_due_timers(cast.desk, TIMERS) == 0
    clock.advance(days=1)
    fired = await asyncio.gather(*(fire_due_timers(cast.desk, TIMERS) for _ in range(5)))
    assert sum(fired) == 1
    closed = await ticket_of(cast, filed.ticket_id)
    assert (closed.status, closed.updated_at) == (Status.CLOSED, clock.now())
    last = "SELECT type, data FROM events WHERE case_id = $1 ORDER BY seq DESC LIMIT 1"
    event = await cast.desk.pool.fetchrow(last, filed.case_id)
    assert event["type"] == "ticket.closed"
    assert (event["data"]["old"], event["data"]["new"]) == ("solved", "closed")


async def test_a_reopened_ticket_is_not_closed_by_the_old_timer(
    cast: Cast, clock: FrozenClock
) -> None:
    filed = await a_ticket(cast)
    await do(cast, "amy", commands.change_status, filed.ticket_id, Status.SOLVED)
    clock.advance(days=3)
    await do(cast, "finn", commands.reopen, filed.ticket_id, "It is back.", uuid4())
    clock.advance(days=30)
    assert await fire_due_timers(cast.desk, TIMERS) == 0
    assert (await ticket_of(cast, filed.ticket_id)).status == Status.OPEN


async def test_parallel_writers_leave_no_gap_in_the_numbers(cast: Cast) -> None:
    filed = await a_ticket(cast)
    await asyncio.gather(
        *(
            do(cast, who, command, filed.ticket_id, f"{who} {n}", uuid4())
            for n in range(8)
            for who, command in (("amy", commands.reply), ("finn", commands.add_message))
        )
    )
    async with cast.desk.reading() as db:
        query = select(Event.seq).where(Event.case_id == filed.case_id).order_by(col(Event.seq))
        seqs = list((await db.exec(query)).all())
    assert seqs == list(range(1, len(seqs) + 1))


@given(st.lists(st.sampled_from(list(Status)), max_size=12))
def test_every_walk_through_the_states_stays_on_the_table(steps: list[Status]) -> None:
    """Closed is final, and only a solved ticket closes."""
    status = Status.NEW
    for step in steps:
        allowed = step in MOVES[status]
        assert (step == Status.CLOSED) <= (not allowed or status == Status.SOLVED)
        status = step if allowed else status
    assert status in set(Status)
    assert not MOVES[Status.CLOSED]


async def test_a_wrong_move_is_refused_with_both_states_named(cast: Cast) -> None:
    filed = await a_ticket(cast)
    await do(cast, "amy", commands.change_status, filed.ticket_id, Status.SOLVED)
    with pytest.raises(WrongMove, match="solved cannot become waiting_on_user"):
        await do(cast, "amy", commands.change_status, filed.ticket_id, Status.WAITING_ON_USER)
