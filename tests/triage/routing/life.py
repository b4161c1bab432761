"""A few weeks of a desk, the same every time they are played, under whatever rules there are."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

from helpdesk.core.clock import FrozenClock
from helpdesk.permissions import Actor
from helpdesk.tickets.assigning import hand_over
from helpdesk.tickets.commands import change_severity, change_status, follow_up
from helpdesk.tickets.filing import file_ticket
from helpdesk.tickets.states import Severity, Status
from tests.build import a_filing
from tests.people import Cast
from triage.routing.jobs import move_events, route_ticket

WAITING = """
SELECT id FROM events WHERE relayed_at IS NULL AND type IN ('ticket.opened',
    'ticket.severity_changed', 'ticket.handed_over', 'ticket.followed_up', 'ticket.routed')
ORDER BY id
"""
DONE = "UPDATE events SET relayed_at = occurred_at WHERE relayed_at IS NULL"
TYPES = [
    ("level1_tech", "GEN"),
    ("withdrawal_not_received", "PAY"),
    ("payment_dispute", "PAY"),
    ("team_app_bug", "TECH"),
    ("hiring_scam", "TAS"),
]
WORDS = ["my card was charged twice", "the timer lost two hours", "somebody stole my account",
         "please refund the deposit", "I cannot see the page"]  # fmt: skip


@dataclass
class Life:
    """Tickets by the number they were filed as: ids differ from one playing to the next."""

    cast: Cast
    clock: FrozenClock
    random: Random
    tickets: list[int] = field(default_factory=list)
    open: list[int] = field(default_factory=list)
    actors: dict[str, Actor] = field(default_factory=dict)

    async def actor(self, name: str) -> Actor:
        if name not in self.actors:
            self.actors[name] = await self.cast.actor(name)
        return self.actors[name]

    async def file(self) -> None:
        random = self.random
        type_key, group_key = random.choice(TYPES)
        who = random.choice(["finn", "nina", "cora", "omar"])
        changes: dict[str, Any] = {
            "type_key": type_key,
            "group_key": group_key,
            "subject": f"{random.choice(WORDS)} {random.randrange(99)}",
            "severity": random.choice([2, 2, 2, 3]),
            "language": random.choice(["en", "en", "en", "es", "de", ""]),
            "restricted": random.random() < 0.1,
            "once": UUID(int=random.getrandbits(128), version=4),
            "source": random.choice(["form", "form", "api"]),
        }
        if random.random() < 0.5:
            changes["answers"] = {
                "amount": {"minor": random.randrange(200) * 1000, "currency": "USD"}
            }
        filed = await file_ticket(self.cast.desk, await self.actor(who), a_filing(**changes))
        self.tickets.append(filed.ticket_id)
        self.open.append(filed.ticket_id)

    async def somebody_acts(self) -> None:
        """What is done does not depend on where rules have sent the ticket."""
        random, desk = self.random, self.cast.desk
        id, what = random.choice(self.open), random.random()
        async with desk.transaction(await self.actor("max")) as tx:
            if what < 0.3:
                await change_severity(tx, id, Severity.LOW, "It is not.")
            elif what < 0.5:
                await hand_over(tx, id, self.cast.groups["DIS"].id, "Theirs.")
            elif what < 0.8:
                await change_status(tx, id, Status.SOLVED)
                self.open.remove(id)
        if what >= 0.8:
            requester = await desk.pool.fetchval(
                "SELECT lower(p.name) FROM tickets t JOIN people p ON p.id = t.requester_id"
                " WHERE t.id = $1", id,
            )  # fmt: skip
            async with desk.transaction(await self.actor(requester)) as tx:
                once = UUID(int=random.getrandbits(128), version=4)
                await follow_up(tx, id, "Any news?", once)


async def read_rules(cast: Cast) -> None:
    """As the relay does, without its locks: thousands of events are read in a test."""
    for (id,) in await cast.desk.pool.fetch(WAITING):
        await route_ticket.run(cast.desk, id)
        await move_events.run(cast.desk, id)
    await cast.desk.pool.execute(DONE)


async def live(cast: Cast, clock: FrozenClock, tickets: int, days: float = 20) -> Life:
    life = Life(cast, clock, Random(7))
    clock.advance(days=-days)
    step = days * 86_400 / (tickets * 1.25 + 2)
    while len(life.tickets) < tickets:
        clock.at += timedelta(seconds=step)
        acts = life.random.random() < 1 / 5 and len(life.open) > 5
        if acts or len(life.tickets) % 10 == 0:  # some jobs run later than what they are about
            await read_rules(cast)
        await (life.somebody_acts() if acts else life.file())
    await read_rules(cast)
    clock.at += timedelta(seconds=step)
    return life


Ran = dict[tuple[int, str, int], dict[str, Any]]


async def ran(life: Life) -> Ran:
    """What the rules really did, by number of the ticket, moment, and how often before."""
    rows = await life.cast.desk.pool.fetch(
        "SELECT ticket_id, facts ->> 'moment' AS moment, effects -> 'outcome' AS outcome"
        " FROM routing_runs ORDER BY id"
    )
    return counted(life.tickets, [(r["ticket_id"], r["moment"], r["outcome"]) for r in rows])


def counted(tickets: Sequence[int], rows: Sequence[tuple[int, str, dict[str, Any]]]) -> Ran:
    found: Ran = {}
    for id, moment, outcome in rows:
        number = tickets.index(id)
        before = sum(1 for key in found if key[:2] == (number, moment))
        found[number, moment, before] = outcome
    return found
