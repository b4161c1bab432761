"""What the page of the rules shows: what stands, and who changed what before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from helpdesk.desk import Desk

from .rules import EFFECT_WORDS, FIRST_NUMBER, Effect, Rules, default_rules

NEWEST = """
SELECT number, document, changes, published_at FROM severity_rules
ORDER BY number DESC LIMIT 1
"""
HISTORY = """
SELECT r.number, r.changes, r.note, r.published_at, p.name AS published_by
FROM severity_rules r LEFT JOIN people p ON p.id = r.published_by_id
WHERE r.published_at IS NOT NULL ORDER BY r.number DESC LIMIT 30
"""


@dataclass(frozen=True)
class Change:
    title: str
    old: str
    new: str
    by: str
    at: datetime


@dataclass(frozen=True)
class Shown:
    """The draft, or else what is published."""

    number: int
    rules: Rules
    changes: tuple[Change, ...]
    is_draft: bool

    @property
    def seen(self) -> str:
        return f"{self.number}.{len(self.changes) if self.is_draft else 0}"


@dataclass(frozen=True)
class Version:
    number: int
    changes: tuple[Change, ...]
    note: str
    published_at: datetime
    published_by: str


async def what_stands(desk: Desk) -> Shown:
    row = await desk.pool.fetchrow(NEWEST)
    if row is None:  # stored with the first change, if not before
        return Shown(FIRST_NUMBER, default_rules(), (), False)
    is_draft = row["published_at"] is None
    changes = changes_of(row["changes"]) if is_draft else ()
    return Shown(row["number"], Rules.model_validate(row["document"]), changes, is_draft)


async def history(desk: Desk) -> list[Version]:
    return [
        Version(
            row["number"],
            changes_of(row["changes"]),
            row["note"],
            row["published_at"],
            row["published_by"] or "Helpdesk",
        )
        for row in await desk.pool.fetch(HISTORY)
    ]


def changes_of(stored: Sequence[dict[str, Any]]) -> tuple[Change, ...]:
    return tuple(
        Change(
            one["title"],
            words_of(one["old"]),
            words_of(one["new"]),
            one["by"],
            datetime.fromisoformat(one["at"]),
        )
        for one in stored
    )


def words_of(state: dict[str, Any]) -> str:
    return EFFECT_WORDS[Effect(state["effect"])] if state["on"] else "off"
