"""The history of tickets, read from their events. A ticket has those of what was merged into it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from helpdesk.calendars.queries import hours_in
from helpdesk.permissions import STAFF

from .counting import Calendars
from .history import History, Moment, What

LEVELS = {"low": 1, "normal": 2, "high": 3, "urgent": 4}
OWN = (
    "ticket.opened", "message.posted", "ticket.status_changed", "ticket.closed",
    "escalation.decided",
    "ticket.severity_changed", "ticket.type_changed", "ticket.routed", "ticket.handed_over",
    "ticket.reopened", "ticket.assigned", "sla.extended",
)  # fmt: skip
OF_MERGED = ("ticket.opened", "message.posted")
TICKETS = text("""
SELECT t.id, t.case_id, t.requester_id, t.status, t.severity, t.type_key, t.restricted,
    t.group_id, g.key AS department, t.merged_into_id, t.subject
FROM tickets t JOIN groups g ON g.id = t.group_id
WHERE t.id = ANY(:ids) OR t.merged_into_id = ANY(:ids)
""")
EVENTS = text("""
SELECT e.id, e.type, e.occurred_at, e.data::text AS data, e.actor_id, e.ticket_id,
    p.roles && CAST(:staff AS text[]) AS staff
FROM events e LEFT JOIN people p ON p.id = e.actor_id
WHERE e.case_id = ANY(:cases) AND e.ticket_id = ANY(:tickets) AND e.type = ANY(:types)
ORDER BY e.id
""")
GROUPS = text("SELECT id, key, name FROM groups")


@dataclass(frozen=True, slots=True)
class Departments:
    ids: dict[str, int]  # by key
    keys: dict[str, str]  # by name

    def named(self, data: dict[str, Any], which: str) -> str | None:
        """Of an event that has its key, or only its name."""
        key: str | None = data.get(f"{which}_key") or self.keys.get(data.get(which, ""))
        return key if key in self.ids else None


@dataclass(frozen=True, slots=True)
class Gathered:
    """A ticket as it stands, and what happened to it."""

    ticket_id: int
    case_id: int
    group_id: int
    restricted: bool
    subject: str
    reference: str
    opened_at: datetime | None
    history: History


@dataclass(frozen=True, slots=True)
class Row:
    """What is read of one event."""

    id: int
    type: str
    at: datetime
    data: dict[str, Any]
    by: int | None
    staff: bool


async def gather(
    db: AsyncSession, ticket_ids: Sequence[int], departments: Departments
) -> list[Gathered]:
    """In the order of their ids."""
    connection = await db.connection()
    rows = (await connection.execute(TICKETS, {"ids": list(ticket_ids)})).all()
    events = await _events(db, rows)
    wanted, merged = set(ticket_ids), defaultdict(list)
    for row in rows:
        if row.merged_into_id is not None:
            merged[row.merged_into_id].append(row)
    found = []
    for row in sorted((row for row in rows if row.id in wanted), key=lambda row: row.id):
        others = (
            event
            for other in merged[row.id]
            for event in events[other.id]
            if event.type in OF_MERGED
        )
        found.append(_gathered(row, events[row.id], others, departments))
    return found


async def _events(db: AsyncSession, tickets: Sequence[Any]) -> dict[int, list[Row]]:
    named = {
        "cases": sorted({row.case_id for row in tickets}),
        "tickets": [row.id for row in tickets],
        "types": list(OWN),
        "staff": sorted(STAFF),
    }
    found: dict[int, list[Row]] = defaultdict(list)
    for row in (await (await db.connection()).execute(EVENTS, named)).all():
        data = orjson.loads(row.data)
        event = Row(row.id, row.type, row.occurred_at, data, row.actor_id, bool(row.staff))
        found[row.ticket_id].append(event)
    return found


def _gathered(
    ticket: Any, own: Sequence[Row], others: Iterable[Row], departments: Departments
) -> Gathered:
    opened = next((row for row in own if row.type == "ticket.opened"), None)
    severity, type, department = ticket.severity, ticket.type_key, ticket.department
    for row in reversed(own):  # back to what it began with
        match row.type:
            case "ticket.severity_changed":
                severity = LEVELS.get(row.data["old"].lower(), severity)
            case "ticket.type_changed":
                type = row.data.get("old_key", type)
            case "ticket.handed_over" | "ticket.routed":
                department = departments.named(row.data, "old") or department
    moments = [
        moment
        for row in sorted((*own, *others), key=lambda row: row.id)
        if (moment := moment_of(row, ticket.requester_id, departments)) is not None
    ]
    if ticket.merged_into_id is not None and moments:
        moments.append(Moment(moments[-1].at, moments[-1].event, What.STATUS, "merged"))
    return Gathered(
        ticket.id,
        ticket.case_id,
        ticket.group_id,
        ticket.restricted,
        ticket.subject,
        opened.data.get("reference", "") if opened else "",
        opened.at if opened else None,
        History(tuple(moments), severity, type, department),
    )


def moment_of(row: Row, requester_id: int, departments: Departments) -> Moment | None:
    what, value, until = What.ASKED, "", None
    answers = row.staff and row.by != requester_id
    match row.type:
        case "ticket.opened":
            what = What.OPENED
        case "message.posted":
            what = What.ANSWERED if answers else What.ASKED
        case "escalation.decided":
            what = What.ANSWERED
        case "ticket.reopened":
            what = What.ASKED
        case "ticket.assigned":
            what = What.TAKEN
        case "ticket.status_changed" | "ticket.closed":
            what, value = What.STATUS, row.data["new"]
        case "ticket.severity_changed":
            what, value = What.SEVERITY, str(LEVELS.get(row.data["new"].lower(), 2))
        case "ticket.type_changed":
            what, value = What.TYPE, row.data.get("new_key", "")
        case "ticket.handed_over" | "ticket.routed":
            what = What.SENT if row.type == "ticket.routed" else What.HANDED_OVER
            value = departments.named(row.data, "new") or ""
        case "sla.extended":
            what, value = What.EXTENDED, f"{row.data['kind']}:{row.data['began_by']}"
            until = datetime.fromisoformat(row.data["until"])
    if what in (What.TYPE, What.SENT, What.HANDED_OVER) and not value:
        return None  # of a time that kept no keys
    return Moment(row.at, row.id, what, value, until)


async def departments_in(db: AsyncSession) -> Departments:
    rows = (await (await db.connection()).execute(GROUPS)).all()
    return Departments({row.key: row.id for row in rows}, {row.name: row.key for row in rows})


async def hours_for(
    db: AsyncSession, histories: Iterable[History], departments: Departments
) -> Calendars:
    """The calendars of all departments these tickets were in."""
    keys = {history.department for history in histories}
    keys |= {
        moment.value
        for history in histories
        for moment in history.moments
        if moment.what in (What.SENT, What.HANDED_OVER)
    }
    return {key: await hours_in(db, departments.ids[key]) for key in sorted(keys) if key}
