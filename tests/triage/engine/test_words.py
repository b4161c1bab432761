"""What is read in a report, whatever is pasted into it."""

import time
from datetime import UTC, datetime

import pytest

from triage.engine.report import Report
from triage.engine.words import (
    READ_AT_MOST,
    TERMS_AT_MOST,
    identifiers_in,
    pack,
    read_report,
    stem,
    telling_part,
    terms_of,
    unpack,
    words_of,
)

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def log_of(characters: int) -> str:
    line = "2026-03-02 10:{:02}:07 INFO worker-{} heartbeat received, all queues empty\n"
    text = "".join(line.format(n % 60, n) for n in range(characters // 70))
    middle = len(text) // 2
    return text[:middle] + "2026-03-02 ERROR upload failed: ERR-5012 quota\n" + text[middle:]


def test_words_are_stems_without_the_common_ones():
    assert words_of("The payments were released and I was waiting") == [
        "payment",
        "releas",
        "wait",
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("payments", "payment"),
        ("uploading", "upload"),
        ("released", "release"),
        ("replies", "reply"),
    ],
)
def test_forms_of_a_word_are_one(one, other):
    assert stem(one) == stem(other)


def test_joined_words_count_whole_and_in_parts():
    assert words_of("settings/profile-photo.png")[0] == "settings/profile-photo.png"
    assert "photo" in words_of("settings/profile-photo.png")


def test_identifiers_have_a_kind():
    found = identifiers_in("Contract c-1001, transaction TX-77120, error ERR-5012 in HD-10020")
    assert found == {
        ("contract", "C-1001"),
        ("transaction", "TX-77120"),
        ("error_code", "ERR-5012"),
        ("ticket", "HD-10020"),
    }


def test_identifiers_of_the_form_and_of_the_text_are_joined():
    known = frozenset({("contract", "C-1001")})
    _, found = read_report(Report("Payment TX-77120 missing", "", NOW, known))
    assert found == {("contract", "C-1001"), ("transaction", "TX-77120")}


def test_of_a_pasted_log_the_beginning_and_the_errors_are_read():
    body = "My upload stopped.\n" + log_of(100_000)
    told = telling_part(body)
    assert len(told) <= READ_AT_MOST
    assert told.startswith("My upload stopped.")
    assert "ERR-5012" in told
    assert len(terms_of("Upload", body).body) <= TERMS_AT_MOST


def test_a_pasted_log_costs_little():
    body = log_of(100_000)
    start = time.process_time()
    read_report(Report("Upload fails", body, NOW))
    assert time.process_time() - start < 10


@pytest.mark.parametrize(
    "text",
    [
        "<" * 50_000,
        "&" * 50_000,
        "a." * 50_000,
        "a" * 100_000,
        "1" * 100_000,
        "ERR_" * 25_000,
        "A" * 50_000 + "_1",
        "TX" + "1" * 50_000 + "!",
        "\n" * 100_000,
        " " * 100_000,
    ],
)
def test_no_text_takes_long(text):
    start = time.process_time()
    read_report(Report(text[:120], text, NOW))
    assert time.process_time() - start < 10


def test_markup_is_no_word():
    assert words_of("<b>Upload</b> fails&nbsp;<script src='x'>") == ["upload", "fail"]


def test_what_is_stored_reads_back():
    terms = terms_of("Payment payment held", "Held since Monday, held again. Café 支付 TX-77120")
    again = unpack(pack(terms))
    assert (dict(again.title), dict(again.body)) == (dict(terms.title), dict(terms.body))
    assert unpack(pack(terms_of("", ""))) == terms_of("", "")


@pytest.mark.parametrize("text", ["a*b", "*", "5*7", "what*", "* * *", "a\x00b", "x\u2028y"])
def test_signs_of_the_storage_are_no_words(text):
    terms = terms_of(text, text)
    again = unpack(pack(terms))
    assert (dict(again.title), dict(again.body)) == (dict(terms.title), dict(terms.body))
