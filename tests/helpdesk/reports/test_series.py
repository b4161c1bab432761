"""Figures read from sums are those of the facts themselves, in every zone and by every filter."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import ceil
from random import Random

import asyncpg
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.core.clock import FrozenClock
from helpdesk.core.formats import localised
from helpdesk.reports.counting import queries
from helpdesk.reports.counting.commands import apply
from helpdesk.reports.counting.facts import LIVE, NO_SEVERITY, Fact
from helpdesk.reports.counting.spread import ERROR
from helpdesk.reports.counting.sums import changes
from helpdesk.reports.dashboard.asked import Asked
from helpdesk.reports.dashboard.periods import Period, chosen
from helpdesk.reports.dashboard.series import walls_of
from helpdesk.reports.dashboard.sums import Filter, departments, tally
from helpdesk.reports.dashboard.times import course_of
from tests.people import Cast

from .test_counting import sums

ZONES = ("UTC", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe")
YEARS = 2 * 364 * 24 * 60  # in minutes
ALL_FACTS = "SELECT * FROM report_facts"


@given(
    st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1)),  # noqa: DTZ001 - as hypothesis asks
    st.integers(1, 500),
    st.sampled_from([*ZONES, "Africa/Casablanca", "Asia/Kathmandu"]),
)
def test_clocks_on_the_wall_are_read_for_many_hours_as_for_one(
    since: datetime, hours: int, tz: str
) -> None:
    begin = since.replace(minute=0, second=0, microsecond=0, tzinfo=UTC)
    walls = walls_of(begin, hours, tz)
    assert walls.tolist() == [localised(begin + timedelta(hours=n), tz).hour for n in range(hours)]


def a_fact(chance: Random, now: datetime, groups: Sequence[int]) -> Fact:
    minutes = chance.choice([60, 60 * 24, YEARS, YEARS])
    at = now - timedelta(minutes=chance.randrange(minutes), seconds=chance.randrange(60))
    kind, seconds = chance.choice(["arrived", "answered", "solved", "chat_asked"]), None
    if kind in ("answered", "solved"):
        seconds = chance.randrange(1, 900_000)
    if kind == "chat_asked":
        return Fact(kind, "", at, chance.choice(groups), NO_SEVERITY, LIVE, None, None, 1)
    place = chance.choice(groups), chance.randint(1, 4), chance.choice(["form", "api", "chat"])
    return Fact(kind, chance.choice(["", "x"]), at, *place, seconds, 1, None)


async def change(db: asyncpg.Pool, facts: list[Fact], added: list[Fact], gone: list[Fact]) -> None:
    """As counting does, which compares what is there with what should be."""
    facts += added
    for fact in gone:
        facts.remove(fact)
    await db.execute("DELETE FROM report_facts")
    columns = zip(*((1, *fact) for fact in facts), strict=True)
    await db.execute(queries.ADD_FACTS, *map(list, columns))
    async with db.acquire() as connection:
        await apply(connection, changes(added, gone))


async def test_every_period_reads_what_its_facts_say_whatever_was_changed_later(
    cast: Cast, clock: FrozenClock
) -> None:
    chance, now, pool = Random(4), clock.now(), cast.desk.pool
    groups = list(await departments(cast.desk))[:3]
    facts: list[Fact] = []
    await change(pool, facts, [a_fact(chance, now, groups) for _ in range(900)], [])
    gone = chance.sample(facts, 200)
    moved = [
        fact._replace(group_id=chance.choice(groups), at=fact.at - timedelta(minutes=90))
        for fact in gone[:150]
    ]
    await change(pool, facts, moved, gone)
    kept = await sums(cast)
    for tz in ZONES:
        for key in ("today", "4-weeks", "year"):
            for wanted in (Filter(), Filter(groups[0]), Filter(severity=2), Filter(0, 0, LIVE)):
                asked = Asked(chosen(key, now, tz), wanted, {})
                await compare(cast, asked, [fact for fact in facts if is_in(fact, wanted)])
    await pool.execute("DELETE FROM report_sums")
    async with pool.acquire() as connection:
        await apply(connection, changes(facts, []))
    assert await sums(cast) == kept


def is_in(fact: Fact, wanted: Filter) -> bool:
    return (
        wanted.group_id in (0, fact.group_id)
        and wanted.severity in (0, fact.severity)
        and wanted.channel in ("", fact.channel)
    )


async def compare(cast: Cast, asked: Asked, facts: list[Fact]) -> None:
    course, period = await course_of(cast.desk, asked), asked.period
    for series, kind, edges, of in (
        (course.arrived, "arrived", course.now, period),
        (course.solved, "solved", course.now, period),
        (course.earlier, "arrived", course.before, period.earlier),
    ):
        times = [fact.at for fact in facts if fact.kind == kind]
        expected = [sum(a <= at < b for at in times) for a, b in pairwise(edges)]
        assert series.between(edges) == expected, (of, kind)
        walls = Counter(wall_of(at, of) for at in times if of.since <= at < of.until)
        assert series.by_hour(of) == [walls[hour] for hour in range(24)], (of, kind)
    both = [period.segments(), period.earlier.segments()]
    kinds = ("answered", "chat_asked")
    found = await tally(cast.desk, both, asked.wanted, kinds, timed=("answered",))
    for step, of in enumerate((period, period.earlier)):
        one = found.of_step(step)
        inside = [fact for fact in facts if of.since <= fact.at < of.until]
        for kind in kinds:
            assert one.count(kind) == sum(fact.kind == kind for fact in inside), (of, kind)
        took = sorted(fact.seconds or 0 for fact in inside if fact.kind == "answered")
        half = one.within(0.5, "answered")
        assert (half is None) == (not took)
        if half is not None:
            exact = took[ceil(len(took) / 2) - 1]
            assert abs(half - exact) <= ERROR * exact * 1.0001, of


def wall_of(at: datetime, period: Period) -> int:
    return localised(at.replace(minute=0, second=0, microsecond=0), period.tz).hour
