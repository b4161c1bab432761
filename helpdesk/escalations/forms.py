"""The rules as a form of the managers sends them: what is wrong is said at its field."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import FormData

from helpdesk.core.money import EXPONENTS

from .rules import MOST_AMOUNT, MOST_HOURS, Do, Rule, Rules, When
from .states import Level


@dataclass
class Typed:
    """`rules` is None when something is wrong; `shown` is what was typed, by field."""

    rules: Rules | None
    errors: dict[str, str] = field(default_factory=dict)
    shown: dict[str, Any] = field(default_factory=dict)


# Which numbers a rule has: name, least, most, what is said.
NUMBERS: Mapping[When, tuple[str, int, int, str]] = {
    When.WARNED: ("percent", 1, 99, "Enter a share between 1 and 99 per cent."),
    When.AT_LEVEL: ("hours", 1, MOST_HOURS, f"Enter between 1 and {MOST_HOURS} hours."),
    When.ABSENT: ("hours", 1, MOST_HOURS, f"Enter between 1 and {MOST_HOURS} hours."),
    When.FOLLOW_UPS: ("number", 1, 20, "Enter how often, between 1 and 20."),
}


def read(form: FormData, stands: Rules) -> Typed:
    typed = Typed(None)
    read_rules = [one_rule(form, rule, typed) for rule in stands.rules]
    decide = {
        level: whole(form, f"decide.{int(level)}", 1, MOST_HOURS, NUMBERS[When.AT_LEVEL][3], typed)
        for level in Level
    }
    if not typed.errors:
        typed.rules = Rules(rules=tuple(read_rules), decide=decide)
    return typed


def one_rule(form: FormData, rule: Rule, typed: Typed) -> Rule:
    on = form.get(f"on.{rule.key}") is not None
    changes: dict[str, Any] = {"on": on, "do": actions(form, rule, typed)}
    typed.shown[f"on.{rule.key}"] = on
    if rule.when in NUMBERS:
        name, least, most, words = NUMBERS[rule.when]
        changes[name] = whole(form, f"{name}.{rule.key}", least, most, words, typed)
    if rule.when == When.MONEY:
        changes["limits"] = limits(form, rule, typed)
    if Do.LEVEL in changes["do"]:
        changes["to"] = target(form, rule, typed)
    return rule.model_copy(update=changes)


def actions(form: FormData, rule: Rule, typed: Typed) -> frozenset[Do]:
    name = f"do.{rule.key}"
    given = [str(one) for one in form.getlist(name)]
    typed.shown[name] = given
    if not set(given) <= {do.value for do in Do}:
        typed.errors[name] = "Choose from the list."
        return rule.do
    if not given:
        typed.errors[name] = "Choose what happens, or switch the rule off."
        return rule.do
    return frozenset(map(Do, given))


def target(form: FormData, rule: Rule, typed: Typed) -> Level:
    name = f"to.{rule.key}"
    given = str(form.get(name, ""))
    typed.shown[name] = given
    if given not in {str(int(level)) for level in Level}:
        typed.errors[name] = "Choose a level from the list."
        return rule.to
    level = Level(int(given))
    if rule.when == When.AT_LEVEL and level <= rule.at:
        typed.errors[name] = "Choose a higher level: it is at that one already, and never falls."
    return level


def limits(form: FormData, rule: Rule, typed: Typed) -> dict[str, int]:
    """Currency → whole units; a field left empty means that the currency has no limit."""
    found: dict[str, int] = {}
    for code in currencies(rule):
        name = f"limit.{rule.key}.{code}"
        given = str(form.get(name, "")).replace(" ", "").replace(",", "")
        typed.shown[name] = given
        if given:
            words = f"Enter a whole amount up to {MOST_AMOUNT:,}, or leave it empty."
            found[code] = whole(form, name, 1, MOST_AMOUNT, words, typed)
    if not found and f"on.{rule.key}" in typed.shown and typed.shown[f"on.{rule.key}"]:
        first = f"limit.{rule.key}.{currencies(rule)[0]}"
        typed.errors.setdefault(first, "Enter at least one amount, or switch the rule off.")
    return found


def currencies(rule: Rule) -> list[str]:
    usual = ["USD", "EUR", "GBP", "JPY", "INR", "BRL"]
    return usual + sorted(set(rule.limits) & set(EXPONENTS) - set(usual))


def whole(form: FormData, name: str, least: int, most: int, words: str, typed: Typed) -> int:
    given = str(form.get(name, "")).strip().replace(",", "").replace(" ", "")
    typed.shown[name] = str(form.get(name, ""))[:20]
    if given.isascii() and given.isdigit() and len(given) < 12 and least <= int(given) <= most:
        return int(given)
    typed.errors[name] = words
    return least
