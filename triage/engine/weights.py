"""What the ranker has learned, as data: shipped with the program, or trained on this desk."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from triage.engine.features import NAMES
from triage.engine.lexical import Numbers

LEVELS = ("minilm", "wordllama", "lexical")


@dataclass(frozen=True, slots=True)
class Head:
    """`features`: the weight of each column; `usual`: its mean over candidates, against which
    reasons are told; `calibration`: slopes of score and lead over the next, and a constant."""

    features: Mapping[str, float]
    usual: Mapping[str, float]
    calibration: tuple[float, float, float]

    def column(self) -> Numbers:
        return np.array([self.features.get(name, 0.0) for name in NAMES])

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
    )


def head_of(data: Mapping[str, Any]) -> Head:
    slope, lead, constant = data["calibration"]
    return Head(data["features"], data["usual"], (slope, lead, constant))


def encoded(weights: Weights) -> dict[str, Any]:
    return asdict(weights)
