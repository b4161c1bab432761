"""What a report may still lack: what its description does not say, and what its type asks for.

Simple cues in English; they ask, they never judge. A text in another language is not searched for
English words: there only what the type asks for counts. Pure.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache

from helpdesk.catalogue.document import Cue, TicketType


@dataclass(frozen=True, slots=True)
class Hint:
    key: str  # a cue, or the field it leads to
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Completeness:
    """What is missing, and how much is there: from 0 to 1, for a meter."""

    hints: tuple[Hint, ...]
    share: float

    @property
    def percent(self) -> int:
        return round(100 * self.share)


HINTS: dict[Cue, Hint] = {
    "did": Hint("did", "What you did", "Say what you did just before, step by step."),
    "expected": Hint("expected", "What you expected", "Say what should have happened instead."),
    "happened": Hint("happened", "What happened", "Say what you saw, with the exact words."),
    "since": Hint("since", "Since when", "Say when it began, or on which day it happened."),
}

_MONTHS = (
    r"jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
)
CUES: dict[Cue, tuple[str, ...]] = {
    "did": (
        r"\b(?:i|we)(?:'ve| have| had)? (?:\w+ly |then |also |just )?"
        r"(?:clicked|opened|tried|started|closed|installed|updated|sent|submitted|delivered"
        r"|uploaded|downloaded|changed|chose|selected|pressed|entered|typed|paid|requested"
        r"|asked|wrote|signed|logged|restarted|reinstalled|cleared|followed|worked|finished"
        r"|withdrew|funded|made|did|went|set|used|posted|invited|hired|called|replied|accepted"
        r"|approved|cancelled|messaged|contacted|told|handed|filed|ran|got)\b",
        r"\b(?:when|if|after|while|whenever|every time|each time) (?:i|we)\b",
        r"\b(?:when|after|while) \w+ing\b",
        r"\bsteps?\b.{0,30}\d",
    ),
    "expected": (
        r"\bexpect(?:ed|ing|s)?\b",
        r"\bshould(?:n't)?\b",
        r"\bsupposed to\b",
        r"\b(?:was|were|had) (?:agreed|promised|meant)\b|\bagreed (?:to|on|that)\b|\bpromised\b",
        r"\binstead of\b|\brather than\b",
        r"\bnormally\b|\busually\b|\bbefore (?:that|this) it\b|\bused to\b",
        r"\bi (?:want|wanted|would like|need|hoped?)\b",
    ),
    "happened": (
        r"\b(?:says?|said|shows?|showed|shown|displays?|displayed|appears?|appeared|reads)\b",
        r"\b(?:error|message|warning|code|screen)\b",
        r"\b(?:stop(?:s|ped)?|crash(?:es|ed)?|fail(?:s|ed)?|freezes?|froze|hangs?|hung"
        r"|disappear(?:s|ed)?|vanish(?:es|ed)?|missing|refuse[sd]?|rejected|declined|blocked)\b",
        r"\b(?:nothing|instead|but|however)\b",
        r"\b\w+n't\b|\b(?:is|was|were|are|has|have|did|does|do|can|could|will|would) not\b",
        r"\bcannot\b|\bnever\b|\bno longer\b",
        r"\bhappen(?:s|ed)\b",
    ),
    "since": (
        r"\bsince\b|\bago\b|\byesterday\b|\btoday\b|\btonight\b|\bthis (?:morning|week|month)\b",
        r"\blast (?:night|week|month|year|mon|tue|wed|thu|fri|sat|sun)",
        r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b",
        rf"\b(?:{_MONTHS})\.? \d|\d(?:st|nd|rd|th)?(?: of)? (?:{_MONTHS})\b",
        r"\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b|\b\d{1,2}:\d{2}\b",
        r"\bfor (?:\w+ )?(?:minutes|hours|days|weeks|months)\b|\bfirst time\b|\bfrom the start\b",
    ),
}


def what_is_missing(description: str, type: TicketType) -> list[Hint]:
    """A hint for each thing this type wants described and the text seems not to say."""
    text = description.replace("’", "'")
    return [HINTS[cue] for cue in type.describe if not _says(cue).search(text)]


def how_complete(description: str, type: TicketType) -> float:
    """From 0 to 1, for a meter."""
    if not type.describe:
        return 1.0 if description.strip() else 0.0
    return 1 - len(what_is_missing(description, type)) / len(type.describe)


def completeness(
    type: TicketType,
    description: str,
    answered: Collection[str] = (),
    present: Collection[str] = (),
    in_english: bool = True,
) -> Completeness:
    """`answered` and `present`: keys of questions and pieces that are there, or whose lack was
    explained."""
    hints: list[Hint] = []
    asked = 0
    if in_english or not description.strip():
        hints += what_is_missing(description, type)
        asked += len(type.describe)
    for question in type.questions:
        if question.required and not question.prefill:
            asked += 1
            if question.key not in answered:
                text = f"Still to answer: {question.label.rstrip('?')}."
                hints.append(Hint(question.field, question.label, text))
    for item in type.evidence:
        if item.required and not item.made_by_us:
            asked += 1
            if item.key not in present:
                text = f"Still to add: {item.label}."
                hints.append(Hint(item.field, item.label, text))
    if not asked:
        return Completeness((), 1.0 if description.strip() else 0.0)
    return Completeness(tuple(hints), 1 - len(hints) / asked)


@cache
def _says(cue: Cue) -> re.Pattern[str]:
    return re.compile("|".join(CUES[cue]), re.IGNORECASE)
