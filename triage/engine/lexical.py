"""How alike texts are in their words: BM25F measured against itself, and trigrams of titles."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from triage.engine.report import Rarity, Terms

Numbers = NDArray[np.float64]
Whole = NDArray[np.intp]

TITLE_WEIGHT = 3.0
SATURATION = 1.2  # k1 of BM25
LENGTH_PART = 0.75  # b of BM25
USUAL_WORDS = {"title": 6.5, "body": 70.0, "whole": 90.0}
OFTEN_AT_MOST = 3  # a word said ten times in a report is not ten times as telling

_ALPHANUMERIC = re.compile(r"[^\W_]+")


def rarity_weights(documents: int, holding: Sequence[int]) -> Numbers:
    """Inverse document frequency as in BM25 (Robertson & Zaragoza 2009), never negative."""
    documents = max(documents, 1)
    n = np.minimum(np.array(holding, float), documents)
    weights: Numbers = np.log(1 + (documents - n + 0.5) / (n + 0.5))
    return weights


class Field:
    """One field of several reports as a sparse table; the last row is the report asked about."""

    def __init__(
        self, rows: Whole, words: Whole, counts: Numbers, of: "Table", usual: float
    ) -> None:
        self.rows, self.words = rows, words
        lengths = sums(self.rows, counts, of.rows) / usual
        floor = SATURATION * (1 - LENGTH_PART + LENGTH_PART * lengths)
        self._said = counts * (SATURATION + 1) / (counts + floor[self.rows])
        self._often = np.log1p(np.minimum(counts, OFTEN_AT_MOST))
        self._of = of

    @property
    def question(self) -> Numbers:
        """The words asked about with their weights."""
        mine = self.rows == self._of.rows - 1
        weights = np.zeros(len(self._of.weights))
        weights[self.words[mine]] = self._often[mine]
        return weights * self._of.weights

    def scores(self, question: Numbers) -> Numbers:
        """BM25 of each row."""
        return sums(self.rows, self._said * question[self.words], self._of.rows)

    @property
    def against_itself(self) -> Numbers:
        own = self._said * self._often * self._of.weights[self.words]
        return np.maximum(sums(self.rows, own, self._of.rows), 1e-6)

    def alike(self) -> Numbers:
        """The cosine of every two rows, words weighted by saturation and rarity."""
        values = self._said * self._of.weights[self.words]
        lengths = np.sqrt(np.maximum(sums(self.rows, values**2, self._of.rows), 1e-9))
        in_reports = np.bincount(self.words, minlength=len(self._of.weights))
        shared = in_reports > 1
        places = np.cumsum(shared) - 1
        kept, width = shared[self.words], int(shared.sum())
        flat = self.rows[kept] * width + places[self.words[kept]]
        dense = np.zeros(self._of.rows * width, np.float32)
        dense[flat] = (values / lengths[self.rows])[kept]
        table = dense.reshape(self._of.rows, width)
        return (table @ table.T).astype(float)


class Table:
    """The words of the candidates and, last, of the report asked about."""

    def __init__(self, reports: Sequence[Terms], rarity: Rarity) -> None:
        self.rows = len(reports)
        numbers: defaultdict[str, int] = defaultdict()
        numbers.default_factory = numbers.__len__
        title = entries([terms.title for terms in reports], numbers)
        body = entries([terms.body for terms in reports], numbers)
        known = rarity.frequencies
        self.weights = rarity_weights(rarity.documents, [known.get(word, 0) for word in numbers])
        whole = joined(title, body, len(numbers))
        self.title = Field(*title, self, USUAL_WORDS["title"])
        self.body = Field(*body, self, USUAL_WORDS["body"])
        self.whole = Field(*whole, self, USUAL_WORDS["whole"])

    def covers(self) -> tuple[Numbers, Numbers]:
        """Of each row: the squared rarity shared with the report asked about, and its own."""
        squares = self.weights**2
        field = self.whole
        asked = np.zeros(len(squares))
        asked[field.words[field.rows == self.rows - 1]] = 1.0
        shared = sums(field.rows, (squares * asked)[field.words], self.rows)
        return shared, np.maximum(sums(field.rows, squares[field.words], self.rows), 1e-6)


Entries = tuple[Whole, Whole, Numbers]  # row, word, count


def entries(counts: Sequence[Mapping[str, int]], numbers: Mapping[str, int]) -> Entries:
    words = [numbers[word] for one in counts for word in one]
    times = [n for one in counts for n in one.values()]
    rows = np.repeat(np.arange(len(counts)), [len(one) for one in counts])
    return rows.astype(np.intp), np.array(words, np.intp), np.array(times, float)


def joined(title: Entries, body: Entries, words: int) -> Entries:
    """The words of title and body together, the title's counted more."""
    keys = np.concatenate([title[0] * words + title[1], body[0] * words + body[1]])
    counts = np.concatenate([TITLE_WEIGHT * title[2], body[2]])
    different, place = np.unique(keys, return_inverse=True)
    rows, numbers = np.divmod(different, max(words, 1))
    return rows, numbers, sums(place, counts, len(different))


def sums(places: Whole, values: Numbers, many: int) -> Numbers:
    """Of the values of each place."""
    return np.bincount(places, values, many).astype(float)


@lru_cache(maxsize=8_192)
def trigrams(text: str) -> frozenset[str]:
    """As pg_trgm: each word in small letters with two spaces before and one behind."""
    found: set[str] = set()
    for word in _ALPHANUMERIC.findall(text[:500].lower()):
        padded = f"  {word} "
        found.update(padded[i : i + 3] for i in range(len(padded) - 2))
    return frozenset(found)


def trigram_similarity(a: str, b: str) -> float:
    """`similarity(a, b)` of pg_trgm."""
    ours, theirs = trigrams(a), trigrams(b)
    both = len(ours & theirs)
    return both / (len(ours) + len(theirs) - both) if both else 0.0
