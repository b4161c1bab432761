"""Rules that remind, pass on and escalate by themselves: data with versions, read as sentences."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from helpdesk.core.formats import minor_digits, money, plural

from .states import Level

FIRST_NOTE = "The rules we begin with"
MOST_HOURS = 720
MOST_AMOUNT = 100_000_000  # whole units


class When(StrEnum):
    WARNED = "warned"  # a share of the time for an answer has passed
    BREACHED = "breached"  # all of it
    AT_LEVEL = "at_level"  # hours since it came to a level
    FOLLOW_UPS = "follow_ups"  # the requester asked again so often
    MONEY = "money"  # a ticket about as much is filed
    ABSENT = "absent"  # its owner is out of office


class Do(StrEnum):
    REMIND = "remind"
    REASSIGN = "reassign"
    SEVERITY = "severity"  # one up
    LEVEL = "level"
    MANAGERS = "managers"


LEVEL_WORDS = {Level.L1: "level 1", Level.L2: "level 2", Level.MANAGER: "the managers"}


class Piece(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Rule(Piece):
    key: str = Field(pattern=r"^[a-z][a-z_0-9]{0,39}$")
    title: str = Field(max_length=80)
    when: When
    on: bool = True
    percent: int = Field(default=75, ge=1, le=99)
    hours: int = Field(default=4, ge=1, le=MOST_HOURS)
    at: Level = Level.L1  # of AT_LEVEL
    number: int = Field(default=3, ge=1, le=20)
    limits: dict[str, int] = Field(default_factory=dict)  # currency → whole units
    least_severity: int = Field(default=1, ge=1, le=4)
    do: frozenset[Do]
    to: Level = Level.MANAGER  # of LEVEL

    @model_validator(mode="after")
    def _make_sense(self) -> "Rule":
        if self.when == When.AT_LEVEL and Do.LEVEL in self.do and self.to <= self.at:
            raise ValueError("a level never falls")
        if any(not 0 < units <= MOST_AMOUNT for units in self.limits.values()):
            raise ValueError("an amount is out of range")
        return self

    @property
    def sentence(self) -> str:
        return f"When {self.condition}, {self.consequence}."

    @property
    def condition(self) -> str:
        urgent = {3: " of a high or urgent ticket", 4: " of an urgent ticket"}
        whose = urgent.get(self.least_severity, "")
        match self.when:
            case When.WARNED:
                return f"{self.percent} % of the time for an answer{whose} has passed"
            case When.BREACHED:
                return f"the time for an answer{whose} has passed"
            case When.AT_LEVEL:
                place = WAITS[self.at]
                return f"it {place} for {plural(self.hours, 'working hour')}"
            case When.FOLLOW_UPS:
                return f"somebody asks for news the {ordinal(self.number)} time"
            case When.MONEY:
                sums = [money(many * 10 ** minor_digits(code), code) for code, many in
                        sorted(self.limits.items())]  # fmt: skip
                return f"a ticket about at least {or_list(sums)} is filed"
            case When.ABSENT:
                return f"whoever owns it is out of office for {plural(self.hours, 'hour')} or more"

    @property
    def consequence(self) -> str:
        said = {
            Do.REMIND: "remind its owner",
            Do.REASSIGN: "give it to somebody of the department with time for it",
            Do.SEVERITY: "raise its severity by one",
            Do.LEVEL: f"escalate it to {LEVEL_WORDS[self.to]}",
            Do.MANAGERS: "tell the managers",
        }
        return and_list([words for do, words in said.items() if do in self.do]) or "do nothing"


WAITS = {
    Level.L1: "waits at level 1",
    Level.L2: "waits at level 2",
    Level.MANAGER: "waits for the managers",
}


class Rules(Piece):
    """`decide` is by when each level decides, in working hours of the ticket's department."""

    rules: tuple[Rule, ...]
    decide: dict[Level, int]

    @model_validator(mode="after")
    def _make_sense(self) -> "Rules":
        if len({rule.key for rule in self.rules}) != len(self.rules):
            raise ValueError("two rules have the same key")
        if set(self.decide) != set(Level):
            raise ValueError("every level has a time to decide in")
        if any(not 1 <= hours <= MOST_HOURS for hours in self.decide.values()):
            raise ValueError("a time to decide in is out of range")
        return self

    @property
    def by_key(self) -> dict[str, Rule]:
        return {rule.key: rule for rule in self.rules}

    def of(self, when: When) -> tuple[Rule, ...]:
        return tuple(rule for rule in self.rules if rule.on and rule.when == when)


@dataclass(frozen=True)
class Facts:
    """What is true at one moment; only what the moment is about is looked at."""

    when: When
    severity: int = 1
    percent: int = 0
    before: int = 0  # percent at the warning before this one
    level: Level = Level.L1
    hours: float = 0.0  # working ones at the level; of an absence, all
    follow_ups: int = 0
    amounts: dict[str, int] = field(default_factory=dict)  # currency → minor units


def matching(rules: Rules, facts: Facts, done: Iterable[str] = ()) -> tuple[Rule, ...]:
    """Those that hold and were not followed yet, in order."""
    known = set(done)
    return tuple(
        rule for rule in rules.of(facts.when) if rule.key not in known and holds(rule, facts)
    )


def holds(rule: Rule, facts: Facts) -> bool:
    if facts.severity < rule.least_severity:
        return False
    match rule.when:
        case When.WARNED:
            return facts.before < rule.percent <= facts.percent
        case When.AT_LEVEL:
            return facts.level == rule.at and facts.hours >= rule.hours
        case When.FOLLOW_UPS:
            return facts.follow_ups == rule.number
        case When.MONEY:
            return any(
                minor >= rule.limits[code] * 10 ** minor_digits(code)
                for code, minor in facts.amounts.items()
                if code in rule.limits
            )
        case When.ABSENT:
            return facts.hours >= rule.hours
        case When.BREACHED:
            return True


def changes(old: Rules, new: Rules) -> list[str]:
    """What moved, one sentence each."""
    before, moved = old.by_key, []
    for rule in new.rules:
        was = before[rule.key]
        if was.on != rule.on:
            moved.append(f"“{rule.title}” was switched {'on' if rule.on else 'off'}.")
        if was.sentence != rule.sentence:
            moved.append(f"“{rule.title}”: {was.sentence} Now: {rule.sentence}")
    moved += [
        f"{LEVEL_WORDS[level].capitalize()} decide{'' if level == Level.MANAGER else 's'} within "
        f"{plural(new.decide[level], 'working hour')}, before {old.decide[level]}."
        for level in Level
        if old.decide[level] != new.decide[level]
    ]
    return moved


def ordinal(number: int) -> str:
    ends = {1: "st", 2: "nd", 3: "rd"}
    return f"{number}{'th' if 10 < number < 14 else ends.get(number % 10, 'th')}"


def and_list(words: list[str]) -> str:
    return ", ".join(words[:-1]) + f" and {words[-1]}" if len(words) > 1 else "".join(words)


def or_list(words: list[str]) -> str:
    return ", ".join(words[:-1]) + f" or {words[-1]}" if len(words) > 1 else "".join(words)


@cache
def default_rules() -> Rules:
    shipped = Path(__file__).with_name("default.toml").read_text("utf-8")
    return Rules.model_validate(tomllib.loads(shipped))


def document(rules: Rules) -> dict[str, Any]:
    stored: dict[str, Any] = rules.model_dump(mode="json")
    for rule in stored["rules"]:
        rule["do"] = sorted(rule["do"])
    return stored
