"""What is true of a ticket at a moment, read from its rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from helpdesk.calendars.hours import Hours
from helpdesk.calendars.queries import all_hours
from helpdesk.cases.models import Event
from helpdesk.catalogue import queries as catalogue
from helpdesk.desk import Desk
from helpdesk.tickets.models import Ticket
from triage.routing.logic.facts import Facts
from triage.routing.logic.phrases import Phrases, normal
from triage.routing.logic.vocabulary import LEVELS, Moment
from triage.routing.queries import GROUPS

# What people said at filing; `t` is a ticket. A chat's ticket has no description of its own.
ABOUT = """
    t.id, t.type_key, t.language, t.source, t.restricted, t.subject, t.answers, t.opened_at,
    t.severity, t.follow_ups, g.key AS department, x.reference AS contract, x.ended_on,
    x.currency, m.amount_minor, p.roles, o.name AS company, b.body
"""
FROM = """
    tickets t JOIN groups g ON g.id = t.group_id JOIN people p ON p.id = t.requester_id
    LEFT JOIN contracts x ON x.id = t.contract_id LEFT JOIN milestones m ON m.id = t.milestone_id
    LEFT JOIN companies o ON o.id = p.company_id
    LEFT JOIN messages b ON b.case_id = t.case_id AND b.client_id = t.once
"""
ONE = f"SELECT {ABOUT} FROM {FROM} WHERE t.id = $1"
TAGS = "SELECT tag FROM ticket_tags WHERE ticket_id = $1"
# Open ones that were there before, whatever has become of later ones meanwhile.
LOAD = """
SELECT g.key, count(*) AS open FROM tickets t JOIN groups g ON g.id = t.group_id
WHERE t.status IN ('new', 'open', 'waiting_on_user', 'on_hold')
    AND t.id <> $1 AND (t.opened_at, t.id) < ($2, $3)
GROUP BY g.key
"""
MOVES = """
SELECT count(*) FROM events e
WHERE e.case_id = $1 AND e.ticket_id = $2 AND e.type = 'ticket.routed' AND e.seq > coalesce((
    SELECT max(h.seq) FROM events h WHERE h.case_id = $1 AND h.ticket_id = $2
        AND h.type = 'ticket.handed_over'), 0)
"""
LATER = """
SELECT type, data FROM events
WHERE case_id = $1 AND seq > $2 AND ticket_id = $3
    AND type IN ('ticket.handed_over', 'ticket.severity_changed', 'ticket.type_changed',
        'ticket.followed_up')
ORDER BY seq
"""
MOMENTS = {
    "ticket.opened": Moment.FILED,
    "ticket.severity_changed": Moment.SEVERITY,
    "ticket.handed_over": Moment.DEPARTMENT,
    "ticket.type_changed": Moment.TYPE,
    "ticket.followed_up": Moment.FOLLOW_UP,
}
NOBODY_LATER = 2**62


@dataclass(frozen=True, slots=True)
class Known:
    """What events call things, and when departments are open."""

    departments: Mapping[str, str]  # name → key
    types: Mapping[str, str]  # title → key
    hours: Mapping[str, Hours]


async def known_to(desk: Desk) -> Known:
    rows = await desk.pool.fetch(GROUPS)
    offered = (await catalogue.current(desk)).catalogue
    return Known(
        {row["name"]: row["key"] for row in rows},
        {type.title: type.key for type in offered.types},
        await all_hours(desk),
    )


def unchanging(row: Mapping[str, Any], phrases: Phrases) -> dict[str, Any]:
    """Of a row of ABOUT: what stays as it was at filing."""
    amount, currency = amount_of(row)
    ended = row["ended_on"]
    return {
        "language": row["language"],
        "source": row["source"],
        "restricted": row["restricted"],
        "words": phrases.found_in(row["subject"], row["body"] or ""),
        "contract": row["contract"],
        "contract_ended": ended is not None and ended <= row["opened_at"].date(),
        "amount": amount,
        "currency": currency,
        "roles": frozenset(row["roles"]) & {"client", "freelancer", "guest"},
        "company": row["company"],
    }


def amount_of(row: Mapping[str, Any]) -> tuple[int | None, str]:
    """What was asked for, else the milestone's."""
    for answer in row["answers"].values():
        if isinstance(answer, dict) and {"minor", "currency"} <= answer.keys():
            return int(answer["minor"]), str(answer["currency"])
    if row["amount_minor"] is not None and row["currency"]:
        return row["amount_minor"], row["currency"]
    return None, ""


def before(
    event: str, data: Mapping[str, Any], known: Known
) -> tuple[dict[str, str], dict[str, str]]:
    """What a change says was before it, and what it is now; keys, not words."""
    name, keys = {
        "ticket.severity_changed": ("severity", {level.title(): level for level in LEVELS}),
        "ticket.handed_over": ("department", known.departments),
        "ticket.type_changed": ("type", known.types),
    }.get(event, ("", {}))
    old, new = (keys.get(str(data.get(side, ""))) for side in ("old", "new"))
    return ({name: old} if old else {}), ({name: new} if new else {})


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """What people changed after the event, before its rules were read: theirs stands."""

    first: Mapping[str, str]  # severity, department and type as they were at the event
    follow_ups: int = 0


async def meanwhile(desk: Desk, event: Event, known: Known) -> Meanwhile:
    rows = await desk.pool.fetch(LATER, event.case_id, event.seq, event.ticket_id)
    first: dict[str, str] = {}
    for row in rows:
        for name, value in before(row["type"], row["data"], known)[0].items():
            first.setdefault(name, value)
    again = sum(row["type"] == "ticket.followed_up" for row in rows)
    return Meanwhile(first, again)


async def facts_now(
    desk: Desk, ticket: Ticket, event: Event, known: Known, phrases: Phrases,
    asks_load: bool, later: Meanwhile,
) -> Facts:  # fmt: skip
    """For the ticket that is held, as it was at the event."""
    row = await desk.pool.fetchrow(ONE, ticket.id)
    moment = MOMENTS[event.type]
    last = ticket.id if moment == Moment.FILED else NOBODY_LATER
    load = await load_at(desk, ticket.id, event.occurred_at, last) if asks_load else {}
    previous, _ = before(event.type, event.data, known)
    level = later.first.get("severity")
    return Facts(
        moment=moment,
        type=later.first.get("type", ticket.type_key),
        at=event.occurred_at,
        severity=LEVELS.index(level) + 1 if level else ticket.severity,
        department=later.first.get("department", row["department"]),
        follow_ups=ticket.follow_ups - later.follow_ups,
        moves=0 if moment == Moment.FILED else await moves_of(desk, ticket),
        tags=frozenset(normal(tag) for (tag,) in await desk.pool.fetch(TAGS, ticket.id)),
        previous=previous,
        load=load,
        hours=known.hours,
        **unchanging(row, phrases),
    )


async def moves_of(desk: Desk, ticket: Ticket) -> int:
    return int(await desk.pool.fetchval(MOVES, ticket.case_id, ticket.id))


async def load_at(desk: Desk, ticket_id: int, at: datetime, last: int) -> dict[str, int]:
    rows = await desk.pool.fetch(LOAD, ticket_id, at, last)
    return {row["key"]: row["open"] for row in rows}
