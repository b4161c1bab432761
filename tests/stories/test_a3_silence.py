"""Story A3.12: a week without an answer, and the requester need not ask."""

from uuid import uuid4

from helpdesk.core.clock import FrozenClock
from helpdesk.relay import fire_due_timers, relay_once
from helpdesk.tickets.assigning import assign
from helpdesk.tickets.commands import change_status, reply
from helpdesk.tickets.filing import Filed
from helpdesk.tickets.states import Status
from helpdesk.wiring import SUBSCRIBERS, TIMERS
from tests.build import a_ticket
from tests.helpdesk.alerts.build import mails
from tests.helpdesk.contact.reports import visiting
from tests.people import Cast

WAITED = "SELECT count(*) FROM events WHERE type = 'ticket.kept_waiting'"


async def work(cast: Cast) -> int:
    while await relay_once(cast.desk, SUBSCRIBERS) or await fire_due_timers(cast.desk, TIMERS):
        pass
    return int(await cast.desk.pool.fetchval(WAITED))


async def answered(cast: Cast, filed: Filed, then: Status | None = None) -> None:
    async with cast.desk.transaction(await cast.actor("pete")) as tx:
        await reply(tx, filed.ticket_id, "We look into it", uuid4(), then)


async def test_the_requester_is_told_and_whoever_has_the_ticket_looks_again(
    cast: Cast, site: str, clock: FrozenClock
) -> None:
    filed = await a_ticket(cast, "nina")
    async with cast.desk.transaction(await cast.actor("amy")) as tx:
        await assign(tx, filed.ticket_id, cast.people["amy"].id)
    assert await work(cast) == 0
    clock.advance(days=7, minutes=1)
    assert await work(cast) == 1
    async with await visiting(cast, site, "nina") as nina:
        page = (await nina.get(f"/requests/{filed.reference}")).text
    assert "is not forgotten" in page
    assert "aims to answer by" in page
    [told] = [mail for mail in await mails(cast.desk, "nina@example.com") if "7 days" in mail.body]
    assert "You need not do anything." in told.body
    async with await visiting(cast, site, "amy") as amy:
        assert "nobody has answered for 7 days" in (await amy.get("/desk/notices")).text
    clock.advance(days=6)
    assert await work(cast) == 1
    clock.advance(days=1)
    assert await work(cast) == 2


async def test_an_answer_begins_the_week_anew(cast: Cast, clock: FrozenClock) -> None:
    filed = await a_ticket(cast, "nina")
    await work(cast)
    clock.advance(days=5)
    await answered(cast, filed)
    clock.advance(days=3)
    assert await work(cast) == 0
    clock.advance(days=4, minutes=1)
    assert await work(cast) == 1


async def test_nobody_is_told_while_it_is_their_turn_or_it_is_solved(
    cast: Cast, clock: FrozenClock
) -> None:
    filed = await a_ticket(cast, "nina")
    await answered(cast, filed, Status.WAITING_ON_USER)
    await work(cast)
    clock.advance(days=8)
    assert await work(cast) == 0
    async with cast.desk.transaction(await cast.actor("pete")) as tx:
        await change_status(tx, filed.ticket_id, Status.SOLVED)
    clock.advance(days=8)
    assert await work(cast) == 0
    clock.advance(days=20)
    assert await work(cast) == 0
