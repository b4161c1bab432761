"""Spreads of times: how far a quantile may be off, and that they can be added up."""

from collections import Counter
from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from helpdesk.reports.counting.packing import add, packed, together, unpacked
from helpdesk.reports.counting.spread import ERROR, bucket, middle, quantile

seconds = st.integers(0, 10**9)


def spread(times: list[int]) -> dict[int, int]:
    return dict(Counter(map(bucket, times)))


@given(st.lists(seconds, min_size=1, max_size=60), st.sampled_from([0.1, 0.5, 0.9, 0.99]))
def test_a_quantile_is_at_most_the_stated_error_away(times: list[int], share: float) -> None:
    exact = sorted(times)[max(1, ceil(round(share * len(times), 9))) - 1]
    found = quantile(packed(spread(times)), share)
    assert found is not None
    assert abs(found - exact) <= ERROR * exact * 1.0001


@given(st.lists(seconds), st.lists(seconds))
def test_sums_of_parts_are_the_whole_and_can_be_taken_away(a: list[int], b: list[int]) -> None:
    joined = packed(spread(a)) + packed(spread(b))
    assert together(joined).tolist() == together(packed(spread(a + b))).tolist()
    whole = unpacked(packed(spread(a)))
    add(whole, spread(b))
    assert whole == spread(a + b)
    add(whole, spread(b), -1)
    assert whole == spread(a)
    assert quantile(b"", 0.5) is None


@given(st.integers(1, 10**9))
def test_a_bucket_holds_what_lies_between_its_edges(time: int) -> None:
    number = bucket(time)
    assert bucket(middle(number)) == number
    assert bucket(time) <= bucket(time + 1)
