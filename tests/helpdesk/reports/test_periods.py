"""Periods of a dashboard: cut into sums without gap or overlap, compared weekday by weekday."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from helpdesk.core.formats import localised
from helpdesk.reports.dashboard.periods import CHOICES, between, chosen, cut, floor

FIRST, LAST = (datetime(year, 1, 1) for year in (2024, 2028))  # noqa: DTZ001 - as hypothesis asks
moments = st.datetimes(FIRST, LAST, timezones=st.just(UTC))
zones = st.sampled_from(["UTC", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"])


@given(moments, st.timedeltas(timedelta(0), timedelta(days=500)))
def test_a_period_is_cut_without_gap_or_overlap_into_few_pieces(
    since: datetime, length: timedelta
) -> None:
    until = since + length
    pieces = cut(since, until)
    at = since
    for piece in pieces:
        assert piece.since == at < piece.until
        at = piece.until
        if piece.grain != "fact":
            assert floor(piece.since, piece.grain) == piece.since
            assert floor(piece.until, piece.grain) == piece.until
    assert at == until
    assert len(pieces) <= 7


@given(moments, zones, st.sampled_from([*CHOICES]))
def test_what_it_is_compared_with_has_the_same_weekdays_until_the_same_time(
    now: datetime, tz: str, key: str
) -> None:
    period = chosen(key, now, tz)
    before = period.earlier
    for at, then in ((period.since, before.since), (period.until, before.until)):
        wall, earlier = localised(at, tz), localised(then, tz)
        assert (wall.date() - earlier.date()).days % 7 == 0
        # A time that a change of the clocks left out is told an hour later.
        assert abs(wall.hour * 60 + wall.minute - earlier.hour * 60 - earlier.minute) in (0, 30, 60)
    assert before.until <= period.since
    assert sum((b - a for a, b in period.steps()), timedelta()) == period.until - period.since
    assert len(period.steps()) <= 60


@given(st.text(), st.text(), moments)
def test_days_that_are_none_are_refused(first: str, last: str, now: datetime) -> None:
    period = between(first, last, now, "UTC")
    assert period is None or period.since <= period.until
    assert between("2026-01-02", "2026-01-01", now, "UTC") is None
    assert between("2020-01-01", "2027-12-31", datetime(2028, 1, 1, tzinfo=UTC), "UTC") is None
