"""How soon bursts of like reports are noticed.

The sets are files `incident_*.jsonl`, somebody else's: in each line the id, time in seconds, text
and, where there is one, incident of a report.
"""

import json
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.figures import percentile
from triage.engine.embedders import Embedder, choose_embedder
from triage.engine.labelled import directory_of
from triage.engine.report import Vector
from triage.engine.words import terms_of
from triage.incidents.clusters import BY_MEANING, BY_WORDS, LATELY
from triage.incidents.reports import Seen, sketch
from triage.incidents.watch import Known, State, Watch, subject_words

START = 1_780_272_000.0  # a Monday
LEAST = 3  # reports of an incident under one name, before it counts as found
AREA = "everything"
Row = dict[str, Any]


class Observing:
    """What is measured, in the shape in which evaluators of such engines ask."""

    def __init__(self, level: str = "minilm", embedder: Embedder | None = None) -> None:
        chosen = choose_embedder(level if level != "words" else "none")
        self.embedder = embedder or chosen.embedder
        self.reset("incident", "")

    def reset(self, task: str, name: str) -> None:
        self.watch = Watch(BY_MEANING if self.embedder else BY_WORDS)
        self.said: Counter[str] = Counter()
        self.last: dict[int, float] = {}
        self.many = 0

    def observe(self, event: Row, vector: Vector | None = None) -> str | None:
        """The name of the incident it belongs to, as far as one is known by now."""
        seen = self._seen(event, vector)
        now = float(event["t"])
        self.watch.incidents = {
            id: Known(State.CONFIRMED) for id, at in self.last.items() if now - at < LATELY
        }
        finding = self.watch.feed(AREA, seen)
        if finding is None:
            return None
        id = finding.incident_id or len(self.last) + 1
        self.last[id] = now
        self.watch.mark(AREA, [one.ticket_id for one in finding.cluster.members], id)
        return f"incident {id}"

    def _seen(self, event: Row, vector: Vector | None) -> Seen:
        terms = terms_of(event["text"], "")
        self.many += 1
        self.said.update(terms.title.keys())
        if vector is None and self.embedder is not None:
            vector = self.embedder.embed([event["text"]])[0]
        if vector is None:
            whole = max(self.many, 50)
            vector = sketch(terms, {word: self.said[word] / whole for word in terms.title})
        words = subject_words(event["text"])
        return Seen(self.many, START + float(event["t"]), self.many, "any", vector, words)


def measured(rows: Sequence[Row], engine: Observing) -> dict[str, float]:
    names: list[str | None] = []
    ms: list[float] = []
    vectors = embedded(rows, engine.embedder)
    for number, row in enumerate(rows):
        begun = time.thread_time()
        names.append(engine.observe(row, vectors[number] if vectors is not None else None))
        ms.append((time.thread_time() - begun) * 1e3)
    figures = judged(rows, names)
    figures["cpu_p95_ms"] = percentile(sorted(ms), 95)
    return figures


def embedded(rows: Sequence[Row], embedder: Embedder | None) -> Any:
    if embedder is None:
        return None
    texts = [row["text"] for row in rows]
    parts = [embedder.embed(texts[at : at + 64]) for at in range(0, len(texts), 64)]
    return np.concatenate(parts)


def judged(rows: Sequence[Row], names: Sequence[str | None]) -> dict[str, float]:
    """An incident is found by a name that at least LEAST of its reports got, and mostly they."""
    named: dict[str, list[int]] = defaultdict(list)
    truth: dict[str, list[int]] = defaultdict(list)
    for number, (row, name) in enumerate(zip(rows, names, strict=True)):
        if name is not None:
            named[name].append(number)
        if row["incident"] is not None:
            truth[row["incident"]].append(number)
    first: dict[str, int] = {}
    false = 0
    for numbers in named.values():
        whose, many = Counter(rows[n]["incident"] for n in numbers).most_common(1)[0]
        if whose is not None and many >= LEAST:
            at = min(n for n in numbers if rows[n]["incident"] == whose)
            first[whose] = min(first.get(whose, at), at)
        elif len(numbers) >= LEAST:
            false += 1
    nth = [sum(n <= at for n in truth[whose]) for whose, at in first.items()]
    background = sum(row["incident"] is None for row in rows)
    return {
        "incidents": len(truth),
        "found": len(first),
        "found_by_5th": sum(n <= 5 for n in nth),
        "found_by_10th": sum(n <= 10 for n in nth),
        "at_nth_median": statistics.median(nth) if nth else 0.0,
        "false_per_1000": 1_000 * false / max(background, 1),
    }


def measure_incidents(data: Path) -> Iterator[tuple[str, str, dict[str, float]]]:
    for file in sorted(directory_of(data).glob("incident_*.jsonl")):
        rows = [json.loads(line) for line in file.read_text().splitlines()]
        for level in ("minilm", "words"):
            yield f"{file.stem}-{level}", "helpdesk", measured(rows, Observing(level))
