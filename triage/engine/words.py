"""Words and identifiers of a report. A pasted log costs little: only its telling lines are read."""

import re
import unicodedata
from collections import Counter
from functools import lru_cache

from triage.engine.report import Identifier, IdentifierKind, Report, Terms

READ_AT_MOST = 4_000  # characters of a body, after the lines of logs have been thinned
LOOKED_AT = 200_000  # characters; nothing longer can be sent
LONGEST_WORD = 40
TERMS_AT_MOST = 400  # different words of a body

_STOP = """
a an and are as at be been but by can cannot could did do does doing for from get got had has
have having he her here him his how i if in into is it its itself just me my no not of on or our
out over please she should so some such than that the their them then there these they this
those to too up us very was we were what when where which while who why will with would you your
hi hello dear thanks thank regards am been any about because
"""
STOP_WORDS = frozenset(_STOP.split())

_WORD = re.compile(r"[^\W_]+(?:[._/:\\-][^\W_]+)*")
_PARTS = re.compile(r"[._/:\\-]")
_MARKUP = re.compile(r"<[^<>]{1,200}>|&(?:[a-z]{2,8}|#\d{1,6});")
_TELLING = re.compile(
    r"error|exception|fail|fatal|denied|refused|timed? ?out|invalid|cannot|panic|caused by|warn",
    re.IGNORECASE,
)
IDENTIFIERS: tuple[tuple[IdentifierKind, re.Pattern[str]], ...] = (
    (IdentifierKind.CONTRACT, re.compile(r"\bC-\d{3,12}\b", re.IGNORECASE)),
    (IdentifierKind.TICKET, re.compile(r"\bHD-\d{2,12}\b", re.IGNORECASE)),
    (
        IdentifierKind.TRANSACTION,
        re.compile(r"\b(?:TX|TXN|TRX|PAY|PO|WD|INV)[-_]?[A-Z0-9]*\d{3,}[A-Z0-9]*\b", re.IGNORECASE),
    ),
    (
        IdentifierKind.ERROR_CODE,
        re.compile(
            r"\b(?:0x[0-9A-Fa-f]{4,16}|(?:ERR|E|EX|ORA|HTTP)[-_ ]?\d{3,6}"
            r"|[A-Z]{2,}(?:_[A-Z0-9]+){1,6}|[A-Z]{2,6}-\d{3,6})\b"
        ),
    ),
)


def read_report(report: Report) -> tuple[Terms, frozenset[Identifier]]:
    """Its terms, and its identifiers together with those written in the text."""
    terms = terms_of(report.title, report.body)
    text = f"{report.title}\n{telling_part(report.body)}"
    return terms, report.identifiers | identifiers_in(text)


def identifiers_in(text: str) -> frozenset[Identifier]:
    found: dict[str, Identifier] = {}
    for kind, pattern in IDENTIFIERS:
        for match in pattern.finditer(text[:LOOKED_AT]):
            value = match.group().upper()
            found.setdefault(value, (kind.value, value))
    return frozenset(found.values())


@lru_cache(maxsize=2_048)
def terms_of(title: str, body: str) -> Terms:
    words = Counter(words_of(telling_part(body)))
    return Terms(Counter(words_of(title)), dict(words.most_common(TERMS_AT_MOST)))


def telling_part(body: str) -> str:
    """The beginning of a body; of a long one the prose and the lines that name an error."""
    text = body[:LOOKED_AT]
    if len(text) <= READ_AT_MOST:
        return text
    head, kept, seen = text[: READ_AT_MOST // 2], [], set()
    length = len(head)
    for line in text[len(head) :].splitlines():
        told = line.strip()[:300]
        if _TELLING.search(told) and (shape := re.sub(r"\d+", "0", told)) not in seen:
            seen.add(shape)
            kept.append(told)
            length += len(told)
            if length >= READ_AT_MOST:
                break
    return "\n".join([head, *kept])[:READ_AT_MOST]


def words_of(text: str) -> list[str]:
    """Stems of what is written, whole and in parts where a word is joined of several."""
    plain = unicodedata.normalize("NFKC", _MARKUP.sub(" ", text))
    words: list[str] = []
    for match in _WORD.findall(plain):
        if len(match) > 200:
            continue
        parts = _PARTS.split(match)
        if len(parts) > 1 and len(match) <= LONGEST_WORD:
            words.append(match.casefold())
        for part in parts:
            lower = part.casefold()
            if lower not in STOP_WORDS and len(part) <= LONGEST_WORD:
                words.append(stem(lower))
    return words


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """A light English stem: plurals, -ing, -ed, -ly; words with digits stay."""
    if len(word) <= 3 or not word.isascii() or not word.isalpha():
        return word
    if word.endswith("ies") and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith(("sses", "shes", "ches", "xes", "zes")):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ed"):
        rest = word[: -len(ending)]
        if word.endswith(ending) and len(rest) >= 3 and re.search("[aeiouy]", rest):
            word = rest[:-1] if rest[-1] == rest[-2] and rest[-1] not in "lsz" else rest
            break
    if word.endswith("ly") and len(word) > 5:
        word = word[:-2]
    return word[:-1] if word.endswith("e") and len(word) > 4 else word


def as_written(report: Report) -> dict[str, str]:
    """Stem → the word it comes from."""
    written: dict[str, str] = {}
    for match in _WORD.findall(f"{report.title}\n{telling_part(report.body)}"):
        for word in (match, *_PARTS.split(match)):
            written.setdefault(stem(word.casefold()), word)
    return written


def pack(terms: Terms) -> str:
    """For storage: two lines, words parted by spaces, `word*3` where it occurs three times."""
    return "\n".join(
        " ".join(word if n == 1 else f"{word}*{n}" for word, n in part.items())
        for part in (terms.title, terms.body)
    )


def unpack(packed: str) -> Terms:
    title, _, body = packed.partition("\n")
    return Terms(_counts(title), _counts(body))


def _counts(line: str) -> dict[str, int]:
    counts = {}
    for item in line.split():
        word, star, times = item.partition("*")
        counts[word] = int(times) if star else 1
    return counts
