"""Rules for tests, and publishing them."""

from typing import Any
from uuid import UUID

from helpdesk.desk import Desk
from helpdesk.permissions import Actor
from tests.conftest import TUESDAY
from tests.people import Cast
from triage.routing.commands import publish, save_draft
from triage.routing.logic.actions import Action
from triage.routing.logic.conditions import Group, Join, Test
from triage.routing.logic.facts import Facts
from triage.routing.logic.rules import Mode, Rule, When
from triage.routing.logic.vocabulary import SHAPES, About, Moment
from triage.routing.queries import names_of, standing


def asks(about: str, *values: str, op: str = "", unit: str = "") -> Test:
    shape = SHAPES[About(about)]
    return Test(about=About(about), op=op or shape.ops[0], values=values, unit=unit)


def group(join: str, *parts: Test | Group) -> Group:
    return Group(join=Join(join), of=parts)


def everything(*parts: Test | Group) -> Group:
    return group("all", *parts)


def anything(*parts: Test | Group) -> Group:
    return group("any", *parts)


def nothing(*parts: Test | Group) -> Group:
    return group("none", *parts)


def do(what: str, value: str = "", **more: Any) -> Action:
    return Action(do=what, value=value, **more)


def a_rule(name: str, condition: Group | None = None, *then: Action, **more: Any) -> Rule:
    moments = tuple(Moment(one) for one in more.pop("moments", ("filed",)))
    return Rule(
        name=name,
        when=When(moments=moments, condition=condition or Group()),
        then=then or (do("tag", "seen"),),
        **{"mode": Mode.GO_ON, **more},
    )


def some_facts(**changes: Any) -> Facts:
    usual = {
        "moment": Moment.FILED,
        "at": TUESDAY,
        "type": "level1_tech",
        "severity": 2,
        "department": "GEN",
    }
    return Facts(**{**usual, **changes})


async def publish_rules(cast: Cast, *rules: Rule, who: str = "max") -> int:
    """As a manager does it; the number of the new version."""
    return await publish_as(cast.desk, await cast.actor(who), *rules)


async def publish_as(desk: Desk, actor: Actor, *rules: Rule) -> int:
    names = await names_of(desk)
    seen = (await standing(desk)).seen
    async with desk.transaction(actor) as tx:
        await save_draft(tx, seen, rules)
    seen = (await standing(desk)).seen
    async with desk.transaction(actor) as tx:
        done = await publish(tx, seen, "", names)
    assert done.version is not None
    return done.version


def key(number: int) -> UUID:
    return UUID(int=number, version=4)
