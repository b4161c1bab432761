"""The chance of a burst, and what is usual at an hour of the week."""

import math
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.incidents.burst import HOUR, UsualRate, chance


@pytest.mark.parametrize(
    ("many", "usual", "known"),
    [
        (0, 3.0, 1.0),
        (1, 2.0, 1 - math.exp(-2)),
        (4, 0.5, 1.7516225556e-3),  # tables of the Poisson distribution
        (10, 1.0, 1.1142547833e-7),
        (3, 10.0, 0.9972306),
    ],
)
def test_with_much_seen_it_is_the_upper_tail_of_the_poisson_distribution(
    many: int, usual: float, known: float
) -> None:
    assert chance(many, usual * 1e7 - 0.5, 1e7) == pytest.approx(known, rel=1e-4)


def test_it_is_exact_where_a_difference_would_be_rounded_away() -> None:
    first_term = math.exp(-0.01) * 0.01**20 / math.factorial(20)
    assert chance(20, 0.01 * 1e7 - 0.5, 1e7) == pytest.approx(first_term, rel=0.01)


def test_little_seen_makes_it_cautious() -> None:
    assert chance(5, 0, 100) > 10 * chance(5, 50, 50 * 200)
    assert chance(5, 0, 2) > 1e-3


@given(st.integers(0, 200), st.floats(0, 3_000), st.floats(0.5, 5_000))
def test_more_reports_are_never_more_likely(many: int, seen: float, parts: float) -> None:
    assert 0 <= chance(many + 1, seen, parts) <= chance(many, seen, parts) + 1e-9 <= 1 + 1e-9


def weeks(many: int) -> UsualRate:
    """Ten reports in hours of the day, one at night; ten times as many on Mondays at nine."""
    usual = UsualRate()
    for hour in range(many * 168):
        rate = 10 if 8 <= hour % 24 < 18 else 1
        rate *= 10 if hour % 168 == 4 * 24 + 9 else 1  # hour 0 was a Thursday
        usual.note(hour * HOUR, rate)
    usual.pass_to(many * 168)
    return usual


def test_an_hour_is_compared_with_the_same_hour_of_other_weeks() -> None:
    usual = weeks(8)
    start = 8 * 168 * HOUR
    night = usual.expected(start + 2 * HOUR, start + 3 * HOUR)
    noon = usual.expected(start + 12 * HOUR, start + 13 * HOUR)
    monday = start + (4 * 24 + 9) * HOUR
    assert night == pytest.approx(1, rel=0.6)
    assert noon == pytest.approx(10, rel=0.2)
    assert usual.expected(monday, monday + HOUR) > 4 * noon


def test_what_was_seen_only_once_leans_on_the_other_days() -> None:
    usual = weeks(1)
    start = 168 * HOUR
    monday = start + (4 * 24 + 9) * HOUR
    assert 10 < usual.expected(monday, monday + HOUR) < 70


def test_parts_of_an_hour_add_up() -> None:
    usual, start = weeks(3), 3 * 168 * HOUR + 1_234
    cuts = sorted(Random(4).uniform(start, start + 9 * HOUR) for _ in range(5))
    ends = [start, *cuts, start + 9 * HOUR]
    parts = sum(usual.expected(a, b) for a, b in pairwise(ends))
    assert parts == pytest.approx(usual.expected(start, start + 9 * HOUR))


def test_the_hour_that_goes_on_is_not_yet_counted() -> None:
    usual = weeks(4)
    start = 4 * 168 * HOUR
    before = usual.expected(start, start + HOUR)
    for _ in range(60):
        usual.note(start + 60)
    assert usual.expected(start, start + HOUR) == pytest.approx(before)
