"""Escalations for tests, made by running the commands."""

from uuid import uuid4

from helpdesk.escalations.models import Escalation
from helpdesk.escalations.raising import Raising, escalate
from helpdesk.escalations.states import Cause, Level
from helpdesk.permissions import SYSTEM
from helpdesk.relay import fire_due_timers, relay_once
from helpdesk.tickets.commands import reply
from helpdesk.tickets.filing import Filed
from helpdesk.wiring import SUBSCRIBERS, TIMERS
from tests.build import a_ticket
from tests.people import Cast


async def work(cast: Cast) -> None:
    while await relay_once(cast.desk, SUBSCRIBERS) or await fire_due_timers(cast.desk, TIMERS):
        pass


async def an_escalation(
    cast: Cast,
    who: str = "finn",
    level: Level = Level.MANAGER,
    words: str = "it is late",
    **ticket: object,
) -> tuple[Filed, Escalation]:
    filed = await a_ticket(cast, who, **ticket)
    async with cast.desk.transaction(SYSTEM) as tx:
        made = await escalate(tx, filed.ticket_id, Raising(Cause.TIME, level, words))
    return filed, made


async def answered(cast: Cast, filed: Filed, who: str = "amy", words: str = "Try again") -> None:
    async with cast.desk.transaction(await cast.actor(who)) as tx:
        await reply(tx, filed.ticket_id, words, uuid4())


async def escalations(cast: Cast) -> list[Escalation]:
    rows = await cast.desk.pool.fetch("SELECT * FROM escalations ORDER BY id")
    return [Escalation.model_validate(dict(row)) for row in rows]


async def kinds(cast: Cast, filed: Filed) -> list[str]:
    rows = await cast.desk.pool.fetch(
        "SELECT type FROM events WHERE ticket_id = $1 AND type LIKE 'escalation.%' ORDER BY seq",
        filed.ticket_id,
    )
    return [row["type"].removeprefix("escalation.") for row in rows]


async def notices(cast: Cast, name: str) -> list[str]:
    rows = await cast.desk.pool.fetch(
        "SELECT text FROM desk_notices WHERE person_id = $1 ORDER BY id", cast.people[name].id
    )
    return [row["text"] for row in rows]
