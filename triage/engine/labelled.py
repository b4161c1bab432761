"""Sets of reports of which it is known which tell of the same, and walking through them as they
were filed: each is asked about among the earlier ones only, then added."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triage.engine.embedders import Embedder
from triage.engine.features import measure
from triage.engine.lexical import Numbers
from triage.engine.ranker import embedded_text
from triage.engine.report import Candidate, Report
from triage.engine.shelf import Shelf
from triage.engine.words import read_report

BEGUN = datetime(2000, 1, 1, tzinfo=UTC)
A_DAY = 20  # reports, where a set does not say when they were filed
ALOUD = 500  # reports after which a walk says how far it is

Say = Callable[[str], None]


class BadData(Exception):
    """Its words are for whoever gave the path."""


@dataclass(frozen=True, slots=True)
class LabelledSet:
    name: str
    ids: list[str]
    reports: list[Report]
    twins: list[frozenset[int]]  # of each report: the numbers of earlier ones about the same


@dataclass(frozen=True, slots=True)
class Example:
    """One report asked about: its candidates measured, and which of them are twins."""

    matrix: Numbers
    is_twin: NDArray[np.bool_]
    has_twin: bool  # perhaps one that is no candidate


def directory_of(path: Path) -> Path:
    """This directory, or its `dev`."""
    return path / "dev" if (path / "dev").is_dir() else path


def read_sets(path: Path) -> list[LabelledSet]:
    """`dup_NAME.docs.jsonl` (id, title, body, created or null, in the order of filing) and
    `dup_NAME.queries.jsonl` (id, relevant) in this directory or in its `dev`."""
    place = directory_of(path)
    found = sorted(place.glob("dup_*.docs.jsonl"))
    if not found:
        raise BadData(f"{place} holds no dup_*.docs.jsonl.")
    return [read_set(docs) for docs in found]


def read_set(docs: Path) -> LabelledSet:
    name = docs.name.removeprefix("dup_").removesuffix(".docs.jsonl")
    rows = list(json_lines(docs))
    ids = [str(row["id"]) for row in rows]
    numbers = {one: number for number, one in enumerate(ids)}
    answers = {
        str(row["id"]): frozenset(numbers[one] for one in row["relevant"])
        for row in json_lines(docs.with_name(f"dup_{name}.queries.jsonl"))
    }
    reports = [report_of(row, number) for number, row in enumerate(rows)]
    return LabelledSet(name, ids, reports, [answers.get(one, frozenset()) for one in ids])


def json_lines(path: Path) -> Iterator[dict[str, Any]]:
    try:
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)
    except (OSError, ValueError) as fault:
        raise BadData(f"{path}: {fault}") from fault


def report_of(row: dict[str, Any], number: int) -> Report:
    created = row.get("created")
    at = datetime.fromisoformat(created) if isinstance(created, str) else None
    if at is None:
        at = BEGUN + timedelta(days=number / A_DAY)
    return Report(str(row["title"]), str(row["body"]), at if at.tzinfo else at.replace(tzinfo=UTC))


def made_ready(reports: Sequence[Report], embedder: Embedder | None, say: Say) -> list[Candidate]:
    ready = []
    for number, report in enumerate(reports):
        if embedder is not None and number % ALOUD == 0:
            say(f"  embedding {number} of {len(reports)}")
        terms, identifiers = read_report(report)
        whole = Report(report.title, report.body, report.opened_at, identifiers)
        if embedder is None:
            ready.append(Candidate(whole, terms))
        else:
            title, both = embedder.embed([report.title, embedded_text(report)])
            ready.append(Candidate(whole, terms, title, both))
    return ready


def as_typed(asked: Candidate) -> Candidate:
    """What is known while only the subject has been typed."""
    report = Report(asked.report.title, "", asked.report.opened_at)
    terms, identifiers = read_report(report)
    report = Report(report.title, "", report.opened_at, identifiers)
    return Candidate(report, terms, asked.title_vector, asked.title_vector)


def walk(
    labelled: LabelledSet, ready: Sequence[Candidate], typed: bool = False
) -> Iterator[Example]:
    """An example for each report but those before which there was nothing alike."""
    shelf = Shelf()
    for one, twins in zip(ready, labelled.twins, strict=True):
        asked = as_typed(one) if typed else one
        if near := shelf.near(asked):
            matrix = measure(asked, [shelf.reports[n] for n in near], shelf.rarity)
            yield Example(matrix, np.isin(near, list(twins)), bool(twins))
        elif twins:
            yield Example(np.zeros((0, 0)), np.zeros(0, bool), True)
        shelf.add(one)
