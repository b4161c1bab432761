"""What is wrong with rules before they are published; a thousand of them are no trouble."""

import time
from typing import Any

import pytest

from triage.routing.logic.lint import Finding, Level, lint
from triage.routing.logic.rules import Mode, Rule
from triage.routing.logic.sentences import Names

from .build import a_rule, anything, asks, do, everything, nothing

NAMES = Names(
    {"bug": "A bug", "pay": "Payment"},
    {"GEN": "General", "PAY": "Payments", "DIS": "Disputes", "TAS": "Trust"},
    {"7": "Pete"},
    {},
    {"log": "A log"},
)


def texts(*rules: Rule, level: Level | None = None) -> list[str]:
    return [one.text for one in found(*rules) if level in (None, one.level)]


def found(*rules: Rule) -> list[Finding]:
    return lint(rules, NAMES)


def stop(name: str, *rest: Any, **more: Any) -> Rule:
    return a_rule(name, *rest, mode=Mode.STOP, **more)


def to(name: str, condition: Any, department: str, **more: Any) -> Rule:
    return a_rule(name, condition, do("department", department), **more)


# Fights


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("moment", ["filed", "followed_up"])
def test_two_rules_that_send_it_to_and_fro_fight(mode: Mode, moment: str) -> None:
    one = to("One", everything(asks("department", "PAY")), "DIS", mode=mode, moments=(moment,))
    two = to("Two", everything(asks("department", "DIS")), "PAY", moments=(moment,))
    undone = texts(one, two, level=Level.ERROR)
    if (mode, moment) == (Mode.STOP, "filed"):  # read once, and the second never after the first
        assert undone == []
    else:
        assert undone == [
            "“One” and “Two” undo each other: a ticket would be sent from Disputes to Payments "
            "to Disputes."
        ]


def test_a_circle_of_three_is_found_through_groups() -> None:
    again = {"moments": ("filed", "followed_up")}
    rules = [
        to("A", everything(anything(asks("department", "PAY"), asks("tag", "x"))), "DIS", **again),
        to("B", everything(asks("department", "DIS")), "TAS", **again),
        to("C", everything(asks("department", "TAS"), asks("severity", "high")), "PAY", **again),
    ]
    assert any("undo each other" in text for text in texts(*rules, level=Level.ERROR))


def test_rules_that_cannot_both_hold_do_not_fight() -> None:
    again = {"moments": ("followed_up",)}
    one = to("One", everything(asks("department", "PAY"), asks("type", "bug")), "DIS", **again)
    two = to("Two", everything(asks("department", "DIS"), asks("type", "pay")), "PAY", **again)
    assert texts(one, two) == []


def test_a_later_rule_may_say_it_better() -> None:
    rules = [
        to("Cards", everything(asks("words", "card")), "PAY"),
        to("Stolen", everything(asks("words", "stolen")), "TAS"),
        to("Full", everything(asks("department", "PAY"), asks("load", "40", unit="PAY")), "GEN"),
    ]
    assert texts(*rules) == []


def test_a_department_that_is_full_both_ways_is_a_fight_only_if_read_again() -> None:
    full = [
        to("One", everything(asks("department", "PAY"), asks("load", "9", unit="PAY")), "GEN",
           mode=Mode.STOP, moments=("followed_up",)),
        to("Two", everything(asks("department", "GEN"), asks("load", "9", unit="GEN")), "PAY",
           mode=Mode.STOP, moments=("followed_up",)),
    ]  # fmt: skip
    assert any("undo each other" in text for text in texts(*full))


# Never reached, never met


def test_a_rule_behind_one_that_stops_at_all_its_tickets_is_never_reached() -> None:
    wide = stop("Wide", everything(asks("type", "bug", "pay")))
    narrow = a_rule("Narrow", everything(asks("type", "bug"), asks("severity", "high")))
    assert texts(wide, narrow) == ["“Narrow” is never reached: “Wide” stops at every such ticket."]
    assert texts(narrow, wide) == []
    assert texts(wide.model_copy(update={"mode": Mode.GO_ON}), narrow) == []
    assert texts(wide.model_copy(update={"on": False}), narrow) == []


def test_groups_are_understood_too() -> None:
    wide = stop("Wide", nothing(asks("severity", "urgent"), asks("restricted", "yes")))
    narrow = a_rule(
        "Narrow",
        everything(
            asks("severity", "normal", op="most"),
            nothing(anything(asks("restricted", "yes"), asks("source", "api"))),
        ),
    )
    assert "never reached" in texts(wide, narrow)[0]


def test_a_rule_that_is_reached_because_of_another_is_not_called_unreachable() -> None:
    rules = [
        stop("Payments", everything(asks("department", "PAY"))),
        to("Cards", everything(asks("words", "card")), "PAY"),
        a_rule("Payments again", everything(asks("department", "PAY"), asks("severity", "high"))),
    ]
    assert texts(*rules) == []


@pytest.mark.parametrize(
    "condition",
    [
        everything(asks("type", "bug"), asks("type", "pay")),
        everything(asks("severity", "high"), asks("severity", "normal", op="most")),
        everything(asks("restricted", "yes"), asks("restricted", "no")),
        everything(asks("contract", "none"), asks("contract", "running")),
        everything(asks("type", "bug"), nothing(asks("type", "bug", "pay"))),
        everything(asks("hour", "8", "10"), asks("hour", "12", "14")),
        everything(asks("language", "unknown"), asks("language", "es")),
    ],
)
def test_conditions_that_cannot_all_hold_are_named(condition: Any) -> None:
    assert texts(a_rule("Never", condition)) == [
        "“Never” never matches: its conditions cannot all hold."
    ]


def test_words_and_tags_may_all_be_there_at_once() -> None:
    both = everything(asks("words", "card"), asks("words", "stolen"), asks("tag", "a"))
    assert texts(a_rule("Both", both)) == []


# What is gone


@pytest.mark.parametrize(
    ("rule", "what"),
    [
        (a_rule("R", everything(asks("type", "old"))), "the type “old”"),
        (a_rule("R", everything(asks("department", "OLD"))), "the department “OLD”"),
        (a_rule("R", everything(asks("load", "3", unit="OLD"))), "the department “OLD”"),
        (a_rule("R", None, do("department", "OLD")), "the department “OLD”"),
        (a_rule("R", None, do("agent", "99")), "an agent who has left"),
        (a_rule("R", None, do("notify", "person:99")), "an agent who has left"),
        (a_rule("R", None, do("notify", "department:OLD")), "the department “OLD”"),
        (a_rule("R", None, do("ask", "tea leaves")), "the kind of evidence “tea leaves”"),
    ],
)
def test_what_is_gone_is_an_error_while_the_rule_is_on(rule: Rule, what: str) -> None:
    [error] = found(rule)
    assert (error.level, error.text) == (Level.ERROR, f"“R” names {what}, which is gone.")
    [warning] = found(rule.model_copy(update={"on": False}))
    assert warning.level == Level.WARNING


def test_what_is_there_is_no_finding() -> None:
    then = (do("department", "PAY"), do("agent", "7"), do("agent", "best"), do("ask", "log"),
            do("notify", "managers"), do("notify", "person:7"))  # fmt: skip
    assert texts(a_rule("Fine", everything(asks("hour", "8", "9", unit="Asia/Tokyo")), *then)) == []


# Many


@pytest.mark.parametrize("kind", ["one type", "words", "groups", "circles"])
def test_a_thousand_rules_are_checked_in_seconds(kind: str) -> None:
    def rule(n: int) -> Rule:
        mode = Mode.STOP if n % 2 else Mode.GO_ON
        match kind:
            case "one type":
                condition = everything(asks("type", "bug"), asks("amount", str(n), unit="USD"))
            case "words":
                words = [f"word{n + k}" for k in range(20)]
                condition = everything(asks("words", *words), asks("severity", "high"))
            case "groups":
                condition = everything(
                    anything(asks("type", "bug"), asks("tag", f"t{n}")),
                    nothing(asks("language", "es"), asks("words", f"w{n}")),
                )
            case _:
                condition = everything(asks("department", *["GEN", "PAY", "DIS", "TAS"][n % 2 :]))
        department = ["GEN", "PAY", "DIS", "TAS"][n % 4]
        return to(f"R{n}", condition, department, mode=mode, moments=("filed", "followed_up"))

    rules = [rule(n) for n in range(1_000)]
    began = time.perf_counter()
    lint(rules, NAMES)
    assert time.perf_counter() - began < 100
