"""Targets as sentences people read, and lengths of time in words. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from helpdesk.core.formats import plural

from .policy import MINUTES_A_DAY, Clock, Kind, Target

LEVELS = {1: "low", 2: "normal", 3: "high", 4: "urgent"}
TITLES = {
    Kind.FIRST_RESPONSE: "First answer",
    Kind.NEXT_RESPONSE: "Next answer",
    Kind.PERIODIC_UPDATE: "Update",
    Kind.RESOLUTION: "Solution",
    Kind.TAKEOVER: "Takeover",
}
SAID = {
    Kind.FIRST_RESPONSE: "Whoever files {whose} has a first answer within {time}",
    Kind.NEXT_RESPONSE: "Whoever writes again on {whose} has an answer within {time}",
    Kind.PERIODIC_UPDATE: "While {whose} is open, we write at least every {time}",
    Kind.RESOLUTION: "We solve {whose} within {time}",
    Kind.TAKEOVER: "After a hand-over, the other department takes {whose} within {time}",
}
WAITED_FOR = {"waiting_on_user": "the user", "on_hold": "somebody outside"}
STATES = {status: f"we wait for {whom}" for status, whom in WAITED_FOR.items()}


@dataclass(frozen=True)
class Names:
    """What types and departments are called, by key."""

    types: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)


def sentence(target: Target, names: Names) -> str:
    said = SAID[target.kind].format(whose=whose(target, names), time=time_of(target))
    if target.pauses:
        said += (
            f", not counting while we wait for {_or([WAITED_FOR[one] for one in target.pauses])}"
        )
    if target.warnings:
        said += f". Warning at {_and([f'{percent} %' for percent in sorted(target.warnings)])}"
    return f"{said}."


def whose(target: Target, names: Names) -> str:
    levels = _or([LEVELS[level] for level in sorted(target.severities, reverse=True)])
    article = "an" if levels[:1] in ("u",) else "a"
    said = f"{article} {levels} ticket" if levels else "a ticket"
    if target.types:
        said += " about " + _or([f"“{names.types.get(key, key)}”" for key in target.types])
    if target.groups:
        said += " of " + _or([names.groups.get(key, key) for key in target.groups])
    return said


def time_of(target: Target) -> str:
    return time_words(target.length, target.clock)


def time_words(length: timedelta, clock: Clock) -> str:
    """`4 working hours`, `3 days`, `1 h 30 min of working time`."""
    minutes = round(length.total_seconds() / 60)
    if clock == Clock.CALENDAR and minutes and minutes % MINUTES_A_DAY == 0:
        return plural(minutes // MINUTES_A_DAY, "day")
    if minutes % 60 == 0:
        return plural(minutes // 60, "working hour" if clock == Clock.BUSINESS else "hour")
    if minutes < 60:
        return plural(minutes, "working minute" if clock == Clock.BUSINESS else "minute")
    said = f"{minutes // 60} h {minutes % 60} min"
    return f"{said} of working time" if clock == Clock.BUSINESS else said


def span_words(length: timedelta) -> str:
    """`3 h 20 min`, `2 days 4 h`: to the minute, days for long ones."""
    minutes = int(abs(length.total_seconds()) // 60)
    days, rest = divmod(minutes, MINUTES_A_DAY)
    hours, minutes = divmod(rest, 60)
    if days:
        return " ".join([plural(days, "day"), *([f"{hours} h"] if hours else [])])
    parts = [f"{hours} h"] if hours else []
    return " ".join([*parts, f"{minutes} min"] if minutes or not hours else parts)


def _or(words: Sequence[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def _and(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)
