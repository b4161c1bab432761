"""How long things took, kept in buckets that can be added up. Pure.

Bucket 0 holds what took less than a second; bucket b what took from BASE^(b-1) up to BASE^b
seconds. A quantile is the middle of the bucket that holds the value of its rank, so it is at most
sqrt(BASE) - 1, which is 2.5 %, away from it. (The same idea as DDSketch: Masson, Rim and Lee,
VLDB 2019.)
"""

from collections.abc import Iterable, Mapping
from math import floor, log

BASE = 1.05
ERROR = BASE**0.5 - 1
Spread = Mapping[str, int]  # bucket, as JSON names it → how many


def bucket(seconds: float) -> int:
    if seconds < 1:
        return 0
    found = floor(log(seconds) / log(BASE)) + 1
    # Logarithms round: at an edge the power decides.
    return found + (BASE**found <= seconds) - (BASE ** (found - 1) > seconds)


def middle(number: int) -> float:
    """Seconds."""
    return BASE ** (number - 0.5) if number else 0.0


def add(into: dict[str, int], other: Spread, times: int = 1) -> None:
    for number, count in other.items():
        left = into.get(number, 0) + times * count
        if left:
            into[number] = left
        else:
            del into[number]


def together(spreads: Iterable[Spread]) -> dict[str, int]:
    whole: dict[str, int] = {}
    for spread in spreads:
        add(whole, spread)
    return whole


def quantile(spread: Spread, share: float) -> float | None:
    """Seconds within which this share of them was done; None of nothing."""
    left = max(1.0, share * sum(spread.values()))
    for number in sorted(map(int, spread)):
        left -= spread[str(number)]
        if left <= 0:
            return middle(number)
    return None
