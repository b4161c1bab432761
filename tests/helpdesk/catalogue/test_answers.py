"""Every answer is checked beside its own question and refused in plain words."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.catalogue.answers import LINE, check_answers, missing_evidence, show_answer
from helpdesk.catalogue.default import default_catalogue
from helpdesk.catalogue.document import Question, TicketType

TODAY = date(2026, 7, 3)
CATALOGUE = default_catalogue()


def type_named(key: str) -> TicketType:
    type = CATALOGUE.type(key)
    assert type is not None
    return type


def type_asking(**question: Any) -> TicketType:
    asked = Question.model_validate({"key": "it", "label": "It", "required": True, **question})
    return type_named("guidance").model_copy(update={"questions": (asked,)})


def error_of(typed: str, **question: Any) -> str | None:
    return check_answers(type_asking(**question), {"it": typed}, TODAY)[1].get("answers.it")


def answer_of(typed: str, **question: Any) -> Any:
    clean, errors = check_answers(type_asking(**question), {"it": typed}, TODAY)
    assert errors == {}
    return clean["it"]


REFUND = {
    "transaction_date": "2026-07-01",
    "amount": "1,250.50",
    "amount.currency": "USD",
    "transaction_id": " T-77 ",
    "card_last4": "4242",
}


def test_good_answers_come_back_clean_and_ready_to_store() -> None:
    clean, errors = check_answers(type_named("refund_to_card"), REFUND, TODAY)
    assert errors == {}
    assert clean == {
        "transaction_date": "2026-07-01",
        "amount": {"minor": 125050, "currency": "USD"},
        "transaction_id": "T-77",
        "card_last4": "4242",
    }


def test_each_required_answer_that_is_missing_is_named_by_its_field() -> None:
    _, errors = check_answers(type_named("refund_to_card"), {}, TODAY)
    assert set(errors) == {
        "answers.transaction_date",
        "answers.amount",
        "answers.transaction_id",
        "answers.card_last4",
    }
    assert errors["answers.amount"] == "Answer this: Amount of the charge."


def test_a_missing_transaction_id_is_fine_with_a_reason_and_only_then() -> None:
    without = {**REFUND, "transaction_id": ""}
    refund = type_named("refund_to_card")

    _, errors = check_answers(refund, without, TODAY)
    assert errors == {
        "answers.transaction_id": "Answer this, or say why you cannot: Transaction ID."
    }
    _, errors = check_answers(refund, without, TODAY, {"transaction_id": " "})
    assert errors == {"answers.transaction_id": "Say in a few words why you do not have it."}

    clean, errors = check_answers(refund, without, TODAY, {"transaction_id": "It never appeared"})
    assert errors == {}
    assert clean["transaction_id"] == {"lacking": "It never appeared"}


def test_a_reason_does_not_replace_an_answer_that_must_be_given() -> None:
    _, errors = check_answers(
        type_named("refund_to_card"),
        {**REFUND, "card_last4": ""},
        TODAY,
        {"card_last4": "I forgot"},
    )
    assert set(errors) == {"answers.card_last4"}


def test_answers_to_other_questions_are_left_out() -> None:
    clean, errors = check_answers(type_named("guidance"), {"card_number": "4242"}, TODAY)
    assert (clean, errors) == ({}, {})


@pytest.mark.parametrize("blank", ["", "   ", "\n", "\u200b", "\u3164"])
def test_what_nobody_can_see_is_no_answer(blank: str) -> None:
    assert error_of(blank) == "Answer this: It."


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("2026-07-04", "still to come"),
        ("2026-02-30", "a date that exists"),
        ("03/07/2026", "like 2026-07-03"),
        ("0001-01-01", "very long ago"),
        ("99999-01-01", "a date that exists"),
    ],
)
def test_a_date_must_exist_and_lie_in_the_past_where_that_makes_sense(
    typed: str, says: str
) -> None:
    error = error_of(typed, kind="date", dates="past")
    assert error is not None
    assert says in error


def test_today_is_neither_too_late_nor_too_early() -> None:
    assert answer_of("2026-07-03", kind="date", dates="past") == "2026-07-03"
    assert answer_of("2026-07-03", kind="date", dates="future") == "2026-07-03"
    assert "has passed" in (error_of("2026-07-02", kind="date", dates="future") or "")


def test_a_whole_card_number_is_refused_with_a_warning() -> None:
    for typed in ("4242424242424242", "4242 4242 4242 4242"):
        assert error_of(typed, kind="last4") == (
            "Enter only the last four digits. Never send the whole card number."
        )
    for typed in ("424", "42a2", "٤٢٤٢"):
        assert error_of(typed, kind="last4") == (
            "Enter the last four digits of the card, like 4242."
        )


def test_countries_are_taken_by_code_or_name() -> None:
    assert answer_of("pt", kind="country") == "PT"
    assert answer_of("Portugal", kind="country") == "PT"
    assert error_of("Atlantis", kind="country") == "Choose a country from the list."


def test_an_email_address_must_be_one() -> None:
    assert answer_of(" Nina@Example.COM ", kind="email") == "Nina@example.com"
    for typed in ("nina", "nina@", "a b@example.com", "n@example.com\nBcc: x@example.com"):
        assert error_of(typed, kind="email") == "Enter an e-mail address like name@example.com."


def test_a_web_address_must_be_whole_and_harmless() -> None:
    address = "https://example.com/jobs?id=1"
    assert answer_of(address, kind="url") == address
    for typed in ("example.com", "javascript:alert(1)", "https://", "http://[", "https://a b.c"):
        assert "begins with https://" in (error_of(typed, kind="url") or "")


def test_numbers_are_figures_within_their_bounds() -> None:
    bounds = {"kind": "number", "min": 0.1, "max": 168}
    assert answer_of("6.50", **bounds) == "6.5"
    assert answer_of("100", **bounds) == "100"
    assert error_of("0", **bounds) == "Enter 0.1 or more."
    assert error_of("169", **bounds) == "Enter 168 or less."
    for typed in ("many", "1e3", "٦"):
        assert error_of(typed, **bounds) == "Enter a number in figures, like 7.5."


def test_only_listed_choices_count() -> None:
    listed = {"kind": "choice", "choices": [{"value": "yes", "label": "Yes"}]}
    assert answer_of("yes", **listed) == "yes"
    for typed in ("maybe", "YES", "yes\0"):
        assert error_of(typed, **listed) == "Choose one of the answers in the list."


def test_text_keeps_to_its_length_and_its_form() -> None:
    assert "Shorten it to 200 or fewer" in (error_of("x" * 201) or "")
    assert error_of("ab", min=3) == "Write a little more: at least 3 characters."
    form = {"pattern": "(?i:HD-[0-9]+)", "example": "HD-10482"}
    assert answer_of("hd-10482", **form) == "hd-10482"
    assert error_of("10482", **form) == "Check this again. It looks like this: HD-10482."


def test_hostile_text_is_cleaned_or_refused_in_a_sentence() -> None:
    assert "NUL" in (error_of("a\0b") or "")
    assert "NUL" in (error_of("\0") or "")
    assert answer_of("pay\u202etxt.exe") == "paytxt.exe"
    assert answer_of("<b>bold</b>") == "<b>bold</b>"
    assert len(answer_of("a" + "\u0301" * 1_500)) < 12


@given(
    st.sampled_from(CATALOGUE.types),
    st.text(st.characters(exclude_categories=()), max_size=LINE * 2),
)
def test_whatever_is_typed_every_question_gives_an_answer_or_an_error(
    type: TicketType, typed: str
) -> None:
    clean, errors = check_answers(type, {q.key: typed for q in type.questions}, TODAY)
    assert not {f"answers.{key}" for key in clean} & errors.keys()
    for question in type.questions:
        if question.required:
            assert (question.key in clean) != (question.field in errors)
        if question.key in clean:
            str(clean[question.key]).encode("utf-8")
            assert "\0" not in show_answer(question, clean[question.key])


def test_a_team_app_bug_needs_its_log() -> None:
    bug = type_named("team_app_bug")
    missing = {"evidence.team_log": "Add this: Team log file."}
    assert missing_evidence(bug, set()) == missing
    assert missing_evidence(bug, {"screenshot"}, {"team_log": "I cannot find it"}) == missing
    assert missing_evidence(bug, {"team_log"}) == {}


def test_a_piece_somebody_may_lack_needs_the_piece_or_a_reason() -> None:
    scam = type_named("hiring_scam")
    assert missing_evidence(scam, {"messages"}) == {
        "evidence.screenshot": "Add this, or say why you have none: Screenshot."
    }
    assert missing_evidence(scam, {"messages"}, {"screenshot": "It was by phone"}) == {}
    assert missing_evidence(scam, {"messages"}, {"screenshot": ""}) == {
        "evidence.screenshot": "Say in a few words why you do not have it."
    }


def test_an_optional_piece_may_be_left_out_without_a_word() -> None:
    assert missing_evidence(type_named("registration_problem"), set()) == {}
    assert missing_evidence(
        type_named("registration_problem"), set(), {"screenshot": "x\0"}
    ).keys() == {"evidence.screenshot"}


def test_answers_are_shown_as_people_read_them() -> None:
    refund = type_named("refund_to_card")
    amount, why = refund.question("amount"), refund.question("special")
    assert amount is not None
    assert why is not None
    assert show_answer(amount, {"minor": 125050, "currency": "USD"}) == "USD 1,250.50"
    assert show_answer(why, "twice") == "I was charged twice"
    assert show_answer(amount, {"lacking": "No idea"}) == "Not given: No idea"
