"""Managers change what is owed: in sentences, with the effect on open tickets before it holds."""

import re
from datetime import UTC, datetime, timedelta

import httpx2

from helpdesk.calendars.hours import around_the_clock
from helpdesk.catalogue.default import default_catalogue
from helpdesk.core.clock import FrozenClock
from helpdesk.sla.effects import effect_of
from helpdesk.sla.policy import Kind, default_policy
from helpdesk.sla.queries import policy_in_use
from tests.build import a_ticket
from tests.people import Cast

from .build import due, owed, settled, told, work
from .test_shown import text_of

NOON = datetime(2026, 6, 2, 12, tzinfo=UTC)  # a Tuesday
NORMAL = {
    "kind": "first_response", "amount": "8", "unit": "hours", "clock": "business",
    "severities": "2", "pauses": ["waiting_on_user", "on_hold"], "warnings": "75",
}  # fmt: skip


def test_the_policy_we_ship_gives_each_severity_the_hours_of_the_catalogue() -> None:
    for severity in default_catalogue().severities:
        target = default_policy().target(Kind.FIRST_RESPONSE, severity.level, "guidance", "GEN")
        assert target is not None
        assert target.length == timedelta(hours=severity.first_response_hours)


async def seen(client: httpx2.AsyncClient) -> str:
    page = (await client.get("/desk/sla/targets/new")).text
    return str(re.findall(r'name="seen" value="([\d.]+)"', page)[0])


async def test_the_effect_is_seen_before_and_every_open_ticket_has_it_after(
    cast: Cast, site: str, clock: FrozenClock
) -> None:
    await settled(cast)
    clock.set(NOON)
    old = await a_ticket(cast, "nina", subject="Waiting for some hours")
    await work(cast)
    clock.advance(hours=5)
    new = await a_ticket(cast, "finn", subject="Just filed")
    urgent = await a_ticket(cast, "finn", subject="Not touched by it", severity=4)
    await work(cast)
    async with await cast.browser(site, "max") as max:
        form = {**NORMAL, "amount": "3", "seen": await seen(max)}
        saved = await max.post("/desk/sla/targets/first_response_normal", data=form)
        assert saved.status_code == 303, saved.text
        board = text_of((await max.get("/desk/sla")).text)
        assert "1 breaches at once, 1 gets an earlier date. Of 3 open tickets" in board
        assert "has a first answer within 3 working hours" in board
        assert await due(cast, old) == NOON + timedelta(hours=8)  # so far nothing has changed
        again = await max.post("/desk/sla/publish", data={"seen": form["seen"], "note": ""})
        assert again.status_code == 409
        form = {"seen": await seen(max), "note": "Mondays are calm"}
        assert (await max.post("/desk/sla/publish", data=form)).status_code == 303
        assert "being computed again" in (await max.get("/desk/sla")).text
        await work(cast)
        assert "being computed again" not in (await max.get("/desk/sla")).text
    assert await due(cast, old) == NOON + timedelta(hours=3)
    assert await due(cast, new) == NOON + timedelta(hours=8)
    assert await due(cast, urgent) == clock.now() + timedelta(hours=1)
    assert [one[:3] for one in await told(cast, old)] == [
        ("sla.warned", "first_response", 75),
        ("sla.breached", "first_response", 100),
    ]
    assert {row["policy"] for row in (await owed(cast, new)).values()} == {2}
    assert (await policy_in_use(cast.desk)).number == 2


async def test_other_hours_show_their_effect_too(cast: Cast, clock: FrozenClock) -> None:
    await settled(cast)
    clock.set(datetime(2026, 6, 5, 20, 40, tzinfo=UTC))
    filed = await a_ticket(cast, "nina", group_key="PAY", subject="Filed on a Friday evening")
    await a_ticket(cast, "nina", subject="Of another department")
    await work(cast)
    effect = await effect_of(cast.desk, cast.groups["PAY"].id, around_the_clock())
    [example] = effect.earlier
    assert (effect.looked_at, effect.sentence) == (1, "1 gets an earlier date")
    assert example.reference == filed.reference
    assert example.new == clock.now() + timedelta(hours=8)


SENSELESS: tuple[tuple[dict[str, object], str], ...] = (
    ({"amount": "0"}, "amount"),
    ({"amount": "-4"}, "amount"),
    ({"amount": "4.5"}, "amount"),
    ({"amount": "999999"}, "amount"),
    ({"amount": "9" * 4000}, "amount"),
    ({"unit": "weeks"}, "unit"),
    ({"unit": "days"}, "clock"),
    ({"clock": "lunar"}, "clock"),
    ({"warnings": "100"}, "warnings"),
    ({"warnings": "75, 140"}, "warnings"),
    ({"warnings": "0"}, "warnings"),
    ({"warnings": "soon"}, "warnings"),
    ({"warnings": "10, 20, 30, 40, 50"}, "warnings"),
    ({"pauses": ["new"]}, "pauses"),
    ({"severities": "7"}, "severities"),
    ({"severities": ["1", "2"]}, "severities"),  # low has a target of its own
    ({"groups": ["XX"]}, "groups"),
    ({"types": ["nonsense"]}, "types"),
    ({"kind": "miracle"}, "kind"),
)


async def test_what_makes_no_sense_is_refused_and_the_field_named(cast: Cast, site: str) -> None:
    async with await cast.browser(site, "max") as max:
        number = await seen(max)
        for changes, field in SENSELESS:
            form = {**NORMAL, "seen": number, **changes}
            answer = await max.post("/desk/sla/targets/first_response_normal", data=form)
            assert answer.status_code == 422, (changes, answer.status_code)
            assert f'href="#{field}"' in answer.text, (changes, field)
    assert await cast.desk.pool.fetchval("SELECT count(*) FROM sla_policies") <= 1


async def test_only_managers_change_it(cast: Cast, site: str) -> None:
    for who, status in (("amy", 403), ("nina", 403), ("max", 303)):
        async with await cast.browser(site, who) as client:
            number = await seen(client) if status == 303 else "1.0"
            form = {**NORMAL, "amount": "6", "seen": number}
            answer = await client.post("/desk/sla/targets/first_response_normal", data=form)
            assert answer.status_code == status, (who, answer.text)
