"""Accuracy, coverage and calibration, added up from what was kept."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.engine.recalibrating import calibration_error
from triage.learning.queries import Figure, compared, plain
from triage.learning.reliability import BINS, Tally, by_week, worth

MONDAY, LATER = date(2026, 5, 25), date(2026, 6, 1)


def a_tally(week: date = MONDAY, place: int | None = None, **figures: float) -> Tally:
    numbers = {"made": 10, "unsure": 2, "answered": 4, "right": 3, **figures}
    return Tally("type", week, place, **numbers)  # type: ignore[arg-type]


def test_accuracy_is_of_the_answered_and_coverage_of_all() -> None:
    found = worth([a_tally(), a_tally(made=30, unsure=0, answered=16, right=15)])
    assert (found.made, found.sure.percent, found.right.percent) == (40, 95, 90)
    assert (found.answered.part, found.answered.whole) == (20, 38)
    assert found.error is None
    assert found.right.is_telling


def test_few_answers_are_not_telling_and_none_are_no_share() -> None:
    assert not worth([a_tally()]).right.is_telling
    nothing = worth([])
    assert (nothing.made, nothing.right.percent, nothing.bins) == (0, 0, ())


def test_weeks_come_newest_first() -> None:
    weeks = by_week([a_tally(), a_tally(LATER), a_tally(LATER)])
    assert [(week, found.made) for week, found in weeks] == [(LATER, 20), (MONDAY, 10)]


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60))
def test_the_error_is_that_of_the_engine(told: list[tuple[float, bool]]) -> None:
    tallies = [
        Tally("type", MONDAY, min(int(p * BINS), BINS - 1), 1, 0, 1, int(so), p, int(so))
        for p, so in told
    ]
    known = calibration_error(np.array([p for p, _ in told]), np.array([float(s) for _, s in told]))
    assert worth(tallies).error == pytest.approx(known, abs=1e-4)


def test_figures_stand_beside_those_before() -> None:
    now = plain({"ece_before": 0.2, "ece_after": 0.1, "parts": {"r1": 0.7}, "note": "words"})
    assert compared(now, {"parts/r1": 0.6}) == (
        Figure("ece", 0.2, 0.1),
        Figure("parts/r1", 0.6, 0.7),
    )
