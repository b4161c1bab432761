"""A promise is given once, renewed for a reason, measured by what came, and published."""

import asyncio
from datetime import datetime, timedelta
from uuid import uuid4

import httpx2

from helpdesk.relay import relay_once
from helpdesk.sla.promises.honesty import sweep_promises
from helpdesk.sla.promises.jobs import count_answer_times, sweep_answer_times
from helpdesk.sla.promises.queries import look_again
from helpdesk.tickets.commands import change_severity, reply
from helpdesk.tickets.filing import Filed
from helpdesk.tickets.states import Severity
from helpdesk.wiring import SUBSCRIBERS
from tests.build import a_ticket
from tests.conftest import FrozenClock
from tests.people import Cast

ANSWERED = """
INSERT INTO tickets (case_id, side_id, requester_id, once, subject, type_key, catalogue_version,
    status, severity, chosen_severity, group_id, restricted, contract_text, answers, lacking,
    source, follow_ups, reopenings, opened_at, updated_at, first_answered_at)
SELECT t.case_id, t.side_id, t.requester_id, gen_random_uuid(), 'Earlier', t.type_key,
    t.catalogue_version, 'open', t.severity, t.severity, t.group_id, false, '', '{}', '{}', 'form',
    0, 0, $2::timestamptz - n * interval '6 hours', $2, $2::timestamptz - n * interval '6 hours'
        + interval '1 hour' * (1 + n % 3)
FROM tickets t, generate_series(8, 47) n WHERE t.id = $1
"""
PROMISES = "SELECT * FROM promises WHERE ticket_id = $1 ORDER BY because_of"


async def work(cast: Cast) -> None:
    while await relay_once(cast.desk, SUBSCRIBERS):
        pass


async def known(cast: Cast, now: datetime) -> None:
    """Forty earlier requests like it, each answered one to three hours later."""
    first = await a_ticket(cast, "nina")
    await cast.desk.pool.execute(ANSWERED, first.ticket_id, now)
    await count_answer_times(cast.desk, now)
    look_again(cast.desk)


async def says(browser: httpx2.AsyncClient, filed: Filed, words: str) -> None:
    """As soon as the process that serves the page has heard of the new figures."""
    async with asyncio.timeout(30):
        while words not in (await browser.get(f"/requests/{filed.reference}")).text:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_it_is_given_renewed_kept_and_published(
    cast: Cast, site: str, clock: FrozenClock
) -> None:
    await known(cast, clock.now())
    assert await sweep_answer_times(cast.desk) == 0  # not again so soon
    filed = await a_ticket(cast, "nina")
    async with await cast.browser(site, "nina") as nina:
        await says(nina, filed, "Most likely")  # before the worker came to it
        await work(cast)
        [given] = await cast.desk.pool.fetch(PROMISES, filed.ticket_id)
        assert given["basis"] == "past"
        async with cast.desk.transaction(await cast.actor("max")) as tx:
            await change_severity(tx, filed.ticket_id, Severity.HIGH, "A deadline is near")
        await work(cast)
        first, second = await cast.desk.pool.fetch(PROMISES, filed.ticket_id)
        assert (first["because_of"], second["severity"]) == (0, Severity.HIGH)
        clock.set(given["half_from"] + timedelta(seconds=1))
        async with cast.desk.transaction(await cast.actor("pete")) as tx:
            await reply(tx, filed.ticket_id, "We look into it", uuid4())
        assert 'id="promise"' not in (await nina.get(f"/requests/{filed.reference}")).text
    while await sweep_promises(cast.desk):
        pass
    first, second = await cast.desk.pool.fetch(PROMISES, filed.ticket_id)
    assert (first["in_half"], first["in_most"], second["in_half"]) == (True, True, None)
    month = dict(await cast.desk.pool.fetchrow("SELECT * FROM promise_months"))
    assert [month[name] for name in ("given", "unknown", "measured", "in_half")] == [2, 0, 1, 1]
    async with await cast.browser(site) as nobody:
        page = (await nobody.get("/answer-times")).text
        assert "too few to say" in page
        assert "Sooner" not in page
        assert '<td class="number">1</td>' in page  # measured, of two that were given
    async with await cast.browser(site, "max") as max:
        assert "Sooner" in (await max.get("/answer-times")).text


async def test_an_answer_that_does_not_come_has_missed_and_the_page_admits_it(
    cast: Cast, site: str, clock: FrozenClock
) -> None:
    await known(cast, clock.now())
    filed = await a_ticket(cast, "nina")
    await work(cast)
    clock.advance(days=6)
    async with await cast.browser(site, "nina") as nina:
        assert "Later than we said" in (await nina.get(f"/requests/{filed.reference}")).text
    assert await sweep_promises(cast.desk)
    [given] = await cast.desk.pool.fetch(PROMISES, filed.ticket_id)
    assert (given["in_half"], given["in_most"], given["answered_at"]) == (False, False, None)


async def test_two_departments_promise_by_their_own_calendars(cast: Cast, site: str) -> None:
    """Filed in the same minute on a Tuesday at 10:00 UTC: New York is asleep, the other is not."""
    pay = await a_ticket(cast, "nina", group_key="PAY")
    tech = await a_ticket(cast, "finn", group_key="TECH")
    async with await cast.browser(site, "nina") as nina, await cast.browser(site, "finn") as finn:
        there = (await nina.get(f"/requests/{pay.reference}")).text
        here = (await finn.get(f"/requests/{tech.reference}")).text
        form = (await nina.get("/report?type=withdrawal_not_received&new=1")).text
        chat = (await nina.get("/chat?type=withdrawal_not_received")).text
    for page in (there, form, chat):
        assert "Payments opens Tuesday 09:00 New York (13:00 your time)." in page
    assert "Technical is open now." in here
    assert "We cannot say how long it takes" in here
