"""What happened to a ticket, as far as it says who owes what. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class What(StrEnum):
    OPENED = "opened"
    ASKED = "asked"  # the requester's side wrote
    ANSWERED = "answered"  # the desk wrote to them
    TAKEN = "taken"  # somebody of the department has it
    STATUS = "status"
    SEVERITY = "severity"
    TYPE = "type"
    SENT = "sent"  # rules moved it to another department
    HANDED_OVER = "handed_over"  # a department gave it to another
    EXTENDED = "extended"


@dataclass(frozen=True, slots=True)
class Moment:
    at: datetime
    event: int
    what: What
    value: str = ""  # a status, a level, a type, a department; which obligation was extended
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class History:
    """`severity`, `type` and `department` are those it was filed with."""

    moments: tuple[Moment, ...]
    severity: int
    type: str
    department: str
    status: str = "new"


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time in which neither the status nor the department changed."""

    since: datetime
    until: datetime | None  # None: it is so now
    status: str
    department: str
