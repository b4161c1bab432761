"""Languages that look alike, and the small words and pieces of words that tell them apart.

The detector decides which neighbourhood a text is from; within it these signs count as well. The
lists are data: `neighbours.toml`.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class Neighbourhood:
    """By language: its words, and its pieces of words."""

    words: dict[str, frozenset[str]]
    pieces: dict[str, tuple[str, ...]]

    def signs(self, words: list[str], most: int, most_pieces: int) -> dict[str, tuple[int, int]]:
        """How many words and pieces of each language are there, up to so many."""
        padded = f" {' '.join(words)} "
        found: dict[str, tuple[int, int]] = {}
        for code, known in self.words.items():
            many = sum(padded.count(piece) for piece in self.pieces[code])
            told = sum(word in known for word in words)
            found[code] = (min(told, most), min(many, most_pieces))
        return found


def around(code: str) -> Neighbourhood | None:
    return _all().get(code)


@cache
def _all() -> dict[str, Neighbourhood]:
    found: dict[str, Neighbourhood] = {}
    lists = tomllib.loads(Path(__file__).with_name("neighbours.toml").read_text("utf-8"))
    for read in lists.values():
        common = frozenset(read.pop("common", "").split())
        near = Neighbourhood(
            {code: frozenset(one["words"].split()) - common for code, one in read.items()},
            {
                code: tuple(piece.replace("_", " ") for piece in one.get("pieces", "").split())
                for code, one in read.items()
            },
        )
        found = dict.fromkeys(near.words, near) | found  # Serbian: of both, mixed up in Cyrillic
    return found
