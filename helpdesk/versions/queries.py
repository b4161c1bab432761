"""What a page of versions shows: what stands, and who changed what before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic

from helpdesk.desk import Desk

from .models import FIRST_NUMBER, Document, Row, Versions

NEWEST = """
SELECT number, document, changes, published_at FROM {} ORDER BY number DESC LIMIT 1
"""
HISTORY = """
SELECT v.number, v.changes, v.note, v.published_at, p.name AS published_by
FROM {} v LEFT JOIN people p ON p.id = v.published_by_id
WHERE v.published_at IS NOT NULL ORDER BY v.number DESC LIMIT 30
"""


@dataclass(frozen=True)
class Change:
    title: str  # of what was changed; empty where old and new say it
    old: str
    new: str
    by: str
    at: datetime


@dataclass(frozen=True)
class Shown(Generic[Document]):
    """The draft, or else what is published."""

    number: int
    document: Document
    changes: tuple[Change, ...]
    is_draft: bool

    @property
    def seen(self) -> str:
        return f"{self.number}.{len(self.changes)}"


@dataclass(frozen=True)
class Past:
    number: int
    changes: tuple[Change, ...]
    note: str
    published_at: datetime
    published_by: str


async def what_stands(desk: Desk, versions: Versions[Row, Document]) -> Shown[Document]:
    row = await desk.pool.fetchrow(NEWEST.format(versions.name))
    if row is None:  # stored with the first change, if not before
        return Shown(FIRST_NUMBER, versions.shipped(), (), False)
    is_draft = row["published_at"] is None
    changes = changes_of(versions, row["changes"]) if is_draft else ()
    document = versions.document.model_validate(row["document"])
    return Shown(row["number"], document, changes, is_draft)


async def history(desk: Desk, versions: Versions[Row, Document]) -> list[Past]:
    return [
        Past(
            row["number"],
            changes_of(versions, row["changes"]),
            row["note"],
            row["published_at"],
            row["published_by"] or "Helpdesk",
        )
        for row in await desk.pool.fetch(HISTORY.format(versions.name))
    ]


def changes_of(
    versions: Versions[Row, Document], stored: Sequence[dict[str, Any]]
) -> tuple[Change, ...]:
    return tuple(
        Change(
            one.get("title", ""),
            versions.said(one["old"]),
            versions.said(one["new"]),
            one["by"],
            datetime.fromisoformat(one["at"]),
        )
        for one in stored
    )
