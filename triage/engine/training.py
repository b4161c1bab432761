"""Fitting the ranker: which weights put the twin first, and how sure the first place is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from triage.engine.features import ABSOLUTE, NAMES, leads
from triage.engine.labelled import Example
from triage.engine.lexical import Numbers, Whole
from triage.engine.weights import Head

RIDGE = 5.0
STEPS = 40
HELD = np.array([25.0, 1.0])  # slope and shift, as if by so many judgements
FOLDS = 3
# What public reports do not hold cannot be learned from them.
GIVEN = {"contract": 1.0, "transaction": 2.0, "error_code": 1.0}
NOT_LEARNED = frozenset(GIVEN)
ASSUMED = 0.25  # of the reports have their twin in first place; sets made for training have more


@dataclass(frozen=True, slots=True)
class Lists:
    """Candidates of many reports one below the other; `starts` says where each list begins."""

    matrix: Numbers
    share: Numbers  # of the twins of its list: 1/n for a twin, 0 otherwise
    starts: Whole
    sizes: Whole


def fit_head(examples: Sequence[Example]) -> Head:
    weights, usual = fit_order(examples)
    order = {name: round(float(w), 4) for name, w in zip(NAMES, weights, strict=True) if w}
    means = {name: round(float(u), 4) for name, u in zip(NAMES, usual, strict=True)}
    sure, lead, constant = fit_sureness(examples, weights)
    return Head(order, {name: means[name] for name in order}, sure, lead, constant)


def fit_sureness(
    examples: Sequence[Example], weights: Numbers
) -> tuple[dict[str, float], float, float]:
    """How likely the first is a twin: logistic regression on how alike it is and how far it leads
    (as Platt scaling, with more than the score). A desk is assumed to have fewer twins."""
    firsts, ahead, twins = [], [], []
    for one in examples:
        if len(one.matrix):
            scores, places = sorted_scores(one, weights)
            firsts.append(one.matrix[places[0]])
            ahead.append(leads(scores)[0])
            twins.append(float(one.is_twin[places[0]]))
    used = [n for n, name in enumerate(NAMES) if name in ABSOLUTE]
    x, y = np.column_stack([np.array(firsts)[:, used], ahead]), np.array(twins)
    slopes, constant = rising(x, y)
    share = y.mean()
    constant += float(np.log(ASSUMED / (1 - ASSUMED)) - np.log(share / (1 - share)))
    sure = {NAMES[n]: round(float(w), 4) for n, w in zip(used, slopes, strict=False) if w}
    return {**sure, **GIVEN}, round(float(slopes[-1]), 4), round(constant, 4)


def rising(x: Numbers, y: Numbers) -> tuple[Numbers, float]:
    """Logistic slopes none of which is negative: being more alike never makes less sure. Columns
    are left out until that is so."""
    middle, spread = x.mean(axis=0), np.maximum(x.std(axis=0), 1e-6)
    kept = x.std(axis=0) > 1e-6
    while True:
        design = np.column_stack([(x - middle) / spread * kept, np.ones(len(x))])
        found = logistic(design, y, np.zeros(design.shape[1]), RIDGE)
        if (found[:-1][kept] >= 0).all():
            slopes = found[:-1] / spread * kept
            return slopes, float(found[-1] - slopes @ middle)
        kept &= found[:-1] > 0


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
    loss = float("inf")
    step = np.zeros_like(weights)
    for _ in range(STEPS):
        p = softmax(x @ weights, lists)
        now = float(-lists.share @ np.log(p + 1e-300) + RIDGE / 2 * weights @ weights)
        if now > loss + 1e-9:
            step /= 2
            weights += step
            continue
        if loss - now < 1e-6 * abs(now):
            break
        loss = now
        means = np.add.reduceat(p[:, None] * x, lists.starts)
        slope = x.T @ (p - lists.share) + RIDGE * weights
        bend = (x * p[:, None]).T @ x - means.T @ means + RIDGE * np.eye(len(weights))
        step = np.linalg.solve(bend, slope)
        weights -= step
    found = np.zeros(len(NAMES))
    found[learned] = weights / spread[learned]
    for name, given in GIVEN.items():
        found[NAMES.index(name)] = given
        usual[NAMES.index(name)] = 0.0
    return found, usual


def stack_lists(examples: Sequence[Example]) -> Lists:
    sizes = np.array([len(one.matrix) for one in examples])
    share = np.concatenate([one.is_twin / one.is_twin.sum() for one in examples])
    starts = np.cumsum(sizes) - sizes
    return Lists(np.vstack([one.matrix for one in examples]), share, starts, sizes)


def softmax(scores: Numbers, lists: Lists) -> Numbers:
    raised = np.exp(scores - np.repeat(np.maximum.reduceat(scores, lists.starts), lists.sizes))
    share: Numbers = raised / np.repeat(np.add.reduceat(raised, lists.starts), lists.sizes)
    return share


def logistic(design: Numbers, y: Numbers, start: Numbers, prior: float | Numbers) -> Numbers:
    """By Newton's method; `prior` is how strongly each is held to `start`."""
    found = start.copy()
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-np.clip(design @ found, -30, 30)))
        slope = design.T @ (p - y) + prior * (found - start)
        bend = (design * (p * (1 - p))[:, None]).T @ design + np.diag(np.full(len(found), prior))
        step = np.linalg.solve(bend, slope)
        found -= step * min(1.0, 2.0 / np.abs(step).max(initial=1e-9))
        if np.abs(step).max(initial=0.0) < 1e-6:
            break
    return found


def fit_line(odds: Numbers, y: Numbers) -> tuple[float, float]:
    """The slope and shift of log-odds that fit the answers. Held to 1 and 0, the slope firmly:
    agents judge what seems likely, which tells little of the rest."""
    design = np.column_stack([odds, np.ones(len(odds))])
    slope, shift = logistic(design, y, np.array([1.0, 0.0]), HELD)
    return round(float(max(slope, 0.05)), 4), round(float(shift), 4)


def sorted_scores(example: Example, weights: Numbers) -> tuple[Numbers, Whole]:
    """Scores best first, and the rows they belong to."""
    scores = example.matrix @ weights
    order = np.argsort(-scores, kind="stable")
    return scores[order], order


def recalls(examples: Sequence[Example], weights: Numbers) -> dict[str, float]:
    """R@k in per cent: the share of reports with an earlier twin that have one in the first k."""
    asked = [one for one in examples if one.has_twin]
    places = []
    for one in asked:
        found = one.is_twin.any()
        places.append(int(one.is_twin[sorted_scores(one, weights)[1]].argmax()) if found else 10**6)
    share = {k: 100 * float(np.mean([place < k for place in places])) for k in (1, 5, 10)}
    return {"queries": len(asked), **{f"R@{k}": round(value, 1) for k, value in share.items()}}


def folded_recalls(sets: Mapping[str, list[Example]]) -> dict[str, dict[str, float]]:
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
