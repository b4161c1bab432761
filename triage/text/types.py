"""Which kind of problem a text sounds like; “not sure” where it may be several. Pure."""

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from triage.engine.embedders import Embedder

from .features import Numbers, features_of, rarity
from .kernel import Rows, Trained, calibration_error, fit

SURE = 0.5  # from here on it is said; below, “not sure”
LONGEST = 4_000  # characters that are read
SHORTEST = 8  # letters; fewer are no description
Example = tuple[str, str]  # text, label


@dataclass(frozen=True)
class Guess:
    type_key: str
    probability: float

    @property
    def is_sure(self) -> bool:
        return self.probability >= SURE

    @property
    def percent(self) -> int:
        return min(round(100 * self.probability), 99)  # nobody is certain


@dataclass(frozen=True)
class Classifier:
    """What was trained, with the encoder it was trained with."""

    trained: Trained
    embedder: Embedder | None
    version: str

    def guess(self, text: str) -> Guess | None:
        """The likeliest; None for a text too short to say anything."""
        return next(iter(self.ranked(text)), None)

    def ranked(self, text: str, most: int = 3) -> list[Guess]:
        text = text[:LONGEST].replace("\0", " ").encode("utf-8", "replace").decode()
        if sum(character.isalpha() for character in text) < SHORTEST:
            return []
        [likely] = self.trained.probabilities(rows_of([text], self.trained.rarity, self.embedder))
        best = np.argsort(-likely)[:most]
        return [Guess(self.trained.labels[place], float(likely[place])) for place in best]


def rows_of(texts: Sequence[str], weights: Any, embedder: Embedder | None) -> Rows:
    vectors = None
    if embedder is not None:
        vectors = np.asarray(embedder.embed([text[:2_000] for text in texts]), np.float32)
    return Rows(features_of(texts, weights), vectors)


def train(
    examples: Sequence[Example], embedder: Embedder | None, version: str
) -> tuple[Classifier, dict[str, Any]]:
    """And the figures it reached on its own examples, each left out once."""
    labels = tuple(sorted({label for _, label in examples}))
    place = {label: n for n, label in enumerate(labels)}
    texts = [text for text, _ in examples]
    weights = rarity(texts)
    rows = rows_of(texts, weights, embedder)
    classes = [place[label] for _, label in examples]
    judges, held_out = fit(rows, classes, len(labels))
    name = embedder.name if embedder else ""
    trained = Trained(labels, weights, judges, name, digest_of(examples))
    return Classifier(trained, embedder, version), figures_of(held_out, classes)


def figures_of(held_out: Numbers, classes: Sequence[int]) -> dict[str, Any]:
    of = np.asarray(classes)
    right = held_out.argmax(axis=1) == of
    sure = held_out.max(axis=1) >= SURE
    return {
        "examples": len(of),
        "accuracy": round(float(right.mean()), 4),
        "coverage": round(float(sure.mean()), 4),
        "accuracy_when_sure": round(float(right[sure].mean()), 4) if sure.any() else None,
        "calibration_error": round(calibration_error(held_out, of), 4),
    }


def digest_of(examples: Sequence[Example]) -> str:
    return hashlib.sha256(repr(list(examples)).encode()).hexdigest()


@cache
def written_examples() -> tuple[Example, ...]:
    """Those we ship."""
    text = Path(__file__).with_name("examples.toml").read_text("utf-8")
    lists: Mapping[str, list[str]] = tomllib.loads(text)
    return tuple((said, label) for label, list in lists.items() for said in list)
