"""In which sums a fact is counted, and what counting some facts changes in them. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from .facts import Fact
from .packing import add
from .spread import bucket

ALL = 0  # departments, or severities


class Key(NamedTuple):
    grain: str
    group_id: int
    severity: int
    channel: str
    kind: str
    start: datetime
    detail: str


@dataclass
class Change:
    count: int = 0
    spread: dict[int, int] = field(default_factory=dict)  # bucket → how many
    hours: dict[int, int] = field(default_factory=dict)  # of a day: hour since 1970 → how many

    @property
    def empty(self) -> bool:
        return not self.count and not self.spread and not self.hours


def hour_number(at: datetime) -> int:
    """Of UTC, since 1970."""
    return int(at.timestamp()) // 3600


def starts(at: datetime) -> Iterator[tuple[str, datetime]]:
    hour = at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    day = hour.replace(hour=0)
    yield from (("hour", hour), ("day", day), ("month", day.replace(day=1)))


def keys(fact: Fact) -> Iterator[Key]:
    levels = (
        (ALL, ALL, ""),
        (ALL, fact.severity, fact.channel),
        (fact.group_id, ALL, ""),
        (fact.group_id, fact.severity, fact.channel),
    )
    for grain, start in starts(fact.at):
        for group, severity, channel in levels:
            yield Key(grain, group, severity, channel, fact.kind, start, fact.detail)


def changes(added: Iterable[Fact], gone: Iterable[Fact]) -> dict[Key, Change]:
    found: dict[Key, Change] = {}
    for facts, sign in ((added, 1), (gone, -1)):
        for fact in facts:
            for key in keys(fact):
                change = found.setdefault(key, Change())
                change.count += sign
                if fact.seconds is not None:
                    add(change.spread, {bucket(fact.seconds): 1}, sign)
                if key.grain == "day":
                    add(change.hours, {hour_number(fact.at): 1}, sign)
    return {key: change for key, change in found.items() if not change.empty}
