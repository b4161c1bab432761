"""What placeholders stand for on one ticket or in one chat."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from helpdesk.cases.queries import NoSuchCase
from helpdesk.console.queries import ticket_row
from helpdesk.core.formats import local_clock
from helpdesk.desk import Desk
from helpdesk.permissions import Actor
from helpdesk.security import canonical_url
from helpdesk.tickets.models import reference

from .promised import promise_of

FACE = re.compile(r"(ticket|chat):(\d{1,18})")
CHAT = """
    SELECT v.name AS requester, v.time_zone, g.name AS group_name, c.ticket_id, c.subject,
        x.reference AS contract, x.title AS contract_title
    FROM conversations c JOIN people v ON v.id = c.visitor_id JOIN groups g ON g.id = c.group_id
        JOIN cases k ON k.id = c.case_id LEFT JOIN contracts x ON x.id = k.contract_id
    WHERE c.id = $1"""


async def values_for(desk: Desk, actor: Actor, face: str) -> Mapping[str, str]:
    """By placeholder; what has no value is left out. NoSuchCase when it may not be seen."""
    place = FACE.fullmatch(face)
    if place is None:
        raise NoSuchCase
    kind, id = place[1], int(place[2])
    ticket: Any = None
    if kind == "chat":
        row = await desk.pool.fetchrow(CHAT, id)
        if row is None:
            raise NoSuchCase
        if row["ticket_id"] is not None:
            ticket = await of_chat(desk, actor, row["ticket_id"])
    else:
        row = ticket = await ticket_row(desk, actor, id)
    return {name: value for name, value in {
        **about(row, actor, desk.clock.now()),
        **(await about_ticket(desk, ticket) if ticket else {}),
        "help_centre": canonical_url(desk.settings, "/help"),
    }.items() if value}  # fmt: skip


async def of_chat(desk: Desk, actor: Actor, ticket_id: int) -> Any:
    """A chat may be about a ticket that this agent does not see."""
    try:
        return await ticket_row(desk, actor, ticket_id)
    except NoSuchCase:
        return None


def about(row: Any, actor: Actor, now: datetime) -> dict[str, str]:
    return {
        "requester.first_name": first_name(row["requester"]),
        "requester.name": row["requester"],
        "requester.local_time": local_clock(now, row["time_zone"]),
        "agent.first_name": first_name(actor.name),
        "agent.name": actor.name,
        "department": row["group_name"],
        "contract.reference": row["contract"] or "",
        "contract.title": row["contract_title"] or "",
    }


async def about_ticket(desk: Desk, ticket: Any) -> dict[str, str]:
    ref = reference(ticket["id"])
    return {
        "ticket.reference": ref,
        "ticket.subject": ticket["subject"],
        "ticket.link": canonical_url(desk.settings, f"/requests/{ref}"),
        "promise": await promise_of(desk, ticket),
    }


def first_name(name: str) -> str:
    """A guest may have none, or an address in its place."""
    first = name.split(maxsplit=1)[0] if name.strip() else ""
    return "" if "@" in first else first
