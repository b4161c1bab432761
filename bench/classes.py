"""Suggested types: how often they are right, on labelled sets that are somebody else's.

A set is `class_NAME.train.jsonl`, with `.val.jsonl` where it has one: a text, perhaps a title, and
its label in each line; `oos` is out of scope. Without a second file every fifth row is held out.
`severity_NAME.jsonl` has titles of bug reports with their severity, of a project that the training
file has not seen.
"""

import time
import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from triage.engine.embedders import load_embedder
from triage.engine.labelled import directory_of
from triage.text.features import Classes, Numbers
from triage.text.kernel import calibration_error
from triage.text.types import SURE, Classifier, rows_of, train

OUT_OF_SCOPE = "oos"
FEW = 10  # of each class, for the small training
CHOICES = 3  # of those few; figures are their mean
QUICK = 3_000  # rows of a set
SEVERE = {"blocker": True, "critical": True, "major": True, "minor": False, "trivial": False}
Rows = list[tuple[str, str]]
Figures = dict[str, float]
Measured = Iterator[tuple[str, str, Figures]]  # workload, subject, figures


def measure_classes(data: Path, quick: bool) -> Measured:
    place = directory_of(data)
    for file in sorted(place.glob("class_*.train.jsonl")):
        name = file.name.removeprefix("class_").removesuffix(".train.jsonl")
        parts = [figures_of(*split(rows, file)) for rows in projects(read(file, quick))]
        if parts and any(parts):
            yield f"types-{name}", "helpdesk", averaged([part for part in parts if part])
        if name == "banking77":
            teaching, asked = split(read(file, quick), file)
            parts = [figures_of(few(teaching, FEW, choice), asked) for choice in range(CHOICES)]
            yield f"types-{name}-{FEW}", "helpdesk", averaged(parts)
    yield from measure_severity(place, quick)


def read(path: Path, quick: bool = False) -> list[dict[str, Any]]:
    lines = path.read_bytes().splitlines()
    return [orjson.loads(line) for line in (lines[:: len(lines) // QUICK + 1] if quick else lines)]


def projects(rows: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Reports of several projects teach and are asked about project by project."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        found[str(row.get("repo", ""))].append(row)
    return list(found.values())


def split(rows: list[dict[str, Any]], file: Path) -> tuple[Rows, Rows]:
    other = file.with_name(file.name.replace(".train.", ".val."))
    teaching = [row for n, row in enumerate(rows) if n % 5 or other.is_file()]
    asked = read(other) if other.is_file() else rows[::5]
    return [one for one in labelled(teaching) if one[1] != OUT_OF_SCOPE], labelled(asked)


def labelled(rows: Sequence[dict[str, Any]]) -> Rows:
    """With the title before the text; of several labels, the first there is."""
    return [
        ("\n".join(filter(None, (row.get("title"), row["text"]))), str(label))
        for row in rows
        if (label := row.get("label", row.get("category"))) is not None
    ]


def few(rows: Rows, most: int, choice: int = 0) -> Rows:
    kept: dict[str, int] = {}
    chosen = []
    for text, label in sorted(rows, key=lambda row: zlib.crc32(f"{choice}{row[0]}".encode())):
        kept[label] = kept.get(label, 0) + 1
        chosen += [(text, label)] if kept[label] <= most else []
    return chosen


def figures_of(examples: Rows, asked: Rows) -> Figures:
    if len({label for _, label in examples}) < 2 or not asked:
        return {}
    began = time.perf_counter()
    classifier, _ = train(examples, load_embedder(), "bench")
    trained = time.perf_counter() - began
    began = time.thread_time()
    likely = probabilities(classifier, [text for text, _ in asked])
    cost = (time.thread_time() - began) / len(asked) * 1e3
    of = places(classifier, [label for _, label in asked])
    inside = of >= 0
    right = (likely.argmax(axis=1) == of)[inside]
    sure = likely.max(axis=1) >= SURE
    figures = {
        "examples": float(len(examples)),
        "right": 100 * float(right.mean()),
        "f1": 100 * macro_f1(likely.argmax(axis=1)[inside], of[inside]),
        "calibration_error": calibration_error(likely[inside], of[inside]),
        "sure_of": 100 * float(sure[inside].mean()),
        "right_when_sure": 100 * float(right[sure[inside]].mean()),
        "trained_s": trained,
        "cpu_ms_a_text": cost,
    }
    if not inside.all():
        figures["not_sure_out_of_scope"] = 100 * float((~sure[~inside]).mean())
    return figures


def places(classifier: Classifier, labels: Sequence[str]) -> Classes:
    place = {label: n for n, label in enumerate(classifier.trained.labels)}
    return np.array([place.get(label, -1) for label in labels])


def probabilities(classifier: Classifier, texts: list[str]) -> Numbers:
    parts = [
        classifier.trained.probabilities(
            rows_of(texts[at : at + 500], classifier.trained.rarity, classifier.embedder)
        )
        for at in range(0, len(texts), 500)
    ]
    return np.vstack(parts)


def macro_f1(said: Classes, of: Classes) -> float:
    shares = []
    for one in np.unique(of):
        both = float(((said == one) & (of == one)).sum())
        shares.append(2 * both / float((said == one).sum() + (of == one).sum()))
    return float(np.mean(shares))


def averaged(parts: Sequence[Figures]) -> Figures:
    return {name: float(np.mean([part[name] for part in parts])) for name in parts[0]}


# Severity: whether the words alone tell severe from harmless in a project never seen


def measure_severity(place: Path, quick: bool) -> Measured:
    teaching = [row for file in place.glob("severity_*.train.jsonl") for row in read(file, quick)]
    unseen = {
        file.stem.removeprefix("severity_"): read(file, quick)
        for file in sorted(place.glob("severity_*.jsonl"))
        if ".train." not in file.name
    }
    if not teaching or not unseen:
        return
    examples = [(text, str(SEVERE[key])) for text, key in labelled(teaching) if key in SEVERE]
    classifier, _ = train(examples, load_embedder(), "bench")
    for name, rows in unseen.items():
        asked = [(text, SEVERE[key]) for text, key in labelled(rows) if key in SEVERE]
        likely = probabilities(classifier, [text for text, _ in asked])
        severe = likely[:, classifier.trained.labels.index("True")]
        area = area_under(severe, np.array([is_severe for _, is_severe in asked]))
        yield f"severity-{name}", "helpdesk", {"reports": float(len(asked)), "auc": area}


def area_under(scores: Numbers, is_one: Any) -> float:
    """How often one of the ones scores above one of the others (Mann & Whitney 1947)."""
    ranks = np.empty(len(scores))
    ranks[np.argsort(scores, kind="stable")] = np.arange(1, len(scores) + 1)
    ones, others = int(is_one.sum()), int((~is_one).sum())
    return float((ranks[is_one].sum() - ones * (ones + 1) / 2) / max(ones * others, 1))
