"""Accounts made by whoever runs the desk, and what is swept away."""

import re

import pytest
from sqlmodel import func, select

from helpdesk.catalogue.default import default_catalogue
from helpdesk.core.text import BadText
from helpdesk.desk import Desk
from helpdesk.people.commands import add_person, change_person, ensure_groups
from helpdesk.people.jobs import sweep_ended
from helpdesk.people.models import Person, Session, Throttle
from helpdesk.people.queries import actor_of
from helpdesk.people.sessions import start_session
from helpdesk.people.throttle import SIGN_IN_ACCOUNT, count_try
from helpdesk.permissions import SYSTEM, Role
from tests.people import Cast

from .test_sign_in import account


async def test_departments_are_made_once_and_follow_the_catalogue(desk: Desk) -> None:
    wanted = default_catalogue().groups
    async with desk.transaction(SYSTEM) as tx:
        first = await ensure_groups(tx, wanted)
    async with desk.transaction(SYSTEM) as tx:
        second = await ensure_groups(tx, wanted)
    assert {key: group.id for key, group in first.items()} == {
        key: group.id for key, group in second.items()
    }
    assert set(first) == {group.key for group in wanted}


async def test_a_member_of_staff_acts_with_roles_and_departments(desk: Desk) -> None:
    async with desk.transaction(SYSTEM) as tx:
        groups = await ensure_groups(tx, default_catalogue().groups)
        person = await add_person(
            tx,
            email="Abe@Example.com",
            name="  Abe \u202eLee ",
            roles=[Role.AGENT, Role.MEDIATOR],
            groups=["GEN", "PAY"],
            time_zone="Europe/Berlin",
        )
    actor = await actor_of(desk, person.id)
    assert actor.roles == {Role.AGENT, Role.MEDIATOR}
    assert actor.groups == {groups["GEN"].id, groups["PAY"].id}
    assert (actor.name, actor.email, actor.time_zone) == (
        "Abe Lee",
        "Abe@example.com",
        "Europe/Berlin",
    )
    assert re.fullmatch(r"U-[2-9A-Z]{6}", person.public_id)


async def test_an_address_has_one_account(desk: Desk) -> None:
    await account(desk)
    with pytest.raises(BadText, match="already"):
        await account(desk, "IDA@EXAMPLE.COM")
    async with desk.reading() as db:
        assert (await db.exec(select(func.count()).select_from(Person))).one() == 1


async def test_weak_passwords_and_odd_addresses_make_no_account(desk: Desk) -> None:
    for email, password in (("ida@example.com", "password"), ("ida", "a long sentence")):
        with pytest.raises(BadText):
            async with desk.transaction(SYSTEM) as tx:
                await add_person(
                    tx, email=email, name="Ida", roles=[Role.CLIENT], password=password
                )


async def test_what_is_over_is_thrown_away(desk: Desk) -> None:
    person = await account(desk)
    await start_session(desk, person.id)
    await count_try(desk, SIGN_IN_ACCOUNT, "ida@example.com")

    async def left() -> tuple[int, int]:
        async with desk.reading() as db:
            sessions = (await db.exec(select(func.count()).select_from(Session))).one()
            return sessions, (await db.exec(select(func.count()).select_from(Throttle))).one()

    desk.parts.pop("people.swept_at", None)
    await sweep_ended(desk)
    assert await left() == (1, 1)
    desk.clock.advance(days=2)  # type: ignore[attr-defined]
    await sweep_ended(desk)
    assert await left() == (1, 0)
    desk.clock.advance(days=90)  # type: ignore[attr-defined]
    await sweep_ended(desk)
    assert await left() == (0, 0)
    desk.parts.pop("people.swept_at", None)


async def test_an_account_gets_other_departments_and_roles(cast: Cast) -> None:
    async with cast.desk.transaction(SYSTEM) as tx:
        await change_person(tx, "Amy@desk.example.com", groups=["PAY", "TECH"])
    amy = await cast.actor("amy")
    assert amy.groups == {cast.groups["PAY"].id, cast.groups["TECH"].id}
    assert amy.roles == {Role.AGENT}
    async with cast.desk.transaction(SYSTEM) as tx:
        await change_person(tx, "amy@desk.example.com", roles=[Role.MANAGER])
    amy = await cast.actor("amy")
    assert amy.roles == {Role.MANAGER}
    assert len(amy.groups) == 2
    for email, groups in (("nobody@desk.example.com", ["PAY"]), ("amy@desk.example.com", ["MARS"])):
        with pytest.raises(BadText):
            async with cast.desk.transaction(SYSTEM) as tx:
                await change_person(tx, email, groups=groups)
    assert (await cast.actor("amy")).groups == amy.groups
