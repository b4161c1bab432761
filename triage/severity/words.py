"""Words that carry weight. Tone carries none: capitals, marks and swearing are not even read."""

import re
import unicodedata
from collections.abc import Mapping, Sequence

Found = dict[str, float]  # phrase → its weight

_WORD = re.compile(r"[^\W_]+")
_APOSTROPHES = str.maketrans(dict.fromkeys("'’ʼ‘`´"))
_CAN_NOT = re.compile(r"\bcan not\b|\bcant\b")
BEFORE = 3  # words in which a “not” takes a phrase back
LONGEST = 100_000  # characters that are read; no form takes as many
# A “not” before a phrase takes it back.
_NOT = frozenset(
    """not no never without isnt wasnt arent dont doesnt didnt havent hasnt hadnt""".split()  # noqa: SIM905
)
_SWEARING = frozenset(
    """
    arse arsehole ass asshole bastard bastards bitch bloody bollocks bullshit cock crap crappy cunt
    damn damned dammit dick dickhead effing fck fking fuck fucked fucker fuckers fucking fuckin
    goddamn hell motherfucker motherfucking piss pissed prick shit shits shitty shitshow stupid
    idiot idiots idiotic moron morons twat wanker wtf
    """.split()  # noqa: SIM905
)


def plain_words(text: str) -> list[str]:
    """Small letters, no marks, no swear words: what is left says what happened."""
    text = _plain(text[:LONGEST])
    words = _WORD.findall(_CAN_NOT.sub("cannot", text))
    return [word for word in words if word not in _SWEARING]


def _plain(text: str) -> str:
    if text.isascii():  # most are, and need no tables
        return text.replace("'", "").replace("`", "").lower()
    plain = unicodedata.normalize("NFKC", text).translate(_APOSTROPHES).casefold()
    return unicodedata.normalize("NFKC", plain)


class Phrases:
    """Phrases with their weights, laid out by their first words."""

    def __init__(self, weights: Mapping[str, float]) -> None:
        self.weights = weights
        self.by_first: dict[str, list[tuple[list[str], str]]] = {}
        for phrase in weights:
            if parts := plain_words(phrase):
                self.by_first.setdefault(parts[0], []).append((parts, phrase))

    def found_in(self, words: Sequence[str]) -> Found:
        """Those that stand in a text, each once, unless a “not” goes before it."""
        found: Found = {}
        if self.by_first.keys().isdisjoint(words):
            return found
        for at, word in enumerate(words):
            for parts, phrase in self.by_first.get(word, ()):
                if phrase in found or list(words[at : at + len(parts)]) != parts:
                    continue
                if _NOT.isdisjoint(words[max(0, at - BEFORE) : at]):
                    found[phrase] = self.weights[phrase]
        return found
