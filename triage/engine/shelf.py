"""Reports kept in memory with the words they hold: for training and measuring, not for the desk."""

from array import array
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from triage.engine.lexical import (
    LENGTH_PART,
    OFTEN_AT_MOST,
    SATURATION,
    TITLE_WEIGHT,
    USUAL_WORDS,
    Numbers,
    rarity_weights,
)
from triage.engine.report import Candidate, Rarity, Terms, Vector, Vectors

BY_WORDS = 60
BY_MEANING = 60
BY_TITLE = 30


class Shelf:
    """Reports in the order in which they were filed."""

    def __init__(self) -> None:
        self.reports: list[Candidate] = []
        self._holding: dict[str, array[int]] = defaultdict(lambda: array("q"))
        self._said: dict[str, array[float]] = defaultdict(lambda: array("d"))
        self._frequencies: dict[str, int] = defaultdict(int)
        self._titles = np.zeros((64, 0), np.float32)
        self._wholes = np.zeros((64, 0), np.float32)

    @property
    def rarity(self) -> Rarity:
        return Rarity(len(self.reports), self._frequencies)

    def add(self, report: Candidate) -> None:
        number = len(self.reports)
        self.reports.append(report)
        counts = whole_counts(report.terms)
        floor = 1 - LENGTH_PART + LENGTH_PART * sum(counts.values()) / USUAL_WORDS["whole"]
        for word, n in counts.items():
            self._holding[word].append(number)
            self._said[word].append(n / (n + SATURATION * floor))
            self._frequencies[word] += 1
        if report.title_vector is not None and report.whole_vector is not None:
            self._titles = stored(self._titles, number, report.title_vector)
            self._wholes = stored(self._wholes, number, report.whole_vector)

    def candidates(self, asked: Candidate) -> list[Candidate]:
        return [self.reports[number] for number in self.near(asked)]

    def near(self, asked: Candidate) -> list[int]:
        """The nearest by words and by meaning, much as the desk's own search finds them."""
        if not self.reports:
            return []
        found = set(best(self.by_words(asked.terms), BY_WORDS))
        found.update(best(self.by_words(Terms(asked.terms.title, {})), BY_TITLE))
        if asked.title_vector is not None and asked.whole_vector is not None:
            found.update(best(self._near(self._titles, asked.title_vector), BY_TITLE))
            found.update(best(self._near(self._wholes, asked.whole_vector), BY_MEANING))
        return sorted(found)

    def _near(self, table: Vectors, vector: Vector) -> Numbers:
        return (table[: len(self.reports)] @ vector).astype(float)

    def by_words(self, terms: Terms) -> Numbers:
        scores = np.zeros(len(self.reports))
        counts = whole_counts(terms)
        frequencies = [self._frequencies.get(word, 0) for word in counts]
        weights = rarity_weights(len(self.reports), frequencies)
        for (word, n), weight in zip(counts.items(), weights, strict=True):
            if word in self._holding:
                often = np.log1p(min(n, OFTEN_AT_MOST))
                holding = np.frombuffer(self._holding[word], np.int64)
                scores[holding] += weight * often * np.frombuffer(self._said[word])
        return scores


def whole_counts(terms: Terms) -> dict[str, float]:
    counts = {word: TITLE_WEIGHT * n for word, n in terms.title.items()}
    for word, n in terms.body.items():
        counts[word] = counts.get(word, 0.0) + n
    return counts


def stored(table: Vectors, number: int, vector: Vector) -> Vectors:
    """The table with one more row, twice as large when it was full."""
    if table.shape[1] == 0:
        table = np.zeros((64, len(vector)), np.float32)
    if number >= len(table):
        table = np.vstack([table, np.zeros_like(table)])
    table[number] = vector
    return table


def best(scores: Numbers, many: int) -> Sequence[int]:
    """The numbers of the highest scores above 0."""
    if len(scores) > many:
        numbers = np.argpartition(-scores, many)[:many]
    else:
        numbers = np.arange(len(scores))
    return [int(number) for number in numbers if scores[number] > 0]
