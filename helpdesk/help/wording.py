"""What is made of an article's words: an address, and the sentence that answers first."""

import re
import unicodedata

LONGEST_SLUG = 80
LONGEST_SENTENCE = 240

_APART = re.compile(r"[^\w]+|_+")
_UNTIL = re.compile(r"(?:[.!?…]+[\"'”’)\]]*(?=\s)|[。！？])")
_SHORTENED = re.compile(r"(?:\b(?:e\.g|i\.e|etc|vs|approx|no|Mr|Mrs|Dr|St)|\b[A-Z])\.$")


def slug_of(text: str) -> str:
    """Lower case, words joined by hyphens; accents go, letters of other scripts stay."""
    plain = "".join(
        character
        for character in unicodedata.normalize("NFKD", text[:400].casefold())
        if unicodedata.category(character) != "Mn"
    )
    slug = _APART.sub("-", unicodedata.normalize("NFC", plain)).strip("-")
    if len(slug) > LONGEST_SLUG:
        slug = slug[:LONGEST_SLUG].rpartition("-")[0] or slug[:LONGEST_SLUG]
    return slug


def first_sentence_of(text: str) -> str:
    """The first sentence of a paragraph, or as much of it as fits one line or two."""
    start = text[: LONGEST_SENTENCE + 1]
    for end in _UNTIL.finditer(start + " "):
        if not _SHORTENED.search(start[: end.end()]):
            return start[: end.end()].strip()
    if len(text) <= LONGEST_SENTENCE:
        return text.strip()
    return (start[:LONGEST_SENTENCE].rpartition(" ")[0] or start[:LONGEST_SENTENCE]) + "…"
