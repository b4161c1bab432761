from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.core import formats

NOW = datetime(2026, 11, 21, 14, 32, tzinfo=UTC)


def test_times_are_told_in_the_readers_zone() -> None:
    assert formats.local_time(NOW, "Asia/Tokyo") == "21 Nov 2026, 23:32"
    assert formats.local_clock(NOW, "America/New_York") == "09:32"
    assert formats.local_date(NOW, "Pacific/Auckland") == "22 Nov 2026"


def test_a_sentence_is_read_on_ones_own_clock() -> None:
    said = "moved from 31 Dec 2026, 21:30 UTC to 40 Foo 2026, 10:00 UTC"
    assert formats.own_clock(said, "Europe/Sofia") == (
        "moved from 31 Dec 2026, 23:30 to 40 Foo 2026, 10:00 UTC"
    )
    assert formats.own_clock(said, "UTC") == formats.own_clock(said, "Nowhere/Land") == said


def test_an_unknown_zone_falls_back_to_utc() -> None:
    for name in ("Mars/Olympus", "", "../../etc/passwd", "UTC\x00", "a" * 300):
        assert formats.local_clock(NOW, name) == "14:32"


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        formats.local_time(NOW.replace(tzinfo=None), "UTC")


def test_days_near_today_have_names() -> None:
    assert formats.when(NOW, "UTC", NOW) == "Today 14:32"
    assert formats.when(NOW - timedelta(days=1), "UTC", NOW) == "Yesterday 14:32"
    assert formats.when(NOW + timedelta(days=1), "UTC", NOW) == "Tomorrow 14:32"
    assert formats.when(NOW - timedelta(days=2), "UTC", NOW) == "Thu 19 Nov, 14:32"
    assert formats.when(NOW - timedelta(days=400), "UTC", NOW) == "17 Oct 2025, 14:32"
    assert formats.mid_sentence("Today 14:32") == "today 14:32"
    assert formats.mid_sentence("Thu 19 Nov, 14:32") == "Thu 19 Nov, 14:32"


def test_today_is_the_readers_today() -> None:
    late = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
    assert formats.local_day(late, "UTC", NOW) == "Today"
    assert formats.local_day(late, "Asia/Tokyo", NOW) == "Tomorrow"


def test_an_instant_is_written_as_utc() -> None:
    assert formats.iso(NOW.astimezone(formats.zone("Asia/Tokyo"))) == "2026-11-21T14:32:00Z"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "just now"),
        (59, "just now"),
        (60, "1 min ago"),
        (3599, "59 min ago"),
        (7200, "2 h ago"),
        (86_400, "1 day ago"),
        (250_000, "2 days ago"),
        (-30, "in a moment"),
        (-300, "in 5 min"),
    ],
)
def test_ago_uses_the_largest_unit(seconds: int, words: str) -> None:
    said = formats.ago(NOW - timedelta(seconds=seconds), NOW)
    assert said.replace("\u00a0", " ") == words


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (1_240_000, "1.2 MB"),
        (9_960_000, "10 MB"),
        (25_000_000, "25 MB"),
        (999_600, "1.0 MB"),
        (3_000_000_000_000, "3.0 TB"),
    ],
)
def test_sizes_read_as_people_write_them(count: int, words: str) -> None:
    assert formats.size(count).replace("\u00a0", " ") == words


@pytest.mark.parametrize(
    ("minor", "currency", "words"),
    [
        (120_000, "USD", "$1,200.00"),
        (5, "EUR", "€0.05"),
        (-500, "USD", "−$5.00"),
        (1200, "JPY", "¥1,200"),
        (1250, "KWD", "KWD 1.250"),
        (99, "CHF", "CHF 0.99"),
    ],
)
def test_money_keeps_the_currencys_own_minor_unit(minor: int, currency: str, words: str) -> None:
    assert formats.money(minor, currency).replace("\u00a0", " ") == words


@given(st.integers(-(10**15), 10**15), st.sampled_from(["USD", "JPY", "KWD", "CHF"]))
def test_no_amount_loses_a_minor_unit(minor: int, currency: str) -> None:
    digits = "".join(c for c in formats.money(minor, currency) if c.isdigit())
    assert int(digits) == abs(minor)


def test_initials_take_the_first_and_the_last_name() -> None:
    assert formats.initials("Inês Maria Carvalho") == "IC"
    assert formats.initials("tess") == "T"
    assert formats.initials("  ") == "?"
    assert formats.initials("(+) Ann") == "A"


@given(st.text(max_size=40))
def test_any_name_has_initials_and_a_colour(name: str) -> None:
    assert formats.initials(name)
    assert 0 <= formats.hue(name) < 5


def test_counted_words_agree_with_the_number() -> None:
    assert formats.plural(1, "file") == "1\u00a0file"
    assert formats.plural(1200, "reply", "replies") == "1,200\u00a0replies"
