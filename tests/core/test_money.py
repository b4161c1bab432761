"""Amounts are whole minor units of one currency."""

from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.core.money import CURRENCIES, EXPONENTS, BadAmount, Money, read_amount

MONEY = st.builds(Money, st.integers(1, 999_999_999), st.sampled_from(CURRENCIES))


@given(MONEY)
def test_an_amount_as_we_show_it_is_read_back_the_same(money: Money) -> None:
    figures = f"{Decimal(money.minor).scaleb(-EXPONENTS[money.currency]):f}"
    assert read_amount(figures, money.currency) == money
    if EXPONENTS[money.currency] != 3 or money.minor < 1_000_000:
        assert read_amount(str(money)) == money


@given(st.text(max_size=40), st.sampled_from([*CURRENCIES, "", "XXX", "usd"]))
def test_whatever_is_typed_gives_an_amount_or_a_sentence(text: str, currency: str) -> None:
    with suppress(BadAmount):
        assert 0 < read_amount(text, currency).minor < 10**12


@pytest.mark.parametrize(
    ("typed", "currency", "minor"),
    [
        ("12.50", "USD", 1250),
        ("12,50", "EUR", 1250),
        ("1,250.50", "USD", 125050),
        ("1 250,50", "EUR", 125050),
        ("1’250.50", "CHF", 125050),
        ("1,250", "USD", 125000),
        ("80000", "JPY", 80000),
        ("80,000", "JPY", 80000),
        ("80000.00", "JPY", 80000),
        ("1.234", "KWD", 1234),
        ("USD 12.5", "", 1250),
        ("12.5 usd", "USD", 1250),
        ("0012.5", "USD", 1250),
    ],
)
def test_people_write_amounts_in_many_ways(typed: str, currency: str, minor: int) -> None:
    assert read_amount(typed, currency).minor == minor


@pytest.mark.parametrize(
    ("typed", "currency", "says"),
    [
        ("12.345", "USD", "at most 2 digits after the point"),
        ("12.5", "JPY", "no digits after the point"),
        ("0", "USD", "above 0"),
        ("-5", "USD", "in figures"),
        ("1000000000", "USD", "below 1,000,000,000"),
        ("9" * 60, "USD", "in figures"),
        ("twelve", "USD", "in figures"),
        ("1e9", "USD", "in figures"),
        ("NaN", "USD", "in figures"),
        ("١٢٣", "USD", "in figures"),
        ("12", "", "Choose the currency"),
        ("12", "XXX", "from the list"),
        ("EUR 12", "USD", "another currency"),
        ("1,234", "KWD", "with a point"),
        ("1.234,50", "EUR", "with a point"),
        ("1,23,456", "USD", "with a point"),
    ],
)
def test_what_could_mean_two_things_is_asked_again(typed: str, currency: str, says: str) -> None:
    with pytest.raises(BadAmount, match=says):
        read_amount(typed, currency)


def test_amounts_are_shown_with_the_digits_of_their_currency() -> None:
    shown = [str(Money(125050, "USD")), str(Money(80000, "JPY")), str(Money(1234, "KWD"))]
    assert shown == ["USD 1,250.50", "JPY 80,000", "KWD 1.234"]
