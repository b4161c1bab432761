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
    source: str = "tickets"  # or tickets with what else the list is about
    columns: str = ""  # of that
    by_department: bool = False  # the index is: the reader's are read one by one

    @property
    def label(self) -> str:
        return self.short or self.title


# Below the managers: they have a queue of their own. Flattened, so that the indexes of
# escalations give the order.
ESCALATED = """(SELECT t.*, e.due_at AS escalation_due, e.level_since AS escalation_since,
    e.level AS escalation_level, e.owner_id AS escalation_owner_id, e.state AS escalation_state
    FROM escalations e JOIN tickets t ON t.id = e.ticket_id WHERE e.level < 3)"""
OF_ESCALATIONS = """, t.escalation_due, t.escalation_since, t.escalation_level,
    t.escalation_owner_id, (SELECT w.name FROM people w WHERE w.id = t.escalation_owner_id)
    AS escalation_owner"""

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
        by_department=True,
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
        "escalated_mine",
        "Escalated to me",
        "flag",
        "No escalation is yours to decide.",
        "t.escalation_state = 'owned' AND t.escalation_owner_id = $3",
        order="t.escalation_due, t.id",
        at="escalation_due",
        source=ESCALATED,
        columns=OF_ESCALATIONS,
    ),
    View(
        "escalated",
        "Escalated in my departments",
        "arrow-up",
        "Nothing in your departments is escalated to level 1 or 2.",
        "t.escalation_state IN ('open', 'owned') AND t.group_id = ANY($1)",
        order="t.escalation_due, t.id",
        counted=False,
        short="Escalated",
        at="escalation_due",
        source=ESCALATED,
        columns=OF_ESCALATIONS,
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
