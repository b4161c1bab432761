"""What the page of the policy shows: what stands, and who changed what before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from helpdesk.desk import Desk

from .policy import FIRST_NUMBER, Policy, default_policy

NEWEST = """
SELECT number, document, changes, published_at FROM sla_policies ORDER BY number DESC LIMIT 1
"""
HISTORY = """
SELECT v.number, v.changes, v.note, v.published_at, p.name AS published_by
FROM sla_policies v LEFT JOIN people p ON p.id = v.published_by_id
WHERE v.published_at IS NOT NULL ORDER BY v.number DESC LIMIT 30
"""
APPLYING = """
SELECT coalesce(sum(tickets), 0)::int AS tickets, count(*) AS reworks
FROM sla_reworks WHERE done_at IS NULL
"""


@dataclass(frozen=True)
class Change:
    old: str
    new: str
    by: str
    at: datetime


@dataclass(frozen=True)
class Shown:
    """The draft, or else what is published."""

    number: int
    policy: Policy
    changes: tuple[Change, ...]
    is_draft: bool

    @property
    def seen(self) -> str:
        return f"{self.number}.{len(self.changes) if self.is_draft else 0}"


@dataclass(frozen=True)
class Past:
    number: int
    changes: tuple[Change, ...]
    note: str
    published_at: datetime
    published_by: str


async def what_stands(desk: Desk) -> Shown:
    row = await desk.pool.fetchrow(NEWEST)
    if row is None:
        return Shown(FIRST_NUMBER, default_policy(), (), False)
    is_draft = row["published_at"] is None
    changes = changes_of(row["changes"]) if is_draft else ()
    return Shown(row["number"], Policy.model_validate(row["document"]), changes, is_draft)


async def history(desk: Desk) -> list[Past]:
    return [
        Past(
            row["number"],
            changes_of(row["changes"]),
            row["note"],
            row["published_at"],
            row["published_by"] or "Helpdesk",
        )
        for row in await desk.pool.fetch(HISTORY)
    ]


async def applying(desk: Desk) -> int | None:
    """How many tickets have been computed again so far; None when all have."""
    row = await desk.pool.fetchrow(APPLYING)
    return row["tickets"] if row["reworks"] else None


def changes_of(stored: Sequence[dict[str, Any]]) -> tuple[Change, ...]:
    return tuple(
        Change(one["old"], one["new"], one["by"], datetime.fromisoformat(one["at"]))
        for one in stored
    )
