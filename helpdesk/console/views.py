"""The views of the console: which tickets each holds, and in which order. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

URGENCY = "-t.severity, t.opened_at, t.id"
OPEN = "t.status IN ('new', 'open', 'waiting_on_user', 'on_hold')"
SEEN = "(NOT t.restricted OR t.group_id = ANY($1) OR $2)"


@dataclass(frozen=True)
class View:
    """`where` and `order` match one partial index: a page costs the same at any size."""

    key: str
    title: str
    icon: str
    empty: str  # what an empty list says
    where: str
    order: str = URGENCY
    counted: bool = True
    short: str = ""  # in the menu
    at: str = "opened_at"  # the moment a page continues after

    @property
    def label(self) -> str:
        return self.short or self.title


VIEWS: Sequence[View] = (
    View(
        "mine",
        "Mine",
        "user",
        "Nothing is assigned to you. Take the next ticket when you are ready.",
        f"t.assignee_id = $3 AND {OPEN}",
    ),
    View(
        "unassigned",
        "My departments, unassigned",
        "inbox",
        "Everything in your departments has an owner.",
        "t.group_id = ANY($1) AND t.assignee_id IS NULL AND t.status IN ('new', 'open', 'on_hold')",
        short="Unassigned",
    ),
    View("all", "All open", "folder", "No open tickets.", OPEN),
    View(
        "due",
        "Due soonest",
        "calendar",
        "Nothing is owed at the moment.",
        "t.due_at IS NOT NULL",
        order="t.due_at, t.id",
        counted=False,
        at="due_at",
    ),
    View(
        "waiting",
        "Waiting for the user",
        "clock",
        "Nobody has to answer us.",
        "t.status = 'waiting_on_user'",
        short="Waiting for user",
    ),
    View(
        "solved",
        "Solved",
        "check-circle",
        "Nothing has been solved yet.",
        "t.status IN ('solved', 'closed')",
        order="t.solved_at DESC, t.id DESC",
        counted=False,
        at="solved_at",
    ),
)
BY_KEY = {view.key: view for view in VIEWS}


@dataclass(frozen=True)
class Cursor:
    """Where a page ended. Written into links, so whatever comes back is checked."""

    severity: int
    at: datetime
    id: int

    def __str__(self) -> str:
        return f"{self.severity}.{(self.at - EPOCH) // MICROSECOND}.{self.id}"


def read_cursor(text: str) -> Cursor | None:
    """None for anything that is not a cursor of ours: the list starts at its top."""
    parts = text.split(".")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts):
        return None
    severity, micros, id = (int(part) for part in parts)
    if severity > 9 or micros > 10**16 or id > 2**62:
        return None
    return Cursor(severity, EPOCH + micros * MICROSECOND, id)
