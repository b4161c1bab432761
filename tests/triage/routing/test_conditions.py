"""Conditions: the laws of logic hold, nothing unknown raises, words are found as meant."""

from dataclasses import fields
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from helpdesk.calendars.hours import Hours
from helpdesk.calendars.week import Span, Week
from tests.conftest import TUESDAY
from triage.routing.logic.conditions import (
    DEEPEST,
    Group,
    Join,
    Test,
    always,
    evaluate,
    holds,
    read_condition,
)
from triage.routing.logic.facts import Facts
from triage.routing.logic.phrases import Phrases
from triage.routing.logic.vocabulary import DAYS, LEVELS, SHAPES, UNKNOWN, About, Kind, Moment, Unit

from .build import anything, asks, everything, nothing, some_facts

WORDS = ["card", "timer", "refund*", "掲載", "stolen account"]
KEYS = ["GEN", "PAY", "TECH"]
NEW_YORK = Hours(
    (Week(ZoneInfo("America/New_York"), tuple(Span(day, 9 * 60, 17 * 60) for day in range(5))),)
)


def values_of(about: About) -> st.SearchStrategy[Any]:
    kind = SHAPES[about].kind
    some = st.lists(st.sampled_from([*WORDS, *KEYS, "en", "es", "any", "none", "client", "form",
                                     UNKNOWN]), min_size=1, max_size=3)  # fmt: skip
    if about == About.WEEKDAY:
        return st.lists(st.sampled_from(DAYS), min_size=1, max_size=3)
    return {
        Kind.LEVEL: st.lists(st.sampled_from(LEVELS), min_size=1, max_size=1),
        Kind.YES_NO: st.sampled_from([["yes"], ["no"]]),
        Kind.NUMBER: st.integers(0, 60).map(lambda n: [str(n)]),
        Kind.HOURS: st.tuples(st.integers(0, 23), st.integers(0, 24))
        .filter(lambda pair: pair[0] != pair[1])
        .map(lambda pair: [str(pair[0]), str(pair[1])]),
    }.get(kind, some)


@st.composite
def some_tests(draw: st.DrawFn) -> Test:
    about = draw(st.sampled_from(list(About)))
    shape = SHAPES[about]
    unit = {
        Unit.NONE: st.just(""),
        Unit.CURRENCY: st.sampled_from(["USD", "EUR"]),
        Unit.DEPARTMENT: st.sampled_from(["", *KEYS]),
        Unit.CLOCK: st.sampled_from(["", "PAY", "Asia/Tokyo"]),
    }[shape.unit]
    op = draw(st.sampled_from(shape.ops))
    return Test(about=about, op=op, values=tuple(draw(values_of(about))), unit=draw(unit))


conditions = st.recursive(
    some_tests(),
    lambda inner: st.builds(
        Group, join=st.sampled_from(Join), of=st.lists(inner, min_size=1, max_size=3).map(tuple)
    ),
    max_leaves=8,
)
facts = st.builds(
    Facts,
    moment=st.sampled_from(Moment),
    at=st.integers(0, 24 * 7).map(lambda hours: TUESDAY + timedelta(hours=hours)),
    type=st.sampled_from(["level1_tech", "card"]),
    severity=st.integers(1, 4),
    department=st.sampled_from(KEYS),
    language=st.sampled_from([None, "en", "es"]),
    words=st.frozensets(st.sampled_from(WORDS)),
    contract=st.sampled_from([None, "C-1"]),
    amount=st.sampled_from([None, 0, 30, 60]),
    currency=st.sampled_from(["", "USD"]),
    roles=st.frozensets(st.sampled_from(["client", "freelancer"])),
    company=st.sampled_from([None, "Acme"]),
    follow_ups=st.integers(0, 3),
    tags=st.frozensets(st.sampled_from(["card", "timer"])),
    previous=st.sampled_from([{}, {"severity": "low"}]),
    load=st.dictionaries(st.sampled_from(KEYS), st.integers(0, 60)),
    hours=st.sampled_from([{}, {"PAY": NEW_YORK}]),
)


@given(conditions, facts)
def test_every_condition_has_an_answer_and_both_ways_agree(
    condition: Test | Group, known: Facts
) -> None:
    held, leaves = evaluate(condition, known.read)
    assert held == holds(condition, known.read)
    tests = [condition] if isinstance(condition, Test) else list(condition.tests())
    assert [leaf.test for leaf in leaves] == tests


@given(st.lists(conditions, min_size=1, max_size=4), facts)
def test_the_laws_of_de_morgan_hold(parts: list[Test | Group], known: Facts) -> None:
    def held(condition: Test | Group) -> bool:
        return holds(condition, known.read)

    each_not = [nothing(part) for part in parts]
    assert held(nothing(*parts)) == held(everything(*each_not))
    assert held(nothing(everything(*parts))) == held(anything(*each_not))
    assert held(nothing(nothing(parts[0]))) == held(parts[0])
    assert held(anything(parts[0], nothing(parts[0])))


@given(st.lists(conditions, min_size=1, max_size=4), facts, st.randoms())
def test_the_order_within_a_group_does_not_matter(
    parts: list[Test | Group], known: Facts, random: Any
) -> None:
    mixed = list(parts)
    random.shuffle(mixed)
    for join in Join:
        one, other = Group(join=join, of=tuple(parts)), Group(join=join, of=tuple(mixed))
        assert holds(one, known.read) == holds(other, known.read)


@given(some_tests(), facts)
def test_what_is_not_known_answers_no_test_but_the_one_for_unknown(
    test: Test, known: Facts
) -> None:
    value = known.read(test.about, test.unit)
    if value is None:
        assert holds(test, known.read) == (UNKNOWN in test.values)


@given(conditions)
def test_a_condition_survives_being_stored(condition: Test | Group) -> None:
    whole = everything(condition)
    assert read_condition(whole.model_dump(mode="json")) == whole


def test_everything_meets_no_condition_at_all() -> None:
    assert holds(always(), some_facts().read)


def test_a_rule_nests_three_deep_and_no_deeper() -> None:
    deep: Group = everything(asks("restricted", "yes"))
    for _ in range(DEEPEST - 1):
        deep = everything(deep)
    assert deep.check() == ""
    assert "3 deep" in everything(deep).check()
    assert "Add a condition" in everything(anything()).check()


@pytest.mark.parametrize(
    "document",
    [
        {"about": "type", "op": "least", "values": ["a"]},
        {"about": "severity", "op": "least", "values": ["enormous"]},
        {"about": "severity", "op": "least", "values": ["low", "high"]},
        {"about": "amount", "op": "least", "values": ["-1"], "unit": "USD"},
        {"about": "amount", "op": "least", "values": ["1" * 30], "unit": "USD"},
        {"about": "amount", "op": "least", "values": ["1"]},
        {"about": "hour", "op": "between", "values": ["8", "25"]},
        {"about": "hour", "op": "between", "values": ["8", "8"]},
        {"about": "weekday", "op": "among", "values": ["someday"]},
        {"about": "words", "op": "among", "values": ["***"]},
        {"about": "words", "op": "among", "values": []},
        {"about": "type", "op": "among", "values": ["a"], "unit": "USD"},
        {"about": "type", "op": "among", "values": ["a"], "surprise": 1},
        {"about": "stars", "op": "among", "values": ["a"]},
    ],
)
def test_nonsense_is_no_test(document: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Test.model_validate(document)


@pytest.mark.parametrize(
    ("phrase", "text", "found"),
    [
        ("card", "My CARD was charged", True),
        ("card", "a cardboard box", False),
        ("card*", "a cardboard box", True),
        ("stolen account", "my account: stolen. Account gone", True),
        ("stolen account", "an account was stolen", False),
        ("don't pay", "They don’t pay", True),
        ("grösse", "Die GRÖSSE stimmt nicht", True),
        ("ﬁle", "the file", True),
        ("掲載", "商品が掲載されません", True),
        ("a.*b", "axxb", False),
        ("(", "(", False),
        ("x" * 79, "x" * 100_000, False),
    ],
)
def test_words_are_found_as_people_mean_them(phrase: str, text: str, found: bool) -> None:
    assert bool(Phrases([phrase]).found_in(text)) == found


def test_ten_thousand_words_are_looked_for_in_a_moment() -> None:
    phrases = Phrases([f"word{n}" for n in range(10_000)] + [f"start{n}*" for n in range(5_000)])
    text = " ".join(f"other{n} word{n}" for n in range(1_500))
    assert len(phrases.found_in(text)) == 1_500


def test_hours_go_past_midnight_on_the_department_s_own_clock() -> None:
    night = asks("hour", "20", "6", unit="PAY")
    hours = {"PAY": NEW_YORK}
    at = {hour: TUESDAY.replace(hour=hour) for hour in (1, 9, 11, 23)}  # New York is four behind
    held = {hour: holds(night, some_facts(at=when, hours=hours).read) for hour, when in at.items()}
    assert held == {1: True, 9: True, 11: False, 23: False}
    is_open = asks("open", "yes", unit="PAY")
    assert not holds(is_open, some_facts(at=TUESDAY, hours=hours).read)
    assert holds(is_open, some_facts(at=TUESDAY.replace(hour=15), hours=hours).read)


def test_facts_hold_nothing_that_somebody_wrote() -> None:
    assert {"subject", "text", "body", "description"}.isdisjoint(f.name for f in fields(Facts))
