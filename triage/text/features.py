"""A text as numbers for a linear model: which words and letter sequences it has, hashed. Pure."""

import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.float64]
Classes = npt.NDArray[np.int64]

WIDTH = 4096  # hashed columns; a sign keeps collisions from adding up
HALF = WIDTH // 2  # the first for words, the second for letters: either says half
LONGEST = 4_000  # characters that are read
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")


def features_of(texts: Sequence[str], weights: Matrix | None = None) -> Matrix:
    """A row of unit length for each text with words in it; `weights` are those of `rarity`."""
    table = np.zeros((len(texts), WIDTH), np.float32)
    for row, text in enumerate(texts):
        for feature, count in counted(text).items():
            place, sign = _hashed(feature)
            table[row, place] += sign * (1 + np.log(count))
    if weights is not None:
        table *= weights
    for half in (table[:, :HALF], table[:, HALF:]):
        lengths = np.linalg.norm(half, axis=1, keepdims=True)
        half /= np.maximum(lengths, 1e-9) * np.sqrt(2)
    return table


def rarity(texts: Sequence[str]) -> Matrix:
    """Inverse document frequency of each column."""
    seen = np.zeros(WIDTH, np.float32)
    for text in texts:
        places = {_hashed(feature)[0] for feature in counted(text)}
        seen[list(places)] += 1
    idf: Matrix = (np.log((1 + len(texts)) / (1 + seen)) + 1).astype(np.float32)
    return idf


def counted(text: str) -> Counter[str]:
    """Words, pairs of words, and three to five letters in a row."""
    words = _WORD.findall(unicodedata.normalize("NFKC", text[:LONGEST]).casefold())
    found = Counter(f"w {word}" for word in words)
    found.update(f"p {one} {two}" for one, two in pairwise(words))
    for word in words:
        edged = f"<{word[:30]}>"
        for length in (3, 4, 5):
            found.update(edged[at : at + length] for at in range(len(edged) - length + 1))
    return found


@lru_cache(maxsize=200_000)
def _hashed(feature: str) -> tuple[int, int]:
    number = zlib.crc32(feature.encode())
    start = 0 if " " in feature else HALF  # words and pairs are written with a space
    return start + number % HALF, 1 if number & 0x80000000 else -1
