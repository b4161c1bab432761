"""What a macro does besides its text, and what comes of it: said before, done after. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from helpdesk.tickets.states import MOVES, Severity, Status
from helpdesk.tickets.words import SEVERITY_KEYS, STAFF_STATUS

NO_TICKET = "This chat has no ticket yet. Make one, or send the text alone."
MOST_TAGS = 5


class Doing(BaseModel):
    """The actions of one macro, each at most once; empty means: leave it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    status: str = ""
    tags: tuple[str, ...] = Field(default=(), max_length=MOST_TAGS)
    severity: str = ""
    severity_reason: str = ""  # the requester reads it
    department: str = ""  # its key
    department_reason: str = ""  # for the colleagues who take it
    ask_kind: str = ""  # of the catalogue's kinds of evidence
    ask_label: str = ""
    ask_days: int = Field(default=3, ge=1, le=60)

    @property
    def empty(self) -> bool:
        return not (self.status or self.tags or self.severity or self.department or self.ask_label)

    @property
    def needs_ticket(self) -> bool:
        return bool(self.status or self.tags or self.severity or self.department)

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> "Doing":
        return cls.model_validate(stored)

    def stored(self) -> dict[str, Any]:
        return self.model_dump(mode="json", exclude_defaults=True)


class Comes(StrEnum):
    CHANGE = "change"
    SAME = "same"  # it is so already
    BLOCKED = "blocked"  # it cannot be done; nothing of the macro is


@dataclass(frozen=True)
class Effect:
    """One line of the preview."""

    what: str
    words: str
    comes: Comes = Comes.CHANGE


@dataclass(frozen=True)
class Standing:
    """What is known of a ticket before; of a chat without one, only that there is none."""

    is_ticket: bool = True
    status: Status = Status.OPEN
    severity: Severity = Severity.NORMAL
    tags: frozenset[str] = frozenset()
    department: str = ""
    assignee: str = ""
    asked: frozenset[str] = frozenset()  # labels that are waited for


def effects(
    doing: Doing, now: Standing, departments: Mapping[str, str], today: datetime
) -> list[Effect]:
    """In the order they are done. `departments`: key → name."""
    if doing.needs_ticket and not now.is_ticket:
        return [Effect("Ticket", NO_TICKET, Comes.BLOCKED)]
    found = [*of_tags(doing, now), *of_severity(doing, now), *of_asking(doing, now, today)]
    return [*found, *of_status(doing, now), *of_department(doing, now, departments)]


def of_tags(doing: Doing, now: Standing) -> list[Effect]:
    new = [tag for tag in doing.tags if tag not in now.tags]
    if not doing.tags:
        return []
    if not new:
        return [Effect("Tags", f"{', '.join(doing.tags)}: there already", Comes.SAME)]
    return [Effect("Tags", f"adds {', '.join(new)}")]


def of_severity(doing: Doing, now: Standing) -> list[Effect]:
    if not doing.severity:
        return []
    old, new = SEVERITY_KEYS[now.severity].title(), doing.severity.title()
    if old == new:
        return [Effect("Severity", f"{old} already", Comes.SAME)]
    return [Effect("Severity", f"{old} → {new}. They read: “{doing.severity_reason}”")]


def due_day(doing: Doing, today: datetime) -> datetime:
    return today + timedelta(days=doing.ask_days)


def of_asking(doing: Doing, now: Standing, today: datetime) -> list[Effect]:
    if not doing.ask_label:
        return []
    if doing.ask_label in now.asked:
        return [Effect("Evidence", f"{doing.ask_label} is waited for already", Comes.SAME)]
    if not may_wait(now):
        words = f"A ticket that is {now.status} waits for nobody: open it again first"
        return [Effect("Evidence", words, Comes.BLOCKED)]
    due = due_day(doing, today)
    waits = now.is_ticket and now.status != Status.WAITING_ON_USER and not doing.status
    then = "; the ticket waits for them" if waits else ""
    return [Effect("Evidence", f"asks for {doing.ask_label} by {due.day} {due:%B}{then}")]


def of_status(doing: Doing, now: Standing) -> list[Effect]:
    if not doing.status:
        return []
    before, after = after_asking(doing, now), Status(doing.status)
    if after == now.status:
        return [Effect("Status", f"{STAFF_STATUS[after]} already", Comes.SAME)]
    words = f"{STAFF_STATUS[now.status]} → {STAFF_STATUS[after]}"
    allowed = after == before or after in MOVES[before]
    return [Effect("Status", words, Comes.CHANGE if allowed else Comes.BLOCKED)]


def may_wait(now: Standing) -> bool:
    waiting = Status.WAITING_ON_USER
    return not now.is_ticket or now.status == waiting or waiting in MOVES[now.status]


def after_asking(doing: Doing, now: Standing) -> Status:
    """Whoever is asked for something is waited for."""
    asks = bool(doing.ask_label) and doing.ask_label not in now.asked
    return Status.WAITING_ON_USER if asks and now.is_ticket else now.status


def of_department(doing: Doing, now: Standing, departments: Mapping[str, str]) -> list[Effect]:
    if not doing.department:
        return []
    old, new = (departments.get(key, key) for key in (now.department, doing.department))
    if now.department == doing.department:
        return [Effect("Department", f"{old} already", Comes.SAME)]
    if doing.department not in departments:
        return [Effect("Department", f"{new} is no department any more", Comes.BLOCKED)]
    leaves = f"; {now.assignee} no longer owns it" if now.assignee else ""
    return [Effect("Department", f"{old} → {new}{leaves}")]
