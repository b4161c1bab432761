"""Similar reports: how often the earlier twin is found first, what a warning is worth, how far the
probabilities can be believed, and what it costs. The sets are given by path and are not ours."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.figures import percentile
from triage.engine.embedders import Embedder, choose_embedder
from triage.engine.labelled import LabelledSet, read_sets, report_of
from triage.engine.ranker import make_ready, rank
from triage.engine.recalibrating import calibration_error
from triage.engine.report import Candidate, Rarity, Report
from triage.engine.shelf import Shelf
from triage.engine.training import fit_line
from triage.engine.weights import LEVELS, Weights, shipped_weights

WARNED_FROM = 0.7
FEEDBACK = 1_000  # reports whose outcome the desk has learned before it is measured again
LISTED = 50
PAIRS = 2_000
Figures = dict[str, float]
Measured = Iterator[tuple[str, str, Figures]]  # workload, subject, figures
Say = Callable[[str], None]


class Searching:
    """What is measured, in the shape in which evaluators of such engines ask."""

    def __init__(self, level: str = "minilm", embedder: Embedder | None = None) -> None:
        self.embedder = (
            embedder or choose_embedder(level if level != "lexical" else "none").embedder
        )
        self.weights: Weights = shipped_weights(level)
        self.reset("dup", "")

    def reset(self, task: str, name: str) -> None:
        self.shelf, self.ids, self.ms = Shelf(), list[str](), list[float]()
        self.cpu_ms: list[float] = []
        self._last: tuple[str, Candidate] | None = None

    def search(self, doc: dict[str, Any], k: int = LISTED) -> list[tuple[str, float]]:
        asked = self._ready(doc)
        start, begun = time.perf_counter(), time.thread_time()
        near = self.shelf.near(asked)
        among = [self.shelf.reports[number] for number in near]
        matches = rank(asked, among, self.shelf.rarity, self.weights)
        self.ms.append((time.perf_counter() - start) * 1e3)
        self.cpu_ms.append((time.thread_time() - begun) * 1e3)
        return [(self.ids[near[match.index]], match.probability) for match in matches[:k]]

    def add(self, doc: dict[str, Any]) -> None:
        self.shelf.add(self._ready(doc))
        self.ids.append(str(doc["id"]))

    def pair(self, a: str, b: str) -> float:
        """Of two questions without a past."""
        ready = [
            make_ready(
                Report(text, "", report_of({"title": "", "body": ""}, 0).opened_at), self.embedder
            )
            for text in (a, b)
        ]
        return rank(ready[0], ready[1:], Rarity(), self.weights)[0].probability

    def _ready(self, doc: dict[str, Any]) -> Candidate:
        if self._last is None or self._last[0] != doc["id"]:
            report = report_of(doc, len(self.ids))
            self._last = (doc["id"], make_ready(report, self.embedder))
        return self._last[1]


def measure_triage(data: Path, quick: bool, say: Say) -> Measured:
    sets = read_sets(data)
    for level in LEVELS:
        choice = choose_embedder(level if level != "lexical" else "none")
        if choice.level != level:
            say(f"  {level} is not here: {'; '.join(choice.steps_back)}")
            continue
        if choice.embedder is not None:
            yield f"triage-cost-{level}", "helpdesk", cost(choice.embedder, sets)
        yield from measure_level(level, sets, quick)
        if (pairs := data / "dev" / "pair_quora.jsonl").exists():
            yield f"triage-quora-{level}", "helpdesk", on_pairs(level, pairs, quick)


def measure_level(level: str, sets: Sequence[LabelledSet], quick: bool) -> Measured:
    total: Figures = {"queries": 0.0, "r1": 0.0, "r5": 0.0, "r10": 0.0}
    for one in sets:
        figures = on_set(Searching(level), one, 600 if quick else None)
        yield f"triage-{one.name}-{level}", "helpdesk", figures
        for key in ("r1", "r5", "r10"):
            total[key] += figures[key] * figures["queries"]
        total["queries"] += figures["queries"]
    many = max(total["queries"], 1.0)
    averages = {key: total[key] / many for key in ("r1", "r5", "r10")}
    yield f"triage-all-{level}", "helpdesk", {**averages, "queries": total["queries"]}


def on_set(engine: Searching, labelled: LabelledSet, first: int | None) -> Figures:
    """Each report is asked about among the earlier ones, then added."""
    engine.reset("dup", labelled.name)
    places: list[int] = []
    sure: list[float] = []
    right: list[bool] = []
    has: list[bool] = []
    for number, report in list(enumerate(labelled.reports))[:first]:
        doc = {
            "id": labelled.ids[number],
            "title": report.title,
            "body": report.body,
            "created": report.opened_at.isoformat(),
        }
        twins = {labelled.ids[twin] for twin in labelled.twins[number]}
        found = engine.search(doc)
        engine.add(doc)
        ids = [one for one, _ in found]
        if twins:
            places.append(next((n for n, one in enumerate(ids) if one in twins), LISTED))
        sure.append(found[0][1] if found else 0.0)
        right.append(bool(found) and ids[0] in twins)
        has.append(bool(twins))
    found_at = {f"r{k}": 100 * share(place < k for place in places) for k in (1, 5, 10)}
    times = sorted(engine.ms)
    return {
        "queries": float(len(places)),
        **found_at,
        **warnings(np.array(sure), np.array(right), np.array(has)),
        "rank_p50_ms": percentile(times, 50),
        "rank_p95_ms": percentile(times, 95),
        "rank_cpu_p50_ms": percentile(sorted(engine.cpu_ms), 50),
    }


def warnings(sure: np.ndarray, right: np.ndarray, has: np.ndarray) -> Figures:
    """In per cent; the calibration error as it is, and on the rest once FEEDBACK is in."""
    warned = sure >= WARNED_FROM
    figures = {
        "warned_right": 100 * share(right[warned]),
        "warned_of_twins": 100 * float((warned & right).sum()) / max(int(has.sum()), 1),
        "false_alarms": 100 * share(warned[~has]),
        "ece": calibration_error(sure, right.astype(float)),
    }
    if len(sure) > FEEDBACK + 50:
        odds = np.log(np.clip(sure, 1e-6, 1 - 1e-6) / (1 - np.clip(sure, 1e-6, 1 - 1e-6)))
        slope, shift = fit_line(odds[:FEEDBACK], right[:FEEDBACK].astype(float))
        after = 1 / (1 + np.exp(-(slope * odds[FEEDBACK:] + shift)))
        figures["ece_after_feedback"] = calibration_error(after, right[FEEDBACK:].astype(float))
        figures["false_alarms_after"] = 100 * share((after >= WARNED_FROM)[~has[FEEDBACK:]])
        told = (after >= WARNED_FROM) & right[FEEDBACK:]
        figures["warned_of_twins_after"] = (
            100 * float(told.sum()) / max(int(has[FEEDBACK:].sum()), 1)
        )
    return figures


def on_pairs(level: str, path: Path, quick: bool) -> Figures:
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines[: 300 if quick else PAIRS]]
    engine = Searching(level)
    scores = np.array([engine.pair(row["a"], row["b"]) for row in rows])
    same = np.array([row["label"] == 1 for row in rows])
    best = same[np.argsort(-scores, kind="stable")]
    precision = np.cumsum(best) / np.arange(1, len(best) + 1)
    ranks = np.empty(len(scores))
    ranks[np.argsort(scores, kind="stable")] = np.arange(1, len(scores) + 1)
    positive, negative = int(same.sum()), int((~same).sum())
    area = (ranks[same].sum() - positive * (positive + 1) / 2) / max(positive * negative, 1)
    return {
        "pairs": float(len(rows)),
        "ap": 100 * float(precision[best].mean()),
        "auc": float(area),
    }


def cost(embedder: Embedder, sets: Sequence[LabelledSet]) -> Figures:
    """Beside the time on the clock that of the processor: what else runs here does not count."""
    reports = sets[0].reports[:200]
    figures: Figures = {}
    for name, texts in (
        ("title", [report.title for report in reports]),
        ("ticket", [f"{report.title}\n{report.body}"[:620] for report in reports[:100]]),
    ):
        clock, processor = [], []
        for text in texts:
            start, begun = time.perf_counter(), time.thread_time()
            embedder.embed([text])
            clock.append((time.perf_counter() - start) * 1e3)
            processor.append((time.thread_time() - begun) * 1e3)
        figures[f"{name}_p50_ms"] = percentile(sorted(clock), 50)
        figures[f"{name}_p95_ms"] = percentile(sorted(clock), 95)
        figures[f"{name}_cpu_p50_ms"] = percentile(sorted(processor), 50)
    return figures


def share(values: Any) -> float:
    listed = [float(value) for value in values]
    return sum(listed) / len(listed) if listed else 0.0
