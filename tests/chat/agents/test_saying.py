"""What is read out of a visitor's words, for the ticket that is proposed."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.agents.saying import Said, said_in
from helpdesk.core.money import Money

TODAY = date(2026, 6, 2)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            "My withdrawal T-77 of USD 1,250.50 from 28 May is not there",
            Said("", "T-77", Money(125_050, "USD"), date(2026, 5, 28)),
        ),
        ("c-1002: €80 2026-05-30", Said("C-1002", "", Money(8_000, "EUR"), date(2026, 5, 30))),
        ("On Dec 24th I took 300 GBP out", Said("", "", Money(30_000, "GBP"), date(2025, 12, 24))),
        ("on 31 February I paid 5 XYZ", Said()),
        ("WD88213 (JPY 8000)", Said("", "WD88213", Money(8_000, "JPY"), None)),
    ],
)
def test_names_amounts_and_days_are_found(words: str, said: Said) -> None:
    assert said_in(words, TODAY) == said


@settings(max_examples=50)
@given(st.text(alphabet="0123456789-, .ACdecEURST$€", max_size=60))
def test_any_text_can_be_read(words: str) -> None:
    said_in(words, TODAY)
