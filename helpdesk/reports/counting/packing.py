"""Numbers and how many there are of each, as bytes: one behind the other they are their sum.

So the database adds up what it reads by joining it, without looking inside.
"""

from collections.abc import Mapping
from itertools import chain
from struct import pack, unpack

import numpy as np
from numpy.typing import NDArray

_PAIR = np.dtype([("number", ">i4"), ("count", ">i4")])  # as int4send writes them
SIZE = _PAIR.itemsize


def packed(counts: Mapping[int, int]) -> bytes:
    return pack(f">{2 * len(counts)}i", *chain.from_iterable(sorted(counts.items())))


def unpacked(data: bytes) -> dict[int, int]:
    found = unpack(f">{len(data) // 4}i", data)
    counts: dict[int, int] = {}
    for number, count in zip(found[::2], found[1::2], strict=True):
        counts[number] = counts.get(number, 0) + count
    return counts


def together(data: bytes, first: int = 0, length: int = 0) -> NDArray[np.int64]:
    """How many of `first`, of the number after it, and so on: at least so many of them."""
    pairs = np.frombuffer(data, _PAIR)
    places = pairs["number"].astype(np.int64) - first
    return np.bincount(places, pairs["count"].astype(np.float64), length).astype(np.int64)


def add(into: dict[int, int], other: Mapping[int, int], times: int = 1) -> None:
    for number, count in other.items():
        left = into.get(number, 0) + times * count
        if left:
            into[number] = left
        else:
            del into[number]
