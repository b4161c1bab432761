"""What the managers find: escalations of every group and level, and some that were decided."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from helpdesk.core.clock import FrozenClock
from helpdesk.desk import Desk, Transaction
from helpdesk.escalations.commands import give
from helpdesk.escalations.deciding import conclude, settle_of
from helpdesk.escalations.models import Escalation
from helpdesk.escalations.raising import Raising, contest, escalate, escalate_by_agent
from helpdesk.escalations.rules import Rule, default_rules
from helpdesk.escalations.states import Cause, Level, Outcome
from helpdesk.people.queries import actor_of
from helpdesk.permissions import SYSTEM
from helpdesk.tickets.states import Status

from .people import Company

# Hours until it is due, who raises it, the level, who has it, and what they say.
OPEN = (
    (-6.2, "user", 3, "", "The answer tells me to wait. I have waited for two weeks already."),
    (-1.4, "user", 3, "max", "Nobody has looked at the files I sent. They show who is right."),
    (-0.4, "breached", 2, "", ""),
    (0.3, "follow_ups", 3, "", ""),
    (0.7, "agent", 3, "max", "Both sides answered, and I am not sure who is right."),
    (0.9, "agent", 2, "", "The log looks as if the clock of the machine was set back."),
    (3.5, "money", 2, "", ""),
    (5.0, "user", 3, "", "I was told that it is solved. It is not: the amount is still wrong."),
    (7.0, "agent", 1, "amy", "Please check my answer about the fee before I send it."),
    (26.0, "level_2", 3, "", ""),
    (31.0, "user", 3, "admin", "The refund was promised in a chat, and has not come."),
    (50.0, "agent", 2, "", "A rare case: the account belongs to two people."),
    (75.0, "breached", 2, "", ""),
)
SUMMARY = "I asked for what is missing and compared it with the contract. Open: who is right."
DECIDED = (
    (Outcome.GRANTED, "The log shows that the hours were worked. We paid them today."),
    (Outcome.PARTLY, "Half of the work was handed over on time, so half of it is released."),
    (Outcome.KEPT, "The terms were agreed on before the work began, and the answer follows them."),
    (Outcome.GRANTED, "Our answer was about another milestone. This one is released."),
    (Outcome.KEPT, "The bank confirms the date, so nothing is late."),
    (Outcome.GRANTED, "The fee was taken twice, and we gave one back."),
)
# With us, and money at stake where there is some.
WITH_US = """
SELECT t.id, t.requester_id, t.first_answered_at, t.updated_at FROM tickets t
WHERE t.status IN ('new', 'open') AND t.merged_into_id IS NULL AND NOT t.restricted
    AND t.opened_at < $1
ORDER BY t.contract_id IS NULL, t.first_answered_at IS NULL, t.opened_at DESC, t.id LIMIT $2
"""
SOLVED = """
SELECT t.id, t.requester_id, t.solved_at, t.group_id FROM tickets t
WHERE t.status = 'solved' AND t.solved_at BETWEEN $1 AND $2 AND NOT t.restricted
    AND t.contract_id IS NOT NULL AND t.merged_into_id IS NULL ORDER BY t.solved_at, t.id LIMIT $3
"""
LEFT = """
SELECT e.ticket_id FROM escalations e JOIN tickets t ON t.id = e.ticket_id
WHERE e.state IN ('open', 'owned') AND t.status IN ('solved', 'closed') ORDER BY e.id
"""


async def play_escalations(
    desk: Desk, clock: FrozenClock, now: datetime, random: Random, company: Company
) -> None:
    for row in await desk.pool.fetch(LEFT):
        async with desk.transaction(SYSTEM) as tx:
            await settle_of(tx, row["ticket_id"], "the request is solved")
    past = (now - timedelta(days=9), now - timedelta(days=3), len(DECIDED))
    for row, (outcome, reasons) in zip(await desk.pool.fetch(SOLVED, *past), DECIDED, strict=False):
        clock.at = row["solved_at"] + timedelta(hours=4)
        async with desk.transaction(await actor_of(desk, row["requester_id"])) as tx:
            made = await contest(tx, row["id"], "This does not solve it. Look again.", uuid(random))
        clock.at += timedelta(hours=random.randrange(3, 20))
        manager = company.people[random.choice(["max", "admin"])]
        async with desk.transaction(await actor_of(desk, manager.id)) as tx:
            if made is not None:
                await give(tx, made.id, manager.id)
                await conclude(tx, made.id, outcome, reasons, Status.SOLVED)
    waiting = await desk.pool.fetch(WITH_US, now - timedelta(hours=3), 3 * len(OPEN))
    for story in OPEN:
        # What is late was escalated some time before it was due.
        late = timedelta(hours=min(0.0, story[0]))
        clock.at = now + 2 * late - timedelta(minutes=random.randrange(40, 170))
        row = next((row for row in waiting if row["updated_at"] < clock.at), None)
        if row is not None:
            waiting.remove(row)
            await one(desk, row, story, now, random, company)
    clock.at = now


async def one(
    desk: Desk,
    row: Mapping[str, Any],
    story: tuple[float, str, int, str, str],
    now: datetime,
    random: Random,
    company: Company,
) -> None:
    hours, cause, level, owner, words = story
    agent = await actor_of(desk, company.people["amy"].id)
    requester = await actor_of(desk, row["requester_id"])
    by_user = cause == "user" and row["first_answered_at"] is not None
    actor = requester if by_user else (agent if cause == "agent" else SYSTEM)
    async with desk.transaction(actor) as tx:
        made: Escalation | None
        if by_user:
            made = await contest(tx, row["id"], words, uuid(random))
        elif cause == "agent":
            once = uuid(random)
            made = await escalate_by_agent(tx, row["id"], Level(level), words, SUMMARY, once)
        else:
            made = await by_rule(tx, row["id"], cause, Level(level))
        if made is not None:
            made.due_at = now + timedelta(hours=hours)
    if owner and made is not None:
        async with desk.transaction(await actor_of(desk, company.people["max"].id)) as tx:
            await give(tx, made.id, company.people[owner].id)


async def by_rule(tx: Transaction, ticket_id: int, key: str, level: Level) -> Escalation:
    rule: Rule = default_rules().by_key.get(key) or default_rules().by_key["breached"]
    cause = {"follow_ups": Cause.FOLLOW_UPS, "money": Cause.MONEY}.get(key, Cause.TIME)
    said = {"follow_ups": "news was asked for several times", "money": "much is at stake"}
    words = said.get(key, "the time for an answer has passed")
    return await escalate(tx, ticket_id, Raising(cause, level, words, rule=rule, version=1))


def uuid(random: Random) -> UUID:
    return UUID(int=random.getrandbits(128), version=4)
