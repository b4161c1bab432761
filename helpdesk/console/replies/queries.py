"""Which replies somebody may use, how often each is used, and what it was before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from helpdesk.desk import Desk
from helpdesk.permissions import Actor, Can, allowed

from .doing import Doing
from .models import Reach

MONTH = timedelta(days=30)
# $1: the person; $2: departments; $3: manages all of them
USABLE = """(r.reach = 'everybody' OR r.reach = 'mine' AND r.owner_id = $1
    OR r.reach = 'group' AND (r.group_id = ANY($2) OR $3))"""
LIST = f"""
    SELECT r.id, r.number, r.name, r.reach, r.group_id, g.name AS group_name, r.body, r.doing,
        r.archived_at, v.changed_at, p.name AS changed_by,
        (SELECT count(*) FROM canned_reply_uses u WHERE u.reply_id = r.id AND u.at > $4) AS used
    FROM canned_replies r JOIN canned_reply_versions v ON (v.reply_id, v.number) = (r.id, r.number)
        LEFT JOIN groups g ON g.id = r.group_id LEFT JOIN people p ON p.id = v.changed_by_id
    WHERE {USABLE} ORDER BY r.archived_at IS NOT NULL, lower(r.name), r.id LIMIT 1000"""
ONE = f"SELECT r.* FROM canned_replies r WHERE r.id = $4 AND {USABLE}"
VERSIONS = """
    SELECT v.*, p.name AS by, g.name AS group_name
    FROM canned_reply_versions v LEFT JOIN people p ON p.id = v.changed_by_id
        LEFT JOIN groups g ON g.id = v.group_id
    WHERE v.reply_id = $1 ORDER BY v.number DESC LIMIT 50"""
# What this person sends most comes first, then what anybody does.
OFFERED = f"""
    SELECT r.id, r.number, r.name, r.reach, g.name AS group_name, r.body, r.doing
    FROM canned_replies r LEFT JOIN groups g ON g.id = r.group_id
        LEFT JOIN LATERAL (
            SELECT count(*) AS used, count(*) FILTER (WHERE u.person_id = $1) AS own
            FROM canned_reply_uses u WHERE u.reply_id = r.id AND u.at > $4) u ON true
    WHERE {USABLE} AND r.archived_at IS NULL
    ORDER BY u.own DESC, u.used DESC, lower(r.name), r.id LIMIT 500"""


@dataclass(frozen=True)
class Listed:
    id: int
    number: int
    name: str
    reach: Reach
    group: str
    body: str
    doing: Doing
    archived: bool
    changed_by: str
    changed_at: datetime
    used: int  # in the last thirty days


def reader(actor: Actor) -> tuple[int, list[int], bool]:
    return actor.id, list(actor.groups), allowed(actor, Can.MANAGE_REPLIES)


async def replies_of(desk: Desk, actor: Actor) -> list[Listed]:
    since = desk.clock.now() - MONTH
    return [
        Listed(
            row["id"],
            row["number"],
            row["name"],
            Reach(row["reach"]),
            row["group_name"] or "",
            row["body"],
            Doing.read(row["doing"]),
            row["archived_at"] is not None,
            row["changed_by"] or "Helpdesk",
            row["changed_at"],
            row["used"],
        )
        for row in await desk.pool.fetch(LIST, *reader(actor), since)
    ]


async def offered(desk: Desk, actor: Actor) -> list[dict[str, Any]]:
    """For the list behind the slash: what somebody chooses from, without anything filled in."""
    rows = await desk.pool.fetch(OFFERED, *reader(actor), desk.clock.now() - MONTH)
    return [
        {
            "id": row["id"],
            "name": row["name"],
            "of": {"mine": "Yours", "group": row["group_name"]}.get(row["reach"], "Everybody’s"),
            "line": " ".join(row["body"].split())[:90],
            "does": not Doing.read(row["doing"]).empty,
        }
        for row in rows
    ]


async def find_row(desk: Desk, actor: Actor, id: int) -> Any:
    return await desk.pool.fetchrow(ONE, *reader(actor), id)


async def versions_of(desk: Desk, id: int) -> Sequence[Any]:
    rows: Sequence[Any] = await desk.pool.fetch(VERSIONS, id)
    return rows
