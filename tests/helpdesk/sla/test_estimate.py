"""Promises are honest: as it was lately, on the calendar, never to the flattering side."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.calendars.hours import Hours, around_the_clock
from helpdesk.calendars.week import Span, Week
from helpdesk.sla.promises.estimate import FEWEST, Basis, Sample, estimate
from helpdesk.sla.promises.jobs import samples_of
from helpdesk.sla.promises.words import dated, length, opening_words, told

OFFICE = tuple(Span(day, 9 * 60, 17 * 60) for day in range(5))
NEW_YORK = Hours((Week(ZoneInfo("America/New_York"), OFFICE),))
SATURDAY = datetime(2026, 11, 21, 12, tzinfo=UTC)
samples = st.lists(
    st.builds(Sample, st.integers(0, 500), st.floats(0, 400_000)), min_size=FEWEST, max_size=200
)


@settings(max_examples=100)
@given(samples, st.integers(0, 2_000), st.integers(0, 10_000))
def test_the_short_range_lies_in_the_long_one_and_work_begins_with_the_calendar(
    lately: list[Sample], ahead: int, minutes: int
) -> None:
    at = SATURDAY + timedelta(minutes=minutes)
    one = estimate(NEW_YORK, at, lately, ahead, 8)
    assert one.basis == Basis.PAST
    assert one.half is not None
    assert one.most is not None
    assert one.starts_at is not None
    assert one.starts_at - timedelta(minutes=5) <= one.most[0] <= one.half[0]
    assert one.half[0] <= one.half[1] <= one.most[1]


def test_a_longer_line_than_ever_is_not_taken_for_a_usual_one() -> None:
    lately = [Sample(10, 3600.0)] * FEWEST
    usual, long = (estimate(around_the_clock(), SATURDAY, lately, n, 8) for n in (10, 109))
    assert usual.half == (SATURDAY + timedelta(hours=1),) * 2
    assert long.half == (SATURDAY + timedelta(hours=10),) * 2


def test_too_little_is_known_to_promise_and_a_closed_desk_says_so() -> None:
    few = estimate(NEW_YORK, SATURDAY, [Sample(0, 60)] * (FEWEST - 1), 0, 8)
    assert few.basis == Basis.AIM
    assert few.aim_at == datetime(2026, 11, 23, 22, tzinfo=UTC)
    shut = estimate(Hours((Week(UTC, ()),)), SATURDAY, [Sample(0, 60)] * 50, 0, 8)
    assert shut.basis == Basis.CLOSED
    for one in (few, shut):
        words = told(one, "Payments", NEW_YORK, "Europe/Berlin", SATURDAY)
        assert "cannot say" in f"{words.when} {words.range}"
        assert "Payments" in dated(one, "Payments", "Europe/Berlin")


def test_it_is_said_with_its_reason_on_the_reader_s_clock() -> None:
    lately = [Sample(4, 3 * 3600)] * 20 + [Sample(4, 5 * 3600)] * 20
    one = estimate(NEW_YORK, SATURDAY, lately, 4, 8)
    words = told(one, "Payments", NEW_YORK, "Europe/Berlin", SATURDAY)
    assert words.when == "Most likely Mon 23 Nov, 18:00–20:00"
    assert words.why == (
        "Payments opens Monday 09:00 New York (15:00 your time). Typical answer 3 to 5 hours "
        "after, from the last 40 answers. 4 wait for one there."
    )
    monday = datetime(2026, 11, 23, 17, 30, tzinfo=UTC)  # in the middle of the short range
    read = told(one, "Payments", NEW_YORK, "Europe/Berlin", monday)
    assert read.when == "Most likely by today 20:00"
    assert read.why == (
        "Payments is open now. Typical answer 3 to 5 hours of working time, "
        "from the last 40 answers."
    )
    assert one.most is not None
    wide = replace(one, most=(one.most[0], one.most[1] + timedelta(hours=3)))
    read = told(wide, "Payments", NEW_YORK, "Europe/Berlin", one.most[1] + timedelta(hours=1))
    assert read.when == "Most likely by today 23:00"
    assert read.range.startswith("It takes longer than usual: half of all answers")
    assert not read.late
    assert opening_words(NEW_YORK, SATURDAY, "Asia/Tokyo") == (
        "opens Monday 09:00 New York (23:00 your time)"
    )
    assert length(40 * 60, 3 * 3600 + 1) == "40 minutes to 4 hours"
    assert told(one, "P", NEW_YORK, "UTC", SATURDAY + timedelta(days=3)).late
    aim = estimate(NEW_YORK, SATURDAY, [], 0, 8)
    assert told(aim, "P", NEW_YORK, "UTC", SATURDAY).when.startswith("Our aim: by ")
    passed = told(aim, "P", NEW_YORK, "UTC", SATURDAY + timedelta(days=3))
    assert passed.late
    assert passed.when.startswith("Our aim was ")


def test_what_is_promised_holds_as_often_as_it_says() -> None:
    """A department with two agents and busy days, promised from its own past, for ten weeks."""
    dice = random.Random(7)
    rows: list[dict[str, datetime | None]] = []
    free = [SATURDAY, SATURDAY]
    at, half, most, given_ = SATURDAY, 0, 0, 0
    for n in range(1_500):
        busy = 0.8 if at.isocalendar().week % 2 else 1.0
        at += timedelta(minutes=dice.expovariate(1 / (90 * busy)))
        agent = min(range(2), key=lambda one: free[one])
        begins = max(at, free[agent])
        done = NEW_YORK.due_at(begins, timedelta(minutes=dice.lognormvariate(3.2, 0.6)))
        free[agent] = done
        if n > 300 and n % 10 == 0:
            known = [
                {**row, "answered_at": row["gone_at"] if row["gone_at"] <= at else None,
                 "gone_at": row["gone_at"] if row["gone_at"] <= at else None}
                for row in reversed(rows[-400:])
            ]  # fmt: skip
            waiting = sum(row["answered_at"] is None for row in known)
            lately = [Sample(*one) for one in samples_of(known, NEW_YORK, at)[0]]
            one = estimate(NEW_YORK, at, lately, waiting, 8)
            assert one.half is not None
            assert one.most is not None
            given_ += 1
            half += one.half[0] <= done <= one.half[1]
            most += one.most[0] <= done <= one.most[1]
        rows.append({"opened_at": at, "gone_at": done, "answered_at": done, "severity": 2})
    assert given_ > 100
    assert 0.45 <= half / given_ <= 0.75
    assert most / given_ >= 0.88
