"""A person's choice, the suggestion beside it, and everybody who may see why."""

from datetime import timedelta
from uuid import uuid4

from sqlmodel import select

from helpdesk.cases.models import Audience, Event
from helpdesk.core.clock import FrozenClock
from helpdesk.desk import Desk
from helpdesk.relay import relay_once
from helpdesk.tickets.commands import change_severity, change_status, follow_up, reopen
from helpdesk.tickets.models import Ticket, reference
from helpdesk.tickets.states import Severity, Status
from helpdesk.wiring import SUBSCRIBERS
from tests.build import a_ticket
from tests.helpdesk.contact.reports import errors_in, question, technical, visiting
from tests.people import Cast
from triage.models import TriageSuggestion
from triage.severity.models import SeverityTrace
from triage.severity.queries import traces_of

COSMETIC = {
    "subject": "The icon has the wrong colour in dark mode",
    "description": "When I open the page, the icon has the wrong colour. It is only cosmetic.",
}


async def work(desk: Desk) -> None:
    while await relay_once(desk, SUBSCRIBERS):
        pass


async def the_ticket(cast: Cast) -> Ticket:
    async with cast.desk.reading() as db:
        return (await db.exec(select(Ticket))).one()


async def events(desk: Desk, type: str) -> list[Event]:
    async with desk.reading() as db:
        return list((await db.exec(select(Event).where(Event.type == type))).all())


async def test_urgent_for_a_cosmetic_fault_shows_the_definition_and_asks_for_a_sentence(
    site: str, cast: Cast
) -> None:
    report = technical(severity="urgent", **COSMETIC)
    async with await visiting(cast, site, "finn") as finn:
        asked = await finn.post("/report/send", data=report)
        assert asked.status_code == 422
        assert list(errors_in(asked.text)) == ["severity_reason"]
        assert "Money or my account is in danger now" in asked.text
        assert "We suggest Low. It looks wrong, but nothing is lost." in asked.text
        report["severity_reason"] = "My own clients see it during a fair today."
        taken = await finn.post("/report/send", data=report)
    assert taken.status_code == 303
    ticket = await the_ticket(cast)
    assert (ticket.severity, ticket.chosen_severity) == (4, 4)
    assert ticket.answers["severity_reason"] == report["severity_reason"]


async def test_nobody_is_stopped_for_want_of_a_sentence(site: str, cast: Cast) -> None:
    report = technical(severity="urgent", **COSMETIC)
    async with await visiting(cast, site, "finn") as finn:
        asked = await finn.post("/report/send", data=report)
        assert 'name="severity_asked" value="urgent"' in asked.text
        taken = await finn.post("/report/send", data={**report, "severity_asked": "urgent"})
    assert taken.status_code == 303, errors_in(taken.text)
    ticket = await the_ticket(cast)
    assert (ticket.severity, ticket.chosen_severity) == (1, 4)


async def test_the_last_look_says_where_it_begins_and_keeps_the_choice(
    site: str, cast: Cast
) -> None:
    report = technical(severity="urgent", severity_asked="urgent", **COSMETIC)
    async with await visiting(cast, site, "finn") as finn:
        await finn.post("/report", data={**report, "do": "later"})
        page = await finn.get(f"/report/{report['draft']}/check")
    assert "You chose Urgent: that stays beside it." in page.text


async def test_far_below_the_suggestion_asks_as_well(site: str, cast: Cast) -> None:
    report = technical(severity="low") | {"answers.what_is_lost": "money"}
    async with await visiting(cast, site, "finn") as finn:
        asked = await finn.post("/report/send", data=report)
    assert errors_in(asked.text) == {"severity_reason": "Say in one sentence why this is low."}


async def test_one_level_apart_the_choice_simply_counts(site: str, cast: Cast) -> None:
    async with await visiting(cast, site, "finn") as finn:
        taken = await finn.post("/report/send", data=technical(severity="high"))
    assert taken.status_code == 303
    ticket = await the_ticket(cast)
    assert (ticket.severity, ticket.chosen_severity) == (3, 3)


async def test_whoever_leaves_the_level_alone_goes_along_with_the_suggestion(
    site: str, cast: Cast
) -> None:
    report = technical(severity="normal", severity_usual="normal", **COSMETIC)
    async with await visiting(cast, site, "finn") as finn:
        taken = await finn.post("/report/send", data=report)
    assert taken.status_code == 303
    ticket = await the_ticket(cast)
    assert (ticket.severity, ticket.chosen_severity) == (1, 1)


async def test_while_somebody_types_the_suggestion_comes_with_its_reasons(
    site: str, cast: Cast
) -> None:
    report = question(description="I have to decide today, by tonight.", severity="low")
    async with await visiting(cast, site, "finn") as finn:
        told = (await finn.post(f"/report/{report['draft']}/save", data=report)).json()
    assert told["urgency"]["level"] == "normal"
    assert told["urgency"]["reasons"] == "You have to decide today."


async def test_every_input_and_rule_is_kept_with_the_ticket(site: str, cast: Cast) -> None:
    async with await visiting(cast, site, "finn") as finn:
        await finn.post("/report/send", data=technical(severity="normal", **COSMETIC))
    await work(cast.desk)
    ticket = await the_ticket(cast)
    [kept] = await traces_of(cast.desk, ticket.id)
    assert (kept.cause, kept.suggested, kept.chosen, kept.usual) == ("filed", 1, 2, 2)
    assert [line.key for line in kept.counted] == ["only_looks_wrong"]
    assert kept.not_counted
    async with cast.desk.reading() as db:
        query = select(TriageSuggestion).where(TriageSuggestion.kind == "severity")
        noted = (await db.exec(query)).one()
    assert (noted.value, noted.accepted_value) == ("1", "2")


async def test_agents_read_every_rule_and_the_requester_plain_words(site: str, cast: Cast) -> None:
    async with await visiting(cast, site, "finn") as finn:
        await finn.post("/report/send", data=technical(severity="normal", **COSMETIC))
        await work(cast.desk)
        ref = reference((await the_ticket(cast)).id)
        own = await finn.get(f"/requests/{ref}/severity")
        assert (await finn.get(f"/requests/{ref}")).text.count(f"/requests/{ref}/severity") == 1
    assert "It looks wrong, but nothing is lost." in own.text
    assert "words_cosmetic" not in own.text
    async with await visiting(cast, site, "tess") as tess:
        page = await tess.get(f"/desk/tickets/{ref}")
        trace = await tess.get(f"/desk/tickets/{ref}/why-severity")
    assert "Why Low?" in page.text
    assert "words_cosmetic" in trace.text
    assert "They followed up for the third time" in trace.text


async def test_a_stranger_and_the_other_side_learn_nothing(site: str, cast: Cast) -> None:
    filed = await a_ticket(cast, "finn", contract_id=cast.contracts["C-1001"].id)
    for who in ("otto", "cora"):
        async with await visiting(cast, site, who) as browser:
            answer = await browser.get(f"/requests/{filed.reference}/severity")
        assert answer.status_code == 404


async def test_a_restricted_ticket_is_explained_to_its_department_alone(
    site: str, cast: Cast
) -> None:
    filed = await a_ticket(cast, restricted=True, group_key="TAS", type_key="account_compromised")
    await work(cast.desk)
    for who, status in (("amy", 404), ("sam", 200), ("max", 200)):
        async with await visiting(cast, site, who) as browser:
            answer = await browser.get(f"/desk/tickets/{filed.reference}/why-severity")
        assert answer.status_code == status


async def test_a_third_follow_up_is_told_to_colleagues_and_changes_nothing_by_itself(
    cast: Cast, clock: FrozenClock
) -> None:
    filed = await a_ticket(cast, "finn", type_key="team_app_bug", group_key="TECH")
    await work(cast.desk)
    finn = await cast.actor("finn")
    for _ in range(3):
        for _ in range(2):  # the second of a day is a message
            async with cast.desk.transaction(finn) as tx:
                await follow_up(tx, filed.ticket_id, "Any news?", uuid4())
        await work(cast.desk)
        clock.at += timedelta(hours=25)
    ticket = await the_ticket(cast)
    assert (ticket.follow_ups, ticket.severity) == (3, 2)
    [suggested] = await events(cast.desk, "ticket.severity_suggested")
    assert suggested.audience == Audience.STAFF
    assert suggested.data["because"] == "They followed up for the third time."
    [raised] = await events(cast.desk, "ticket.attention_raised")
    assert raised.data["reason"] == "followups>=3"
    assert raised.audience == Audience.STAFF
    causes = [kept.cause for kept in await traces_of(cast.desk, filed.ticket_id)]
    assert causes == ["followed_up"] * 3 + ["filed"]


async def test_the_suggestion_is_offered_on_the_ticket_with_a_reason_to_send(
    site: str, cast: Cast, clock: FrozenClock
) -> None:
    filed = await a_ticket(cast, "finn", type_key="team_app_bug", group_key="TECH")
    finn = await cast.actor("finn")
    for _ in range(3):
        async with cast.desk.transaction(finn) as tx:
            await follow_up(tx, filed.ticket_id, "Any news?", uuid4())
        clock.at += timedelta(hours=25)
    await work(cast.desk)
    async with await visiting(cast, site, "amy") as amy:
        page = await amy.get(f"/desk/tickets/{filed.reference}")
        assert "is suggested now" in page.text
        assert "You had to ask us three times." in page.text
        await amy.post(
            f"/desk/tickets/{filed.reference}/severity",
            data={"severity": "high", "reason": "You had to ask us three times."},
        )
        after = await amy.get(f"/desk/tickets/{filed.reference}")
    assert "is suggested now" not in after.text
    ticket = await the_ticket(cast)
    assert (ticket.severity, ticket.chosen_severity) == (3, 2)


async def test_a_second_reopening_counts(cast: Cast) -> None:
    filed = await a_ticket(cast, "finn")
    finn, amy = await cast.actor("finn"), await cast.actor("amy")
    for _ in range(2):
        async with cast.desk.transaction(amy) as tx:
            await change_status(tx, filed.ticket_id, Status.SOLVED)
        async with cast.desk.transaction(finn) as tx:
            await reopen(tx, filed.ticket_id, "It is still there.", uuid4())
    await work(cast.desk)
    newest = (await traces_of(cast.desk, filed.ticket_id))[0]
    assert newest.cause == "reopened"
    assert [line.key for line in newest.counted] == ["second_reopening"]


async def test_a_regrade_tells_old_new_and_why_and_keeps_both(site: str, cast: Cast) -> None:
    filed = await a_ticket(cast, "finn", severity=4)
    async with cast.desk.transaction(await cast.actor("amy")) as tx:
        await change_severity(tx, filed.ticket_id, Severity.NORMAL, "Nothing is lost right now.")
    async with await visiting(cast, site, "finn") as finn:
        page = await finn.get(f"/requests/{filed.reference}")
        why = await finn.get(f"/requests/{filed.reference}/severity")
    assert "changed the severity from Urgent to Normal" in page.text
    assert "Nothing is lost right now." in page.text
    assert "You chose <strong>Urgent</strong>" in why.text


async def test_a_worker_that_tries_again_weighs_once(cast: Cast) -> None:
    filed = await a_ticket(cast)
    await work(cast.desk)
    await cast.desk.pool.execute("UPDATE events SET relayed_at = NULL")
    await work(cast.desk)
    async with cast.desk.reading() as db:
        kept = (await db.exec(select(SeverityTrace))).all()
    assert [trace.ticket_id for trace in kept] == [filed.ticket_id]
