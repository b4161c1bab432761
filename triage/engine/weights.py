"""What the ranker has learned, as data: shipped with the program, or trained on this desk."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from triage.engine.features import NAMES
from triage.engine.lexical import Numbers

SAME = 2.2  # nine of ten
LEVELS = ("minilm", "wordllama", "lexical")


@dataclass(frozen=True, slots=True)
class Head:
    """`order`: the weight of each column in the score that orders; `usual`: its mean over
    candidates, against which reasons are told. `sure`: its weight in the log-odds that the first
    is a twin; there `lead` is the score's lead over the next."""

    order: Mapping[str, float]
    usual: Mapping[str, float]
    sure: Mapping[str, float]
    lead: float
    constant: float
    same: float = SAME  # log-odds at the least, of reports with the very same words

    def column(self) -> Numbers:
        return np.array([self.order.get(name, 0.0) for name in NAMES])

    def sure_column(self) -> Numbers:
        return np.array([self.sure.get(name, 0.0) for name in NAMES])

    def usual_row(self) -> Numbers:
        return np.array([self.usual.get(name, 0.0) for name in NAMES])


@dataclass(frozen=True, slots=True)
class Weights:
    """For one level of embedder: once for whole reports, once while only a subject is there."""

    level: str
    whole: Head
    title: Head
    version: str = "shipped"
    figures: Mapping[str, Any] = field(default_factory=dict)
    base: str = ""  # the version whose calibration was put right by verdicts
    line: tuple[float, float] = (1.0, 0.0)  # its log-odds on those of the base: slope and shift

    @property
    def name(self) -> str:
        """What is kept beside a suggestion, so that a verdict on it can teach."""
        return f"{self.level} {self.version}"


@cache
def shipped_weights(level: str) -> Weights:
    """`level`: minilm, wordllama, multilingual or lexical."""
    known = level if level in LEVELS else "wordllama"
    text = (files("triage.engine") / "weights" / f"{known}.json").read_text()
    return replace(decoded(json.loads(text)), level=level)


def decoded(data: Mapping[str, Any]) -> Weights:
    return Weights(
        str(data["level"]),
        head_of(data["whole"]),
        head_of(data["title"]),
        str(data.get("version", "shipped")),
        data.get("figures", {}),
        str(data.get("base", "")),
        pair_of(data.get("line", (1.0, 0.0))),
    )


def pair_of(data: Sequence[float]) -> tuple[float, float]:
    slope, shift = data
    return float(slope), float(shift)


def head_of(data: Mapping[str, Any]) -> Head:
    return Head(
        data["order"],
        data["usual"],
        data["sure"],
        data["lead"],
        data["constant"],
        data.get("same", SAME),
    )


def encoded(weights: Weights) -> dict[str, Any]:
    return asdict(weights)
