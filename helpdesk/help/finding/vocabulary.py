"""What a search must know before it begins: synonyms, and how many articles there are."""

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from helpdesk.desk import Desk

from .dictionaries import dictionary
from .typed import EMPTY

FRESH = 5.0  # seconds until a process looks again
LONGEST_PHRASE = 4
SYNONYMS_IN = "en"  # the language they are written in

COUNTS = """
SELECT t.language, count(*) AS articles FROM article_texts t JOIN articles a ON a.id = t.article_id
WHERE t.published_at IS NOT NULL AND a.archived_at IS NULL GROUP BY t.language
"""
GROUPS = "SELECT words FROM help_synonyms ORDER BY id"
STEMS = """
SELECT a.word, tsvector_to_array(to_tsvector($1::text::regconfig, a.word)) AS lexemes
FROM unnest($2::text[]) a(word)
"""
Phrase = tuple[str, ...]  # of stems


@dataclass(frozen=True, slots=True)
class Vocabulary:
    articles: Mapping[str, int]  # how many, by language
    synonyms: Mapping[Phrase, frozenset[str]]  # stems that mean the same as a phrase
    longest: int = 1

    def meaning_the_same(self, stems: Sequence[str]) -> Iterator[tuple[int, int, frozenset[str]]]:
        """Every phrase of the typed stems that has synonyms: its place, its length, they."""
        for start in range(len(stems)):
            for length in range(1, min(self.longest, len(stems) - start) + 1):
                if found := self.synonyms.get(tuple(stems[start : start + length])):
                    yield start, length, found


@dataclass(slots=True)
class _Shelf:
    vocabulary: Vocabulary = field(default_factory=lambda: Vocabulary({}, {}))
    looked_at: float = float("-inf")


async def vocabulary(desk: Desk) -> Vocabulary:
    shelf = _shelf(desk)
    if time.monotonic() - shelf.looked_at >= FRESH:
        counts = {row["language"]: row["articles"] for row in await desk.pool.fetch(COUNTS)}
        groups = [row["words"] for row in await desk.pool.fetch(GROUPS)]
        synonyms = joined(await stemmed(desk, groups))
        longest = max(map(len, synonyms), default=1)
        shelf.vocabulary = Vocabulary(counts, synonyms, longest)
        shelf.looked_at = time.monotonic()
    return shelf.vocabulary


def look_again(desk: Desk) -> None:
    """The next search asks the database."""
    _shelf(desk).looked_at = float("-inf")


async def stemmed(desk: Desk, groups: Sequence[Sequence[str]]) -> list[list[Phrase]]:
    words = sorted({word for group in groups for said in group for word in said.lower().split()})
    rows = await desk.pool.fetch(STEMS, dictionary(SYNONYMS_IN), words)
    stems = {row["word"]: row["lexemes"] for row in rows}
    return [
        [
            tuple(stem for word in said.lower().split() for stem in stems[word])[:LONGEST_PHRASE]
            for said in group
        ]
        for group in groups
    ]


def joined(groups: Sequence[Sequence[Phrase]]) -> dict[Phrase, frozenset[str]]:
    """What each phrase stands for: the single words of its groups, other than itself."""
    found: defaultdict[Phrase, set[str]] = defaultdict(set)
    alone = {said[0] for group in groups for said in group if len(said) == 1}
    for group in groups:
        stems = {said[0] for said in group if len(said) == 1}
        # "sign in" is found by "sign", but "log in" not by "log", which means something else.
        stems |= {t[0] for said in group if len(t := said_of(said)) == 1 and t[0] not in alone}
        for said in group:
            found[said] |= stems - set(said)
    return {said: frozenset(stems) for said, stems in found.items() if stems}


def said_of(phrase: Phrase) -> Phrase:
    return tuple(stem for stem in phrase if stem not in EMPTY)


def _shelf(desk: Desk) -> _Shelf:
    shelf: _Shelf = desk.parts.setdefault("help.vocabulary", _Shelf())
    return shelf
