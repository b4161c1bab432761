"""Quality, guarded by reports written for it: the twin is found among the earlier ones."""

import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from triage.engine.embedders import choose_embedder
from triage.engine.ranker import make_ready, rank
from triage.engine.report import Candidate, Match, Report
from triage.engine.shelf import Shelf
from triage.engine.weights import shipped_weights

WRITTEN = tomllib.loads((Path(__file__).parent / "sample.toml").read_text())["report"]
BEGUN = datetime(2026, 3, 2, 9, tzinfo=UTC)
# Of the reports with an earlier twin, in per cent: twin first, twin among the first three.
REACHED = {"minilm": (96, 100), "wordllama": (93, 96), "lexical": (84, 96)}


def reports() -> list[Report]:
    return [
        Report(one["title"], one["body"], BEGUN + timedelta(hours=number))
        for number, one in enumerate(WRITTEN)
    ]


def walked(level: str) -> Iterator[tuple[int, Candidate, list[Candidate], list[Match]]]:
    embedder = choose_embedder(level if level != "lexical" else "none").embedder
    shelf = Shelf()
    for number, report in enumerate(reports()):
        asked = make_ready(report, embedder)
        earlier = list(shelf.reports)
        yield number, asked, earlier, rank(asked, earlier, shelf.rarity, shipped_weights(level))
        shelf.add(asked)


def places(level: str) -> list[int]:
    """Where the first twin stands, for every report that has an earlier one."""
    found = []
    for number, _, _, matches in walked(level):
        problem = WRITTEN[number].get("problem")
        twins = {n for n in range(number) if problem and WRITTEN[n].get("problem") == problem}
        if twins:
            found.append(next(n for n, match in enumerate(matches) if match.index in twins))
    return found


@pytest.mark.parametrize("level", REACHED)
def test_the_twin_comes_first(level):
    found = places(level)
    first = 100 * sum(place == 0 for place in found) / len(found)
    early = 100 * sum(place < 3 for place in found) / len(found)
    assert len(found) > 30
    assert first >= REACHED[level][0]
    assert early >= REACHED[level][1]


def test_a_warning_is_right_most_of_the_time():
    sure = [
        (WRITTEN[number].get("problem"), WRITTEN[matches[0].index].get("problem"))
        for number, _, earlier, matches in walked("minilm")
        if matches and matches[0].probability >= 0.7
    ]
    assert len(sure) >= 5
    assert sum(a is not None and a == b for a, b in sure) / len(sure) >= 0.9


def test_probabilities_never_rise_down_the_list():
    for _, _, _, matches in walked("lexical"):
        listed = [match.probability for match in matches]
        assert listed == sorted(listed, reverse=True)
        assert all(0 <= p <= 1 for p in listed)
