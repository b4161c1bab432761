"""Summaries: kept while the desk lives, made anew, and asked of the events are the same numbers."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID, uuid4

import asyncpg
import pytest

from chat.commands import Opening, end, open_conversation
from chat.commands import claim as claim_chat
from helpdesk.core.clock import FrozenClock
from helpdesk.desk import Desk, Transaction
from helpdesk.relay import relay_once
from helpdesk.reports.counting.commands import count_stale, rebuild
from helpdesk.reports.counting.facts import History
from helpdesk.tickets.assigning import hand_over
from helpdesk.tickets.claims import AlreadyReported
from helpdesk.tickets.commands import add_message, change_severity, change_status, reopen, reply
from helpdesk.tickets.coverage import mark_coverage
from helpdesk.tickets.merging import merge_tickets
from helpdesk.tickets.rating import rate
from helpdesk.tickets.states import Coverage, NotAllowed, Severity, Status, WrongMove
from helpdesk.wiring import SUBSCRIBERS
from tests.build import a_ticket
from tests.people import Cast

# Of each event: the department that had its ticket then, told by the moves around it.
THEN = """
    SELECT e.*, t.opened_at, coalesce(
        (SELECT g.id FROM events m JOIN groups g ON g.name = m.data ->> 'new'
         WHERE m.ticket_id = t.id AND m.type IN ('ticket.handed_over', 'ticket.routed')
            AND m.seq < e.seq ORDER BY m.seq DESC LIMIT 1),
        (SELECT g.id FROM events m JOIN groups g ON g.name = m.data ->> 'old'
         WHERE m.ticket_id = t.id AND m.type IN ('ticket.handed_over', 'ticket.routed')
         ORDER BY m.seq LIMIT 1), t.group_id) AS had_it
    FROM events e JOIN tickets t ON t.id = e.ticket_id"""
CHAT = "SELECT e.*, c.opened_at, c.group_id AS had_it FROM events e JOIN conversations c ON c.id = e.conversation_id"  # noqa: E501
DEFINED = {
    "arrived": (f"({THEN}) x", "type = 'ticket.opened'"),
    "solved": (f"({THEN}) x", "type = 'ticket.status_changed' AND data ->> 'new' = 'solved'"),
    "reopened": (f"({THEN}) x", "type = 'ticket.status_changed' AND data ->> 'old' = 'solved' "
                 "AND data ->> 'new' = 'open'"),
    "chat_asked": (f"({CHAT}) x", "type = 'conversation.opened'"),
    "chat_answered": (f"({CHAT}) x", "type = 'conversation.claimed'"),
    "chat_left": (f"({CHAT}) x", "type = 'conversation.left_line'"),
    "answered": ("(SELECT DISTINCT ON (x.ticket_id) x.* FROM (" + THEN + ") x "
                 "JOIN people p ON p.id = x.actor_id WHERE x.type = 'message.posted' "
                 "AND p.roles && '{agent,manager}' ORDER BY x.ticket_id, x.seq) x", "true"),
    "open": ("(SELECT opened_at AS occurred_at, group_id AS had_it, status FROM tickets) x",
             "status IN ('new', 'open', 'waiting_on_user', 'on_hold')"),
    "settled": ("(SELECT solved_at AS occurred_at, group_id AS had_it, status FROM tickets) x",
                "status IN ('solved', 'closed')"),
    "rated": ("(SELECT created_at AS occurred_at, group_id AS had_it FROM ticket_ratings) x",
              "true"),
}  # fmt: skip
SUMS = "SELECT grain, group_id, severity, channel, kind, start, detail, count, spread, hours FROM report_sums ORDER BY 1, 2, 3, 4, 5, 6, 7"  # noqa: E501
ONLY_COUNTING = {type: [job for job in jobs if job.name == "reports.mark_case"]
                 for type, jobs in SUBSCRIBERS.items()}  # fmt: skip
Deed = Callable[[Transaction, int, Random], Awaitable[object]]


async def again(tx: Transaction, id: int, chance: Random) -> object:
    return await reopen(tx, id, "It is not solved", uuid4())


DEEDS: list[tuple[str, Deed]] = [
    ("amy", lambda tx, id, c: reply(tx, id, "An answer", uuid4())),
    ("amy", lambda tx, id, c: reply(tx, id, "The answer", uuid4(), Status.SOLVED)),
    ("max", lambda tx, id, c: change_status(tx, id, c.choice(list(Status)))),
    ("max", lambda tx, id, c: change_severity(tx, id, c.choice(list(Severity)), "Because")),
    ("amy", lambda tx, id, c: mark_coverage(tx, id, Coverage.UNIQUE)),
    ("finn", again),
    ("finn", again),
    ("finn", lambda tx, id, c: rate(tx, id, c.randint(1, 5), "")),
    ("finn", lambda tx, id, c: add_message(tx, id, "And another thing", uuid4())),
]


async def live(
    cast: Cast, clock: FrozenClock, chance: Random, steps: int, looks: float = 0
) -> None:
    """Things that people do, in any order, and a worker that looks now and then."""
    tickets: list[int] = []
    chats: list[int] = []
    groups = [group.id for group in cast.groups.values()]
    for _ in range(steps):
        clock.at += timedelta(minutes=chance.choice([0, 7, 50, 400, 1500]))
        what = chance.random()
        if what < 0.2 or not tickets:
            try:
                tickets.append((await a_ticket(cast, severity=chance.randint(1, 4))).ticket_id)
            except AlreadyReported:
                continue
        elif what < 0.35:
            await chat(cast, chats, chance)
        else:
            who, deed = chance.choice(DEEDS)
            id = chance.choice(tickets)
            try:
                async with cast.desk.transaction(await cast.actor(who)) as tx:
                    if what < 0.45:
                        await hand_over(tx, id, chance.choice(groups), "Theirs")
                    elif what < 0.5:
                        await merge_tickets(tx, id, chance.choice(tickets))
                    else:
                        await deed(tx, id, chance)
            except (NotAllowed, WrongMove):
                continue
        if chance.random() < looks:
            await work(cast.desk)


async def work(desk: Desk) -> int:
    """The parts of the worker that count."""
    return await relay_once(desk, ONLY_COUNTING) + await count_stale(desk)


async def chat(cast: Cast, chats: list[int], chance: Random) -> None:
    id = chats.pop() if chats else 0
    async with cast.desk.transaction(
        await cast.actor("amy" if id and chance.random() < 0.6 else "nina")
    ) as tx:
        if not id:
            opening = Opening(UUID(int=chance.getrandbits(128)), "GEN", "How", "Do I pay?")
            chats.append((await open_conversation(tx, opening)).id)
        elif tx.actor.is_staff:
            await claim_chat(tx, id)
        else:
            await end(tx, id)


async def sums(cast: Cast) -> list[asyncpg.Record]:
    return list(await cast.desk.pool.fetch(SUMS))


@pytest.mark.parametrize("seed", [11])
async def test_kept_rebuilt_and_asked_of_the_events_are_the_same(
    cast: Cast, clock: FrozenClock, seed: int
) -> None:
    await live(cast, clock, Random(seed), 100, 0.05)
    while await work(cast.desk):
        pass
    kept = await sums(cast)
    for kind, (rows, where) in DEFINED.items():
        told = await cast.desk.pool.fetch(
            f"SELECT date_trunc('hour', occurred_at, 'UTC') AS start, had_it, count(*) FROM {rows} "
            f"WHERE {where} GROUP BY 1, 2"
        )
        counted = [row for row in kept if row["kind"] == kind and row["grain"] == "hour"]
        for level, of in ((0, lambda row: 0), (1, lambda row: row["had_it"])):
            expected: dict[object, int] = {}
            found: dict[object, int] = {}
            for row in told:
                key = row["start"], of(row)
                expected[key] = expected.get(key, 0) + row["count"]
            for row in counted:
                if row["severity"] == 0 and (row["group_id"] > 0) == bool(level):
                    key = row["start"], row["group_id"]
                    found[key] = found.get(key, 0) + row["count"]
            assert found == expected, kind
    assert {row["kind"] for row in kept} >= DEFINED.keys()
    for grain in ("day", "month"):
        whole = sum(row["count"] for row in kept if row["grain"] == grain)
        assert whole == sum(row["count"] for row in kept if row["grain"] == "hour")
    facts = await cast.desk.pool.fetchval("SELECT count(*) FROM report_facts")
    fine = [row for row in kept if row["grain"] == "day" and row["channel"]]
    for all_ in (True, False):
        assert sum(row["count"] for row in fine if (row["group_id"] == 0) == all_) == facts

    await cast.desk.pool.execute("UPDATE report_sums SET count = count + 7")
    assert await rebuild(cast.desk)
    assert await sums(cast) == kept


async def test_a_case_counted_twice_is_counted_once(cast: Cast) -> None:
    await a_ticket(cast)
    await work(cast.desk)
    before = await sums(cast)
    assert before
    await cast.desk.pool.execute(
        "INSERT INTO report_stale SELECT id, now() FROM cases ON CONFLICT DO NOTHING"
    )
    await cast.desk.pool.execute("UPDATE events SET relayed_at = NULL")
    while await work(cast.desk):
        pass
    assert await sums(cast) == before


def test_promises_and_escalations_count_where_they_were_owed() -> None:
    """By what their events say; an escalation once, however often it was raised."""
    at = datetime(2026, 6, 2, 10, tzinfo=UTC)

    def event(type: str, minutes: int, **data: object) -> dict[str, object]:
        when = at + timedelta(minutes=minutes)
        return {"type": type, "ticket_id": 1, "conversation_id": None, "data": data,
                "occurred_at": when}  # fmt: skip

    ticket = {"id": 1, "source": "form", "status": "open", "severity": 2, "group_id": 8,
              "opened_at": at, "first_answered_at": None, "solved_at": None,
              "coverage": None}  # fmt: skip
    events = [
        event("sla.met", 5, kind="first_response", owes=7, severity=3),
        event("escalation.raised", 10, escalation=4),
        event("ticket.handed_over", 20, old="General", new="Payments"),
        event("sla.breached", 30, kind="resolution", owes=8, severity=2),
        event("sla.breached", 30, kind="periodic_update", owes=8, severity=2),
        event("escalation.raised", 40, escalation=4),
    ]
    history = History([ticket], [], {}, events, {"General": 7, "Payments": 8}, {4: "user"})
    found = {(fact.kind, fact.detail, fact.group_id, fact.severity) for fact in history.facts()}
    assert found == {
        ("arrived", "", 7, 2),
        ("open", "open", 8, 2),
        ("sla_met", "first_response", 7, 3),
        ("sla_missed", "resolution", 8, 2),
        ("escalated", "user", 7, 2),
    }
    assert len([*history.facts()]) == 5
