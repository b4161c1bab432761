"""From what is known to a level, with every rule and its part in it. Pure."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from .facts import Facts, Value
from .rules import EFFECT_WORDS, Condition, Effect, Rule, Rules

LOWEST, HIGHEST = 1, 4
TITLES = {1: "Low", 2: "Normal", 3: "High", 4: "Urgent"}


@dataclass(frozen=True)
class Line:
    """One rule, as it was weighed."""

    key: str
    title: str
    told: str
    effect: Effect
    on: bool
    holds: bool
    values: dict[str, Value]  # the inputs it looked at; what is missing was not known

    @property
    def counts(self) -> bool:
        return self.on and self.holds

    @property
    def effect_words(self) -> str:
        return EFFECT_WORDS[self.effect]

    @property
    def is_raising(self) -> bool:
        return self.effect.steps > 0 or self.effect.least > 0

    @property
    def stored(self) -> dict[str, Any]:
        return {
            "rule": self.key,
            "title": self.title,
            "told": self.told,
            "effect": self.effect.value,
            "on": self.on,
            "holds": self.holds,
            "values": self.values,
        }


@dataclass(frozen=True)
class Suggestion:
    level: int
    facts: Facts
    rules: tuple[Rule, ...]  # all that were weighed

    @property
    def usual(self) -> int:
        return self.facts.usual

    @cached_property
    def trace(self) -> tuple[Line, ...]:
        """Only made for whoever looks: most suggestions are just followed."""
        return tuple(_weighed(rule, self.facts) for rule in self.rules)

    @property
    def title(self) -> str:
        return TITLES[self.level]

    @property
    def counted(self) -> tuple[Line, ...]:
        return tuple(line for line in self.trace if line.counts)

    @property
    def reasons(self) -> tuple[str, ...]:
        """In plain words, for whoever filed it: only what led to this level."""
        raised = self.level > self.usual
        same = self.level == self.usual
        return tuple(line.told for line in self.counted if same or line.is_raising == raised)


def suggest_severity(facts: Facts, rules: Rules) -> Suggestion:
    """Steps up and down are added to the usual level; then come the rules that say “at least”."""
    weighed = rules.about(facts.type_key)
    counted = [rule.effect for rule in weighed if rule.on and _counts(rule, facts)]
    level = facts.usual + sum(effect.steps for effect in counted)
    level = max([level, *(effect.least for effect in counted)])
    return Suggestion(min(max(level, LOWEST), HIGHEST), facts, weighed)


def line_from(stored: dict[str, Any]) -> Line:
    """As a trace keeps it."""
    return Line(
        stored["rule"],
        stored["title"],
        stored["told"],
        Effect(stored["effect"]),
        stored["on"],
        stored["holds"],
        stored["values"],
    )


def _weighed(rule: Rule, facts: Facts) -> Line:
    looked_at = {
        condition.fact: facts.values[condition.fact]
        for condition in rule.conditions
        if condition.fact in facts.values
    }
    holds = _counts(rule, facts)
    return Line(rule.key, rule.title, rule.told, rule.effect, rule.on, holds, looked_at)


def _counts(rule: Rule, facts: Facts) -> bool:
    known = facts.values
    for condition in rule.when:
        if not _holds(condition, known.get(condition.fact)):
            return False
    return not rule.any or any(_holds(one, known.get(one.fact)) for one in rule.any)


def _holds(condition: Condition, value: Value | None) -> bool:
    if value is None:
        return False
    if condition.above_limit:
        return isinstance(value, dict) and value["minor"] > value.get("limit_minor", float("inf"))
    if condition.is_true is not None:
        if isinstance(value, dict):  # words
            value = value["weight"] >= value["needed"]
        return bool(value) == condition.is_true
    if condition.is_one_of:
        return value in condition.is_one_of
    if isinstance(value, dict | str):
        return False
    above = condition.at_least is None or value >= condition.at_least
    return above and (condition.below is None or value < condition.below)
