"""Tickets that may tell of the same, found by shapes of queries whose cost does not grow with the
desk: the nearest vectors, and words so rare that few tickets have them."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from helpdesk.desk import Desk
from helpdesk.permissions import Actor, Can, allowed
from triage.engine.embedders import level_named
from triage.engine.queries import weights_in_use
from triage.engine.ranker import embedded_text, rank
from triage.engine.report import Candidate, Identifier, Rarity, Reason, Report, Terms
from triage.engine.words import read_report, unpack

from .indexing import keys_of, report_of
from .rarity import counts_of, rarest, rarity_of
from .vectors import as_text, embedded, from_bytes

NEAREST = 60
BY_KEYS = 40
MOST_OWN = 20
MOST_MADE = 4  # vectors that are made while somebody waits

NEAR = f"""
SELECT ticket_id FROM (
    SELECT ticket_id, embedder FROM ticket_vectors
    ORDER BY whole <=> $1::text::halfvec LIMIT {NEAREST}) AS v
WHERE v.embedder = $2
"""
SHARING = f"""
SELECT x.ticket_id FROM unnest($1::text[], $2::float8[]) AS k (key, weight)
CROSS JOIN LATERAL (SELECT ticket_id FROM ticket_terms WHERE keys @> ARRAY[k.key]) AS x
GROUP BY x.ticket_id ORDER BY sum(k.weight) DESC, x.ticket_id DESC LIMIT {BY_KEYS}
"""
# The body is read only of what the worker has not come to yet.
TOLD = """
SELECT t.id, t.subject, t.status, t.opened_at, t.requester_id, x.packed, x.keys,
    c.reference AS contract, t.answers->>'transaction_id' AS paid,
    CASE WHEN x.packed IS NULL THEN (
        SELECT m.body FROM messages m WHERE m.case_id = t.case_id AND m.client_id = t.once
    ) END AS body {columns}
FROM tickets t LEFT JOIN ticket_terms x ON x.ticket_id = t.id
    LEFT JOIN contracts c ON c.id = t.contract_id {join}
WHERE {which} AND t.merged_into_id IS NULL
"""
VECTORS = (
    ", halfvec_send(v.title) AS title_vector, halfvec_send(v.whole) AS whole_vector",
    "LEFT JOIN ticket_vectors v ON v.ticket_id = t.id AND v.embedder = $4",
)
NO_VECTORS = (", NULL::bytea AS title_vector, NULL::bytea AS whole_vector", "")
# Those that were found, as far as staff may open them; and a person's own of late, but some.
STAFF = """t.id = ANY($1::bigint[])
    AND (NOT t.restricted OR t.group_id = ANY($2::bigint[]) OR $3::boolean)"""
OWN = f"""t.id IN (SELECT id FROM tickets WHERE requester_id = $2 ORDER BY id DESC LIMIT {MOST_OWN})
    AND t.opened_at > $3 AND t.id <> ALL($1::bigint[])"""


@dataclass(frozen=True, slots=True)
class Asked:
    """A report made ready to search with."""

    candidate: Candidate
    embedder: str = ""  # that made its vectors; empty without any


@dataclass(frozen=True, slots=True)
class Found:
    ticket_id: int
    subject: str
    status: str
    requester_id: int
    probability: float
    reasons: tuple[Reason, ...]


async def asked_for(desk: Desk, report: Report) -> Asked:
    terms, identifiers = read_report(report)
    whole = Report(report.title, report.body, report.opened_at, identifiers)
    texts = [report.title, embedded_text(report)] if report.body else [report.title]
    made = await embedded(desk, texts)
    if made is None:
        return Asked(Candidate(whole, terms))
    name, vectors = made
    return Asked(Candidate(whole, terms, vectors[0], vectors[-1]), name)


async def search(
    desk: Desk, actor: Actor, asked: Asked, limit: int, but: Collection[int] = ()
) -> list[Found]:
    """For staff: among all tickets they may open."""
    near, sharing = await asyncio.gather(by_meaning(desk, asked), by_keys(desk, asked))
    ids = (near | sharing) - set(but)
    everything = allowed(actor, Can.READ_ALL_PRIVATE)
    rows = await told(desk, asked, STAFF, ids, list(actor.groups), everything)
    return await ranked(desk, asked, rows, limit)


async def by_meaning(desk: Desk, asked: Asked) -> set[int]:
    if asked.candidate.whole_vector is None:
        return set()
    vector = as_text(asked.candidate.whole_vector)
    rows = await desk.search_pool.fetch(NEAR, vector, asked.embedder)
    return {row["ticket_id"] for row in rows}


async def by_keys(desk: Desk, asked: Asked) -> set[int]:
    keys = keys_of(asked.candidate.terms, asked.candidate.report.identifiers)
    counts = await counts_of(desk, keys)
    rare = rarest(counts, keys)
    if not rare:
        return set()
    weights = [1 / (1 + counts[key]) ** 0.5 for key in rare]
    rows = await desk.search_pool.fetch(SHARING, rare, weights)
    return {row["ticket_id"] for row in rows}


async def told(
    desk: Desk, asked: Asked, which: str, ids: Collection[int], *those: object
) -> Sequence[Any]:
    """What tickets say, as far as `which` lets the reader see them."""
    columns, join = VECTORS if asked.embedder else NO_VECTORS
    statement = TOLD.format(columns=columns, join=join, which=which)
    more = (asked.embedder,) if asked.embedder else ()
    rows: Sequence[Any] = await desk.search_pool.fetch(statement, sorted(ids), *those, *more)
    return rows


async def ranked(desk: Desk, asked: Asked, rows: Sequence[Any], limit: int) -> list[Found]:
    rarity = await rarity_of(desk)
    candidates = [candidate_of(row) for row in rows]
    if asked.embedder:
        candidates = await with_vectors(desk, rows, candidates)
    weights = await weights_in_use(desk, level_named(asked.embedder))
    matches = rank(asked.candidate, candidates, usable_rarity(rarity), weights)
    return [
        Found(
            rows[match.index]["id"],
            rows[match.index]["subject"],
            rows[match.index]["status"],
            rows[match.index]["requester_id"],
            match.probability,
            match.reasons,
        )
        for match in matches[:limit]
    ]


async def with_vectors(
    desk: Desk, rows: Sequence[Any], candidates: Sequence[Candidate]
) -> list[Candidate]:
    """Of the few tickets that the worker has not come to, they are made now."""
    found = list(candidates)
    missing = [n for n, one in enumerate(found) if one.whole_vector is None][-MOST_MADE:]
    for n in missing:
        report = report_of(rows[n])
        made = await embedded(desk, [report.title, embedded_text(report)])
        if made is not None:
            found[n] = replace(found[n], title_vector=made[1][0], whole_vector=made[1][1])
    return found


def usable_rarity(rarity: Rarity) -> Rarity | None:
    """A desk that has hardly begun knows nothing of words yet."""
    return rarity if rarity.documents >= 20 else None


def candidate_of(row: Any) -> Candidate:
    if row["packed"] is None:
        report = report_of(row)
        terms, identifiers = read_report(report)
        return Candidate(Report(report.title, report.body, report.opened_at, identifiers), terms)
    named = frozenset(identifier(key) for key in row["keys"] if key[0] == "#")
    report = Report(row["subject"], "", row["opened_at"], named)
    title, whole = from_bytes(row["title_vector"]), from_bytes(row["whole_vector"])
    return Candidate(report, kept_terms(row["packed"]), title, whole)


@lru_cache(maxsize=4_096)
def kept_terms(packed: str) -> Terms:
    """While somebody types, the same tickets come again and again."""
    return unpack(packed)


def identifier(key: str) -> Identifier:
    kind, _, value = key[1:].partition(":")
    return kind, value
