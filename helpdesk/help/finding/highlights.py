"""Which parts of a text were searched for. Pieces of text, never HTML: the template marks them."""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from .typed import WORD

LONGEST = 220  # characters of a sentence that says why
BEFORE = 80  # of them before the first word that was found
SENTENCE = re.compile(r"(?<=[.!?…])\s+|\n+")
SHORTEST = 25  # a heading is no reason


class Piece(NamedTuple):
    text: str
    found: bool


Forms = Mapping[str, int]  # words as articles write them, and which searched word each stands for


def marked(text: str, forms: Forms) -> tuple[Piece, ...]:
    """The text in pieces, those that are searched words marked as found."""
    pieces: list[Piece] = []
    start = 0
    for match, _ in found_in(text, forms):
        if match.start() > start:
            pieces.append(Piece(text[start : match.start()], False))
        pieces.append(Piece(match[0], True))
        start = match.end()
    if start < len(text):
        pieces.append(Piece(text[start:], False))
    return tuple(pieces)


def found_in(text: str, forms: Forms) -> Iterator[tuple[re.Match[str], int]]:
    for match in WORD.finditer(text):
        term = forms.get(match[0].lower())
        if term is not None:
            yield match, term


def telling_sentence(text: str, forms: Forms, worth: Mapping[int, float]) -> str:
    """The sentence with most of what was searched, cut so that its first find is in sight."""
    best, most = "", 0.0
    for sentence in SENTENCE.split(text):
        if len(sentence) < SHORTEST:
            continue
        words = forms.keys() & WORD.findall(sentence.lower())
        value = sum(worth[term] for term in {forms[word] for word in words})
        if value > most:
            best, most = sentence, value
    return cut(best, forms)


def cut(sentence: str, forms: Forms) -> str:
    if len(sentence) <= LONGEST:
        return sentence
    first = next(found_in(sentence, forms))[0].start()
    start = 0 if first <= LONGEST - BEFORE else sentence.rfind(" ", 0, first - BEFORE) + 1
    part = sentence[start : start + LONGEST]
    if start + LONGEST < len(sentence):
        part = (part.rpartition(" ")[0] or part) + " …"
    return ("… " if start else "") + part
