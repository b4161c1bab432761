"""A report as the watch sees it: when, by whom, and where it lies among others."""

import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from triage.engine.embedders import DIMENSIONS
from triage.engine.report import Terms, Vector

SPREAD = 6  # numbers that each word is spread over


@dataclass(frozen=True, slots=True)
class Seen:
    """`at` is seconds since 1970; `vector` of unit length; `told` only of a ticket that every agent
    may open, so that no other is ever quoted from."""

    ticket_id: int
    at: float
    person_id: int
    type_key: str
    vector: Vector
    words: frozenset[str] = frozenset()
    codes: frozenset[str] = frozenset()  # error codes: who names the same tells of the same
    told: bool = True
    incident_id: int | None = None  # it was put with, before


def sketch(terms: Terms, common: Mapping[str, float]) -> Vector:
    """Stands for the words where there is no embedder.

    Feature hashing with signs (Weinberger et al. 2009): products of sketches are close to those of
    the words themselves. `common` is the share of reports that have a word; rare words count more
    (Spärck Jones 1972).
    """
    made = np.zeros(DIMENSIONS, np.float32)
    for word in sorted({*terms.title, *terms.body}):
        places, signs = places_of(word)
        made[places] += signs * rarity(common.get(word, 0.0))
    return unit(made)


def rarity(share: float) -> float:
    return math.log1p(1 / (share + 0.002))


@lru_cache(maxsize=50_000)
def places_of(word: str) -> tuple[list[int], Vector]:
    places, signs = [], []
    for number in range(SPREAD):
        code = zlib.crc32(f"{number}:{word}".encode())
        place = (code >> 1) % DIMENSIONS
        if place not in places:
            places.append(place)
            signs.append(1.0 if code & 1 else -1.0)
    return places, np.array(signs, np.float32)


def unit(vector: Vector) -> Vector:
    length = float(np.linalg.norm(vector))
    found: Vector = (vector / max(length, 1e-9)).astype(np.float32)
    return found
