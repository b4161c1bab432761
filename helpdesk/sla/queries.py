"""The policy in use and its earlier versions, parsed once per process."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from helpdesk.desk import Desk
from helpdesk.versions.models import FIRST_NUMBER

from .owing.obligations import Policies, Version
from .policy import Policy, default_policy

FRESH = 5.0  # seconds until a process asks whether there is a newer version
# The transaction that published a version tells it from any other of its number.
PUBLISHED = """
SELECT number, published_at, xmin::text AS edition FROM sla_policies
WHERE published_at IS NOT NULL ORDER BY number DESC LIMIT 50
"""
DOCUMENTS = "SELECT number, document::text AS document FROM sla_policies WHERE number = ANY({})"
APPLYING = """
SELECT coalesce(sum(tickets), 0)::int AS tickets, count(*) AS reworks
FROM sla_reworks WHERE done_at IS NULL
"""
MOST_KEPT = 200
BEGINNING = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


_parsed: dict[tuple[int, str], Policy] = {}  # by number and edition


class Row(NamedTuple):
    number: int
    published_at: datetime
    edition: str


@dataclass(slots=True)
class _Shelf:
    policies: Policies | None = None
    looked_at: float = field(default=float("-inf"))


async def policies_in(db: AsyncSession) -> Policies:
    """As they stand in this transaction."""
    connection = await db.connection()
    rows = (await connection.execute(text(PUBLISHED))).all()
    if new := _unread(rows):
        named = {"numbers": [number for number, _ in new]}
        read = (await connection.execute(text(DOCUMENTS.format(":numbers")), named)).all()
        _keep(new, {row.number: row.document for row in read})
    return _policies(rows)


async def policies_in_use(desk: Desk) -> Policies:
    shelf: _Shelf = desk.parts.setdefault("sla policies", _Shelf())
    if shelf.policies is None or time.monotonic() - shelf.looked_at >= FRESH:
        rows = await desk.pool.fetch(PUBLISHED)
        rows = [Row(row["number"], row["published_at"], row["edition"]) for row in rows]
        if new := _unread(rows):
            numbers = [number for number, _ in new]
            read = await desk.pool.fetch(DOCUMENTS.format("$1"), numbers)
            _keep(new, {row["number"]: row["document"] for row in read})
        shelf.policies = _policies(rows)
        shelf.looked_at = time.monotonic()
    return shelf.policies


async def policy_in_use(desk: Desk) -> Version:
    return (await policies_in_use(desk)).at(None)


async def applying(desk: Desk) -> int | None:
    """How many tickets have been computed again so far; None when all have."""
    row = await desk.pool.fetchrow(APPLYING)
    return row["tickets"] if row["reworks"] else None


def look_again(desk: Desk) -> None:
    """The next question asks the database."""
    desk.parts.pop("sla policies", None)


def _unread(rows: Sequence[Any]) -> list[tuple[int, str]]:
    wanted = [(row.number, row.edition) for row in rows]
    return [key for key in wanted if key not in _parsed]


def _keep(new: Iterable[tuple[int, str]], documents: Mapping[int, str]) -> None:
    while len(_parsed) > MOST_KEPT:
        del _parsed[next(iter(_parsed))]
    for number, edition in new:
        _parsed[number, edition] = Policy.model_validate(orjson.loads(documents[number]))


def _policies(rows: Sequence[Any]) -> Policies:
    """A desk that has none yet begins with the one we ship."""
    found = [
        Version(row.number, row.published_at, _parsed[row.number, row.edition])
        for row in reversed(rows)
    ]
    return Policies(tuple(found or [Version(FIRST_NUMBER, BEGINNING, default_policy())]))
