"""Bars from left to right, each of one or two parts of a hundred. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bar:
    label: str
    said: str  # beside the bar
    first: float  # of a hundred
    second: float = 0.0  # drawn with a pattern, after the first
    href: str = ""


@dataclass(frozen=True, slots=True)
class Bars:
    title: str
    said: str
    bars: Sequence[Bar]


def scaled(part: float, longest: float) -> float:
    return round(100 * part / longest, 2) if longest else 0.0
