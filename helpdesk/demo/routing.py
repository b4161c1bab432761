"""The routing rules of the demonstration, published twice before its thirty days begin."""

from datetime import timedelta
from random import Random
from uuid import UUID

from helpdesk.core.clock import FrozenClock
from helpdesk.desk import Desk
from helpdesk.people.queries import actor_of
from helpdesk.permissions import Actor
from triage.routing.commands import publish, save_draft
from triage.routing.jobs import route_ticket
from triage.routing.logic.actions import Action, By, Do
from triage.routing.logic.conditions import Group, Join, Test
from triage.routing.logic.rules import Rule, When
from triage.routing.logic.vocabulary import About, Moment, Op
from triage.routing.queries import names_of, standing
from triage.text.jobs import read_language

from .people import Company

QUESTIONS = ("guidance", "level1_tech", "hiring_problem", "unsatisfactory_support")
PAYING = ("withdrawal_not_received", "payment_not_received", "payment_dispute", "deposit_problem")
OPENED = "SELECT id FROM events WHERE ticket_id = $1 AND type = 'ticket.opened'"


async def play_rules(desk: Desk, clock: FrozenClock, random: Random, company: Company) -> None:
    """Two versions: what the desk began with, and what it learned."""
    began = clock.at
    keys = [UUID(int=random.getrandbits(128), version=4) for _ in range(6)]
    told = (
        (-40, "max", 4, "The rules we begin with"),
        (-6, "admin", 6, "Large sums are seen at once; nobody asks three times in vain"),
    )
    for days, who, many, note in told:
        clock.at = began + timedelta(days=days)
        publisher = await actor_of(desk, company.people[who].id)
        await put(desk, publisher, rules(keys)[:many], note)
    clock.at = began


async def put(desk: Desk, publisher: Actor, wanted: list[Rule], note: str) -> None:
    names = await names_of(desk)
    seen = (await standing(desk)).seen
    async with desk.transaction(publisher) as tx:
        await save_draft(tx, seen, wanted)
    seen = (await standing(desk)).seen
    async with desk.transaction(publisher) as tx:
        await publish(tx, seen, note, names)


async def read_rules_for(desk: Desk, ticket_id: int) -> None:
    """As the worker does, at the moment of filing."""
    event_id = await desk.pool.fetchval(OPENED, ticket_id)
    await read_language.run(desk, event_id)
    await route_ticket.run(desk, event_id)


def rules(keys: list[UUID]) -> list[Rule]:
    return [
        Rule(
            key=keys[0],
            name="Accounts in danger",
            when=when(asks(About.TYPE, "account_compromised")),
            then=(
                Action(do=Do.SEVERITY, value="urgent"),
                Action(do=Do.NOTIFY, value="department:TAS", text="An account is in danger."),
            ),
        ),
        Rule(
            key=keys[1],
            name="Questions about money go to Payments",
            when=when(
                asks(About.TYPE, *QUESTIONS),
                asks(About.WORDS, "refund*", "chargeback*", "withdrawal*", "payment is held"),
            ),
            then=(Action(do=Do.DEPARTMENT, value="PAY"), Action(do=Do.TAG, value="money")),
        ),
        Rule(
            key=keys[2],
            name="Spanish and Portuguese",
            when=when(asks(About.LANGUAGE, "es", "pt")),
            then=(Action(do=Do.TAG, value="other language"),),
        ),
        Rule(
            key=keys[3],
            name="Payments is closed",
            when=when(
                asks(About.DEPARTMENT, "PAY"),
                Test(about=About.OPEN, op=Op.IS, values=("no",), unit="PAY"),
                Test(about=About.SEVERITY, op=Op.MOST, values=("normal",)),
            ),
            then=(Action(do=Do.TAG, value="after hours"),),
        ),
        Rule(
            key=keys[4],
            name="Large sums",
            when=when(
                asks(About.TYPE, *PAYING),
                Group(join=Join.ANY, of=(sum_of("100000", "USD"), sum_of("100000", "EUR"))),
            ),
            then=(Action(do=Do.SEVERITY, value="high"), Action(do=Do.TAG, value="large sum")),
        ),
        Rule(
            key=keys[5],
            name="Asked three times",
            when=When(
                moments=(Moment.FOLLOW_UP,),
                condition=Group(of=(Test(about=About.FOLLOW_UPS, op=Op.LEAST, values=("3",)),)),
            ),
            then=(
                Action(do=Do.ESCALATE, text="The requester has asked three times."),
                Action(do=Do.NOTIFY, value="managers", by=By.MAIL, text="Asked three times."),
            ),
        ),
    ]


def when(*of: Test | Group) -> When:
    return When(condition=Group(of=of))


def asks(about: About, *values: str) -> Test:
    return Test(about=about, op=Op.AMONG, values=values)


def sum_of(minor: str, currency: str) -> Test:
    return Test(about=About.AMOUNT, op=Op.LEAST, values=(minor,), unit=currency)
