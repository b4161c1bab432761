"""A rule: when it is read, what it asks, what it does, and whether the next one is read."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID, uuid4

from pydantic import Field, StringConstraints, model_validator

from .actions import MOST_ACTIONS, Action, Do
from .conditions import Group, Piece
from .phrases import Phrases
from .vocabulary import About, Moment

MOST_RULES = 1_000


class Mode(StrEnum):
    STOP = "stop"  # when it matches, no later rule is read
    GO_ON = "go_on"


class When(Piece):
    moments: tuple[Moment, ...] = Field(default=(Moment.FILED,), min_length=1)
    condition: Group = Group()


class Rule(Piece):
    """`key` stays the same through all versions, so that they can be compared."""

    key: UUID = Field(default_factory=uuid4)
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
    when: When = When()
    then: tuple[Action, ...] = Field(min_length=1, max_length=MOST_ACTIONS)
    mode: Mode = Mode.GO_ON
    on: bool = True

    @model_validator(mode="after")
    def _make_sense(self) -> Self:
        if fault := self.when.condition.check():
            raise ValueError(fault)
        return self

    @property
    def departments(self) -> tuple[str, ...]:
        return tuple(action.value for action in self.then if action.do == Do.DEPARTMENT)


def phrases_of(rules: Iterable[Rule]) -> Phrases:
    """Every word the rules look for."""
    return Phrases(
        value
        for rule in rules
        for test in rule.when.condition.tests()
        if test.about == About.WORDS
        for value in test.values
    )


def asks_about(rules: Iterable[Rule], about: About) -> bool:
    return any(test.about == about for rule in rules for test in rule.when.condition.tests())
