"""What is owed on a ticket, from its filing to its solution, by the worker and the clock."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from helpdesk.core.clock import FrozenClock
from helpdesk.permissions import SYSTEM
from helpdesk.sla.owing.keeping import rework
from helpdesk.tickets.assigning import assign, hand_over
from helpdesk.tickets.commands import add_message, change_severity, change_status, reply
from helpdesk.tickets.merging import merge_tickets, unmerge
from helpdesk.tickets.states import Severity, Status
from tests.build import a_ticket
from tests.helpdesk.alerts.build import mails
from tests.people import Cast

from .build import due, owed, settled, told, work

NOON = datetime(2026, 6, 2, 12, tzinfo=UTC)  # a Tuesday


@pytest.fixture
async def cast(cast: Cast) -> Cast:
    return await settled(cast)


async def answer(cast: Cast, filed: object, then: Status | None = None, who: str = "amy") -> None:
    async with cast.desk.transaction(await cast.actor(who)) as tx:
        await reply(tx, filed.ticket_id, "We look into it", uuid4(), then)  # type: ignore[attr-defined]


async def test_from_filing_to_breach_each_is_told_once(cast: Cast, clock: FrozenClock) -> None:
    clock.set(NOON)
    filed = await a_ticket(cast, "nina")  # normal: 8 working hours, Mon–Sat 08–20 UTC
    await work(cast)
    assert await due(cast, filed) == NOON + timedelta(hours=8)
    clock.advance(hours=6)
    await work(cast)
    assert await told(cast, filed) == [("sla.warned", "first_response", 75, clock.now())]
    clock.advance(hours=1, minutes=59)
    await work(cast)
    assert len(await told(cast, filed)) == 1
    clock.advance(minutes=1)
    await work(cast)
    await work(cast)
    assert [one[0] for one in await told(cast, filed)] == ["sla.warned", "sla.breached"]
    clock.advance(hours=14)
    await answer(cast, filed)
    await work(cast)
    rows = await owed(cast, filed)
    assert rows["first_response"]["state"] == "late"
    assert rows["first_response"]["breached_at"] == NOON + timedelta(hours=8)
    assert rows["periodic_update"]["due_at"] == clock.now() + timedelta(days=5)
    assert rows["resolution"]["state"] == "running"


async def test_the_user_s_turn_pauses_and_their_answer_resumes(
    cast: Cast, clock: FrozenClock
) -> None:
    clock.set(NOON)
    filed = await a_ticket(cast, "nina")
    await answer(cast, filed, Status.WAITING_ON_USER)
    await work(cast)
    rows = await owed(cast, filed)
    assert rows["first_response"]["state"] == "met"
    assert (rows["resolution"]["state"], await due(cast, filed)) == ("paused", None)
    clock.advance(days=2)
    async with cast.desk.transaction(await cast.actor("nina")) as tx:
        await add_message(tx, filed.ticket_id, "Here is the log", uuid4())
    await work(cast)
    rows = await owed(cast, filed)
    assert await due(cast, filed) == clock.now() + timedelta(hours=8)
    assert rows["next_response"]["due_at"] == clock.now() + timedelta(hours=8)
    assert rows["resolution"]["due_at"] == NOON + timedelta(days=2 + 6)  # 60 h, one Sunday between
    assert [one[:2] for one in await told(cast, filed)] == [("sla.met", "first_response")]
    await answer(cast, filed, Status.SOLVED)
    await work(cast)
    assert await due(cast, filed) is None
    assert {row["state"] for row in (await owed(cast, filed)).values()} == {"met"}


async def test_a_regrade_and_a_hand_over_count_on_by_their_own_hours(
    cast: Cast, clock: FrozenClock
) -> None:
    clock.set(datetime(2026, 6, 5, 18, tzinfo=UTC))  # Friday, 14:00 in New York
    filed = await a_ticket(cast, "nina")
    await work(cast)
    assert await due(cast, filed) == datetime(2026, 6, 6, 14, tzinfo=UTC)
    async with cast.desk.transaction(await cast.actor("max")) as tx:
        await change_severity(tx, filed.ticket_id, Severity.HIGH, "A deadline")
    await work(cast)
    assert await due(cast, filed) == datetime(2026, 6, 6, 10, tzinfo=UTC)
    clock.advance(hours=1)
    async with cast.desk.transaction(await cast.actor("amy")) as tx:
        await hand_over(tx, filed.ticket_id, cast.groups["PAY"].id, "It is about a payment")
    await work(cast)
    rows = await owed(cast, filed)
    # An hour is used; Payments has two hours left on Friday, and takes the last one on Monday.
    assert rows["first_response"]["due_at"] == datetime(2026, 6, 8, 14, tzinfo=UTC)
    assert rows["takeover"]["due_at"] == datetime(2026, 6, 5, 20, tzinfo=UTC)
    assert rows["takeover"]["group_id"] == cast.groups["PAY"].id
    assert await due(cast, filed) == rows["takeover"]["due_at"]
    async with cast.desk.transaction(await cast.actor("pete")) as tx:
        await assign(tx, filed.ticket_id, cast.pete.id)
    await work(cast)
    assert (await owed(cast, filed))["takeover"]["state"] == "met"


async def test_a_worker_off_for_two_days_catches_up_in_order(
    cast: Cast, clock: FrozenClock
) -> None:
    clock.set(NOON)
    tickets = []
    for severity in (Severity.NORMAL, Severity.URGENT, Severity.HIGH):
        tickets.append(
            await a_ticket(cast, "nina", severity=severity, subject=f"Number {severity}")
        )
        clock.advance(minutes=7)
    await answer(cast, tickets[1])
    clock.advance(days=2)
    await work(cast)
    rows = await cast.desk.pool.fetch(
        "SELECT n.at, n.told_at FROM sla_notices n JOIN events e ON e.type LIKE 'sla.%'"
        " AND (e.data->>'obligation')::bigint = n.obligation_id"
        " AND (e.data->>'percent')::int = n.percent ORDER BY e.id"
    )
    moments = [row["at"] for row in rows]
    assert moments == sorted(moments)
    due_by_now = "SELECT count(*) FROM sla_notices WHERE at <= $1"
    assert len(moments) == await cast.desk.pool.fetchval(due_by_now, clock.now()) >= 5
    clock.advance(days=-1)  # and set back
    await work(cast)
    await answer(cast, tickets[0])
    await work(cast)
    assert (await owed(cast, tickets[0]))["first_response"]["state"] == "late"
    said = "SELECT count(*) FROM events WHERE type IN ('sla.warned', 'sla.breached')"
    assert await cast.desk.pool.fetchval(said) == len(moments)


async def test_of_a_restricted_ticket_only_its_department_hears(
    cast: Cast, clock: FrozenClock
) -> None:
    clock.set(NOON)
    filed = await a_ticket(cast, "nina", restricted=True)
    await work(cast)
    clock.advance(hours=7)
    await work(cast)
    [row] = await cast.desk.pool.fetch("SELECT * FROM events WHERE type = 'sla.warned'")
    assert (row["audience"], row["group_id"]) == ("private", cast.groups["GEN"].id)
    assert row["owner_id"] is None
    async with cast.desk.transaction(await cast.actor("max")) as tx:
        await change_status(tx, filed.ticket_id, Status.SOLVED)
    await work(cast)
    assert (await owed(cast, filed))["first_response"]["state"] == "dropped"


async def test_asking_again_changes_nothing(cast: Cast, clock: FrozenClock) -> None:
    clock.set(NOON)
    filed = await a_ticket(cast, "nina")
    await answer(cast, filed)
    await work(cast)
    tables = ("sla_obligations", "sla_notices", "timers", "tickets", "cases")
    queries = [f"SELECT * FROM {name} ORDER BY id" for name in tables]
    before = [await cast.desk.pool.fetch(query) for query in queries]
    async with cast.desk.transaction(SYSTEM) as tx:
        await rework(tx, filed.ticket_id)
    assert [await cast.desk.pool.fetch(query) for query in queries] == before


async def test_of_merged_tickets_what_was_due_first_stays_due(
    cast: Cast, clock: FrozenClock
) -> None:
    clock.set(NOON)
    first = await a_ticket(cast, "nina", subject="The page is empty")
    clock.advance(hours=1)
    second = await a_ticket(cast, "nina", subject="The page is still empty")
    await work(cast)
    async with cast.desk.transaction(await cast.actor("amy")) as tx:
        merge = await merge_tickets(tx, first.ticket_id, second.ticket_id)
    await work(cast)
    assert (await due(cast, first), await due(cast, second)) == (None, NOON + timedelta(hours=8))
    async with cast.desk.transaction(await cast.actor("amy")) as tx:
        await unmerge(tx, merge.id)
    await work(cast)
    assert await due(cast, first) == NOON + timedelta(hours=8)
    assert await due(cast, second) == datetime(2026, 6, 3, 9, tzinfo=UTC)


async def test_a_manager_moves_a_date_and_the_requester_reads_why(
    cast: Cast, site: str, clock: FrozenClock
) -> None:
    clock.set(NOON)
    filed = await a_ticket(cast, "nina")
    await work(cast)
    began = (await owed(cast, filed))["first_response"]["began_by"]
    page = f"/desk/tickets/{filed.reference}/deadlines"
    form = {"kind": "first_response", "began_by": str(began), "reason": "The bank is closed."}
    async with await cast.browser(site, "max") as max:
        for until in ("2026-06-02T19:00", "2026-06-02T11:00", "2029-01-01T00:00", "soon"):
            assert (await max.post(page, data={**form, "until": until})).status_code == 422
        blank = {**form, "until": "2026-06-07T15:30", "reason": " "}
        assert 'href="#reason"' in (await max.post(page, data=blank)).text
        moved = await max.post(page, data={**form, "until": "2026-06-07T15:30"})
        assert moved.status_code == 303, moved.text
    await work(cast)
    assert await due(cast, filed) == datetime(2026, 6, 7, 15, 30, tzinfo=UTC)  # a Sunday
    [mail] = [one for one in await mails(cast.desk, "nina@example.com") if "moved" in one.body]
    assert "The bank is closed." in mail.body
    async with await cast.browser(site, "nina") as nina:
        own = (await nina.get(f"/requests/{filed.reference}")).text
        assert "By Sun 7 Jun, " in own
        assert "The reason: “The bank is closed.”" in own
        shown = (await nina.get(f"/api/v1/tickets/{filed.reference}")).json()["first_answer"]
        assert (shown["aim"], shown["likely"]) == ("2026-06-07T15:30:00Z", None)
    clock.set(datetime(2026, 6, 7, 16, tzinfo=UTC))
    async with await cast.browser(site, "nina") as nina:
        own = (await nina.get(f"/requests/{filed.reference}")).text
        assert "This is later than we said: by today" in own
    clock.set(NOON)
    clock.advance(hours=9)
    await work(cast)
    assert await told(cast, filed) == [("sla.extended", "first_response", 0, NOON)]
