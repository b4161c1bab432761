"""A week as people say it."""

import pytest

from helpdesk.calendars.said import in_words, understood
from helpdesk.calendars.week import ALWAYS, Span


@pytest.mark.parametrize(
    ("words", "again"),
    [
        ("Monday to Saturday, 08:00–20:00 UTC", "Monday to Saturday, 08:00–20:00 UTC"),
        ("Every day, around the clock", "Every day, around the clock"),
        (
            "Monday to Friday, 09:00–17:00 New York time, closed on bank holidays",
            "Monday to Friday, 09:00–17:00 New York time",
        ),
        ("Wednesday, 9.00 to 12.30 Tokyo time", "Wednesday, 09:00–12:30 Tokyo time"),
    ],
)
def test_hours_are_read_from_words_and_said_again(words: str, again: str) -> None:
    read = understood(words)
    assert read is not None
    assert in_words(*read) == again


@pytest.mark.parametrize(
    "words",
    [
        "When we feel like it",
        "Monday to Friday, 25:00–17:00 UTC",
        "Monday to Friday, 09:00–17:00 Atlantis time",
        "",
    ],
)
def test_words_that_say_no_hours_are_not_guessed_at(words: str) -> None:
    assert understood(words) is None


def test_a_week_over_the_weekend_and_two_shifts_a_day_are_said_in_full() -> None:
    read = understood("Friday to Monday, 9:00 to 12:30 Tokyo time")
    assert read is not None
    assert {span.day for span in read[1]} == {4, 5, 6, 0}
    nights = (Span(0, 480, 720), Span(0, 780, 1020), Span(5, 1320, 1800))
    assert (
        in_words("UTC", nights) == "Monday, 08:00–12:00 and 13:00–17:00; Saturday, 22:00–06:00 UTC"
    )
    assert in_words("UTC", ALWAYS) == "Every day, around the clock"
    assert in_words("UTC", ()) == "Closed"
