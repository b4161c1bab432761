"""How long things took, kept in buckets that can be added up. Pure.

Bucket 0 holds what took less than a second; bucket b what took from BASE^(b-1) up to BASE^b
seconds. A quantile is the middle of the bucket that holds the value of its rank, so it is at most
sqrt(BASE) - 1, which is 2.5 %, away from it. (The same idea as DDSketch: Masson, Rim and Lee,
VLDB 2019.) A spread is how many lie in each bucket, packed (packing.py).
"""

from math import floor, log

from .packing import together

BASE = 1.05
ERROR = BASE**0.5 - 1


def bucket(seconds: float) -> int:
    if seconds < 1:
        return 0
    found = floor(log(seconds) / log(BASE)) + 1
    # Logarithms round: at an edge the power decides.
    return found + (BASE**found <= seconds) - (BASE ** (found - 1) > seconds)


def middle(number: int) -> float:
    """Seconds."""
    return BASE ** (number - 0.5) if number else 0.0


def quantile(spread: bytes, share: float) -> float | None:
    """Seconds within which this share of them was done; None of nothing."""
    until = together(spread).cumsum()
    if not len(until) or not until[-1]:
        return None
    rank = max(1.0, round(share * float(until[-1]), 9))
    return middle(int(until.searchsorted(rank)))
