"""What is pure in the queue: its groups, and who gets what of many."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.escalations.bulk import EVENLY, Manager, Row, plan
from helpdesk.managing.lists import GROUPS, Cursor, group_of, read_cursor, tomorrow, used

NOW = datetime(2026, 3, 28, 21, 30, tzinfo=UTC)
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"])
MINUTES = st.integers(-5000, 5000).map(lambda minutes: timedelta(minutes=minutes))


@settings(max_examples=100)
@given(st.lists(MINUTES, max_size=12), ZONES)
def test_groups_follow_the_order_of_dates(moments: list[timedelta], zone: str) -> None:
    found = [GROUPS.index(group_of(NOW + one, NOW, zone)) for one in sorted(moments)]
    assert found == sorted(found)
    ends = tomorrow(NOW, zone)
    assert NOW < ends <= NOW + timedelta(hours=25)
    assert group_of(ends, NOW, zone).key in ("hour", "later")


PEOPLE = st.lists(
    st.builds(Manager, st.integers(1, 6), st.just("M"), st.integers(0, 9), st.booleans()),
    max_size=4,
    unique_by=lambda one: one.id,
)
ROWS = st.lists(
    st.builds(
        Row, st.integers(1, 99), st.none() | st.integers(1, 6), st.sampled_from([True, True, False])
    ),
    max_size=9,
    unique_by=lambda one: one.id,
)


@settings(max_examples=150)
@given(ROWS, PEOPLE, st.sampled_from([EVENLY, "1", "7"]))
def test_everybody_is_planned_once_and_nobody_away_is_chosen_by_load(
    rows: list[Row], people: list[Manager], to: str
) -> None:
    planned = plan(rows, people, to)
    assert [one.id for one in planned] == [row.id for row in rows]
    load = {one.id: one.load for one in people if not one.away}
    for one, row in zip(planned, rows, strict=True):
        assert (one.to is None) == bool(one.skipped)
        if one.to is None:
            continue
        assert row.is_live
        assert one.to.id != row.owner_id
        if to == EVENLY:
            assert not one.to.away
            assert load[one.to.id] == min(load.values())
            load[one.to.id] += 1


@given(st.text(max_size=30))
def test_any_cursor_is_ours_or_none(text: str) -> None:
    found = read_cursor(text)
    assert found is None or read_cursor(str(found)) == found


def test_time_used_is_a_share() -> None:
    hour = timedelta(hours=1)
    assert [used(part * hour, 4 * hour) for part in (-1, 0, 1, 3, 9)] == [0, 0, 25, 75, 100]
    assert used(hour, timedelta(0)) == 100
    assert read_cursor(str(Cursor(NOW, 7))) == Cursor(NOW, 7)
