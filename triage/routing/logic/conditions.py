"""What a rule asks: groups of tests, three deep, and whether they hold.

What is not known answers no test, except the one that asks for `unknown`; `none of` a test
therefore holds for it. So every condition has an answer on every ticket, and the laws of
logic hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from helpdesk.core.money import EXPONENTS

from .phrases import normal
from .vocabulary import DAYS, LEVELS, NO, SHAPES, UNKNOWN, YES, About, Kind, Op, Unit

DEEPEST = 3  # groups within groups
MOST_TESTS = 60  # of one rule
MOST_VALUES = 60  # of one test
LARGEST = 10**15

Value = Annotated[str, StringConstraints(min_length=1, max_length=80)]
Known = str | int | bool | frozenset[str] | None
Read = Callable[[About, str], Known]  # (about, unit) → the ticket's value, None when not known


class Join(StrEnum):
    ALL = "all"
    ANY = "any"
    NONE = "none"


class Piece(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Test(Piece):
    """One question about the ticket; all values are text, as they were chosen."""

    __test__ = False  # not one of pytest's

    about: About
    op: Op
    values: tuple[Value, ...] = Field(min_length=1, max_length=MOST_VALUES)
    unit: str = Field(default="", max_length=60)

    @model_validator(mode="after")
    def _make_sense(self) -> Self:
        shape = SHAPES[self.about]
        if self.op not in shape.ops:
            raise ValueError(f"“{shape.label}” cannot be asked like this")
        if fault := _fault(self, shape.kind, shape.unit):
            raise ValueError(fault)
        return self


class Group(Piece):
    join: Join = Join.ALL
    of: tuple[Test | Group, ...] = Field(default=(), max_length=MOST_TESTS)

    @property
    def depth(self) -> int:
        return 1 + max((part.depth for part in self.of if isinstance(part, Group)), default=0)

    def tests(self) -> Iterator[Test]:
        for part in self.of:
            if isinstance(part, Group):
                yield from part.tests()
            else:
                yield part

    def check(self) -> str:
        """What is wrong with it as the condition of a rule, in words; "" when nothing is."""
        if self.depth > DEEPEST:
            return f"Groups can be nested {DEEPEST} deep."
        if sum(1 for _ in self.tests()) > MOST_TESTS:
            return f"A rule can have {MOST_TESTS} conditions. Make two rules of it."
        if not self.of and self.join != Join.ALL:
            return "Add a condition to the group, or choose “all of these”."
        return _empty_within(self)


@dataclass(frozen=True, slots=True)
class Leaf:
    """One test as it was answered: why a rule matched or did not."""

    test: Test
    value: Known
    held: bool


def evaluate(condition: Test | Group, read: Read) -> tuple[bool, tuple[Leaf, ...]]:
    """Whether it holds, and every test with the value it met."""
    if isinstance(condition, Test):
        value = read(condition.about, condition.unit)
        held = answers(condition, value)
        return held, (Leaf(condition, value, held),)
    found = [evaluate(part, read) for part in condition.of]
    leaves = tuple(leaf for _, some in found for leaf in some)
    return joined(condition.join, (held for held, _ in found)), leaves


def holds(condition: Test | Group, read: Read) -> bool:
    """The same answer, asking no more than it must."""
    if isinstance(condition, Test):
        return answers(condition, read(condition.about, condition.unit))
    return joined(condition.join, (holds(part, read) for part in condition.of))


def joined(join: Join, parts: Iterator[bool]) -> bool:
    if join == Join.ALL:
        return all(parts)
    return any(parts) if join == Join.ANY else not any(parts)


def answers(test: Test, value: Known) -> bool:
    """Whether a value is what the test asks for."""
    if value is None:
        return test.op == Op.AMONG and UNKNOWN in test.values
    if test.op == Op.AMONG:
        wanted = wanted_of(test)
        return not wanted.isdisjoint(value) if isinstance(value, frozenset) else value in wanted
    if test.op == Op.IS:
        return bool(value) == (test.values[0] == YES)
    assert isinstance(value, int)
    first = number_of(test, test.values[0])
    if test.op == Op.LEAST:
        return value >= first
    if test.op == Op.MOST:
        return value <= first
    last = int(test.values[1])
    return first <= value < last if first < last else value >= first or value < last


def wanted_of(test: Test) -> frozenset[str]:
    """Texts people type are compared without regard to case and spaces."""
    if test.about in (About.WORDS, About.COMPANY, About.CONTRACT_ID, About.TAG):
        return frozenset(normal(value) for value in test.values)
    return frozenset(test.values)


def number_of(test: Test, value: str) -> int:
    return LEVELS.index(value) + 1 if SHAPES[test.about].kind == Kind.LEVEL else int(value)


def _fault(test: Test, kind: Kind, unit: Unit) -> str:
    needed = {Kind.NUMBER: 1, Kind.LEVEL: 1, Kind.YES_NO: 1, Kind.HOURS: 2}.get(kind)
    if needed is not None and len(test.values) != needed:
        return "Give two hours." if needed == 2 else "Give one value."
    first = test.values[0]
    if kind == Kind.LEVEL and first not in LEVELS:
        return "Choose a severity from the list."
    if kind == Kind.YES_NO and first not in (YES, NO):
        return "Choose yes or no."
    if kind == Kind.NUMBER and not _is_number(first, LARGEST):
        return "Give a whole number, 0 or more."
    if kind == Kind.HOURS and not all(_is_number(value, 24) for value in test.values):
        return "Give hours from 0 to 24."
    if kind == Kind.HOURS and first == test.values[1]:
        return "The two hours are the same."
    if test.about == About.WEEKDAY and not set(test.values) <= set(DAYS):
        return "Choose days from the list."
    if kind == Kind.LIST and not all(normal(value) for value in test.values):
        return "Words need a letter or a figure."
    if unit == Unit.CURRENCY and test.unit not in EXPONENTS:
        return "Choose a currency from the list, like USD or EUR."
    return "This takes no unit." if unit == Unit.NONE and test.unit else ""


def _is_number(text: str, most: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 16 and int(text) <= most


def _empty_within(group: Group) -> str:
    for part in group.of:
        if isinstance(part, Group):
            if not part.of:
                return "Add a condition to the group, or remove it."
            if fault := _empty_within(part):
                return fault
    return ""


def always() -> Group:
    """The condition every ticket meets."""
    return Group()


def read_condition(document: Any) -> Group:
    return Group.model_validate(document)
