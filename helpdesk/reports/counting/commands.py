"""Counting cases: their facts become what their history says, and the sums get the difference.

Only one process counts at a time, so sums are read, added to and written without a thought of
others. A case marked while it is counted waits and is counted again.
"""

import logging
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg

from helpdesk.desk import Desk

from . import queries
from .facts import Fact, History
from .packing import add, packed, unpacked
from .sums import Change, Key, changes

log = logging.getLogger("helpdesk.reports")

BATCH = 500  # cases
LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended('reports', 0))"
WAIT = "SELECT pg_advisory_xact_lock(hashtextextended('reports', 0))"


async def count_stale(desk: Desk) -> int:
    """Count the cases that changed. As a sweep of the worker: how many there were."""
    if not await desk.pool.fetchval("SELECT EXISTS (SELECT FROM report_stale)"):
        return 0
    async with desk.search_pool.acquire() as db, db.transaction():
        if not await db.fetchval(LOCK):
            return 0
        cases = [row["case_id"] for row in await db.fetch(queries.TAKE_STALE, BATCH)]
        await count_cases(db, cases)
        return len(cases)


async def rebuild(desk: Desk, said: Any = None) -> int:
    """Make facts and sums anew from the history of every case; until then the old ones are read."""
    done = last = 0
    async with desk.search_pool.acquire() as db, db.transaction():
        await db.execute(WAIT)
        for table in ("report_facts", "report_sums"):  # what is marked stays marked
            await db.execute(f"DELETE FROM {table}")
        while rows := await db.fetch(queries.CASES, last, 4 * BATCH):
            await count_cases(db, [row["id"] for row in rows])
            last, done = rows[-1]["id"], done + len(rows)
            if said:
                said(done)
    return done


async def count_cases(db: asyncpg.Connection, cases: Sequence[int]) -> None:
    if not cases:
        return
    histories = await read_histories(db, cases)
    known: dict[int, list[asyncpg.Record]] = defaultdict(list)
    for row in await db.fetch(queries.FACTS, cases):
        known[row["case_id"]].append(row)
    added: list[tuple[int, Fact]] = []
    gone: list[Fact] = []
    rows_gone: list[int] = []
    for case in cases:
        try:
            wanted = Counter(histories[case].facts())
        except Exception:  # one that cannot be read keeps what it had, and holds up no other
            log.exception("reports.case_not_counted")
            continue
        for row in known[case]:
            fact = Fact(*(row[name] for name in Fact._fields))
            if wanted[fact] > 0:
                wanted[fact] -= 1
            else:
                gone.append(fact)
                rows_gone.append(row["id"])
        added += [(case, fact) for fact in wanted.elements()]
    if rows_gone:
        await db.execute("DELETE FROM report_facts WHERE id = ANY($1::bigint[])", rows_gone)
    if added:
        columns = zip(*((case, *fact) for case, fact in added), strict=True)
        await db.execute(queries.ADD_FACTS, *map(list, columns))
    await apply(db, changes((fact for _, fact in added), gone))


async def read_histories(db: asyncpg.Connection, cases: Sequence[int]) -> dict[int, History]:
    groups = {row["name"]: row["id"] for row in await db.fetch("SELECT id, name FROM groups")}
    ratings = {row["ticket_id"]: row for row in await db.fetch(queries.RATINGS, cases)}
    of_case: dict[str, Mapping[int, list[asyncpg.Record]]] = {}
    for name, statement in (
        ("tickets", queries.TICKETS),
        ("conversations", queries.CONVERSATIONS),
        ("events", queries.EVENTS),
    ):
        found: dict[int, list[asyncpg.Record]] = defaultdict(list)
        for row in await db.fetch(statement, cases):
            found[row["case_id"]].append(row)
        of_case[name] = found
    raised = [event["data"].get("escalation") for told in found.values() for event in told]
    ids = [id for id in dict.fromkeys(raised) if id is not None]
    causes = dict(await db.fetch(queries.CAUSES, ids)) if ids else {}
    return {
        case: History(
            of_case["tickets"].get(case, ()),
            of_case["conversations"].get(case, ()),
            ratings,
            of_case["events"].get(case, ()),
            groups,
            causes,
        )
        for case in cases
    }


async def apply(db: asyncpg.Connection, found: Mapping[Key, Change]) -> None:
    """Add to the sums; those that become nothing go."""
    if not found:
        return
    if inside := [key for key, change in found.items() if change.spread or change.hours]:
        for row in await db.fetch(queries.PACKED, *map(list, zip(*inside, strict=True))):
            change = found[Key(*(row[name] for name in Key._fields))]
            add(change.spread, unpacked(row["spread"] or b""))
            add(change.hours, unpacked(row["hours"] or b""))
    columns = zip(
        *(
            (*key, change.count, packed(change.spread) or None, packed(change.hours) or None)
            for key, change in found.items()
        ),
        strict=True,
    )
    await db.execute(queries.ADD_SUMS, *map(list, columns))
    if fewer := [key for key, change in found.items() if change.count < 0]:
        await db.execute(queries.DROP_EMPTY, *map(list, zip(*fewer, strict=True)))
