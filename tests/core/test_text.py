"""Text from outside is made fit to store and to show, or refused in plain words."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.core.text import MARKS_PER_CHARACTER, BadText, clean_line, clean_text, is_blank

ANY = st.text(st.characters(exclude_characters="\0", exclude_categories=()), max_size=300)
MARKED = st.text(
    st.sampled_from("ae\u0301\u0323\u0344\u093f\u20dd\ufe0f \n\u1100\u1161"), max_size=60
)
BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@given(ANY | MARKED)
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    line, several = clean_line(text, 10_000), clean_text(text, 10_000)
    assert clean_line(line, 10_000) == line
    assert clean_text(several, 10_000) == several


@given(ANY | MARKED)
def test_what_comes_out_can_be_stored_and_shown(text: str) -> None:
    for clean in (clean_line(text, 10_000), clean_text(text, 10_000)):
        clean.encode("utf-8")
        assert unicodedata.is_normalized("NFC", clean)
        assert not set(clean) & set(BIDI)
        controls = {c for c in clean if unicodedata.category(c) == "Cc"}
        assert controls <= {"\n", "\t"}


@given(ANY | MARKED)
def test_a_line_is_one_line(text: str) -> None:
    line = clean_line(text, 10_000)
    assert line == line.strip()
    assert len(line.splitlines()) <= 1
    assert "  " not in line


@given(MARKED)
def test_no_character_carries_more_marks_than_a_script_needs(text: str) -> None:
    run = 0
    for character in clean_text(text, 10_000):
        run = run + 1 if unicodedata.category(character)[0] == "M" else 0
        assert run <= MARKS_PER_CHARACTER


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=200))
def test_plain_text_stays_as_typed(text: str) -> None:
    assert clean_text(text, 200) == text.rstrip()


def test_a_nul_is_refused_with_a_sentence() -> None:
    for clean in (clean_line, clean_text):
        with pytest.raises(BadText, match="NUL character"):
            clean("pay\0ment", 100)


def test_text_that_is_too_long_is_refused_and_told_by_how_much() -> None:
    with pytest.raises(BadText, match=r"300 characters\. Shorten it to 120 or fewer"):
        clean_line("x" * 300, 120)
    assert clean_line("x" * 120, 120) == "x" * 120


def test_ten_thousand_marks_on_one_letter_become_a_few() -> None:
    assert len(clean_text("a" + "\u0301" * 10_000, 2_000)) <= 1 + MARKS_PER_CHARACTER


def test_a_million_mixed_marks_do_not_keep_the_server_busy() -> None:
    started = time.perf_counter()
    with pytest.raises(BadText):
        clean_text("a" + "\u0301\u0323" * 500_000, 20_000)
    clean_text("a" + "\u0301\u0323" * 50_000, 20_000)
    assert time.perf_counter() - started < 2


def test_marks_that_turn_text_around_are_dropped() -> None:
    assert clean_line(f"invoice{BIDI}gpj.exe", 100) == "invoicegpj.exe"


def test_writing_of_right_to_left_languages_stays() -> None:
    for text in ("שָׁלוֹם עוֹלָם", "مرحبًا بالعالم", "می‌خواهم", "नमस्ते दुनिया", "สวัสดีครับ", "👩‍👩‍👧‍👦 ok 1️⃣"):
        assert clean_line(text, 100) == unicodedata.normalize("NFC", text)


def test_line_ends_of_every_system_become_one_kind() -> None:
    assert clean_text("a\r\nb\rc\u2028d\x85e", 100) == "a\nb\nc\nd\ne"


def test_blank_lines_around_go_and_the_indentation_of_code_stays() -> None:
    assert clean_text("\n \n    def pay():\n\treturn 1\n\n", 100) == "    def pay():\n\treturn 1"


def test_half_of_a_character_cannot_stop_the_database() -> None:
    assert clean_text("bad \ud83d end", 100) == "bad \ufffd end"


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\u200b\u200d", "\u3164", "\u0301", "\u2060"])
def test_what_nobody_can_see_is_blank(text: str) -> None:
    assert is_blank(text)
    assert not is_blank(text + "x")
