"""What one version of the policy says: how long each thing may take. Pure."""

import tomllib
from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

MINUTES_A_DAY = 24 * 60
LONGEST = 400 * MINUTES_A_DAY
MOST_TARGETS = 200
PAUSING = ("waiting_on_user", "on_hold")


class Kind(StrEnum):
    """What is owed. The first four to the requester, the last to another department."""

    FIRST_RESPONSE = "first_response"
    NEXT_RESPONSE = "next_response"
    PERIODIC_UPDATE = "periodic_update"
    RESOLUTION = "resolution"
    TAKEOVER = "takeover"


class Clock(StrEnum):
    BUSINESS = "business"  # hours in which the department works
    CALENDAR = "calendar"  # all hours


class Unusable(ValueError):
    """What is wrong, and with which field of which target."""

    def __init__(self, field: str, said: str, key: str = "") -> None:
        super().__init__(said)
        self.field, self.said, self.key = field, said, key


class Piece(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Target(Piece):
    """How long one kind of obligation may take, for the tickets it fits."""

    key: str = Field(pattern=r"^[a-z0-9][a-z0-9_]*$", max_length=40)
    kind: Kind
    minutes: int
    clock: Clock = Clock.BUSINESS
    warnings: tuple[int, ...] = (75,)  # per cent of the time
    pauses: tuple[str, ...] = PAUSING  # statuses in which no time is counted
    severities: tuple[int, ...] = ()  # empty: all
    types: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()  # departments

    @property
    def length(self) -> timedelta:
        return timedelta(minutes=self.minutes)

    @property
    def narrowness(self) -> int:
        """A type counts more than a department, and that more than a severity."""
        return 4 * bool(self.types) + 2 * bool(self.groups) + bool(self.severities)

    def fits(self, kind: Kind, severity: int, type_key: str, group_key: str) -> bool:
        return (
            self.kind == kind
            and (not self.severities or severity in self.severities)
            and (not self.types or type_key in self.types)
            and (not self.groups or group_key in self.groups)
        )

    def faults(self) -> Iterator[Unusable]:
        if not 0 < self.minutes <= LONGEST:
            yield Unusable("minutes", "Give a time of at least a minute and at most 400 days.")
        if any(not 0 < percent < 100 for percent in self.warnings):
            yield Unusable("warnings", "Warn before the time is over: at 1 to 99 per cent of it.")
        if len(set(self.warnings)) != len(self.warnings) or len(self.warnings) > 4:
            yield Unusable("warnings", "Give up to four different warnings.")
        if not set(self.pauses) <= set(PAUSING):
            yield Unusable("pauses", "Time stands still only while somebody else must act.")
        if any(not 1 <= severity <= 4 for severity in self.severities):
            yield Unusable("severities", "Choose from the four severities.")

    def overlaps(self, other: "Target") -> bool:
        """Both fit some ticket, and neither is the narrower one."""
        pairs = (
            (self.severities, other.severities),
            (self.types, other.types),
            (self.groups, other.groups),
        )
        return (
            self.kind == other.kind
            and self.narrowness == other.narrowness
            and all(not one or not set(one).isdisjoint(two) for one, two in pairs)
        )


class Policy(Piece):
    targets: tuple[Target, ...] = Field(max_length=MOST_TARGETS)

    def target(self, kind: Kind, severity: int, type_key: str, group_key: str) -> Target | None:
        """The narrowest that fits; None: nothing of this kind is owed."""
        fitting = [one for one in self.targets if one.fits(kind, severity, type_key, group_key)]
        return max(fitting, key=lambda one: one.narrowness, default=None)

    def by_key(self, key: str) -> Target | None:
        return next((one for one in self.targets if one.key == key), None)

    def faults(self) -> Iterator[Unusable]:
        for target in self.targets:
            for fault in target.faults():
                yield Unusable(fault.field, fault.said, target.key)
        for one, two in combinations(self.targets, 2):
            if one.key == two.key:
                yield Unusable("key", "Two targets have the same name.", two.key)
            elif one.overlaps(two):
                yield Unusable("for", "Another target is for the same tickets.", two.key)

    @model_validator(mode="after")
    def _make_sense(self) -> Self:
        for fault in self.faults():
            raise ValueError(f"{fault.key}: {fault.said}")
        return self


@cache
def default_policy() -> Policy:
    shipped = Path(__file__).with_name("default.toml").read_text("utf-8")
    return Policy.model_validate({"targets": tomllib.loads(shipped)["target"]})
