"""Which of some classes a text belongs to, with honest probabilities.

Two judges, each a ridge regression. One compares a text with the examples, by what it means and by
its words; of very many it compares with some, spread over the classes. The other knows what each
word says for each class. How far either is believed is fitted to what they said of each example as
if they had never seen it (stacking: Wolpert 1992; temperature: Guo et al. 2017): short questions
are told apart by what they mean, long reports by their words.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .features import WIDTH, Classes, Matrix, Numbers
from .ridge import aims, solved_by_all, solved_by_some, spread

BY_MEANING, BY_WORDS = 1.5, 1.0  # how fast likeness fades
WORDS_WEIGH = 0.25  # beside the meaning
RIDGE, WORDS_RIDGE = 0.3, 1.0
COMPARED = 6_000  # examples a text is compared with, at most
BELIEVED = np.geomspace(1.0, 80, 60)
WORDS_BELIEVED = np.array([0.0, *np.geomspace(0.5, 40, 30)])
TURNS = 3  # each of the two fitted in turn


@dataclass(frozen=True)
class Rows:
    """Texts as numbers: of unit length each. `vectors` are missing without an encoder."""

    words: Matrix
    vectors: Matrix | None = None

    def __getitem__(self, at: slice | Classes) -> "Rows":
        return Rows(self.words[at], None if self.vectors is None else self.vectors[at])


@dataclass(frozen=True)
class Judges:
    examples: Rows  # that a text is compared with
    shares: Matrix  # examples × classes
    of_words: Matrix  # columns of words × classes
    believed: tuple[float, float]  # the one that compares, the one that knows words

    def scores(self, rows: Rows) -> Numbers:
        alike = kernel(rows, self.examples) @ self.shares
        joined = self.believed[0] * alike + self.believed[1] * (rows.words @ self.of_words)
        return joined.astype(float)


@dataclass(frozen=True)
class Trained:
    labels: tuple[str, ...]
    rarity: Matrix
    judges: Judges
    embedder: str = ""  # whose vectors the examples have
    digest: str = ""  # of the examples

    def probabilities(self, rows: Rows) -> Numbers:
        return softened(self.judges.scores(rows))

    def stored(self) -> bytes:
        """Without pickles: arrays and names."""
        judges = self.judges
        words, vectors = judges.examples.words, judges.examples.vectors
        examples, places = np.nonzero(words)
        kept = io.BytesIO()
        np.savez_compressed(
            kept,
            labels=np.array(self.labels),
            rarity=self.rarity,
            many=np.array(len(words)),
            rows=examples.astype(np.uint32),
            places=places.astype(np.uint16),
            values=words[examples, places].astype(np.float16),
            vectors=(np.zeros((0, 0)) if vectors is None else vectors).astype(np.float16),
            shares=judges.shares,
            of_words=judges.of_words.astype(np.float16),
            believed=np.array(judges.believed),
            embedder=np.array(self.embedder),
            digest=np.array(self.digest),
        )
        return kept.getvalue()


def from_stored(data: bytes) -> Trained:
    """KeyError: it was made by an older Helpdesk."""
    with np.load(io.BytesIO(data), allow_pickle=False) as kept:
        words = np.zeros((int(kept["many"]), WIDTH), np.float32)
        words[kept["rows"], kept["places"]] = kept["values"]
        vectors = kept["vectors"].astype(np.float32)
        alike, by_words = (float(one) for one in kept["believed"])
        return Trained(
            tuple(str(label) for label in kept["labels"]),
            kept["rarity"],
            Judges(
                Rows(words, vectors if len(vectors) else None),
                kept["shares"],
                kept["of_words"].astype(np.float32),
                (alike, by_words),
            ),
            str(kept["embedder"]),
            str(kept["digest"]),
        )


def kernel(one: Rows, other: Rows) -> Matrix:
    """How alike each row of one is to each of the other."""
    words = np.exp(BY_WORDS * (one.words @ other.words.T - 1))
    if one.vectors is None or other.vectors is None:
        return np.asarray(words, np.float32)
    meaning = np.exp(BY_MEANING * (one.vectors @ other.vectors.T - 1))
    return np.asarray(meaning + WORDS_WEIGH * words, np.float32)


def fit(
    rows: Rows, classes: Sequence[int], many: int, compared: int = COMPARED
) -> tuple[Judges, Numbers]:
    """And the probabilities of the examples, each without itself. There are `many` classes."""
    of = np.asarray(classes)
    wanted, slack = aims(of, many)
    some = rows[spread(of, compared)]
    shares, alike = by_likeness(rows, some, wanted, RIDGE * slack)
    of_words, by_words = by_each_word(rows.words, wanted, WORDS_RIDGE * slack)
    believed = fitted_belief(alike, by_words, of)
    held_out = softened(believed[0] * alike + believed[1] * by_words)
    return Judges(some, shares, of_words, believed), held_out


def by_likeness(rows: Rows, some: Rows, wanted: Matrix, slack: Numbers) -> tuple[Matrix, Numbers]:
    among = kernel(some, some)
    if len(some.words) == len(rows.words):
        return solved_by_all(among, wanted, slack)
    return solved_by_some(lambda part: kernel(rows[part], some), among, wanted, slack)


def by_each_word(words: Matrix, wanted: Matrix, slack: Numbers) -> tuple[Matrix, Numbers]:
    if len(words) > WIDTH:
        alone = np.eye(WIDTH, dtype=np.float32)
        return solved_by_some(lambda part: words[part], alone, wanted, slack)
    shares, scores = solved_by_all(words @ words.T, wanted, slack)
    return words.T @ shares, scores


def fitted_belief(alike: Numbers, by_words: Numbers, of: Classes) -> tuple[float, float]:
    """Under which the right classes surprise the least. What is searched has no second valley."""
    one, other = 1.0, 0.0
    for _ in range(TURNS):
        one = min(BELIEVED, key=lambda it: surprise(it * alike + other * by_words, of))
        other = min(WORDS_BELIEVED, key=lambda it: surprise(one * alike + it * by_words, of))
    return float(one), float(other)


def softened(scores: Numbers) -> Numbers:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    result: Numbers = powers / powers.sum(axis=1, keepdims=True)
    return result


def surprise(scores: Numbers, of: Classes) -> float:
    """Mean negative logarithm of what the right classes are given."""
    right = softened(scores)[np.arange(len(of)), of]
    return float(-np.log(np.maximum(right, 1e-12)).mean())


def calibration_error(probabilities: Numbers, of: Classes, bins: int = 15) -> float:
    """How far stated probabilities are from what comes true (expected calibration error)."""
    sure = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == of
    within = np.minimum((sure * bins).astype(int), bins - 1)
    gaps = [
        abs(right[within == n].mean() - sure[within == n].mean()) * (within == n).mean()
        for n in range(bins)
        if (within == n).any()
    ]
    return float(sum(gaps))
