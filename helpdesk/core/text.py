"""Text from outside, made fit to store and to show. Every form passes through here."""

import re
import unicodedata

MARKS_PER_CHARACTER = 8  # living scripts need at most five

# A character outside these needs a closer look; almost all text has none.
_UNUSUAL = re.compile(
    "[^\t\n -~\u00a0-\u00ac\u00ae-\u02ff\u0370-\u0482\u048a-\u0590\u2010-\u2027"
    "\u20a0-\u20bf\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff\uac00-\ud7a3]"
)
_LINE_ENDS = re.compile("\r\n|[\r\x85\u2028\u2029]")
# Control characters, the marks that turn text around, byte order marks.
_DROPPED = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_SPACES = re.compile(r"\s+")
_UNSEEN = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp", "Mn", "Me"})
_BLANK_LETTERS = frozenset("\u115f\u1160\u3164\uffa0\u2800")


class BadText(ValueError):
    """Its words are for the person who typed the text."""


def clean_line(text: str, max: int) -> str:
    """One line: breaks and runs of spaces become a single space."""
    _refuse_hopeless(text, max)
    return _fitting(_SPACES.sub(" ", _tidy(text)).strip(), max)


def clean_text(text: str, max: int) -> str:
    """Several lines; tabs and line breaks stay, blank lines around the text go."""
    _refuse_hopeless(text, max)
    return _fitting(_without_outer_space(_tidy(text)), max)


def is_blank(text: str) -> bool:
    """Nothing in it can be seen: spaces, zero-width characters, marks without a letter."""
    return all(
        character in _BLANK_LETTERS or unicodedata.category(character) in _UNSEEN
        for character in text
    )


def _refuse_hopeless(text: str, max: int) -> None:
    if "\0" in text:
        raise BadText(
            "This holds a NUL character, which is not text. Take it out or type it again."
        )
    # Marks may yet be dropped, but this much is not worth the work of cleaning.
    if len(text) > max * (MARKS_PER_CHARACTER + 2) + 1_000:
        raise BadText(_too_long(len(text), max))


def _fitting(text: str, max: int) -> str:
    if len(text) > max:
        raise BadText(_too_long(len(text), max))
    return text


def _too_long(length: int, max: int) -> str:
    return f"This is too long: {length:,} characters. Shorten it to {max:,} or fewer."


def _without_outer_space(text: str) -> str:
    # The first line keeps its indentation: it may be pasted code.
    return re.sub(r"\A(?:[^\S\n]*\n)+", "", text.rstrip())


def _tidy(text: str) -> str:
    if _UNUSUAL.search(text) is None:
        return unicodedata.normalize("NFC", text)
    text = _LINE_ENDS.sub("\n", text)
    text = _SURROGATES.sub("\ufffd", _DROPPED.sub("", text))
    # Normalising sorts marks in quadratic time: cap them first. Taking characters apart
    # can bring new marks to light: cap them again.
    return _cap_marks(unicodedata.normalize("NFC", _cap_marks(text)))


def _cap_marks(text: str) -> str:
    kept = []
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.category(character)[0] == "M" else 0
        if marks <= MARKS_PER_CHARACTER:
            kept.append(character)
    return "".join(kept)
