"""A subject says what the matter is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.catalogue.default import default_catalogue
from triage.subject import subject_error, subject_nudge

BUG = default_catalogue().type("team_app_bug")
assert BUG is not None


@pytest.mark.parametrize("subject", ["bug", "x" * 300, "x" * 121, "x" * 9])
def test_too_short_or_too_long_gets_the_prompt_with_the_types_example(subject: str) -> None:
    assert subject_nudge(subject, BUG) == (
        "Summarise your question in one line, 10–120 characters. "
        "For example: “Team 3 stops tracking after sleep on Windows 11”."
    )


@pytest.mark.parametrize(
    "subject", ["help me please", "URGENT PROBLEM!!!", "it doesn’t work", "!" * 12]
)
def test_words_that_name_no_problem_get_a_push(subject: str) -> None:
    assert "not only that there is one" in (subject_nudge(subject, BUG) or "")
    assert subject_error(subject) is None, "a push never stops anybody"


def test_capitals_get_a_push_and_abbreviations_do_not() -> None:
    assert "Capitals" in (subject_nudge("MY PAYMENT NEVER ARRIVED", BUG) or "")
    assert subject_nudge("VPN breaks SSH for HD-10482", BUG) is None
    assert subject_nudge("支払いがまだ届いていません、確認してください", BUG) is None


def test_every_example_we_show_is_a_good_subject() -> None:
    for type in default_catalogue().types:
        assert subject_nudge(type.subject_example, type) is None, type.subject_example


@given(st.text(max_size=200))
def test_a_subject_that_cannot_be_sent_is_always_nudged(subject: str) -> None:
    if subject_error(subject) is not None:
        assert subject_nudge(subject, BUG) is not None


def test_an_empty_subject_is_asked_for() -> None:
    assert subject_error(" \u200b ") == "Write a subject: your question in one line."
