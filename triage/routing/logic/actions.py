"""What a rule does. Actions only say what is wanted; `applying.py` does it."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import StringConstraints, model_validator

from .conditions import Piece
from .phrases import normal
from .vocabulary import LEVELS

BEST = "best"  # whoever fits: language, skill, presence and load (agents.py)
ONE_UP = "one"  # one level of severity
MANAGERS = "managers"
MOST_ACTIONS = 12


class Do(StrEnum):
    DEPARTMENT = "department"
    AGENT = "agent"
    SKILL = "skill"
    SEVERITY = "severity"
    TAG = "tag"
    NOTIFY = "notify"
    ASK = "ask"
    ESCALATE = "escalate"


class By(StrEnum):
    DESK = "desk"  # a notice on the desk
    MAIL = "mail"


LABELS = {
    Do.DEPARTMENT: "Send it to a department",
    Do.AGENT: "Assign it to somebody",
    Do.SKILL: "Needs a skill",
    Do.SEVERITY: "Raise the severity",
    Do.TAG: "Add a tag",
    Do.NOTIFY: "Tell somebody",
    Do.ASK: "Ask for evidence",
    Do.ESCALATE: "Escalate to managers",
}


class Action(Piece):
    """`value` is a key of what is chosen: a department, a person's number, a level, a tag …"""

    do: Do
    value: Annotated[str, StringConstraints(max_length=80)] = ""
    by: By = By.DESK  # of a notice
    text: Annotated[str, StringConstraints(max_length=300)] = ""  # of a notice, request, reason

    @model_validator(mode="after")
    def _make_sense(self) -> Self:
        if fault := _fault(self):
            raise ValueError(fault)
        return self


def _fault(action: Action) -> str:
    value = action.value
    match action.do:
        case Do.DEPARTMENT:
            return "" if value else "Choose a department."
        case Do.AGENT:
            return "" if value == BEST or is_number(value) else "Choose somebody from the list."
        case Do.SKILL | Do.TAG:
            if not normal(value) or len(value) > 40:
                return "Write one or two words, at most 40 characters."
            return "" if "," not in value else "One at a time: add another action for the next."
        case Do.SEVERITY:
            known = value == ONE_UP or value in LEVELS[1:]
            return "" if known else "Choose how far it is raised."
        case Do.NOTIFY:
            kind, _, whom = value.partition(":")
            group, person = kind == "department" and whom, kind == "person" and is_number(whom)
            return "" if group or person or value == MANAGERS else "Choose who is told."
        case Do.ASK:
            return "" if value else "Choose what is asked for."
        case Do.ESCALATE:
            return "" if action.text.strip() else "Say why; managers read it."


def is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 18
