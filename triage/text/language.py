"""The language of a short text. English and the rest: what is not known is said to be unknown.

The detector (eldc) knows sixty languages by their letter sequences, in microseconds. Neighbours it
mixes up, and languages it has no name for, are told apart by their small words (`neighbours`). The
worker asks a second model (py3langid) as well, which is slower and only heard among neighbours.
"""

import re
import threading
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from .neighbours import Neighbourhood, around

LONGEST = 2_000  # characters that are read; more changes nothing
LETTERS = 12  # fewer say too little to tag a ticket by
SAME = {"ms": "id", "no": "nb", "nn": "nb", "bs": "hr", "und": ""}
ONLY_WITH_SIGNS = {"mr": "hi"}  # two words of Hindi look like Marathi
# In natural logarithms, as the second model counts: what the first one and the signs weigh.
FIRST, WORD, PIECE, MOST_WORDS, MOST_PIECES = 4.0, 3.0, 2.0, 6, 4
ALONE = 2.0  # the first one's weight where the second is not asked
HALF_A_VOTE = 1.5
UNNAMED = frozenset({"af", "gl", "mk"})  # the first has no name for them and says a neighbour

_NOISE = re.compile(r"https?://\S+|\S+@\S+|\b[\w-]*\d[\w-]*\b|`[^`]*`|</?\w[^>]*>")
_EDGES = '.,;:!?…()[]{}"“”„«»‘‚*/\\|<>=+~#–—।؟،-'
_SCRIPTS = (  # one language writes in it, as far as we can tell
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("ko", re.compile(r"[\uac00-\ud7af\u1100-\u11ff]")),
    ("zh", re.compile(r"[\u4e00-\u9fff]")),
    ("th", re.compile(r"[\u0e00-\u0e7f]")),
    ("el", re.compile(r"[\u0370-\u03ff]")),
    ("he", re.compile(r"[\u0590-\u05ff]")),
)
_DENSE = frozenset({"ja", "ko", "zh", "th"})  # four characters say as much as a dozen letters

Detect = Callable[[str], str]
Rank = Callable[[str], dict[str, float]]


@dataclass(frozen=True)
class Language:
    code: str  # ISO 639-1, `nb` for Norwegian; empty: nobody can tell
    sure: bool  # enough of it to tag a ticket by

    @property
    def is_other(self) -> bool:
        return self.sure and self.code != "en"


UNKNOWN = Language("", False)
_loading = threading.Lock()


def language_of(text: str, careful: bool = False) -> Language:
    """Of a report or a message. References, addresses and code are not read.

    `careful` asks the second model too, which is loaded for some seconds with the first text.
    """
    text = text[:LONGEST].replace("\0", " ").encode("utf-8", "replace").decode()
    text = unicodedata.normalize("NFC", _NOISE.sub(" ", text)).strip()
    letters = sum(map(str.isalpha, text))
    if not letters or (detect := _detector()) is None:
        return UNKNOWN
    said = detect(text)
    code = SAME.get(said, said) or _by_script(text)
    enough = letters >= (4 if _by_script(text) in _DENSE else LETTERS)
    if (near := around(code)) is None:
        return Language(code, bool(code) and enough)
    words = [word.strip(_EDGES) for word in text.casefold().replace("’", "'").split()]
    rank = _second() if careful else None
    code, told = _settled(near, words, code, rank(text) if rank else {})
    return Language(code, enough and (told or letters >= 2 * LETTERS))


def _settled(
    near: Neighbourhood, words: list[str], first: str, ranked: dict[str, float]
) -> tuple[str, bool]:
    """The likeliest of the neighbours, and whether it shows any sign of its own."""
    signs = near.signs(words, MOST_WORDS, MOST_PIECES)
    points: dict[str, float] = {}
    for code in {first, *near.words}:
        by_words, by_pieces = signs.get(code, (0, 0))
        points[code] = WORD * by_words + PIECE * by_pieces + ranked.get(code, 0.0)
        points[code] += (FIRST if ranked else ALONE) * (code == first)
        points[code] += HALF_A_VOTE * (code in UNNAMED)
        if ranked and code not in ranked:
            points[code] -= 100.0
        if code in ONLY_WITH_SIGNS and not by_words:
            points[code] -= 15.0
    best = max(points, key=lambda code: (points[code], code == first))
    return best, sum(signs.get(best, (0, 0))) > 0


def is_there() -> bool:
    return _detector() is not None


@cache
def _detector() -> Detect | None:
    """48 MB, read once in a process, with the first text. None where its wheel is missing."""
    with _loading:
        try:
            eldc = import_module("eldc")
            eldc.init()
        except (ImportError, RuntimeError, OSError):
            return None
        detect: Detect = eldc.detect
        return detect


@cache
def _second() -> Rank | None:
    """77 MB. None where it is missing: then the signs alone decide."""
    with _loading:
        try:
            langid = import_module("py3langid.langid")
            model = langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE)
        except (ImportError, RuntimeError, OSError):
            return None

        def rank(text: str) -> dict[str, float]:
            ranked: dict[str, float] = {}
            for code, value in model.rank(text):
                own = "nb" if code in ("no", "nb", "nn") else code
                ranked[own] = max(float(value), ranked.get(own, float("-inf")))
            return ranked

        return rank


def _by_script(text: str) -> str:
    return next((code for code, script in _SCRIPTS if script.search(text)), "")
