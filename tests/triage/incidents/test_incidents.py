"""From a burst of tickets to an incident, its alert, updates to everybody, and their answers."""

import asyncio
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlmodel import select

from helpdesk.alerts.commands import Details, affects_me, resolve_alert
from helpdesk.alerts.jobs import sweep_alerts
from helpdesk.alerts.queries import alerts_now, matching
from helpdesk.core.clock import FrozenClock
from helpdesk.desk import Desk, open_desk
from helpdesk.mail.models import Mail
from helpdesk.people.commands import add_person
from helpdesk.people.models import Person
from helpdesk.people.queries import actor_of
from helpdesk.permissions import SYSTEM, Role
from helpdesk.tickets.filing import file_ticket
from helpdesk.tickets.states import NotAllowed
from tests.build import a_filing
from tests.people import Cast
from triage.incidents import commands
from triage.incidents.answering import answer_solved
from triage.incidents.jobs import PART, sweep_incidents
from triage.incidents.models import Incident, IncidentTicket
from triage.incidents.telling import solved_token
from triage.incidents.watch import State

from .texts import Told, outage, usual

TYPES = {
    "payments": "payment_not_received",
    "technical": "team_app_bug",
    "account": "level1_tech",
}


async def crowd(desk: Desk, many: int) -> list[Person]:
    async with desk.transaction(SYSTEM) as tx:
        return [
            await add_person(
                tx, email=f"{uuid4().hex}@example.com", name=f"Person {n}", roles=[Role.CLIENT]
            )
            for n in range(many)
        ]


async def file_all(cast: Cast, clock: FrozenClock, told: Sequence[Told]) -> list[int]:
    """Each by a person of their own."""
    ids = []
    for one, person in zip(told, await crowd(cast.desk, len(told)), strict=True):
        clock.at = datetime.fromtimestamp(one.at, clock.at.tzinfo)
        actor = await actor_of(cast.desk, person.id)
        filing = a_filing(subject=one.subject, description=one.subject, type_key=TYPES[one.area])
        ids.append((await file_ticket(cast.desk, actor, filing)).ticket_id)
    return ids


async def sweep_all(desk: Desk) -> None:
    for _ in range(20):
        if not await sweep_incidents(desk):
            return
    raise AssertionError("the sweep finds no end")


async def incidents(desk: Desk) -> list[Any]:
    return list(await desk.pool.fetch("SELECT * FROM incidents ORDER BY id"))


def before(rng: random.Random, start: float) -> list[Told]:
    """Usual reports of the day before."""
    subjects = [told.subject for told in usual(rng, 1, 800) if told.area == "account"][:130]
    return [
        Told("account", start - 86_400 + 600 * number, subject)
        for number, subject in enumerate(subjects)
    ]


async def an_outage(cast: Cast, clock: FrozenClock) -> tuple[int, list[int]]:
    """A hundred usual tickets and an outage of twelve: the incident, and where it is told."""
    rng = random.Random(2)
    start = clock.at.timestamp()
    await file_all(cast, clock, before(rng, start))
    ids = await file_all(cast, clock, outage(rng, start, 12, 15))
    await sweep_all(cast.desk)
    rows = await incidents(cast.desk)
    assert [row["state"] for row in rows] == ["proposed"]
    return rows[0]["id"], ids


async def test_a_burst_is_proposed_once_with_who_and_how_many(
    cast: Cast, clock: FrozenClock
) -> None:
    _, ids = await an_outage(cast, clock)
    row = (await incidents(cast.desk))[0]
    assert row["people"] == row["tickets"] >= 8
    assert "login" in row["words"]
    found = await cast.desk.pool.fetch("SELECT ticket_id FROM incident_tickets")
    assert {row["ticket_id"] for row in found} <= set(ids)
    assert row["chance"] < 1e-5 < row["expected"] < 4


async def test_another_worker_that_starts_goes_on_where_this_one_stopped(
    cast: Cast, clock: FrozenClock
) -> None:
    id, _ = await an_outage(cast, clock)
    before = (await incidents(cast.desk))[0]["tickets"]
    cast.desk.parts.pop(PART)
    more = outage(random.Random(9), clock.at.timestamp() + 60, 5, 5)
    await file_all(cast, clock, more)
    await asyncio.gather(*(sweep_incidents(cast.desk) for _ in range(4)))
    await sweep_all(cast.desk)
    rows = await incidents(cast.desk)
    assert [row["id"] for row in rows] == [id]
    assert rows[0]["tickets"] > before


async def test_two_processes_that_watch_at_once_propose_once(
    cast: Cast, clock: FrozenClock
) -> None:
    """Each has its own memory; the row of the watch decides whose turn it is."""
    desk = cast.desk
    async with open_desk(desk.settings, clock, desk.relayed) as other:
        rng, start = random.Random(2), clock.at.timestamp()
        await file_all(cast, clock, before(rng, start))
        for one in outage(rng, start, 16, 15):
            await file_all(cast, clock, [one])
            await asyncio.gather(sweep_incidents(desk), sweep_incidents(other))
        await sweep_all(other)
        await sweep_all(desk)
        rows = await incidents(desk)
        assert len(rows) == 1
        assert rows[0]["tickets"] >= 6
        linked = await desk.pool.fetch("SELECT ticket_id FROM incident_tickets")
        assert len(linked) == len({row["ticket_id"] for row in linked}) == rows[0]["tickets"]


async def confirmed(cast: Cast, id: int, who: str = "max") -> Incident:
    desk = cast.desk
    row = (await incidents(desk))[0]
    details = Details(
        title="Signing in fails",
        area=row["area"],
        words=tuple(row["words"]),
        type_keys=tuple(row["type_keys"]),
    )
    due = desk.clock.now() + timedelta(minutes=30)
    async with desk.transaction(await cast.actor(who)) as tx:
        return await commands.confirm(tx, id, uuid4(), details, "We are looking into it.", due)


async def mails(desk: Desk, words: str) -> list[str]:
    async with desk.reading() as db:
        rows = (await db.exec(select(Mail))).all()
    return sorted(mail.to_address for mail in rows if words in mail.body)


async def test_one_click_makes_it_an_incident_and_everybody_is_told_once(
    cast: Cast, clock: FrozenClock
) -> None:
    id, _ = await an_outage(cast, clock)
    desk, many = cast.desk, (await incidents(cast.desk))[0]["people"]
    incident = await confirmed(cast, id)
    for _ in range(3):
        await asyncio.gather(sweep_incidents(desk), sweep_incidents(desk))
    assert len(await mails(desk, "We are looking into it.")) == many
    async with desk.transaction(await cast.actor("max")) as tx:
        await commands.say(tx, id, uuid4(), "A server was replaced.", None, None)
    await sweep_all(desk)
    told = await mails(desk, "A server was replaced.")
    assert len(told) == len(set(told)) == many
    said = await desk.pool.fetchval("SELECT count(*) FROM events WHERE type = 'incident.updated'")
    assert said == 2 * many
    found = matching(await alerts_now(desk), "I cannot see the login", "level1_tech")
    assert [alert.id for alert in found] == [incident.alert_id]


async def test_solving_asks_each_and_yes_solves_while_no_keeps_it_open(
    cast: Cast, clock: FrozenClock
) -> None:
    id, _ = await an_outage(cast, clock)
    desk = cast.desk
    await confirmed(cast, id)
    await sweep_all(desk)
    async with desk.transaction(await cast.actor("max")) as tx:
        await commands.resolve(tx, id, uuid4(), "It works again.")
    await sweep_all(desk)
    rows = await desk.pool.fetch("SELECT ticket_id, person_id FROM incident_tickets")
    assert len(await mails(desk, "Is it solved for you?")) == len(rows)
    answers = {}
    for row, solved in zip(rows[:2], (True, False), strict=True):
        async with desk.transaction(await actor_of(desk, row["person_id"])) as tx:
            ticket = await answer_solved(tx, row["ticket_id"], solved)
            answers[solved] = ticket.status.value
    assert answers[True] == "solved"
    assert answers[False] != "solved"
    with pytest.raises(NotAllowed):
        async with desk.transaction(await actor_of(desk, rows[0]["person_id"])) as tx:
            await answer_solved(tx, rows[0]["ticket_id"], False)
    assert (await incidents(desk))[0]["done_at"] is not None


async def test_whoever_also_follows_the_alert_gets_one_mail_for_an_update(
    cast: Cast, clock: FrozenClock
) -> None:
    id, _ = await an_outage(cast, clock)
    desk = cast.desk
    alert_id = (await confirmed(cast, id)).alert_id
    linked = await desk.pool.fetchval("SELECT min(person_id) FROM incident_tickets")
    apart = cast.people["cora"].id
    assert alert_id is not None
    for person_id in (linked, apart):
        async with desk.transaction(await actor_of(desk, person_id)) as tx:
            await affects_me(tx, alert_id)
    clock.advance(minutes=5)
    async with desk.transaction(await cast.actor("max")) as tx:
        await commands.say(tx, id, uuid4(), "A server was replaced.", None, None)
    await sweep_alerts(desk)
    await sweep_all(desk)
    told = await mails(desk, "A server was replaced.")
    assert len(told) == len(set(told))
    assert "cora@example.com" in told


async def test_an_alert_solved_on_its_own_page_solves_the_incident(
    cast: Cast, clock: FrozenClock
) -> None:
    id, _ = await an_outage(cast, clock)
    incident = await confirmed(cast, id)
    assert incident.alert_id is not None
    async with cast.desk.transaction(await cast.actor("max")) as tx:
        await resolve_alert(tx, incident.alert_id, uuid4(), "Mended.")
    await sweep_all(cast.desk)
    assert (await incidents(cast.desk))[0]["state"] == State.RESOLVED
    assert await mails(cast.desk, "Mended.")


async def test_what_is_dismissed_is_remembered(cast: Cast, clock: FrozenClock) -> None:
    id, _ = await an_outage(cast, clock)
    async with cast.desk.transaction(await cast.actor("max")) as tx:
        await commands.dismiss(tx, id)
    cast.desk.parts.pop(PART)
    more = outage(random.Random(5), clock.at.timestamp() + 4 * 3_600, 10, 10)
    await file_all(cast, clock, more)
    await sweep_all(cast.desk)
    assert len(await incidents(cast.desk)) == 1


async def test_restricted_tickets_are_counted_and_never_shown(
    cast: Cast, clock: FrozenClock, site: str
) -> None:
    id, ids = await an_outage(cast, clock)
    await cast.desk.pool.execute(
        "UPDATE tickets SET restricted = true, subject = 'canarysecret' WHERE id = ANY($1)", ids[:3]
    )
    async with await cast.browser(site, "max") as browser:
        board = (await browser.get("/desk/incidents")).text
        page = (await browser.get(f"/desk/incidents/{id}")).text
        counts = (await browser.get("/desk/counts")).json()
    assert "canarysecret" not in board + page
    assert "restricted ticket" in page
    assert counts["incidents"] == 1


async def test_the_pages_work_by_forms_alone(cast: Cast, clock: FrozenClock, site: str) -> None:
    id, _ = await an_outage(cast, clock)
    here = f"/desk/incidents/{id}"
    async with await cast.browser(site, "max") as browser:
        form = {"once": str(uuid4()), "level": "outage", "next": "30"}
        answer = await browser.post(f"{here}/confirm", data={**form, "title": "", "body": "x"})
        assert answer.status_code == 422
        assert "Name it in one line" in answer.text
        form |= {"title": "Signing in fails", "body": "We see it too."}
        assert (await browser.post(f"{here}/confirm", data=form)).status_code == 303
        assert (await browser.post(f"{here}/dismiss")).status_code == 409
        await sweep_all(cast.desk)
        page = (await browser.get(here)).text
        assert "Post the update" in page
        assert "We see it too." in page
        solved = {"once": str(uuid4()), "body": "Mended."}
        assert (await browser.post(f"{here}/resolve", data=solved)).status_code == 303
    await sweep_all(cast.desk)
    row = await linked_row(cast.desk, id)
    link = f"/solved/{solved_token(cast.desk, row)}"
    async with await cast.browser(site) as anybody:
        assert "Is it solved for you?" in (await anybody.get(link)).text
        assert (await anybody.post(link, data={})).status_code == 422
        assert "stays open" in (await anybody.post(link, data={"solved": "no"})).text
        assert (await anybody.post(link, data={"solved": "yes"})).status_code == 404
        assert (await anybody.get("/solved/1-1.forged")).status_code == 404
    async with await cast.browser(site, "max") as browser:
        assert "<strong>1</strong> not solved" in (await browser.get(here)).text


async def linked_row(desk: Desk, incident_id: int) -> IncidentTicket:
    async with desk.reading() as db:
        query = select(IncidentTicket).where(IncidentTicket.incident_id == incident_id)
        return (await db.exec(query.order_by(IncidentTicket.ticket_id))).all()[0]  # type: ignore[arg-type]


@pytest.mark.parametrize(("who", "status"), [("amy", 403), ("cora", 403), ("max", 200)])
async def test_incidents_are_for_managers(cast: Cast, site: str, who: str, status: int) -> None:
    async with await cast.browser(site, who) as browser:
        assert (await browser.get("/desk/incidents")).status_code == status


async def test_a_requester_answers_on_a_page_of_the_request_and_nobody_else_may(
    cast: Cast, clock: FrozenClock, site: str
) -> None:
    id, _ = await an_outage(cast, clock)
    await confirmed(cast, id)
    async with cast.desk.transaction(await cast.actor("max")) as tx:
        await commands.resolve(tx, id, uuid4(), "It works again.")
    await sweep_all(cast.desk)
    row = await linked_row(cast.desk, id)
    async with cast.desk.reading() as db:
        cast.people["them"] = await db.get_one(Person, row.person_id)
    address = f"/requests/HD-{row.ticket_id + 10_000}"
    async with await cast.browser(site, "them") as browser:
        page = (await browser.get(address)).text
        assert f"{address}/solved-for-you" in page
        assert "It works again." in page
        assert "Yes, it is solved" in (await browser.get(f"{address}/solved-for-you")).text
        answer = await browser.post(f"{address}/solved-for-you", data={"solved": "yes"})
        assert answer.status_code == 303
        again = await browser.get(f"{address}/solved-for-you")
        assert "There is nothing to answer" in again.text
    async with await cast.browser(site, "otto") as browser:
        assert (await browser.get(f"{address}/solved-for-you")).status_code == 404
        assert (await browser.post(f"{address}/solved-for-you")).status_code == 404
