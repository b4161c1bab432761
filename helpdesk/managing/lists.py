"""The lists of the managers: what each holds, how it is ordered, and how due something is. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from helpdesk.core.formats import localised

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
SOON = timedelta(hours=1)
LIVE = "e.state IN ('open', 'owned')"
# In every statement $1 are the departments of the reader, $2 whether they see restricted rows,
# $3 is now, $4 the reader.
BY_DATE = "e.due_at, e.id"


@dataclass(frozen=True)
class View:
    """`where` and `order` match one partial index: a page costs the same at any size."""

    key: str
    title: str
    icon: str
    empty: str
    where: str
    order: str = BY_DATE
    short: str = ""

    @property
    def label(self) -> str:
        return self.short or self.title


VIEWS: Sequence[View] = (
    View("all", "All open escalations", "inbox", "Nothing is escalated.", LIVE, short="All open"),
    View(
        "breached",
        "Breached",
        "alert-circle",
        "Nothing is late.",
        f"{LIVE} AND e.due_at < $3",
    ),
    View(
        "hour",
        "Due within an hour",
        "clock",
        "Nothing is due within an hour.",
        f"{LIVE} AND e.due_at >= $3 AND e.due_at < $3::timestamptz + interval '1 hour'",
        short="Within an hour",
    ),
    View(
        "unowned",
        "Nobody owns it",
        "circle-dashed",
        "Everything has an owner.",
        "e.state = 'open'",
        short="No owner",
    ),
    View(
        "mine",
        "Mine",
        "user",
        "You own none. Take the next one when you are ready.",
        "e.state = 'owned' AND e.owner_id = $4",
    ),
    View(
        "managers",
        "At the level of managers",
        "flag",
        "Nothing waits for the managers.",
        f"{LIVE} AND e.level = 3",
        short="For managers",
    ),
    View(
        "ended",
        "Decided or returned",
        "check-circle",
        "Nothing was decided yet.",
        "e.ended_at IS NOT NULL",
        order="e.ended_at DESC, e.id DESC",
        short="Decided",
    ),
)
BY_KEY = {view.key: view for view in VIEWS}


@dataclass(frozen=True)
class Cursor:
    """Where a page ended. Written into links, so whatever comes back is checked."""

    at: datetime
    id: int

    def __str__(self) -> str:
        return f"{(self.at - EPOCH) // MICROSECOND}.{self.id}"


def read_cursor(text: str) -> Cursor | None:
    parts = text.split(".")
    if len(parts) != 2 or not all(part.isascii() and part.isdigit() for part in parts):
        return None
    micros, id = (int(part) for part in parts)
    if micros > 10**16 or id > 2**62:
        return None
    return Cursor(EPOCH + micros * MICROSECOND, id)


@dataclass(frozen=True)
class Group:
    key: str
    title: str
    tone: str


GROUPS = (
    Group("breached", "Breached", "danger"),
    Group("hour", "Within an hour", "warn"),
    Group("today", "Later today", ""),
    Group("later", "Later", ""),
)


def group_of(due_at: datetime, now: datetime, zone: str) -> Group:
    """As the reader's day goes."""
    if due_at < now:
        return GROUPS[0]
    if due_at < now + SOON:
        return GROUPS[1]
    same_day = localised(due_at, zone).date() == localised(now, zone).date()
    return GROUPS[2] if same_day else GROUPS[3]


def tomorrow(now: datetime, zone: str) -> datetime:
    """When the reader's day ends."""
    start = localised(now, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return (start + timedelta(days=1)).astimezone(UTC)


def used(elapsed: timedelta, whole: timedelta) -> int:
    """Per cent of the time there was."""
    if whole <= timedelta(0):
        return 100
    return max(0, min(100, round(100 * (elapsed / whole))))
