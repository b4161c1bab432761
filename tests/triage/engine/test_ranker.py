"""The order, its reasons and its probabilities, for every level of embedder and any text."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.engine.embedders import choose_embedder
from triage.engine.features import NAMES, measure
from triage.engine.ranker import make_ready, rank, rarity_among
from triage.engine.report import Candidate, Rarity, ReasonKind, Report
from triage.engine.weights import LEVELS, shipped_weights

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
_SAID = """
Zahlung hängt im Treuhandkonto|Paiement bloqué en séquestre
El pago sigue retenido|付款卡在托管中|支払いが保留のままです
결제가 보류되어 있습니다|Платёж завис|Płatność utknęła|الدفع معلق|התשלום תקוע
भुगतान अटका हुआ है|การชำระเงินค้าง|Thanh toán bị treo|Η πληρωμή κόλλησε
Ödeme takıldı|A fizetés elakadt|Betalningen sitter fast|Maksu jumissa
Betalingen henger|Betalingen sidder fast|Betaling zit vast|Plata este blocată
Плащането е блокирано|Платеж застряг|Platba uvízla|Platba uviazla
Plaćanje je zapelo|Plačilo je obtičalo|Maksājums iestrēdzis|Mokėjimas įstrigo
Makse on kinni|Pagesa ka ngecur|გადახდა გაჭედილია|Վճարումը կախված է
Ödəniş ilişib|Төлем тұрып қалды|To'lov qotib qoldi|پرداخت گیر کرده
ادائیگی رکی ہوئی ہے|পেমেন্ট আটকে আছে|கட்டணம் தடைபட்டுள்ளது
చెల్లింపు నిలిచిపోయింది|ಪಾವತಿ ಸಿಲುಕಿದೆ|പേയ്‌മെന്റ് കുടുങ്ങി|ගෙවීම හිර වී ඇත
ငွေပေးချေမှု ရပ်နေသည်|ការទូទាត់ជាប់គាំង|ການຈ່າຍເງິນຄ້າງ|Malipo yamekwama
Ìsanwó ti há|Intlawulo ibambekile|Betaling sit vas|Pagamento bloccato
"""
LANGUAGES = _SAID.strip().replace("\n", "|").split("|")
ODD = [
    "",
    "a",
    "help",
    "12345 67890",
    "<p><b></b></p>",
    "!!! ???",
    "\u200b\u200b",
    "😀😀😀",
    "x" * 120,
]


def report(title: str, body: str = "", hours: float = 0, *names: tuple[str, str]) -> Report:
    return Report(title, body, NOW + timedelta(hours=hours), frozenset(names))


EARLIER = [
    report("Payment stuck in escrow", "The milestone was approved, escrow holds the money."),
    report("Cannot sign in", "The code for the second factor does not arrive."),
    report("Upload of a zip fails", "At 99 % it says network error ERR-5012."),
    report("Invoice lacks our VAT number", "The bookkeeping refuses it."),
]


def ready(level: str, reports: list[Report]) -> list[Candidate]:
    embedder = choose_embedder(level if level != "lexical" else "none").embedder
    return [make_ready(one, embedder) for one in reports]


@pytest.mark.parametrize("level", LEVELS)
def test_the_twin_is_first_with_its_reasons(level):
    asked = report("Escrow does not release my payment", "Milestone approved, money held.", 5)
    [one, *earlier] = ready(level, [asked, *EARLIER])
    best = rank(one, earlier, weights=shipped_weights(level))[0]
    kinds = {reason.kind for reason in best.reasons}
    assert best.index == 0
    assert {ReasonKind.RARE_WORDS, ReasonKind.TIME} <= kinds
    assert (ReasonKind.MEANING in kinds) == (level != "lexical")
    words = next(reason for reason in best.reasons if reason.kind is ReasonKind.RARE_WORDS)
    assert words.text.startswith("shared rare words: ")
    assert words.values
    weights = [reason.weight for reason in best.reasons]
    assert weights == sorted(weights, reverse=True)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    ("kind", "value", "sentence"),
    [
        ("contract", "C-1001", "same contract C-1001"),
        ("transaction", "TX-9", "same transaction TX-9"),
        ("error_code", "ERR-7", "same error code ERR-7"),
    ],
)
def test_what_both_name_is_a_reason_and_makes_surer(level, kind, value, sentence):
    earlier = report("Payment is late", "Where is it?", 0, (kind, value))
    named = report("Money has not come", "Two weeks now.", 9, (kind, value))
    weights = shipped_weights(level)
    with_it, without, other = ready(
        level, [named, replace(named, identifiers=frozenset()), earlier]
    )
    [match], [bare] = (
        rank(with_it, [other], weights=weights),
        rank(without, [other], weights=weights),
    )
    assert sentence in [reason.text for reason in match.reasons]
    assert match.probability > bare.probability
    assert kind not in [reason.kind.value for reason in bare.reasons]


def test_a_shared_name_is_not_told_twice():
    one, other = ready("lexical", [report(f"Contract C-1001 {end}") for end in ("late", "stuck")])
    [match] = rank(one, [other])
    told = [value for reason in match.reasons for value in reason.values]
    assert told.count("C-1001") == 1
    assert "1001" not in told


def test_the_same_is_always_answered():
    asked, *earlier = ready("minilm", [report("Upload breaks off", "ERR-5012"), *EARLIER])
    again, *others = ready("minilm", [report("Upload breaks off", "ERR-5012"), *EARLIER])
    assert rank(asked, earlier) == rank(again, others)


def test_equals_keep_their_order():
    asked, *same = ready("lexical", [report("Late payment"), *[report("Payment late")] * 3])
    assert [match.index for match in rank(asked, same)] == [0, 1, 2]


@pytest.mark.parametrize("level", LEVELS)
def test_of_several_with_the_very_same_words_all_are_meant(level):
    said = ("Withdrawal not in my bank", "I withdrew 1,200 USD on Monday and it has not arrived.")
    asked, *others = ready(
        level, [report(*said), *[report(*said, -n) for n in (1, 30, 90)], *EARLIER]
    )
    matches = rank(asked, others, weights=shipped_weights(level))
    assert {match.index for match in matches[:3]} == {0, 1, 2}
    assert all(match.probability >= 0.9 for match in matches[:3])
    assert matches[3].probability < 0.5


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("text", [*ODD, *LANGUAGES])
def test_any_text_is_answered(level, text):
    asked, *earlier = ready(level, [report(text, text), report(text, text, -1), *EARLIER])
    matches = rank(asked, earlier, weights=shipped_weights(level))
    assert sorted(match.index for match in matches) == list(range(len(earlier)))
    assert all(0 <= match.probability <= 1 for match in matches)
    if text in LANGUAGES:
        assert matches[0].index == 0


@settings(max_examples=60)
@given(st.lists(st.tuples(st.text(max_size=80), st.text(max_size=300)), min_size=1, max_size=6))
def test_whatever_is_written_is_ranked(texts):
    asked, *others = ready("lexical", [report(title, body) for title, body in texts])
    matches = rank(asked, others)
    listed = [match.probability for match in matches]
    assert len(matches) == len(others)
    assert listed == sorted(listed, reverse=True)
    assert np.isfinite(listed).all()


def test_nothing_to_compare_with_is_no_match():
    assert rank(report("Payment late"), []) == []


def test_a_candidate_whose_vector_is_not_made_yet_is_ranked_too():
    asked, first, second = ready("minilm", [report("Payment held"), *EARLIER[:2]])
    without = replace(first, title_vector=None, whole_vector=None)
    assert len(rank(asked, [without, second])) == 2


@pytest.mark.parametrize("level", LEVELS)
def test_being_more_alike_never_makes_less_sure(level):
    for head in (shipped_weights(level).whole, shipped_weights(level).title):
        assert all(weight >= 0 for weight in head.sure.values())
        assert head.lead >= 0


def test_every_column_is_measured_and_finite():
    asked, *earlier = ready("minilm", [report("", ""), *EARLIER])
    matrix = measure(asked, earlier, Rarity())
    assert matrix.shape == (len(earlier), len(NAMES))
    assert np.isfinite(matrix).all()


def test_candidates_say_how_common_words_are_when_nothing_else_does():
    rarity = rarity_among(ready("lexical", [report("payment late"), report("payment held")]))
    assert (rarity.documents, rarity.frequencies["payment"], rarity.frequencies["held"]) == (
        2,
        2,
        1,
    )
