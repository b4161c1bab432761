"""Giving a promise: once for each cause."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from helpdesk.desk import Transaction

from .estimate import Estimate
from .models import Promise
from .queries import expect_in
from .words import dated

ABOUT = text("""
SELECT t.group_id, t.severity, g.name AS department, p.time_zone,
    (SELECT (s.level->>'first_response_hours')::float FROM catalogue_versions c
        CROSS JOIN LATERAL jsonb_array_elements(c.document->'severities') AS s (level)
        WHERE c.number = t.catalogue_version AND (s.level->>'level')::integer = t.severity) AS aim
FROM tickets t JOIN groups g ON g.id = t.group_id JOIN people p ON p.id = t.requester_id
WHERE t.id = :ticket
""")


@dataclass(frozen=True, slots=True)
class Expected:
    """What may be promised on a ticket now; `dated` says it on the requester's clock."""

    ticket_id: int
    group_id: int
    severity: int
    one: Estimate
    dated: str


async def expected_on(tx: Transaction, ticket_id: int) -> Expected:
    connection = await tx.db.connection()
    row = (await connection.execute(ABOUT, {"ticket": ticket_id})).one()
    one = await expect_in(tx.db, row.group_id, row.severity, tx.now, row.aim or 0)
    words = dated(one, row.department, row.time_zone)
    return Expected(ticket_id, row.group_id, row.severity, one, words)


async def promise(tx: Transaction, ticket_id: int, because_of: int = 0) -> None:
    """From now on. `because_of`: the event that made it necessary; 0 at filing."""
    await keep(tx, await expected_on(tx, ticket_id), because_of)


async def keep(tx: Transaction, expected: Expected, because_of: int) -> None:
    one = expected.one
    row = {
        "ticket_id": expected.ticket_id, "because_of": because_of,
        "group_id": expected.group_id, "severity": expected.severity,
        "basis": one.basis, "given_at": one.at,
        "starts_at": one.starts_at, "aim_at": one.aim_at, "aim_hours": one.aim_hours,
        "ahead": one.ahead, "counted": one.counted, **bounds(one),
    }  # fmt: skip
    await tx.db.exec(
        insert(Promise)
        .values(row)
        .on_conflict_do_nothing(index_elements=[col(Promise.ticket_id), col(Promise.because_of)])
    )


def bounds(one: Estimate) -> dict[str, Any]:
    pairs = {"half": one.half, "most": one.most, "usual": one.usual}
    return {
        f"{name}_{end}": pair[place] if pair else None
        for name, pair in pairs.items()
        for place, end in enumerate(("from", "until"))
    }
