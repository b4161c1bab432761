"""Finding a rule's words in what somebody wrote: whole words, phrases, and beginnings.

Time grows with the text, not with the number of words looked for.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

LONGEST = 12  # words of one phrase
READ = 40_000  # characters of a text; the rest is a pasted log

_WORDS = re.compile(r"\w+(?:['’]\w+)*")
# Scripts that put no spaces between words: there a phrase is found anywhere.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")


@lru_cache(maxsize=16_384)
def normal(phrase: str) -> str:
    """One spelling for each phrase: case, width and spaces do not count.

    A star at the end of a single word stands for any ending.
    """
    begins = phrase.rstrip().endswith("*")
    words = " ".join(_WORDS.findall(folded(phrase))[:LONGEST])
    return f"{words}*" if begins and words and " " not in words else words


def folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().replace("’", "'")


class Phrases:
    """What is looked for, made once for a set of rules."""

    def __init__(self, phrases: Iterable[str]) -> None:
        known = {normal(phrase) for phrase in phrases} - {""}
        self.anywhere = frozenset(one for one in known if _UNSPACED.search(one))
        self.begins = frozenset(one[:-1] for one in known - self.anywhere if one.endswith("*"))
        self.whole = frozenset(one for one in known - self.anywhere if not one.endswith("*"))
        self.longest = max((one.count(" ") + 1 for one in self.whole), default=0)
        self.lengths = frozenset(len(one) for one in self.begins)

    def __bool__(self) -> bool:
        return bool(self.anywhere or self.begins or self.whole)

    def found_in(self, *texts: str) -> frozenset[str]:
        """Those that are there, as `normal` spells them. A phrase does not cross two texts."""
        if not self:
            return frozenset()
        found: set[str] = set()
        for text in texts:
            self._find(folded(text[:READ]), found)
        return frozenset(found)

    def _find(self, text: str, found: set[str]) -> None:
        words = _WORDS.findall(text)
        for size in range(1, self.longest + 1):
            for at in range(len(words) - size + 1):
                phrase = words[at] if size == 1 else " ".join(words[at : at + size])
                if phrase in self.whole:
                    found.add(phrase)
        if self.lengths:
            for word in set(words):
                found |= {
                    f"{word[:length]}*" for length in self.lengths if word[:length] in self.begins
                }
        found |= {phrase for phrase in self.anywhere if phrase.rstrip("*") in text}
