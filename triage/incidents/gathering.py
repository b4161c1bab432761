"""Tickets as the watch sees them, read from their rows; and the watch itself, made from them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from helpdesk.catalogue import queries as catalogue
from helpdesk.desk import Desk
from triage.engine.report import Vector
from triage.engine.words import stem, unpack
from triage.twins.indexing import index_tickets
from triage.twins.rarity import rarity_of
from triage.twins.vectors import from_bytes, usable

from .clusters import BY_MEANING, BY_WORDS, KEPT
from .reports import Seen, sketch, unit
from .watch import Known, State, Watch, subject_words

OVERLAP = 200  # ids: a ticket may be committed after one with a higher number
HISTORY = 4 * KEPT  # tickets that a new watch is made from
USUAL = timedelta(days=28)
REMEMBERED = timedelta(days=2)  # decided incidents

NEXT = """
SELECT t.id, x.ticket_id IS NULL {missing} AS missing FROM tickets t
LEFT JOIN ticket_terms x ON x.ticket_id = t.id {join}
WHERE t.id > $1 ORDER BY t.id LIMIT $2
"""
BEFORE = "SELECT id FROM tickets WHERE id <= $1 ORDER BY id DESC LIMIT $2"
ROWS = """
SELECT t.id, t.subject, t.opened_at, t.requester_id, t.type_key, t.restricted, x.packed, x.keys,
    it.incident_id {columns}
FROM tickets t LEFT JOIN ticket_terms x ON x.ticket_id = t.id
LEFT JOIN LATERAL (SELECT incident_id FROM incident_tickets i WHERE i.ticket_id = t.id
    ORDER BY incident_id DESC LIMIT 1) it ON true {join}
WHERE t.id = ANY($1::bigint[]) ORDER BY t.opened_at, t.id
"""
COLUMNS = ", halfvec_send(v.title) AS title_vector, halfvec_send(v.whole) AS whole_vector"
JOIN = "LEFT JOIN ticket_vectors v ON v.ticket_id = t.id AND v.embedder = ${}"
HOURS = """
SELECT type_key, date_trunc('hour', opened_at, 'UTC') AS hour, count(*) AS many
FROM tickets WHERE opened_at > $1 AND opened_at <= $2 GROUP BY 1, 2 ORDER BY 2
"""
INCIDENTS = """
SELECT id, state, decided_at, resolved_at, area, words, first_at, last_at FROM incidents
WHERE state IN ('proposed', 'confirmed') OR (state = 'dismissed' AND decided_at > $1)
    OR (state = 'resolved' AND resolved_at > $1)
"""
LAST_BEFORE = "SELECT id FROM tickets WHERE opened_at < $1 ORDER BY opened_at DESC LIMIT 1"


async def start_of(desk: Desk) -> int:
    """Where a desk that was never watched begins: what is older is only history."""
    found = await desk.pool.fetchval(LAST_BEFORE, desk.clock.now() - timedelta(hours=6))
    return int(found or 0)


async def next_tickets(desk: Desk, watch: Watch, after: int, limit: int) -> list[int]:
    """Those not seen yet, in their order, all of them indexed."""
    embedder = await usable(desk)
    place = (max(0, after - OVERLAP), limit + OVERLAP)
    if embedder is None:
        rows = await desk.pool.fetch(NEXT.format(missing="", join=""), *place)
    else:
        statement = NEXT.format(missing="OR v.ticket_id IS NULL", join=JOIN.format(3))
        rows = await desk.pool.fetch(statement, *place, embedder.name)
    found = [row for row in rows if not watch.knows(row["id"])][:limit]
    if lacking := [row["id"] for row in found if row["missing"]]:
        await index_tickets(desk, lacking)
    return [row["id"] for row in found]


async def read_tickets(desk: Desk, ids: Sequence[int]) -> list[tuple[str, Seen]]:
    """With their areas."""
    embedder = await usable(desk)
    if embedder is None:
        rows = await desk.pool.fetch(ROWS.format(columns="", join=""), list(ids))
    else:
        statement = ROWS.format(columns=COLUMNS, join=JOIN.format(2))
        rows = await desk.pool.fetch(statement, list(ids), embedder.name)
    services = await services_of(desk)
    rarity = await rarity_of(desk)
    whole = max(rarity.documents, 20)
    seen = []
    for row in rows:
        if row["packed"] is None:
            continue  # an old ticket nobody has indexed yet
        shares = _Shares(rarity.frequencies, whole)
        meaning = meaning_of(row) if embedder is not None else sketch(unpack(row["packed"]), shares)
        if meaning is not None:
            seen.append((services.get(row["type_key"], ""), seen_of(row, meaning)))
    return seen


class _Shares(dict[str, float]):
    """The share of tickets that have a word."""

    def __init__(self, counts: Mapping[str, int], whole: int) -> None:
        self._counts, self._whole = counts, whole

    def get(self, word: str, default: Any = 0.0) -> Any:
        return self._counts.get(word, 0) / self._whole


def meaning_of(row: Any) -> Vector | None:
    """Between the subject and the whole."""
    title, whole = from_bytes(row["title_vector"]), from_bytes(row["whole_vector"])
    return None if title is None or whole is None else unit(title + whole)


def seen_of(row: Any, vector: Vector) -> Seen:
    return Seen(
        row["id"],
        row["opened_at"].timestamp(),
        row["requester_id"],
        row["type_key"],
        vector,
        subject_words(row["subject"]),
        frozenset(key for key in row["keys"] if key.startswith("#error_code:")),
        not row["restricted"],
        row["incident_id"],
    )


async def services_of(desk: Desk) -> dict[str, str]:
    offered = (await catalogue.current(desk)).catalogue
    return {type.key: type.service for type in offered.types}


async def make_watch(desk: Desk, upto: int) -> Watch:
    """As if this process had seen every ticket up to this one."""
    embedder = await usable(desk)
    watch = Watch(BY_WORDS if embedder is None else BY_MEANING)
    ids = [row["id"] for row in await desk.pool.fetch(BEFORE, upto, HISTORY)]
    earlier: dict[str, list[Seen]] = defaultdict(list)
    newest = 0.0
    for area, seen in await read_tickets(desk, ids):
        earlier[area].append(seen)
        newest = max(newest, seen.at)
    await note_hours(desk, watch, newest)
    for area, reports in earlier.items():
        watch.take(area, reports, note=False)
    watch.incidents = await known_incidents(desk)
    return watch


async def note_hours(desk: Desk, watch: Watch, until: float) -> None:
    """How many came in each hour of the last weeks, until the newest ticket that was seen."""
    now = desk.clock.now()
    end = now if not until else type(now).fromtimestamp(until, now.tzinfo)
    services = await services_of(desk)
    for row in await desk.search_pool.fetch(HOURS, now - USUAL, end):
        area = watch.area(services.get(row["type_key"], ""))
        area.usual.note(row["hour"].timestamp(), row["many"])


async def known_incidents(desk: Desk) -> dict[int, Known]:
    rows = await desk.pool.fetch(INCIDENTS, desk.clock.now() - REMEMBERED)
    known = {}
    for row in rows:
        at = row["resolved_at"] or row["decided_at"]
        known[row["id"]] = Known(
            State(row["state"]),
            at.timestamp() if at else 0.0,
            row["area"],
            frozenset(map(stem, row["words"])),
            row["first_at"].timestamp(),
            row["last_at"].timestamp(),
        )
    return known
