"""Probabilities put right by what agents decided. The order stays; only how sure it is changes.

A calibration that follows another is a line through its log-odds, so a chain of them is one line:
every model says how it lies on the log-odds of the model it began with."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from triage.engine.training import fit_line
from triage.engine.weights import Head, Weights

FEWEST = 30  # verdicts
FEWEST_OF_EACH = 5


class TooFew(Exception):
    """Its words are for whoever asked for the calibration."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A pair shown with a probability, and whether an agent found them the same."""

    probability: float
    same: bool
    engine: str


def recalibrate(
    base: Weights, lines: Mapping[str, tuple[float, float]], judged: Sequence[Judged]
) -> tuple[Weights, dict[str, float]]:
    """`lines`: for each engine's name the slope and shift of its log-odds on those of `base`.
    Returns the weights, and figures. Raises TooFew."""
    known = [one for one in judged if one.engine in lines]
    same = sum(one.same for one in known)
    if len(known) < FEWEST or min(same, len(known) - same) < FEWEST_OF_EACH:
        raise TooFew(
            f"{len(known)} verdicts on suggestions of this engine, {same} of them “the same”: "
            f"{FEWEST} are needed, and {FEWEST_OF_EACH} of each kind."
        )
    odds = np.array([on_base(one.probability, lines[one.engine]) for one in known])
    answers = np.array([float(one.same) for one in known])
    slope, shift = fit_line(odds, answers)
    after = 1 / (1 + np.exp(-(slope * odds + shift)))
    before = np.array([one.probability for one in known])
    figures = {
        "verdicts": float(len(known)),
        "same": float(same),
        "ece_before": calibration_error(before, answers),
        "ece_after": calibration_error(after, answers),
    }
    return replace(
        base,
        whole=bent(base.whole, slope, shift),
        title=bent(base.title, slope, shift),
        line=(slope, shift),
    ), figures


def on_base(probability: float, line: tuple[float, float]) -> float:
    slope, shift = line
    p = min(max(probability, 1e-6), 1 - 1e-6)
    return (math.log(p / (1 - p)) - shift) / slope


def bent(head: Head, slope: float, shift: float) -> Head:
    return replace(
        head,
        sure={name: slope * weight for name, weight in head.sure.items()},
        lead=slope * head.lead,
        constant=slope * head.constant + shift,
        same=slope * head.same + shift,
    )


def calibration_error(probabilities: np.ndarray, answers: np.ndarray, bins: int = 10) -> float:
    """Expected calibration error: how far, on average, what was said is from what was so."""
    if not len(probabilities):
        return 0.0
    place = np.minimum((probabilities * bins).astype(int), bins - 1)
    said = np.bincount(place, probabilities, bins)
    so = np.bincount(place, answers, bins)
    return round(float(np.abs(said - so).sum() / len(probabilities)), 4)
