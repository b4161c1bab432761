"""A subject that says what the matter is: advice while somebody writes it. Pure."""

import re

from helpdesk.catalogue.document import TicketType
from helpdesk.core.text import is_blank

SHORTEST = 10
LONGEST = 120

# Words that name no problem, alone or together.
_EMPTY = """
a an the my your this that it is in of for with on to and i me you we have has got need want
bug bugs error errors fault help problem problems issue issues question questions urgent
urgently asap important please pls hello hi dear sir madam team support odd broken
not work working works doesn't doesnt does complaint request ticket new test
"""
_EMPTY_WORDS = frozenset(_EMPTY.split())
_LETTERS = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")


def subject_error(subject: str) -> str | None:
    """Why this subject cannot be sent."""
    if is_blank(subject):
        return "Write a subject: your question in one line."
    length = len(subject.strip())
    if not SHORTEST <= length <= LONGEST:
        return f"Summarise your question in one line, {SHORTEST}–{LONGEST} characters."
    return None


def subject_nudge(subject: str, type: TicketType) -> str | None:
    """A friendly push towards a better subject; None when there is nothing to say."""
    example = f" For example: “{type.subject_example}”."
    error = subject_error(subject)
    if error is not None:
        return error + example
    words = [word.casefold() for word in _LETTERS.findall(subject.replace("’", "'"))]
    if all(word in _EMPTY_WORDS for word in words):
        return "Say what the problem is, not only that there is one." + example
    if _all_capitals(subject):
        return "Capitals are harder to read and do not make it faster." + example
    return None


def _all_capitals(subject: str) -> bool:
    """Scripts without capitals, references and abbreviations do not count."""
    words = [word for word in _LETTERS.findall(subject) if len(word) > 3]
    cased = [word for word in words if word.upper() != word.lower()]
    return len(cased) >= 2 and all(word.isupper() for word in cased)
