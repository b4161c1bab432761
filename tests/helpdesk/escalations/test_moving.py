"""An escalation goes where its ticket goes: into another one, out of it again, elsewhere."""

from datetime import timedelta

from helpdesk.core.clock import FrozenClock
from helpdesk.escalations.commands import take
from helpdesk.escalations.models import Escalation
from helpdesk.escalations.states import Level, Outcome, State
from helpdesk.tickets.assigning import hand_over
from helpdesk.tickets.filing import Filed
from helpdesk.tickets.merging import merge_tickets, unmerge
from tests.build import a_ticket
from tests.people import Cast

from .build import an_escalation, escalations, notices, work


async def merged(cast: Cast, one: Filed, into: Filed) -> int:
    async with cast.desk.transaction(await cast.actor("amy")) as tx:
        merge = await merge_tickets(tx, one.ticket_id, into.ticket_id)
    await work(cast)
    return merge.id


async def apart(cast: Cast, merge_id: int) -> None:
    async with cast.desk.transaction(await cast.actor("amy")) as tx:
        await unmerge(tx, merge_id)
    await work(cast)


async def one(cast: Cast, id: int) -> Escalation:
    return next(made for made in await escalations(cast) if made.id == id)


async def test_of_two_the_first_date_holds_and_each_has_its_own_again(
    cast: Cast, clock: FrozenClock
) -> None:
    early, first = await an_escalation(cast, "finn")
    clock.advance(minutes=30)
    late, second = await an_escalation(cast, "finn", subject="The same again")
    alone = await a_ticket(cast, "finn", subject="A third time")
    async with cast.desk.transaction(await cast.actor("max")) as tx:
        await take(tx, first.id)
    assert first.due_at < second.due_at
    merge = await merged(cast, early, late)
    assert (await one(cast, first.id)).outcome == Outcome.SETTLED
    assert (await one(cast, second.id)).due_at == first.due_at
    clock.advance(minutes=30)
    await apart(cast, merge)
    back = await one(cast, first.id)
    assert (back.state, back.owner_id, back.outcome) == (State.OWNED, cast.max.id, None)
    assert (back.ended_at, back.due_at) == (None, first.due_at)
    merge = await merged(cast, early, alone)
    assert (await one(cast, first.id)).ticket_id == alone.ticket_id
    clock.advance(minutes=30)
    await apart(cast, merge)
    assert (await one(cast, first.id)).ticket_id == early.ticket_id
    assert (await one(cast, second.id)).ticket_id == late.ticket_id


async def test_a_department_that_has_it_no_longer_decides_no_longer(cast: Cast) -> None:
    filed, made = await an_escalation(cast, "nina", Level.L2, group_key="PAY")
    other, kept = await an_escalation(cast, "nina", group_key="PAY", subject="Of the managers")
    for who, id in (("pete", made.id), ("max", kept.id)):
        async with cast.desk.transaction(await cast.actor(who)) as tx:
            await take(tx, id)
    for ticket in (filed, other):
        async with cast.desk.transaction(await cast.actor("pete")) as tx:
            await hand_over(tx, ticket.ticket_id, cast.groups["TECH"].id, "It is the app")
    await work(cast)
    free = await one(cast, made.id)
    assert (free.state, free.owner_id) == (State.OPEN, None)
    assert free.due_at - made.due_at == timedelta(0)
    assert (await one(cast, kept.id)).owner_id == cast.max.id
    assert any(
        "came with a request from another department" in text
        for text in await notices(cast, "tess")
    )
