"""The events of a case as frames, read in one statement with the rule of who sees what.

This is the hot side of cases/queries.py: the same rule in plain SQL, on asyncpg.
tests/helpdesk/cases/test_visibility.py holds the three forms equal.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any

import asyncpg
import orjson

from helpdesk.permissions import STAFF, Actor, Can, allowed

from .events import face, frame
from .models import Audience
from .queries import View, view_for

PAGE = 200  # events read at once

# `a` is who asks for what: the reader, their company and departments, whether they are staff,
# whether they may read everything private. `own.sides` are the sides of the case that are theirs.
VISIBLE = f"""
    CASE WHEN a.staff THEN e.audience <> '{Audience.PRIVATE}' OR a.all_private
        OR e.owner_id = a.person_id OR e.group_id = ANY(a.groups)
    ELSE e.audience = '{Audience.EVERYONE}'
        OR (e.audience = '{Audience.SIDE}' AND e.side_id = ANY(own.sides))
        OR (e.audience = '{Audience.PRIVATE}' AND e.owner_id = a.person_id)
    END"""

READ = f"""
SELECT a.place, k.last_seq AS head, own.sides AS own_sides, own.parties, newest.seq AS newest,
    shown.*
FROM {{asked}} a
JOIN cases k ON k.id = a.case_id
CROSS JOIN LATERAL (
    SELECT
        coalesce(
            array_agg(s.id) FILTER (WHERE s.person_id = a.person_id OR s.company_id = a.company_id),
            '{{{{}}}}') AS sides,
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
    WHERE e.case_id = k.id AND e.seq > a.after AND {VISIBLE}
    ORDER BY e.seq LIMIT {PAGE}
) shown ON true
WHERE a.staff OR cardinality(own.sides) > 0
"""
READ_ONE = READ.format(
    asked="""(SELECT 1 AS place, $1::bigint AS case_id, $2::bigint AS person_id,
        $3::bigint AS company_id, $4::bigint[] AS groups, $5::boolean AS staff,
        $6::boolean AS all_private, $7::integer AS after)"""
)
READ_MANY = READ.format(
    asked="""(SELECT place, case_id, person_id, company_id, groups::bigint[] AS groups, staff,
            all_private, after
        FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::boolean[],
            $6::boolean[], $7::integer[])
        WITH ORDINALITY AS u(case_id, person_id, company_id, groups, staff, all_private, after,
            place))"""
)
LARGEST = 2**31 - 1  # of the numbers of events


class Entry:
    """One event: who may see it, and the frame that shows it, made when it is asked for."""

    __slots__ = ("case_id", "made", "row")

    def __init__(self, case_id: int, row: asyncpg.Record) -> None:
        self.case_id, self.row = case_id, row
        self.made: dict[str, Any] | None = None

    @property
    def seq(self) -> int:
        seq: int = self.row["seq"]
        return seq

    @property
    def side_id(self) -> int | None:
        side: int | None = self.row["side_id"]
        return side

    @property
    def face(self) -> str:
        return face(self.row["ticket_id"], self.row["conversation_id"])

    @property
    def looks(self) -> tuple[Any, ...]:
        """All that may ever change about a stored event: names and texts can be taken back."""
        row = self.row
        return (self.case_id, row["seq"], row["actor_name"], row["body"], row["name"])

    @property
    def reach(self) -> dict[str, Any]:
        row = self.row
        return {
            "audience": row["audience"],
            "side_id": row["side_id"],
            "group_id": row["group_id"],
            "owner_id": row["owner_id"],
        }

    @property
    def frame(self) -> dict[str, Any]:
        if self.made is None:
            self.made = frame_of(self.case_id, self.row)
        return self.made

    @property
    def text(self) -> str:
        return orjson.dumps(self.frame).decode()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Entry):
            return NotImplemented
        return (self.reach, self.frame) == (other.reach, other.frame)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Entry({self.frame})"


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


@dataclass(frozen=True, slots=True)
class Wish:
    """One reader asks for what came after a number of one case."""

    viewer: Actor
    case_id: int
    after: int = 0

    @property
    def arguments(self) -> tuple[Any, ...]:
        viewer = self.viewer
        return (
            self.case_id,
            viewer.id,
            viewer.company_id,
            list(viewer.groups),
            viewer.is_system or allowed(viewer, Can.READ_ALL_CASES),
            viewer.is_system or allowed(viewer, Can.READ_ALL_PRIVATE),
            min(self.after, LARGEST),
        )


async def read_page(pool: asyncpg.Pool, viewer: Actor, case_id: int, after: int = 0) -> Page | None:
    """None: there is no such case for this reader."""
    wish = Wish(viewer, case_id, after)
    return page_of(wish, await pool.fetch(READ_ONE, *wish.arguments))


async def read_pages(pool: asyncpg.Pool, wishes: Sequence[Wish]) -> list[Page | None]:
    """Many readers in one statement."""
    columns = [list(column) for column in zip(*(wish.arguments for wish in wishes), strict=True)]
    columns[3] = [f"{{{','.join(map(str, groups))}}}" for groups in columns[3]]
    found: list[list[asyncpg.Record]] = [[] for _ in wishes]
    for row in await pool.fetch(READ_MANY, *columns):
        found[row["place"] - 1].append(row)
    return [
        page_of(wish, sorted(rows, key=itemgetter("seq")) if len(rows) > 1 else rows)
        for wish, rows in zip(wishes, found, strict=True)
    ]


def page_of(wish: Wish, rows: Sequence[asyncpg.Record]) -> Page | None:
    if not rows:
        return None
    first = rows[0]
    return Page(
        first["head"],
        first["newest"] or 0,
        view_for(wish.viewer, frozenset(first["own_sides"])),
        tuple(sorted((side, who, company) for side, who, company in first["parties"] or ())),
        [Entry(wish.case_id, row) for row in rows if row["seq"] is not None],
    )


def frame_of(case_id: int, row: asyncpg.Record) -> dict[str, Any]:
    at: datetime = row["occurred_at"]
    return frame(
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
