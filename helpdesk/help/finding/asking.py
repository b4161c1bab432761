"""From typed words to what the index is asked: stems, what they may also mean, and their worth."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from helpdesk.desk import Desk

from .dictionaries import dictionary
from .spelling import corrections
from .typed import Typed
from .vocabulary import SYNONYMS_IN, Vocabulary, vocabulary

MOST_TERMS = 10  # the rarest words of a long text
MOST_ENDINGS = 8  # words that begin with what is typed so far
LONGEST_PREFIX = "\U0010ffff"
# How sure it is that another word was meant.
CORRECTED, BEGUN, SYNONYM, PHRASE = 0.8, 0.75, 0.55, 0.85
APART = 0.4  # of a word that means something else together with its neighbour: "log in"
UNKNOWN = 0.5  # of the worth of the rarest word: nobody can find it, but it was asked for

READ = """
SELECT a.place - 1 AS place, l.lexeme,
    (SELECT max(spread) FROM help_words w WHERE w.language = $1 AND w.lexeme = l.lexeme) AS spread
FROM unnest($3::text[]) WITH ORDINALITY a(word, place),
    unnest(tsvector_to_array(to_tsvector($2::text::regconfig, a.word))) l(lexeme)
ORDER BY a.place
"""
BEGINNING = f"""
SELECT lexeme, max(spread) AS spread FROM help_words
WHERE language = $1 AND word >= $2 AND word < $3
GROUP BY lexeme ORDER BY 2 DESC LIMIT {MOST_ENDINGS}
"""
COUNTED = """
SELECT lexeme, max(spread) AS spread FROM help_words
WHERE language = $1 AND lexeme = ANY($2::text[]) GROUP BY lexeme
"""


@dataclass(slots=True)
class Term:
    """One word that was searched, with every stem that may stand for it."""

    worth: float = 0.0
    stems: dict[str, float] = field(default_factory=dict)  # how much finding each is worth

    def add(self, stem: str, rarity: float, sure: float) -> None:
        self.stems[stem] = max(self.stems.get(stem, 0.0), rarity * sure)


@dataclass(slots=True)
class Asked:
    """A search in one language."""

    language: str
    terms: list[Term]
    corrected: dict[str, str]  # typed → what was searched instead

    @property
    def worth(self) -> float:
        return sum(term.worth for term in self.terms)


def rarity(spread: float, of: int) -> float:
    """The rarer a word, the more it says: next to nothing when every article is about it."""
    return math.log(1 + (of - min(spread, of) + 0.5) / (spread + 0.5))


async def ask_in(desk: Desk, language: str, typed: Typed) -> Asked:
    known = await vocabulary(desk)
    of = max(known.articles.get(language, 0), 1)
    rows = await desk.pool.fetch(READ, language, dictionary(language), typed.words)
    read: dict[int, list[tuple[str, float | None]]] = {}
    for row in rows:
        read.setdefault(row["place"], []).append((row["lexeme"], row["spread"]))
    places = typed.telling
    terms = {place: Term() for place in places}
    for place in places:
        for stem, spread in read.get(place, ()):
            if spread is not None:
                terms[place].add(stem, rarity(spread, of), 1.0)
    if typed.unfinished and places and places[-1] == len(typed.words) - 1:
        await add_endings(desk, language, typed.words[-1], terms[places[-1]], of)
    if language == SYNONYMS_IN:
        stems = [(place, stem) for place in sorted(read) for stem, _ in read[place]]
        await add_synonyms(desk, known, language, stems, terms, of)
    corrected = await correct(desk, language, typed, terms, of)
    return finished(language, terms, corrected, of)


async def add_endings(desk: Desk, language: str, begun: str, term: Term, of: int) -> None:
    """As somebody types, the last word is the beginning of one."""
    if len(begun) < 2:
        return
    rows = await desk.pool.fetch(BEGINNING, language, begun, begun + LONGEST_PREFIX)
    for row in rows:
        term.add(row["lexeme"], rarity(row["spread"], of), BEGUN)


async def add_synonyms(
    desk: Desk,
    known: Vocabulary,
    language: str,
    stems: Sequence[tuple[int, str]],
    terms: dict[int, Term],
    of: int,
) -> None:
    """A word or phrase also finds what means the same, worth less than the word itself."""
    wanted: list[tuple[int, frozenset[str], float]] = []
    for start, length, others in known.meaning_the_same([stem for _, stem in stems]):
        covered = {place for place, _ in stems[start : start + length]}
        place = next((place for place in sorted(covered) if place in terms), None)
        if place is None:  # "log in", "sign up": words that say little alone
            place = min(covered)
            terms.setdefault(place, Term())
        if length > 1:
            terms[place].stems = {s: worth * APART for s, worth in terms[place].stems.items()}
        wanted.append((place, others, SYNONYM if length == 1 else PHRASE))
    all_stems = sorted({stem for _, others, _ in wanted for stem in others})
    if not all_stems:
        return
    rows = await desk.pool.fetch(COUNTED, language, all_stems)
    spreads = {row["lexeme"]: row["spread"] for row in rows}
    for place, others, sure in wanted:
        for stem in others & spreads.keys():
            terms[place].add(stem, rarity(spreads[stem], of), sure)


async def correct(
    desk: Desk, language: str, typed: Typed, terms: Mapping[int, Term], of: int
) -> dict[str, str]:
    """Only words that nothing is known of: a rare right word is never changed."""
    unknown = {place: typed.words[place] for place, term in terms.items() if not term.stems}
    if not unknown:
        return {}
    meant = await corrections(desk, language, sorted(set(unknown.values())))
    for place, word in unknown.items():
        if word in meant:
            found = meant[word]
            terms[place].add(found.lexeme, rarity(found.spread, of), CORRECTED)
    return {word: found.word for word, found in meant.items()}


def finished(language: str, terms: Mapping[int, Term], corrected: dict[str, str], of: int) -> Asked:
    for term in terms.values():
        term.worth = max(term.stems.values(), default=UNKNOWN * rarity(0, of))
    telling = sorted(terms.values(), key=lambda term: -term.worth)[:MOST_TERMS]
    return Asked(language, telling, corrected)
