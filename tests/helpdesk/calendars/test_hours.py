"""The arithmetic of open time, beside a count of every single minute."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.calendars.hours import Hours, NoOpenTime, around_the_clock
from helpdesk.calendars.queries import read
from helpdesk.calendars.week import ALWAYS, Closed, Span, Week

MINUTE = timedelta(minutes=1)
# An hour's change, a half hour's (Lord Howe), one at midnight (Cairo, Santiago), none, Ramadan's.
ZONES = (
    "UTC",
    "America/New_York",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Africa/Cairo",
    "America/Santiago",
    "Africa/Casablanca",
)
# Around changes of the clock, and the turn of a year.
BASES = tuple(
    datetime(*day, tzinfo=UTC)
    for day in (
        (2026, 3, 7), (2026, 3, 28), (2026, 4, 4), (2026, 4, 23), (2026, 9, 4), (2026, 10, 3),
        (2026, 10, 24), (2026, 10, 29), (2026, 10, 31), (2026, 12, 29), (2026, 2, 14), (2026, 6, 2),
    )
)  # fmt: skip

zones = st.sampled_from(ZONES).map(ZoneInfo)
minutes = st.one_of(st.integers(0, 1439), st.sampled_from((0, 60, 105, 120, 150, 180, 1380, 1439)))
spans = st.builds(
    lambda day, begins, length: Span(day, begins, begins + length),
    st.integers(0, 6),
    minutes,
    st.one_of(st.integers(1, 1440), st.sampled_from((60, 480, 1440))),
)
weeks = st.builds(Week, zones, st.lists(spans, min_size=1, max_size=6).map(tuple))
bases = st.sampled_from(BASES)
parts = st.tuples(st.integers(0, 1380), st.integers(1, 900)).map(
    lambda one: (one[0], min(1440, sum(one)))
)
closings = st.builds(
    lambda base, days, but: Closed((base + timedelta(days=days)).date(), but=but),
    bases,
    st.integers(0, 6),
    st.none() | parts,
)
moments = st.builds(lambda base, minute: base + minute * MINUTE, bases, st.integers(0, 4 * 1440))


@st.composite
def calendars(draw: st.DrawFn) -> Hours:
    """Some change their week, and their zone, in the middle of a span."""
    first = draw(weeks)
    later = draw(st.lists(st.tuples(weeks, moments), max_size=1))
    more = tuple(Week(week.zone, week.spans, since) for week, since in later)
    return Hours((first, *more), tuple(draw(st.lists(closings, max_size=3))))


def open_minute(hours: Hours, at: datetime) -> bool:
    """What the clock on the wall says, read for one minute. Nothing here is shared with Hours."""
    week = [one for one in hours.weeks if one.since is None or one.since <= at][-1]
    local = at.astimezone(week.zone)
    if local.fold:  # this hour was already: it is a part of whatever goes on beyond its end
        while local.fold:
            at -= MINUTE
            local = at.astimezone(week.zone)
    minute = local.hour * 60 + local.minute
    if any(
        one.day == local.date()
        and not (one.but and one.but[0] <= minute < one.but[1])
        and (one.since is None or one.since <= at)
        and (one.until is None or at < one.until)
        for one in hours.closed
    ):
        return False
    return any(
        (span.day == local.weekday() and span.begins <= minute < span.ends)
        or (span.day == (local.weekday() - 1) % 7 and minute < span.ends - 1440)
        for span in week.spans
    )


def count(hours: Hours, since: datetime, until: datetime) -> timedelta:
    at, found = since, 0
    while at < until:
        found += open_minute(hours, at)
        at += MINUTE
    return found * MINUTE


@settings(max_examples=150)
@given(calendars(), moments, st.integers(0, 2 * 1440))
def test_open_time_is_what_counting_every_minute_gives(
    hours: Hours, since: datetime, length: int
) -> None:
    until = since + length * MINUTE
    assert hours.elapsed(since, until) == count(hours, since, until)
    assert hours.is_open(since) == open_minute(hours, since)


@settings(max_examples=150)
@given(calendars(), moments, st.integers(1, 30 * 60))
def test_a_deadline_is_the_first_moment_with_its_work_done(
    hours: Hours, start: datetime, work: int
) -> None:
    try:
        due = hours.due_at(start, work * MINUTE)
    except NoOpenTime:
        assert hours.next_opening(start) is None
        return
    assert hours.elapsed(start, due) == work * MINUTE
    assert hours.elapsed(start, due - MINUTE) == (work - 1) * MINUTE


@settings(max_examples=100)
@given(calendars(), moments)
def test_it_opens_and_closes_where_the_minutes_change(hours: Hours, at: datetime) -> None:
    opening, closing = hours.next_opening(at), hours.next_closing(at)
    for edge, opens in ((opening, True), (closing, False)):
        if edge is not None:
            assert edge > at
            assert hours.is_open(edge) is opens
            assert hours.is_open(edge - timedelta(microseconds=1)) is not opens
    nearest = min((one for one in (opening, closing) if one), default=None)
    if nearest is not None and nearest - at < timedelta(days=2):
        assert hours.elapsed(at, nearest) in (timedelta(0), nearest - at)
    assert hours.starts_at(at) == (at if hours.is_open(at) else opening)


@settings(max_examples=100)
@given(calendars(), st.lists(closings, max_size=3), moments, st.integers(1, 2400))
def test_more_days_off_never_mean_an_earlier_deadline(
    hours: Hours, more: list[Closed], start: datetime, work: int
) -> None:
    fewer = Hours(hours.weeks, (*hours.closed, *more))
    try:
        due = hours.due_at(start, work * MINUTE)
    except NoOpenTime:
        with pytest.raises(NoOpenTime):
            fewer.due_at(start, work * MINUTE)
        return
    try:
        assert fewer.due_at(start, work * MINUTE) >= due
    except NoOpenTime:
        assert fewer.next_opening(start) is None


@settings(max_examples=100)
@given(weeks, st.data(), moments, st.integers(1, 2400))
def test_an_interval_cut_in_two_changes_nothing(
    week: Week, data: st.DataObject, start: datetime, work: int
) -> None:
    pieces: list[Span] = []
    for span in week.spans:
        cut = data.draw(st.integers(span.begins, span.ends))
        if cut in (span.begins, span.ends):
            pieces.append(span)
            continue
        pieces.append(Span(span.day, span.begins, cut))
        day = (span.day + cut // 1440) % 7
        pieces.append(Span(day, cut % 1440, cut % 1440 + span.ends - cut))
    whole, parts = Hours((week,)), Hours((Week(week.zone, tuple(pieces)),))
    assert parts.due_at(start, work * MINUTE) == whole.due_at(start, work * MINUTE)
    assert parts.next_closing(start) == whole.next_closing(start)


@settings(max_examples=100)
@given(calendars(), weeks, closings, moments, moments, moments)
def test_a_change_never_rewrites_what_was(
    hours: Hours, week: Week, day_off: Closed, changed: datetime, one: datetime, other: datetime
) -> None:
    """A new week, a day off added or taken back: all from the moment of the change."""
    last = max((w.since for w in hours.weeks if w.since), default=changed)
    changed = max(changed, last)
    taken_back = tuple(Closed(c.day, c.since, changed, c.but) for c in hours.closed)
    new = Hours(
        (*hours.weeks, Week(week.zone, week.spans, changed)),
        (*taken_back, Closed(day_off.day, changed, None, day_off.but)),
    )
    since, until = sorted(min(at, changed) for at in (one, other))
    assert new.elapsed(since, until) == hours.elapsed(since, until)


def test_the_days_on_which_the_clock_changes_are_as_long_as_they_are() -> None:
    zone = ZoneInfo("America/New_York")
    nights = Hours((Week(zone, tuple(Span(day, 22 * 60, 30 * 60) for day in range(7))),))
    spring = datetime(2026, 3, 7, 20, tzinfo=zone)  # set forward in the night to the 8th
    autumn = datetime(2026, 10, 31, 20, tzinfo=zone)  # set back in the night to 1 November
    assert nights.elapsed(spring, spring + timedelta(hours=18)) == timedelta(hours=7)
    assert nights.elapsed(autumn, autumn + timedelta(hours=18)) == timedelta(hours=9)


def test_a_calendar_that_is_never_open_says_so_instead_of_looking_for_ever() -> None:
    never = Hours((Week(UTC, ()),))
    start = datetime(2026, 1, 1, tzinfo=UTC)
    with pytest.raises(NoOpenTime):
        never.due_at(start, MINUTE)
    assert never.next_opening(start) is None
    assert never.next_closing(start) is None
    assert never.elapsed(start, datetime(2030, 1, 1, tzinfo=UTC)) == timedelta(0)
    shut = Hours((Week(UTC, ALWAYS), Week(UTC, (), start)))
    with pytest.raises(NoOpenTime):
        shut.due_at(start - timedelta(hours=1), timedelta(hours=2))


def test_a_zone_that_vanished_goes_on_as_it_was() -> None:
    stored = {"zone": "America/Atlantis", "offset": -300, "spans": [[0, 540, 1020]], "since": None}
    hours = read({"weeks": [stored], "closed": []})
    assert hours.next_opening(datetime(2026, 1, 4, tzinfo=UTC)) == datetime(
        2026, 1, 5, 14, tzinfo=UTC
    )


def test_around_the_clock_never_opens_because_it_never_closes() -> None:
    always, at = around_the_clock(), datetime(2026, 12, 31, 23, 59, 30, 7, tzinfo=UTC)
    assert always.is_open(at)
    assert always.next_opening(at) is None
    assert always.next_closing(at) is None
    assert always.due_at(at, timedelta(days=900)) == at + timedelta(days=900)


def test_a_clock_set_back_counts_nothing_and_a_long_holiday_is_only_long() -> None:
    week = Week(UTC, tuple(Span(day, 540, 1020) for day in range(5)))
    start = datetime(2026, 1, 5, 9, tzinfo=UTC)
    assert Hours((week,)).elapsed(start, start - timedelta(hours=3)) == timedelta(0)
    off = tuple(Closed(date(2026, 1, 6) + timedelta(days=n)) for n in range(400))
    assert Hours((week,), off).due_at(start, timedelta(hours=9)) == datetime(
        2027, 2, 10, 10, tzinfo=UTC
    )
