"""Fitting the ranker: which weights put the twin first, and how sure the first place is."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from triage.engine.features import NAMES
from triage.engine.labelled import Example
from triage.engine.lexical import Numbers
from triage.engine.weights import Head

RIDGE = 5.0
STEPS = 40
FOLDS = 3
# What public reports do not hold cannot be learned from them.
GIVEN = {"contract": 1.0, "transaction": 2.0, "error_code": 1.0}
NOT_LEARNED = frozenset(GIVEN)


@dataclass(frozen=True, slots=True)
class Lists:
    """Candidates of many reports one below the other; `starts` says where each list begins."""

    matrix: Numbers
    share: Numbers  # of the twins of its list: 1/n for a twin, 0 otherwise
    starts: Numbers
    sizes: Numbers


def fit_head(examples: Sequence[Example]) -> Head:
    weights, usual = fit_order(examples)
    scores = [sorted_scores(one, weights) for one in examples if len(one.matrix)]
    points = [(s[0][0], lead(s[0]), float(s[1][0])) for s in scores]
    calibration = fit_logistic(
        np.array([[score, ahead] for score, ahead, _ in points]), np.array([y for *_, y in points])
    )
    columns = {name: round(float(w), 4) for name, w in zip(NAMES, weights, strict=True) if w}
    means = {name: round(float(u), 4) for name, u in zip(NAMES, usual, strict=True)}
    return Head(columns, {name: means[name] for name in columns}, calibration)


def fit_order(examples: Sequence[Example]) -> tuple[Numbers, Numbers]:
    """Weights of the columns, and what each column usually is.

    Minimises the cross-entropy of a softmax over each list (ListNet, Cao et al. 2007) by Newton's
    method; it is convex."""
    lists = stack_lists([one for one in examples if one.is_twin.any()])
    learned = np.array([name not in NOT_LEARNED for name in NAMES])
    usual, spread = lists.matrix.mean(axis=0), lists.matrix.std(axis=0)
    learned &= spread > 1e-9
    x = (lists.matrix[:, learned] - usual[learned]) / spread[learned]
    weights = np.zeros(x.shape[1])
    for _ in range(STEPS):
        p = softmax(x @ weights, lists)
        means = np.add.reduceat(p[:, None] * x, lists.starts)
        slope = x.T @ (p - lists.share) + RIDGE * weights
        bend = (x * p[:, None]).T @ x - means.T @ means + RIDGE * np.eye(len(weights))
        step = np.linalg.solve(bend, slope)
        step *= min(1.0, 2.0 / np.abs(step).max(initial=1e-9))
        weights -= step
        if np.abs(step).max(initial=0.0) < 1e-5:
            break
    found = np.zeros(len(NAMES))
    found[learned] = weights / spread[learned]
    for name, given in GIVEN.items():
        found[NAMES.index(name)] = given
        usual[NAMES.index(name)] = 0.0
    return found, usual


def stack_lists(examples: Sequence[Example]) -> Lists:
    sizes = np.array([len(one.matrix) for one in examples])
    share = np.concatenate([one.is_twin / one.is_twin.sum() for one in examples])
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    return Lists(np.vstack([one.matrix for one in examples]), share, starts, sizes)


def softmax(scores: Numbers, lists: Lists) -> Numbers:
    raised = np.exp(scores - np.repeat(np.maximum.reduceat(scores, lists.starts), lists.sizes))
    sums: Numbers = np.repeat(np.add.reduceat(raised, lists.starts), lists.sizes)
    return raised / sums


def fit_logistic(
    x: Numbers, y: Numbers, prior: Sequence[float] | None = None, strength: float = 1e-3
) -> tuple[float, float, float]:
    """Platt scaling on (score, lead), by Newton; `strength` holds it to the `prior`."""
    design = np.column_stack([x, np.ones(len(x))])
    start = np.array(prior if prior is not None else (0.0, 0.0, 0.0), float)
    found = start.copy()
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-np.clip(design @ found, -30, 30)))
        slope = design.T @ (p - y) + strength * (found - start)
        bend = (design * (p * (1 - p))[:, None]).T @ design + strength * np.eye(3)
        step = np.linalg.solve(bend + 1e-9 * np.eye(3), slope)
        found -= step * min(1.0, 2.0 / np.abs(step).max(initial=1e-9))
        if np.abs(step).max(initial=0.0) < 1e-6:
            break
    # A higher score never means a lower probability.
    score, ahead, constant = max(found[0], 0.01), max(found[1], 0.0), found[2]
    return round(float(score), 4), round(float(ahead), 4), round(float(constant), 4)


def sorted_scores(example: Example, weights: Numbers) -> tuple[Numbers, Numbers]:
    """Scores best first, and whether each is a twin."""
    scores = example.matrix @ weights
    order = np.argsort(-scores, kind="stable")
    return scores[order], example.is_twin[order]


def lead(scores: Numbers) -> float:
    """Of the first over the second."""
    return float(scores[0] - scores[1]) if len(scores) > 1 else 0.0


def recalls(examples: Sequence[Example], weights: Numbers) -> dict[str, float]:
    """R@k in per cent: the share of reports with an earlier twin that have one in the first k."""
    asked = [one for one in examples if one.has_twin]
    places = []
    for one in asked:
        hits = np.flatnonzero(sorted_scores(one, weights)[1]) if one.is_twin.any() else []
        places.append(int(hits[0]) if len(hits) else 10**6)
    share = {k: 100 * float(np.mean([place < k for place in places])) for k in (1, 5, 10)}
    return {"queries": len(asked), **{f"R@{k}": round(value, 1) for k, value in share.items()}}


def folded_recalls(sets: dict[str, list[Example]]) -> dict[str, dict[str, float]]:
    """Each third of the reports ranked by weights that were fitted on the other two."""
    held: dict[str, list[dict[str, float]]] = {name: [] for name in sets}
    for fold in range(FOLDS):
        others = [
            one for rows in sets.values() for n, one in enumerate(rows) if n // 10 % FOLDS != fold
        ]
        weights, _ = fit_order(others)
        for name, rows in sets.items():
            mine = [one for n, one in enumerate(rows) if n // 10 % FOLDS == fold]
            held[name].append(recalls(mine, weights))
    return {name: averaged(parts) for name, parts in held.items()}


def averaged(parts: Sequence[dict[str, float]]) -> dict[str, float]:
    total = sum(part["queries"] for part in parts)
    return {"queries": total} | {
        key: round(sum(part[key] * part["queries"] for part in parts) / max(total, 1), 1)
        for key in ("R@1", "R@5", "R@10")
    }
