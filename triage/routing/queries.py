"""Reading rules: those in use, the draft, versions, and what keys are called."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from helpdesk.catalogue import queries as catalogue
from helpdesk.desk import Desk

from .logic.phrases import Phrases
from .logic.rules import Rule, asks_about, phrases_of
from .logic.sentences import Names
from .logic.vocabulary import LANGUAGES, About

PAGE = 20
IN_USE = "SELECT id, version, published_by_id FROM routing_rulesets WHERE state = 'published'"
DRAFT = "SELECT * FROM routing_rulesets WHERE state = 'draft'"
RULES = """
SELECT key, name, "when", "then", mode, "on" FROM routing_rules
WHERE ruleset_id = $1 ORDER BY position, id
"""
VERSION = "SELECT * FROM routing_rulesets WHERE version = $1"
VERSIONS = """
SELECT r.id, r.version, r.state, r.note, r.published_at, r.base_version, p.name AS publisher,
    (SELECT count(*) FROM routing_rules s WHERE s.ruleset_id = r.id) AS rules
FROM routing_rulesets r LEFT JOIN people p ON p.id = r.published_by_id
WHERE r.version < $1 ORDER BY r.version DESC LIMIT $2
"""
GROUPS = "SELECT key, name FROM groups ORDER BY name"
STAFF = """
SELECT id, name FROM people
WHERE is_account AND deactivated_at IS NULL
    AND roles && ARRAY['agent', 'mediator', 'arbitrator', 'manager', 'admin']
ORDER BY name, id
"""


@dataclass(frozen=True)
class InUse:
    """The published rules, as they are read for every ticket."""

    version: int
    publisher_id: int | None
    rules: tuple[Rule, ...]
    phrases: Phrases
    asks_load: bool


@dataclass
class _Shelf:
    sets: dict[int, InUse] = field(default_factory=dict)


async def rules_in_use(desk: Desk) -> InUse | None:
    """Read once per process and version; asked for which version it is every time."""
    row = await desk.pool.fetchrow(IN_USE)
    if row is None:
        return None
    shelf: _Shelf = desk.parts.setdefault("routing", _Shelf())
    if row["id"] not in shelf.sets:
        rules = await rules_of(desk, row["id"])
        shelf.sets = {
            row["id"]: InUse(
                row["version"],
                row["published_by_id"],
                rules,
                phrases_of(rules),
                asks_about(rules, About.LOAD),
            )
        }
    return shelf.sets[row["id"]]


async def rules_of(desk: Desk, ruleset_id: int) -> tuple[Rule, ...]:
    return tuple(rule_from(row) for row in await desk.pool.fetch(RULES, ruleset_id))


def rule_from(row: Any) -> Rule:
    return Rule.model_validate(dict(row))


async def names_of(desk: Desk) -> Names:
    offered = (await catalogue.current(desk)).catalogue
    groups = await desk.pool.fetch(GROUPS)
    staff = await desk.pool.fetch(STAFF)
    return Names(
        {type.key: type.title for type in offered.types},
        {row["key"]: row["name"] for row in groups},
        {str(row["id"]): row["name"] for row in staff},
        LANGUAGES,
        {kind.key: kind.label for kind in offered.evidence_kinds},
    )


@dataclass(frozen=True)
class Standing:
    """The rules as an editor sees them: the draft when there is one, else what is published."""

    rules: tuple[Rule, ...]
    version: int  # published; 0 before the first
    edition: int  # of the draft; 0 when there is none
    published: tuple[Rule, ...] = ()
    changed_by: int | None = None

    @property
    def seen(self) -> str:
        """What a form carries, so that two editors never overwrite each other."""
        return f"{self.version}.{self.edition}"

    @property
    def is_draft(self) -> bool:
        return self.edition > 0


async def standing(desk: Desk) -> Standing:
    in_use, draft = await rules_in_use(desk), await desk.pool.fetchrow(DRAFT)
    version, published = (in_use.version, in_use.rules) if in_use else (0, ())
    if draft is None:
        return Standing(published, version, 0, published)
    rules = await rules_of(desk, draft["id"])
    return Standing(rules, version, draft["edition"], published, draft["changed_by_id"])


async def version_rules(desk: Desk, version: int) -> tuple[asyncpg.Record, tuple[Rule, ...]] | None:
    row = await desk.pool.fetchrow(VERSION, version) if 0 < version < 2**31 else None
    return None if row is None else (row, await rules_of(desk, row["id"]))


async def versions(desk: Desk, before: int | None = None) -> Sequence[asyncpg.Record]:
    """The newest first, one more than a page holds."""
    rows: Sequence[asyncpg.Record] = await desk.pool.fetch(VERSIONS, before or 2**31 - 1, PAGE + 1)
    return rows
