"""Reading rules: in their order, once each, ending always, the same every time."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from triage.routing.logic.actions import Action, Do
from triage.routing.logic.conditions import Group, Join
from triage.routing.logic.engine import MOST_MOVES, Outcome, explain, run, trace
from triage.routing.logic.facts import Facts
from triage.routing.logic.fights import fights
from triage.routing.logic.regions import Budget
from triage.routing.logic.rules import Mode, Rule, When
from triage.routing.logic.vocabulary import Moment

from .build import a_rule, asks, do, everything, key, nothing, some_facts
from .test_conditions import KEYS, facts, some_tests

actions = st.one_of(
    st.sampled_from(KEYS).map(lambda k: do("department", k)),
    st.sampled_from(["one", "high", "urgent"]).map(lambda v: do("severity", v)),
    st.sampled_from(["card", "timer"]).map(lambda v: do("tag", v)),
    st.just(do("escalate", text="Why")),
    st.sampled_from(["best", "7"]).map(lambda v: do("agent", v)),
)


flat = st.lists(some_tests(), min_size=1, max_size=2).map(tuple)
conditions = st.builds(
    Group,
    join=st.sampled_from(Join),
    of=st.lists(
        st.one_of(some_tests(), st.builds(Group, join=st.sampled_from(Join), of=flat)),
        min_size=1,
        max_size=2,
    ).map(tuple),
)


@st.composite
def some_rules(draw: st.DrawFn) -> Rule:
    condition = draw(conditions)
    return Rule(
        key=draw(st.integers(1, 10**9).map(key)),
        name="A rule",
        when=When.model_construct(
            moments=tuple(draw(st.sets(st.sampled_from(Moment), min_size=1))),
            condition=condition,
        ),
        then=tuple(draw(st.lists(actions, min_size=1, max_size=3))),
        mode=draw(st.sampled_from(Mode)),
        on=draw(st.booleans()),
    )


@settings(max_examples=60)
@given(st.lists(some_rules(), max_size=6, unique_by=lambda rule: rule.key), facts)
def test_a_run_ends_and_no_rule_fires_twice(rules: list[Rule], known: Facts) -> None:
    outcome, steps = explain(rules, known)
    assert outcome == run(rules, known) == run(rules, known)
    assert len(set(outcome.matched)) == len(outcome.matched)
    assert len(steps) <= len(rules)
    assert outcome.severity >= known.severity
    assert [str(step.rule.key) for step in steps if step.held] == list(outcome.matched)
    order = [str(rule.key) for rule in rules]
    assert list(outcome.matched) == sorted(outcome.matched, key=order.index)


@settings(max_examples=60)
@given(st.lists(some_rules(), max_size=5, unique_by=lambda rule: rule.key), facts)
def test_read_again_and_again_a_ticket_comes_to_rest(rules: list[Rule], known: Facts) -> None:
    """What rules do is stopped after a few moves, whoever is read at whatever moment."""
    moves, here = 0, replace(known, moves=0)
    for _ in range(12):
        outcome = run(rules, here)
        moves += outcome.department != here.department
        here = replace(
            here,
            department=outcome.department,
            severity=outcome.severity,
            tags=here.tags | set(outcome.tags),
            moves=moves,
        )
    assert moves <= MOST_MOVES


@settings(max_examples=60)
@given(st.lists(some_rules(), max_size=4, unique_by=lambda rule: rule.key), facts)
def test_rules_without_a_fight_never_go_round(rules: list[Rule], known: Facts) -> None:
    """Of the same ticket at the same moment: if it would go round, publishing was refused."""
    live = [rule for rule in rules if rule.on and known.moment in rule.when.moments]
    if known.moment == Moment.FILED or any(minds_more(rule) for rule in live):
        return
    way = [known.department]
    here = replace(known, moves=-100)
    for _ in range(8):
        here = replace(here, department=run(live, here).department)
        way.append(here.department)
    if way[-1] != way[-2]:
        assert list(fights(live, KEYS, Budget()))


def minds_more(rule: Rule) -> bool:
    """What it asks changes by more than the department, or is too much to be tried out."""
    changing = {"severity", "tag", "words"}
    return any(test.about.value in changing for test in rule.when.condition.tests()) or any(
        action.do in (Do.SEVERITY, Do.TAG, Do.ESCALATE) for action in rule.then
    )


def test_the_first_match_stops_or_the_next_is_read() -> None:
    first = a_rule("First", None, do("department", "PAY"), mode=Mode.STOP)
    then = a_rule("Then", None, do("department", "TECH"))
    assert run([first, then], some_facts()).department == "PAY"
    assert run([then, first], some_facts()).department == "PAY"
    going_on = first.model_copy(update={"mode": Mode.GO_ON})
    assert run([going_on, then], some_facts()).department == "TECH"


def test_each_rule_sees_what_those_before_it_did() -> None:
    rules = [
        a_rule("Send", None, do("department", "PAY"), do("tag", "Sent By Us")),
        a_rule("Seen", everything(asks("department", "PAY"), asks("tag", "sent by us")), do(
            "severity", "one")),
        a_rule("Not seen", everything(asks("department", "GEN")), do("severity", "urgent")),
    ]  # fmt: skip
    assert run(rules, some_facts()) == Outcome(
        "PAY", 3, tags=("sent by us",), matched=tuple(str(rule.key) for rule in rules[:2])
    )


def test_a_rule_that_is_off_or_waits_for_another_moment_is_not_read() -> None:
    rules = [a_rule("Off", on=False), a_rule("Later", moments=("followed_up",))]
    assert run(rules, some_facts()).matched == ()
    _, steps = explain(rules, some_facts())
    assert steps == []


def test_severity_goes_up_and_never_down() -> None:
    rules = [a_rule("High", None, do("severity", "high"))]
    assert run(rules, some_facts(severity=4)).severity == 4
    assert run(rules, some_facts(severity=1)).severity == 3
    assert run([a_rule("Up", None, do("severity", "one"))], some_facts(severity=4)).severity == 4


def test_after_some_moves_without_a_person_a_ticket_stays_and_says_so() -> None:
    rules = [a_rule("Away", None, do("department", "PAY"))]
    outcome = run(rules, some_facts(moves=MOST_MOVES))
    assert outcome.department == "GEN"
    assert outcome.refused == ("Rules have moved it 3 times; now it stays.",)


def test_a_thousand_rules_leave_a_trace_that_can_be_read() -> None:
    never = nothing(asks("department", "GEN"))
    rules = [a_rule(f"Rule {n}", never if n % 100 else None) for n in range(1, 1001)]
    outcome, steps = explain(rules, some_facts())
    kept = trace(steps)
    assert len(outcome.matched) == 10
    assert sum(step["held"] for step in kept) == 10
    assert len(kept) == 210


def test_the_same_thing_is_said_once() -> None:
    tell = do("notify", "managers", text="Look")
    rules = [a_rule("One", None, tell, do("skill", "Taxes")),
             a_rule("Two", None, tell, do("skill", "taxes ")),
             a_rule("Three", None, do("escalate", text="a")),
             a_rule("Four", None, do("escalate", text="b"))]  # fmt: skip
    outcome = run(rules, some_facts())
    assert outcome.others == (tell, Action(do="escalate", text="a"))
    assert outcome.skills == ("taxes",)
