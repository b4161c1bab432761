"""Which of some classes a text belongs to, with honest probabilities.

Kernel ridge regression on one column for each class. A text is compared with every example, by its
words and, where a sentence encoder is there, by its meaning. Of very many, it is compared with
some, spread over the classes (subset of regressors: Smola & Schölkopf 2000). Leave-one-out scores
come in closed form (Rifkin & Lippert 2007) and are what the temperature is fitted to (Guo et al.
2017).
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .features import WIDTH, Matrix

Numbers = npt.NDArray[np.float64]
Classes = npt.NDArray[np.int64]

BY_MEANING, BY_WORDS = 3.0, 1.0  # how fast likeness fades
WORDS_WEIGH = (0.5, 1.0, 2.0, 4.0)  # beside the meaning; the examples say how much
TRIED = 1_500  # examples that say it
RIDGE = 0.3
TEMPERATURES = np.geomspace(1.0, 80, 60)
COMPARED = 6_000  # examples a text is compared with, at most
STEADY = 1e-4  # examples that are the same twice over leave the equations without one solution
AT_ONCE = 1_000  # rows, so that memory does not grow with the examples


@dataclass(frozen=True)
class Rows:
    """Texts as numbers: of unit length each. `vectors` are missing without an encoder."""

    words: Matrix
    vectors: Matrix | None = None

    def __getitem__(self, at: slice | Classes) -> "Rows":
        return Rows(self.words[at], None if self.vectors is None else self.vectors[at])


@dataclass(frozen=True)
class Trained:
    labels: tuple[str, ...]
    rarity: Matrix
    examples: Rows
    shares: Matrix  # examples × classes
    temperature: float
    words_weigh: float
    embedder: str = ""  # whose vectors the examples have
    digest: str = ""  # of the examples

    def probabilities(self, rows: Rows) -> Numbers:
        likeness = kernel(rows, self.examples, self.words_weigh)
        return softened((likeness @ self.shares).astype(float), self.temperature)

    def stored(self) -> bytes:
        """Without pickles: arrays and names."""
        examples, places = np.nonzero(self.examples.words)
        vectors = self.examples.vectors
        kept = io.BytesIO()
        np.savez_compressed(
            kept,
            labels=np.array(self.labels),
            rarity=self.rarity,
            many=np.array(len(self.examples.words)),
            rows=examples.astype(np.uint32),
            places=places.astype(np.uint16),
            values=self.examples.words[examples, places].astype(np.float16),
            vectors=(np.zeros((0, 0)) if vectors is None else vectors).astype(np.float16),
            shares=self.shares,
            temperature=np.array(self.temperature),
            words_weigh=np.array(self.words_weigh),
            embedder=np.array(self.embedder),
            digest=np.array(self.digest),
        )
        return kept.getvalue()


def from_stored(data: bytes) -> Trained:
    with np.load(io.BytesIO(data), allow_pickle=False) as kept:
        words = np.zeros((int(kept["many"]), WIDTH), np.float32)
        words[kept["rows"], kept["places"]] = kept["values"]
        vectors = kept["vectors"].astype(np.float32)
        return Trained(
            tuple(str(label) for label in kept["labels"]),
            kept["rarity"],
            Rows(words, vectors if len(vectors) else None),
            kept["shares"],
            float(kept["temperature"]),
            float(kept["words_weigh"]),
            str(kept["embedder"]),
            str(kept["digest"]),
        )


def kernel(one: Rows, other: Rows, words_weigh: float) -> Matrix:
    """How alike each row of one is to each of the other."""
    words = np.exp(BY_WORDS * (one.words @ other.words.T - 1))
    if one.vectors is None or other.vectors is None:
        return np.asarray(words, np.float32)
    meaning = np.exp(BY_MEANING * (one.vectors @ other.vectors.T - 1))
    return np.asarray(meaning + words_weigh * words, np.float32)


@dataclass(frozen=True)
class Fit:
    compared: Rows  # the examples whose shares these are
    shares: Matrix
    temperature: float
    words_weigh: float
    held_out: Numbers  # probabilities of the examples, each without itself


def fit(rows: Rows, classes: Sequence[int], many: int, compared: int = COMPARED) -> Fit:
    """`many` classes. Each weighs the same, however many examples it has."""
    of = np.asarray(classes)
    weigh = weight_of_words(rows, of, many)
    wanted, slack = aims(of, many)
    some = spread(of, compared)
    if len(some) == len(of):
        shares, scores = solved_by_all(rows, wanted, slack, weigh)
    else:
        shares, scores = solved_by_some(rows, rows[some], wanted, slack, weigh)
    temperature = fitted_temperature(scores, of)
    return Fit(rows[some], shares, temperature, weigh, softened(scores, temperature))


def aims(of: Classes, many: int) -> tuple[Matrix, Numbers]:
    """What each example should score, and how far it may stay away from it."""
    sizes = np.maximum(np.bincount(of, minlength=many), 1)
    wanted = np.full((len(of), many), -1.0 / many, np.float32)
    wanted[np.arange(len(of)), of] += 1
    return wanted, RIDGE * many * sizes[of] / len(of)


def weight_of_words(rows: Rows, of: Classes, many: int) -> float:
    """Under which the examples, each left out once, surprise the least.

    Long reports are told apart by their words, short questions by what they mean.
    """
    if rows.vectors is None:
        return WORDS_WEIGH[0]
    some = spread(of, TRIED)
    rows, of = rows[some], of[some]
    wanted, slack = aims(of, many)

    def surprise_at(weigh: float) -> float:
        _, scores = solved_by_all(rows, wanted, slack, weigh)
        return surprise(scores, of, fitted_temperature(scores, of))

    return min(WORDS_WEIGH, key=surprise_at)


def spread(of: Classes, most: int) -> Classes:
    """Places of up to so many examples, the first of each class before the second of any."""
    if len(of) <= most:
        return np.arange(len(of))
    turn = np.zeros(len(of), np.int64)
    for one in np.unique(of):
        turn[of == one] = np.arange((of == one).sum())
    return np.sort(np.argsort(turn, kind="stable")[:most])


def solved_by_all(
    rows: Rows, wanted: Matrix, slack: Numbers, weigh: float
) -> tuple[Matrix, Numbers]:
    likeness = kernel(rows, rows, weigh)
    likeness[np.diag_indices(len(wanted))] += slack
    inverse = np.linalg.inv(likeness)
    shares = (inverse @ wanted).astype(np.float32)
    return shares, (wanted - shares / np.diag(inverse)[:, None]).astype(float)


def solved_by_some(
    rows: Rows, some: Rows, wanted: Matrix, slack: Numbers, weigh: float
) -> tuple[Matrix, Numbers]:
    parts = [slice(at, at + AT_ONCE) for at in range(0, len(wanted), AT_ONCE)]
    bend = kernel(some, some, weigh).astype(float)
    bend[np.diag_indices(len(bend))] += STEADY
    pull = np.zeros((len(bend), wanted.shape[1]))
    for part in parts:
        likeness = kernel(rows[part], some, weigh).astype(float)
        weighed = likeness / slack[part, None]
        bend += likeness.T @ weighed
        pull += weighed.T @ wanted[part]
    inverse = np.linalg.inv(bend)
    shares = inverse @ pull
    scores = np.empty(wanted.shape)
    for part in parts:  # without itself: what it pulled is taken back
        likeness = kernel(rows[part], some, weigh).astype(float)
        own = ((likeness @ inverse) * likeness).sum(axis=1) / slack[part]
        off = (wanted[part] - likeness @ shares) / np.maximum(1 - own, 1e-6)[:, None]
        scores[part] = wanted[part] - off
    return shares.astype(np.float32), scores


def softened(scores: Numbers, temperature: float) -> Numbers:
    hot = scores * temperature
    hot = hot - hot.max(axis=1, keepdims=True)
    powers = np.exp(hot)
    result: Numbers = powers / powers.sum(axis=1, keepdims=True)
    return result


def surprise(scores: Numbers, of: Classes, temperature: float) -> float:
    """Mean negative logarithm of what the right classes were given."""
    right = softened(scores, temperature)[np.arange(len(of)), of]
    return float(-np.log(np.maximum(right, 1e-12)).mean())


def fitted_temperature(scores: Numbers, of: Classes) -> float:
    """The one under which the right classes surprise the least."""
    return float(min(TEMPERATURES, key=lambda one: surprise(scores, of, one)))


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
