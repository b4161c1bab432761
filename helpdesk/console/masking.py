"""Words about one person made into words for everybody: what could tell who it was is left out.

It finds what has a shape: names it is given, addresses, numbers, amounts. It cannot know that
"the bakery in Lisbon" is one, so whoever publishes reads it again.
"""

import re
from collections.abc import Iterable
from functools import partial

from helpdesk.core.money import CURRENCIES

_CODES = "|".join(CURRENCIES)
_NUMBER = r"\d[\d.,'\u00a0\u202f ]*"
_SHAPES = (
    ("[e-mail]", re.compile(r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)+")),
    ("[link]", re.compile(r"https?://\S*(?:/requests|/desk|/rate|/guest|/evidence|/chat)\S*")),
    (
        "[number]",
        re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,8}(?: ?[A-Z0-9]{1,4})?\b"),
    ),  # IBAN
    ("[number]", re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.I)),
    ("[reference]", re.compile(r"\b[A-Z]{1,4}-\d[\w-]*\b")),
    ("[amount]", re.compile(rf"(?:[$€£¥₹₪₩]|R\$|\b(?:{_CODES}))\s?{_NUMBER}")),
    ("[amount]", re.compile(rf"\b{_NUMBER}(?:[$€£¥₹₪₩]|(?:{_CODES})\b)")),
    (
        "[number]",
        re.compile(r"(?<![\w.])\+?\d(?:[ ().-]?\d){5,}(?!\w)"),
    ),  # telephone, card, account
    ("[number]", re.compile(r"\b(?=[A-Z\d]*\d)[A-Z\d]{6,}\b")),  # user and transaction IDs
)


def masked(text: str, names: Iterable[str]) -> str:
    """`names` are of people and companies; each of their words is left out as well."""
    for sign, shape in _SHAPES:
        text = shape.sub(partial(in_place_of, sign), text)
    words = {word for name in names for word in (name, *name.split()) if len(word) > 1}
    for word in sorted(words, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", "[name]", text, flags=re.I)
    return re.sub(r"\[name\](?:[ ]\[name\])+", "[name]", text)


def in_place_of(sign: str, found: re.Match[str]) -> str:
    """Spaces and full stops a number swallowed at its end belong to the sentence."""
    return sign + found[0][len(found[0].rstrip(" .,'\u00a0\u202f")) :]
