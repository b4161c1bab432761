"""The events of a case as frames, read in one statement with the rule of who sees what.

This is the hot side of cases/queries.py: the same rule in plain SQL, on asyncpg.
tests/helpdesk/cases/test_visibility.py holds the three forms equal.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
import orjson

from helpdesk.permissions import STAFF, Actor, Can, allowed

from .events import face, frame
from .models import Audience
from .queries import View, view_for

PAGE = 200  # events read at once

# $2 the reader, $3 their company, $4 their departments, $5 whether they are staff, $6 whether
# they may read everything private. `own.sides` are the sides of the case that are theirs.
VISIBLE = f"""
    CASE WHEN $5 THEN e.audience <> '{Audience.PRIVATE}' OR $6
        OR e.owner_id = $2 OR e.group_id = ANY($4)
    ELSE e.audience = '{Audience.EVERYONE}'
        OR (e.audience = '{Audience.SIDE}' AND e.side_id = ANY(own.sides))
        OR (e.audience = '{Audience.PRIVATE}' AND e.owner_id = $2)
    END"""

READ = f"""
SELECT k.last_seq AS head, own.sides AS own_sides, own.parties, newest.seq AS newest, shown.*
FROM cases k
CROSS JOIN LATERAL (
    SELECT
        coalesce(array_agg(s.id) FILTER (WHERE s.person_id = $2 OR s.company_id = $3), '{{}}')
            AS sides,
        array_agg(ARRAY[s.id, s.person_id, coalesce(s.company_id, 0)]) AS parties
    FROM sides s WHERE s.case_id = k.id
) own
LEFT JOIN LATERAL (
    SELECT e.seq FROM events e WHERE e.case_id = k.id AND {VISIBLE}
    ORDER BY e.seq DESC LIMIT 1
) newest ON true
LEFT JOIN LATERAL (
    SELECT e.seq, e.type, e.audience, e.side_id, e.group_id, e.owner_id, e.actor_id, e.ticket_id,
        e.conversation_id, e.data, e.occurred_at, p.name AS actor_name, p.roles AS actor_roles,
        m.body, m.client_id, x.id AS evidence_id, x.kind, x.name, x.label, x.size, x.media_type,
        x.thumbnail_id IS NOT NULL AS has_thumbnail
    FROM events e
    LEFT JOIN people p ON p.id = e.actor_id
    LEFT JOIN messages m ON m.id = e.message_id
    LEFT JOIN evidence x ON x.id = e.evidence_id
    WHERE e.case_id = k.id AND e.seq > $7 AND {VISIBLE}
    ORDER BY e.seq LIMIT {PAGE}
) shown ON true
WHERE k.id = $1 AND ($5 OR cardinality(own.sides) > 0)
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One event: who may see it, and the frame that shows it."""

    seq: int
    reach: dict[str, Any]
    frame: dict[str, Any]

    @property
    def text(self) -> str:
        return orjson.dumps(self.frame).decode()


@dataclass(frozen=True, slots=True)
class Page:
    """What one reader may see of a case after some number."""

    head: int  # the case's last number, visible or not
    newest: int  # the last number this reader may see
    view: View
    parties: tuple[tuple[int, int, int], ...]  # side, person, company (0: none)
    entries: list[Entry]

    @property
    def full(self) -> bool:
        return len(self.entries) == PAGE

    @property
    def reaches(self) -> int:
        """Everything up to this number has been looked at."""
        return self.entries[-1].seq if self.full else self.head


async def read_page(pool: asyncpg.Pool, viewer: Actor, case_id: int, after: int = 0) -> Page | None:
    """None: there is no such case for this reader."""
    staff = viewer.is_system or allowed(viewer, Can.READ_ALL_CASES)
    rows = await pool.fetch(
        READ,
        case_id,
        viewer.id,
        viewer.company_id,
        list(viewer.groups),
        staff,
        viewer.is_system or allowed(viewer, Can.READ_ALL_PRIVATE),
        after,
    )
    if not rows:
        return None
    first = rows[0]
    return Page(
        first["head"],
        first["newest"] or 0,
        view_for(viewer, frozenset(first["own_sides"])),
        tuple(sorted((side, who, company) for side, who, company in first["parties"] or ())),
        [entry(case_id, row) for row in rows if row["seq"] is not None],
    )


def entry(case_id: int, row: asyncpg.Record) -> Entry:
    reach = {
        "audience": row["audience"],
        "side_id": row["side_id"],
        "group_id": row["group_id"],
        "owner_id": row["owner_id"],
    }
    at: datetime = row["occurred_at"]
    shown = frame(
        case_id,
        row["seq"],
        row["type"],
        at,
        row["audience"],
        by(row),
        row["data"],
        side_id=row["side_id"],
        body=row["body"],
        client_id=None if row["client_id"] is None else str(row["client_id"]),
        face=face(row["ticket_id"], row["conversation_id"]),
        evidence=piece(row),
    )
    return Entry(row["seq"], reach, shown)


def by(row: asyncpg.Record) -> dict[str, Any]:
    if row["actor_id"] is None:
        return {"id": 0, "name": "Helpdesk", "staff": True}
    staff = not STAFF.isdisjoint(row["actor_roles"])
    return {"id": row["actor_id"], "name": row["actor_name"] or "Helpdesk", "staff": staff}


def piece(row: asyncpg.Record) -> dict[str, Any] | None:
    """What a socket shows of a piece of evidence."""
    if row["evidence_id"] is None:
        return None
    return {
        "id": row["evidence_id"],
        "kind": row["kind"],
        "name": row["name"] or row["label"],
        "size": row["size"],
        "media": row["media_type"],
        "thumb": row["has_thumbnail"],
    }
