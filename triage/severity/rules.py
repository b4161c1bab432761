"""The rules of severity as a document: sentences, what must hold, and how far each moves.

Versions of it are stored (`models.SeverityRules`) and edited by managers; `default.toml` is what
a desk begins with.
"""

import tomllib
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Any, NamedTuple, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    StringConstraints,
    model_validator,
)

from .words import Phrases

Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
Sentence = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Effect(StrEnum):
    """What a rule does when everything it asks for holds."""

    UP = "up"
    UP_TWO = "up_two"
    DOWN = "down"
    DOWN_TWO = "down_two"
    HIGH = "at_least_high"
    URGENT = "urgent"

    @property
    def steps(self) -> int:
        return STEPS.get(self, 0)

    @property
    def least(self) -> int:
        """The level it leads to at the least; 0 for a rule that moves by steps."""
        return LEAST.get(self, 0)


STEPS = {Effect.UP: 1, Effect.UP_TWO: 2, Effect.DOWN: -1, Effect.DOWN_TWO: -2}
LEAST = {Effect.HIGH: 3, Effect.URGENT: 4}
EFFECT_WORDS = {
    Effect.UP: "one level up",
    Effect.UP_TWO: "two levels up",
    Effect.DOWN: "one level down",
    Effect.DOWN_TWO: "two levels down",
    Effect.HIGH: "at least High",
    Effect.URGENT: "straight to Urgent",
}


class Piece(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Condition(Piece):
    """Something about one input. What is not known never holds."""

    fact: Key
    is_one_of: tuple[str, ...] = ()
    is_true: bool | None = None
    below: float | None = None
    at_least: float | None = None
    above_limit: bool = False  # an amount in `fact`, beside the limit of its currency

    @model_validator(mode="after")
    def _ask_something(self) -> Self:
        asked = (self.is_one_of, self.is_true is not None, self.below is not None,
                 self.at_least is not None, self.above_limit)  # fmt: skip
        if not any(asked):
            raise ValueError(f"{self.fact}: the condition asks for nothing")
        return self


class Rule(Piece):
    key: Key
    title: Sentence  # “A deadline is less than 48 hours away”
    told: Sentence  # to whoever filed it: “You have a deadline in the next 48 hours.”
    types: tuple[Key, ...] = ()  # none: all of them
    not_types: tuple[Key, ...] = ()
    when: tuple[Condition, ...] = ()  # all of it
    any: tuple[Condition, ...] = ()  # one of it, if there are any
    effect: Effect
    on: bool = True

    @property
    def conditions(self) -> tuple[Condition, ...]:
        return self.when + self.any

    def is_about(self, type_key: str) -> bool:
        return (not self.types or type_key in self.types) and type_key not in self.not_types

    @model_validator(mode="after")
    def _ask_something(self) -> Self:
        if not self.conditions:
            raise ValueError(f"{self.key}: the rule asks for nothing")
        return self


class Lexicon(Piece):
    """Phrases of one meaning; together they must reach the threshold."""

    threshold: float = 1.0
    phrases: dict[str, float] = Field(min_length=1)


class Processing(Piece):
    """A time we have published: until it has passed, nothing is late."""

    type: Key
    by: Key | None = None  # the answer that chooses among the times
    days: dict[str, int] = Field(min_length=1)  # by that answer; `other` for all else
    working: bool = True  # working days, or all days


class Heard(NamedTuple):
    """Words that a fact is about."""

    fact: str
    phrases: Phrases
    threshold: float


class OfType(NamedTuple):
    rules: tuple[Rule, ...]
    facts: frozenset[str]
    words: tuple[Heard, ...]


class Rules(Piece):
    rules: tuple[Rule, ...]
    words: dict[Key, Lexicon] = Field(default_factory=dict)
    processing: tuple[Processing, ...] = ()
    limits: dict[str, int] = Field(default_factory=dict)  # currency → whole units
    _of_type: dict[str, "OfType"] = PrivateAttr(default_factory=dict)  # found once for each type

    @property
    def by_key(self) -> dict[str, Rule]:
        return {rule.key: rule for rule in self.rules}

    def processing_of(self, type_key: str) -> Processing | None:
        return next((one for one in self.processing if one.type == type_key), None)

    def about(self, type_key: str) -> tuple[Rule, ...]:
        return self._found(type_key).rules

    def asked_about(self, type_key: str) -> frozenset[str]:
        """The facts those rules ask for."""
        return self._found(type_key).facts

    def listens_about(self, type_key: str) -> tuple[Heard, ...]:
        """The words those rules ask for."""
        return self._found(type_key).words

    def _found(self, type_key: str) -> "OfType":
        found = self._of_type.get(type_key)
        if found is None:
            rules = tuple(rule for rule in self.rules if rule.is_about(type_key))
            facts = frozenset(c.fact for rule in rules for c in rule.conditions)
            words = tuple(
                Heard(f"words_{name}", Phrases(lexicon.phrases), lexicon.threshold)
                for name, lexicon in self.words.items()
                if f"words_{name}" in facts
            )
            found = self._of_type[type_key] = OfType(rules, facts, words)
        return found

    def model_copy(self, **how: Any) -> Self:
        copied = super().model_copy(**how)
        copied._of_type = {}
        return copied

    @model_validator(mode="after")
    def _name_each_once(self) -> Self:
        if len(self.by_key) != len(self.rules):
            raise ValueError("two rules have the same key")
        return self


@cache
def default_rules() -> Rules:
    shipped = Path(__file__).with_name("default.toml").read_text("utf-8")
    return Rules.model_validate(tomllib.loads(shipped))


def words_of_state(state: Mapping[str, Any]) -> str:
    """`{"on", "effect"}` of a rule, as a change of it keeps them."""
    return EFFECT_WORDS[Effect(state["effect"])] if state["on"] else "off"
