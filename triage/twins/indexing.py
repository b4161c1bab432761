"""Keeping what tickets are about: their words and vectors, and how common words are."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from helpdesk.desk import Desk
from triage.engine.embedders import embed_aside
from triage.engine.ranker import embedded_text
from triage.engine.report import Identifier, IdentifierKind, Report, Terms
from triage.engine.words import pack, read_report

from .models import LONGEST_KEY
from .vectors import as_text, usable

# What a report of a ticket is made of. `m` is its first message.
REPORTED = """
t.id, t.subject, t.opened_at, m.body, c.reference AS contract, t.answers->>'transaction_id' AS paid
"""
FROM = """
tickets t LEFT JOIN messages m ON m.case_id = t.case_id AND m.client_id = t.once
    LEFT JOIN contracts c ON c.id = t.contract_id
"""
MISSING = f"""
SELECT {REPORTED}, x.ticket_id IS NULL AS new FROM {FROM}
    LEFT JOIN ticket_terms x ON x.ticket_id = t.id
WHERE t.id = ANY($1::bigint[]) ORDER BY t.id
"""
KEEP = """
INSERT INTO ticket_terms (ticket_id, packed, keys, made_at)
SELECT id, packed, string_to_array(joined, ' '), $3
FROM unnest($1::bigint[], $2::text[], $4::text[]) AS u (id, packed, joined)
ON CONFLICT (ticket_id) DO NOTHING RETURNING ticket_id
"""
COUNT = """
INSERT INTO term_counts AS c (term, documents)
SELECT term, n FROM unnest($1::text[], $2::int[]) AS u (term, n) ORDER BY term
ON CONFLICT (term) DO UPDATE SET documents = c.documents + excluded.documents
"""
KEEP_VECTORS = """
INSERT INTO ticket_vectors (ticket_id, embedder, title, whole)
SELECT id, $2, title::halfvec, whole::halfvec
FROM unnest($1::bigint[], $3::text[], $4::text[]) AS u (id, title, whole)
ON CONFLICT (ticket_id) DO UPDATE
SET embedder = excluded.embedder, title = excluded.title, whole = excluded.whole
"""


@dataclass(frozen=True, slots=True)
class Prepared:
    ticket_id: int
    report: Report
    terms: Terms
    new: bool

    @property
    def keys(self) -> list[str]:
        return keys_of(self.terms, self.report.identifiers)


def report_of(row: Any) -> Report:
    """With the identifiers that the form asked for; those in the text are found by the engine."""
    return reported(
        row["subject"], row["body"] or "", row["opened_at"], row["contract"], row["paid"]
    )


def reported(
    title: str, body: str, opened_at: datetime, contract: str | None, paid: str | None
) -> Report:
    known: set[Identifier] = set()
    if contract:
        known.add((IdentifierKind.CONTRACT.value, contract.upper()))
    if paid and any(map(str.isdigit, paid)) and not paid.startswith("{"):
        known.add((IdentifierKind.TRANSACTION.value, "".join(paid.upper().split())))
    return Report(title, body, opened_at, frozenset(known))


def keys_of(terms: Terms, identifiers: Iterable[Identifier]) -> list[str]:
    words = terms.title.keys() | terms.body.keys()
    named = {f"#{kind}:{value}".replace(" ", "_") for kind, value in identifiers}
    return sorted(key for key in words | named if len(key) <= LONGEST_KEY)


def prepared(row: Any) -> Prepared:
    report = report_of(row)
    terms, identifiers = read_report(report)
    whole = Report(report.title, report.body, report.opened_at, identifiers)
    return Prepared(row["id"], whole, terms, row["new"])


async def index_tickets(desk: Desk, ids: Sequence[int]) -> int:
    """Keep these, as far as they are not kept already. How many there are."""
    rows = await desk.pool.fetch(MISSING, list(ids))
    ready = [prepared(row) for row in rows]
    await keep_terms(desk, [one for one in ready if one.new])
    await keep_vectors(desk, ready)
    return len(ready)


async def keep_terms(desk: Desk, ready: Sequence[Prepared]) -> None:
    if not ready:
        return
    columns = (
        [one.ticket_id for one in ready],
        [pack(one.terms) for one in ready],
        desk.clock.now(),
        [" ".join(one.keys) for one in ready],
    )
    async with desk.pool.acquire() as connection, connection.transaction():
        kept = {row["ticket_id"] for row in await connection.fetch(KEEP, *columns)}
        await count_keys(connection, [one for one in ready if one.ticket_id in kept])


async def count_keys(connection: asyncpg.Connection, kept: Sequence[Prepared]) -> None:
    """In the transaction that keeps them: each ticket is counted once."""
    counts: dict[str, int] = {"": len(kept)}
    for one in kept:
        for key in one.keys:
            counts[key] = counts.get(key, 0) + 1
    if kept:
        await connection.execute(COUNT, list(counts), list(counts.values()))


async def keep_vectors(desk: Desk, ready: Sequence[Prepared]) -> None:
    embedder = await usable(desk)
    if embedder is None or not ready:
        return
    titles = await embed_aside(embedder, [one.report.title for one in ready])
    wholes = await embed_aside(embedder, [embedded_text(one.report) for one in ready])
    await desk.pool.execute(
        KEEP_VECTORS,
        [one.ticket_id for one in ready],
        embedder.name,
        [as_text(vector) for vector in titles],
        [as_text(vector) for vector in wholes],
    )
