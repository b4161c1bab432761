"""Who escalates, what rules do by themselves, and where an escalation ends."""

from datetime import timedelta
from uuid import uuid4

import pytest

from helpdesk.cases.events import record
from helpdesk.core.clock import FrozenClock
from helpdesk.escalations.absences import sweep_absent
from helpdesk.escalations.commands import give, put_back, take, take_next
from helpdesk.escalations.deciding import conclude, extend, return_it
from helpdesk.escalations.raising import contest, escalate_by_agent
from helpdesk.escalations.states import Level, Outcome, State
from helpdesk.permissions import SYSTEM
from helpdesk.tickets.assigning import assign, claim
from helpdesk.tickets.commands import change_status, follow_up
from helpdesk.tickets.merging import merge_tickets
from helpdesk.tickets.queries import hold_ticket, staff_audience
from helpdesk.tickets.states import NotAllowed, Status
from tests.build import a_ticket
from tests.helpdesk.alerts.build import mails
from tests.people import Cast

from .build import an_escalation, answered, escalations, kinds, notices, work


async def test_the_requester_says_that_it_is_not_resolved(cast: Cast, clock: FrozenClock) -> None:
    filed = await a_ticket(cast, "nina")
    nina, once = await cast.actor("nina"), uuid4()
    async with cast.desk.transaction(nina) as tx:
        with pytest.raises(NotAllowed, match="not answered yet"):
            await contest(tx, filed.ticket_id, "Nobody answers", uuid4())
    await answered(cast, filed)
    for _ in range(2):
        async with cast.desk.transaction(nina) as tx:
            await contest(tx, filed.ticket_id, "The answer is about another milestone", once)
    async with cast.desk.transaction(nina) as tx:  # said again: a message, and no second one
        await contest(tx, filed.ticket_id, "Please look at it", uuid4())
    [found] = await escalations(cast)
    assert (found.level, found.state, found.reason) == (3, State.OPEN, "Please look at it")
    assert await kinds(cast, filed) == ["raised"]
    said = await cast.desk.pool.fetchval(
        "SELECT count(*) FROM messages WHERE body LIKE '%milestone'"
    )
    assert said == 1, "sent twice, stored once"
    await work(cast)
    assert any("it is not resolved" in text for text in await notices(cast, "max"))


async def test_a_promise_that_passed_is_enough(cast: Cast, clock: FrozenClock) -> None:
    filed = await a_ticket(cast, "nina")
    clock.advance(days=7)
    async with cast.desk.transaction(await cast.actor("nina")) as tx:
        await contest(tx, filed.ticket_id, "I wait for a week", uuid4())
    assert await kinds(cast, filed) == ["raised"]


async def test_what_is_solved_opens_again(cast: Cast) -> None:
    filed = await a_ticket(cast, "nina")
    await answered(cast, filed)
    async with cast.desk.transaction(await cast.actor("amy")) as tx:
        await change_status(tx, filed.ticket_id, Status.SOLVED)
    async with cast.desk.transaction(await cast.actor("nina")) as tx:
        await contest(tx, filed.ticket_id, "It is not", uuid4())
    row = await cast.desk.pool.fetchrow("SELECT status, reopenings FROM tickets")
    assert tuple(row) == ("open", 1)
    assert len(await escalations(cast)) == 1


async def test_only_managers_own_and_decide_what_is_theirs(cast: Cast, clock: FrozenClock) -> None:
    filed, made = await an_escalation(cast, "nina")
    async with cast.desk.transaction(await cast.actor("amy")) as tx:
        with pytest.raises(NotAllowed, match="Only a manager"):
            await take(tx, made.id)
    async with cast.desk.transaction(await cast.actor("max")) as tx:
        with pytest.raises(NotAllowed, match="Take it first"):
            await conclude(tx, made.id, Outcome.GRANTED, "Because")
        with pytest.raises(NotAllowed, match="Only a manager"):
            await give(tx, made.id, cast.amy.id)
        taken = await take_next(tx)
        assert taken is not None
        assert taken.id == made.id
        assert await take_next(tx) is None
        await extend(tx, made.id, made.due_at + timedelta(hours=5), "The bank is closed")
        with pytest.raises(NotAllowed, match="after the date"):
            await extend(tx, made.id, made.due_at - timedelta(hours=5), "No")
    async with cast.desk.transaction(await cast.actor("admin")) as tx:
        with pytest.raises(NotAllowed, match="Max has it"):
            await take(tx, made.id)
        with pytest.raises(NotAllowed, match="Somebody else"):
            await conclude(tx, made.id, Outcome.KEPT, "No")
    async with cast.desk.transaction(await cast.actor("max")) as tx:
        await conclude(tx, made.id, Outcome.PARTLY, "Half of it is released", Status.SOLVED)
    await work(cast)
    assert await kinds(cast, filed) == ["raised", "owned", "extended", "decided"]
    told = [mail.body for mail in await mails(cast.desk, "nina@example.com")]
    assert any("The bank is closed" in body for body in told)
    assert any("partly in favour" in body and "Half of it" in body for body in told)
    [found] = await escalations(cast)
    assert (found.state, found.outcome) == (State.DECIDED, Outcome.PARTLY)


async def test_what_is_missing_goes_back(cast: Cast) -> None:
    for ask_requester in (True, False):
        filed, made = await an_escalation(cast, "nina")
        async with cast.desk.transaction(await cast.actor("amy")) as tx:
            await assign(tx, filed.ticket_id, cast.amy.id)
        async with cast.desk.transaction(await cast.actor("max")) as tx:
            await take(tx, made.id)
            await return_it(tx, made.id, "The invoice is missing", ask_requester, uuid4())
        await work(cast)
        status = await cast.desk.pool.fetchval(
            "SELECT status FROM tickets WHERE id = $1", filed.ticket_id
        )
        assert status == ("waiting_on_user" if ask_requester else "new")
    told = [m.body for m in await mails(cast.desk, "nina@example.com") if "invoice" in m.body]
    assert len(told) == 1
    assert any("came back" in text for text in await notices(cast, "amy"))


async def test_levels_rise_by_the_clock_and_never_fall(cast: Cast, clock: FrozenClock) -> None:
    filed = await a_ticket(cast, "nina")
    async with cast.desk.transaction(await cast.actor("amy")) as tx:
        words = ("The log is odd", "Three tries, same error", uuid4())
        made = await escalate_by_agent(tx, filed.ticket_id, Level.L1, *words)
        await take(tx, made.id)
        with pytest.raises(NotAllowed, match="already"):
            await escalate_by_agent(tx, filed.ticket_id, Level.L1, *words)
    levels, owners = [], []
    for _ in range(14):
        await work(cast)
        [found] = await escalations(cast)
        levels.append(found.level)
        owners.append(found.owner_id)
        clock.advance(hours=6)
    assert levels == sorted(levels)
    assert set(levels) == {1, 2, 3}
    assert owners[0] == cast.amy.id
    assert owners[-1] is None, "managers own what is theirs"
    steps = [rule for step in found.why if (rule := step.get("rule", "")).startswith("Waiting")]
    assert steps == ["Waiting at level 1", "Waiting at level 2"]
    assert (found.reason, found.summary) == ("The log is odd", "Three tries, same error")
    again = [t for t in await notices(cast, "max") if "waits for the managers" in t]
    assert len(again) == 1


async def test_time_money_and_asking_again_escalate_by_rule(cast: Cast, clock: FrozenClock) -> None:
    late, poor, asked = [await a_ticket(cast, "nina", subject=name) for name in "abc"]
    much = await a_ticket(cast, "finn", answers={"amount": {"minor": 900_000, "currency": "USD"}})
    complaint = await a_ticket(cast, "omar", type_key="unsatisfactory_support")
    async with cast.desk.transaction(await cast.actor("amy")) as tx:
        await claim(tx, late.ticket_id)
    async with cast.desk.transaction(SYSTEM) as tx:
        case, ticket = await hold_ticket(tx, late.ticket_id)
        told = {"what": "first answer", "kind": "first_response", "began_by": 1,
                "reference": late.reference}  # fmt: skip
        for percent in (50, 75, 90, 100):
            type = "sla.breached" if percent == 100 else "sla.warned"
            record(tx, case, type, staff_audience(ticket), ticket_id=ticket.id,
                   percent=percent, **told)  # fmt: skip
    await work(cast)
    found = {one.ticket_id: one for one in await escalations(cast)}
    assert poor.ticket_id not in found
    assert found[much.ticket_id].amount_minor == 900_000
    assert found[complaint.ticket_id].level == 3, "its type says that managers read it"
    assert found[late.ticket_id].why[0]["rule"] == "Too late"
    reminded = [t for t in await notices(cast, "amy") if "75 %" in t]
    assert len(reminded) == 1, "75 % once, although more warnings follow"
    for _ in range(3):
        async with cast.desk.transaction(await cast.actor("nina")) as tx:
            await follow_up(tx, asked.ticket_id, "News?", uuid4())
        await work(cast)
        clock.advance(hours=25)
    [third] = [one for one in await escalations(cast) if one.ticket_id == asked.ticket_id]
    assert third.level == 3
    assert "somebody asks for news the 3rd time" in [step["words"] for step in third.why]


async def test_the_work_of_whoever_is_away_moves_on(cast: Cast, clock: FrozenClock) -> None:
    filed, made = await an_escalation(cast, "nina", group_key="TAS")
    async with cast.desk.transaction(await cast.actor("sam")) as tx:
        await claim(tx, filed.ticket_id)
    async with cast.desk.transaction(await cast.actor("max")) as tx:
        await take(tx, made.id)
    away = """INSERT INTO absences (person_id, kind, begins_at, ends_at, said_at)
        VALUES ($1, 'ill', $2, $3, $2)"""
    for name in ("sam", "max"):
        await cast.desk.pool.execute(
            away, cast.people[name].id, clock.at, clock.at + timedelta(days=3)
        )
    clock.advance(minutes=2)
    assert await sweep_absent(cast.desk) == 2
    assert await sweep_absent(cast.desk) == 0
    await work(cast)
    owner = await cast.desk.pool.fetchval("SELECT assignee_id FROM tickets")
    assert owner == cast.lena.id
    assert any("Sam is out of office until 5 Jun 2026" in t for t in await notices(cast, "lena"))
    [found] = await escalations(cast)
    assert (found.state, found.owner_id) == (State.OPEN, None)


async def test_nothing_is_left_to_decide_when_it_is_solved_or_merged(cast: Cast) -> None:
    solved, _ = await an_escalation(cast, "nina")
    async with cast.desk.transaction(await cast.actor("amy")) as tx:
        await change_status(tx, solved.ticket_id, Status.SOLVED)
    one, made = await an_escalation(cast, "finn")
    other = await a_ticket(cast, "finn", subject="The same again")
    async with cast.desk.transaction(await cast.actor("amy")) as tx:
        await merge_tickets(tx, one.ticket_id, other.ticket_id)
    await work(cast)
    first, second = await escalations(cast)
    assert (first.state, first.outcome) == (State.DECIDED, Outcome.SETTLED)
    assert (second.id, second.ticket_id, second.state) == (made.id, other.ticket_id, State.OPEN)
    async with cast.desk.transaction(await cast.actor("max")) as tx:
        await take(tx, made.id)
        await put_back(tx, made.id, "for the test")
