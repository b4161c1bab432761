"""Numbers that belong to nobody else are found and hidden; ordinary numbers stay."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.core.personal import (
    Kind,
    find_personal,
    is_card,
    is_iban,
    kinds_in,
    mask_personal,
    notice_of,
)


def with_check_digit(figures: list[int]) -> str:
    for last in range(10):
        if is_card([*figures, last]):
            return "".join(map(str, [*figures, last]))
    raise AssertionError(figures)


@st.composite
def cards(draw: st.DrawFn) -> str:
    first = draw(st.sampled_from([3, 4, 5, 6, 2]))
    rest = draw(st.lists(st.integers(0, 9), min_size=12, max_size=16).filter(
        lambda figures: len(set(figures)) > 3))  # fmt: skip
    number = with_check_digit([first, *rest])
    gap = draw(st.sampled_from(["", " ", "-", "\u00a0"]))
    return gap.join(number[at : at + 4] for at in range(0, len(number), 4))


@st.composite
def ibans(draw: st.DrawFn) -> str:
    country, length = draw(st.sampled_from([("DE", 22), ("GB", 22), ("ES", 24), ("NO", 15)]))
    rest = draw(st.text("0123456789", min_size=length - 4, max_size=length - 4))
    checked = next(n for n in range(2, 99) if is_iban(f"{country}{n:02}{rest}"))
    number = f"{country}{checked:02}{rest}"
    gap = draw(st.sampled_from(["", " "]))
    return gap.join(number[at : at + 4] for at in range(0, len(number), 4))


WORDS = st.lists(
    st.sampled_from(["My", "card", "is", "from", "HD-10001", "on", "3 July", "please", "¿qué?"]),
    max_size=6,
).map(" ".join)


def figures_of(text: str) -> str:
    return "".join(ch for ch in text if ch.isalnum())


@given(WORDS, cards(), WORDS)
def test_a_masked_text_never_holds_the_card_number(before: str, number: str, after: str) -> None:
    text = f"{before} {number}, {after}"
    masked = mask_personal(text)
    assert number not in masked
    assert figures_of(number) not in figures_of(masked)
    assert masked.startswith(before)
    assert masked.endswith(f", {after}")
    assert mask_personal(masked) == masked


@given(WORDS, ibans(), WORDS)
def test_a_masked_text_never_holds_the_bank_account(before: str, number: str, after: str) -> None:
    masked = mask_personal(f"{before} {number}. {after}")
    assert figures_of(number) not in figures_of(masked)
    assert "[bank account number]" in masked
    assert mask_personal(masked) == masked


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("My password is hunter2!x", "hunter2!x"),
        ("password: Summer.2026", "Summer.2026"),
        ("Mi contraseña es Gato1234", "Gato1234"),
        ("The PIN is 4711.", "4711"),
        ("security code 123-456 came by SMS", "123-456"),
        ("CVV: 123", "123"),
        ("the answer to my security question is “Fluffy the cat”", "Fluffy the cat"),
        ("my 2fa code 998877", "998877"),
        ("My passport number is X1234567", "X1234567"),
        ("SSN 123-45-6789", "123-45-6789"),
        ("my ssn 123 45 6789", "123 45 6789"),
        ("Aadhaar: 2345 6789 0123", "2345 6789 0123"),
        ("driver's license D1234-56789-01234", "D1234-56789-01234"),
        ("carte ４１１１ １１１１ １１１１ １１１１", "１１１１ １１１１ １１１１"),
    ],
)
def test_what_is_said_to_be_secret_is_hidden(text: str, secret: str) -> None:
    masked = mask_personal(text)
    assert secret not in masked
    assert "[" in masked
    assert mask_personal(masked) == masked


@pytest.mark.parametrize(
    "text",
    [
        "Order 4111-2222-3333 of HD-10001, contract C-1001, transaction T-77",
        "Call me at +49 170 1234567 or (020) 7946 0958",
        "USD 1,250,000.00 and 4,111,111,111,111,111 yen",
        "On 2026-07-03 at 14:05:33, version 3.4.1.20260703",
        "ID 3f2504e0-4f89-11d3-9a0c-0305e82c3301",
        "Tracking 1234567890123456789012345",
        "My password is wrong, and the code does not come",
        "I forgot my password. It was reset twice",
        "The password is not accepted",
        "The pin button is missing in the app",
        "error code 500, status code 404",
        "security code never arrived",
        "my passport was refused",
        "SIN city and the tin roof",
        "Milestones 1 2 3 4 5 6 7 8 9 10 11 12",
        "https://example.com/jobs/4111111111111111",
        "2026-06-02 10:00:00 frame 4539 1488 0343 6460",
        "https://example.com/?session=4539148803436467",
        "00000000000000000000",
    ],
)
def test_ordinary_numbers_and_words_stay(text: str) -> None:
    assert mask_personal(text) == text


@given(
    st.from_regex(r"(HD-\d{5,7}|C-\d{4}|T-\d{2,6}|\d{1,3}(,\d{3}){0,2}\.\d\d|\d{4}-\d\d-\d\d"
                  r"|\+\d{2} \d{3} \d{6,7}|\d{1,2}:\d\d)( (and|on|for) HD-\d{5})?", fullmatch=True)
)  # fmt: skip
def test_references_amounts_dates_and_telephone_numbers_stay(text: str) -> None:
    assert mask_personal(text) == text


@given(st.text(max_size=400))
def test_any_text_can_be_looked_at(text: str) -> None:
    masked = mask_personal(text)
    at = 0
    for one in find_personal(text):
        assert at <= one.start < one.end <= len(text)
        at = one.end
    assert mask_personal(masked) == masked


def test_only_some_kinds_may_be_asked_for() -> None:
    text = "PIN: 4711, card 4111 1111 1111 1111"
    assert mask_personal(text, (Kind.CARD,)) == "PIN: 4711, card [card number ending in 1111]"


def test_the_notice_names_what_there_is_once() -> None:
    kinds = kinds_in(["PIN: 4711", "PIN: 4712 and SSN 123-45-6789"])
    assert kinds == (Kind.SECRET, Kind.IDENTITY)
    assert notice_of(kinds).startswith("This looks like a password or code and an identity number.")
    assert notice_of(()) == ""


@pytest.mark.parametrize("piece", ["4111 ", "DE89", "password is ", "1-", "passport 1", "a"])
def test_long_hostile_text_does_not_keep_the_server_busy(piece: str) -> None:
    started = time.perf_counter()
    mask_personal(piece * (100_000 // len(piece)))
    assert time.perf_counter() - started < 1
