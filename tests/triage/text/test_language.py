"""English and the rest; what cannot be told is not guessed at."""

import time

import pytest

from triage.text import language
from triage.text.language import UNKNOWN, language_of
from triage.text.notices import ENGLISH, name_of, notice_for

SAID = {
    "en": "The payment has not arrived and I do not know whom to ask.",
    "es": "El pago no ha llegado y no sé a quién preguntar.",
    "pt": "O pagamento não chegou e não sei a quem perguntar.",
    "gl": "Eu non teño os cartos na miña conta aínda e ninguén me dixo nada.",
    "ca": "El pagament no ha arribat i no sé a qui preguntar-ho.",
    "fr": "Le paiement n’est pas arrivé et je ne sais pas à qui demander.",
    "de": "Die Zahlung ist nicht angekommen und ich weiß nicht, wen ich fragen soll.",
    "nl": "De betaling is niet aangekomen en ik weet niet wie ik het moet vragen.",
    "af": "Die betaling het nie gekom nie en ek weet nie vir wie ek moet vra nie.",
    "it": "Il pagamento non è arrivato e non so a chi chiedere.",
    "pl": "Płatność nie dotarła i nie wiem, kogo zapytać.",
    "cs": "Platba nedorazila a nevím, koho se mám zeptat.",
    "sk": "Platba neprišla a neviem, koho sa mám spýtať.",
    "sv": "Betalningen har inte kommit och jag vet inte vem jag ska fråga.",
    "nb": "Betalingen har ikke kommet fram, og jeg vet ikke hva jeg skal gjøre nå.",
    "da": "Betalingen er ikke nået frem, og jeg ved ikke, hvad jeg skal gøre nu.",
    "fi": "Maksu ei ole saapunut enkä tiedä keneltä kysyä.",
    "hu": "A fizetés nem érkezett meg, és nem tudom, kit kérdezzek.",
    "ru": "Платёж не пришёл, и я не знаю, кого спросить.",
    "uk": "Платіж не надійшов, і я не знаю, кого запитати.",
    "bg": "Плащането не е пристигнало и не знам кого да попитам.",
    "mk": "Плаќањето не е пристигнато и не знам кого да прашам, ќе чекам уште.",
    "tr": "Ödeme gelmedi ve kime soracağımı bilmiyorum.",
    "id": "Pembayaran belum sampai dan saya tidak tahu harus bertanya kepada siapa.",
    "vi": "Tiền vẫn chưa đến và tôi không biết hỏi ai.",
    "ja": "支払いがまだ届いていません。誰に聞けばいいですか。",
    "zh": "付款还没有到账，我不知道该问谁。",
    "ko": "아직 돈이 들어오지 않았습니다. 누구에게 물어봐야 하나요?",
    "ar": "لم تصل الدفعة بعد ولا أعرف من أسأل.",
    "hi": "भुगतान अभी तक नहीं आया है और मुझे नहीं पता किससे पूछूँ।",
    "el": "Η πληρωμή δεν έφτασε και δεν ξέρω ποιον να ρωτήσω.",
    "he": "התשלום לא הגיע ואני לא יודע את מי לשאול.",
}


@pytest.mark.parametrize("code", SAID)
def test_a_sentence_is_recognised(code: str) -> None:
    found = language_of(SAID[code])
    assert (found.code, found.sure) == (code, True)


@pytest.mark.parametrize("code", ["es", "gl", "pt", "ca", "nl", "af", "mk", "bg", "nb", "da"])
def test_the_second_look_agrees(code: str) -> None:
    assert language_of(SAID[code], careful=True).code == code


@pytest.mark.parametrize(
    "text", ["", "   ", "12345", "!!!", "HD-10001 C-1001", "https://example.com/pagos", "ok", "bug"]
)
def test_too_little_is_unknown(text: str) -> None:
    assert not language_of(text).sure


def test_references_addresses_and_code_are_not_read() -> None:
    text = "`SELECT nombre FROM usuarios` https://example.com/es/pagos HD-10001"
    assert language_of(text) == UNKNOWN
    assert language_of(f"{text} The invoice page does not open any more").code == "en"


def test_capitals_change_nothing() -> None:
    for code in ("en", "es", "de", "ru"):
        assert language_of(SAID[code].upper()).code == code


def test_the_notice_is_kind_and_in_the_language_found() -> None:
    notice = notice_for(language_of(SAID["es"]))
    assert notice is not None
    assert (notice.code, notice.name) == ("es", "Spanish")
    assert notice.text.startswith("En inglés respondemos antes")
    assert notice_for(language_of(SAID["en"])) is None
    assert notice_for(UNKNOWN) is None
    arabic = notice_for(language_of(SAID["ar"]))
    assert arabic is not None
    assert arabic.direction == "rtl"


def test_a_language_without_a_sentence_of_ours_gets_the_english_one() -> None:
    found = notice_for(language.Language("yo", True))
    assert found is not None
    assert (found.name, found.text) == ("Yoruba", ENGLISH)
    assert name_of("xx") == "xx"


def test_without_the_detector_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "_detector", lambda: None)
    assert language_of(SAID["es"]) == UNKNOWN


@pytest.mark.parametrize("piece", ["a", "ñandú ", "字", "🎉", "\u0301", "<b>x</b> "])
def test_a_pasted_log_does_not_keep_the_server_busy(piece: str) -> None:
    language_of("warm")
    started = time.perf_counter()
    language_of(piece * (100_000 // len(piece)))
    assert time.perf_counter() - started < 10


@pytest.mark.parametrize(
    "text", ["\ud800 hola, ¿qué tal?", "\0" * 40, "\U0010ffff" * 40, "<p>1</p>"]
)
def test_text_that_is_hardly_text_breaks_nothing(text: str) -> None:
    assert isinstance(language_of(text).code, str)
    assert isinstance(language_of(text, careful=True).code, str)
