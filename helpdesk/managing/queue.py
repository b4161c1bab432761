"""The escalation queue, read by prepared statements; its cost does not grow with the desk."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from helpdesk.calendars.queries import hours_of
from helpdesk.desk import Desk
from helpdesk.permissions import Actor, Can, allowed

from .lists import GROUPS, VIEWS, Cursor, Group, View, group_of, tomorrow, used

PAGE = 50
COUNT_LIMIT = 100  # a count stops here and reads "99+"
SEARCHED = 3_000  # a word is looked for among the first so many of a list
COLUMNS = """e.*, t.subject, t.status, t.severity, t.restricted, t.case_id, t.type_key,
    t.group_id, g.name AS group_name, r.name AS requester, o.name AS owner,
    (SELECT count(*) FROM (SELECT FROM evidence x WHERE x.ticket_id = t.id LIMIT 100) few)
        AS pieces,
    (SELECT count(*) FROM evidence_requests q WHERE q.ticket_id = t.id
        AND q.fulfilled_at IS NULL AND q.cancelled_at IS NULL) AS missing"""
JOINS = """JOIN tickets own ON own.id = e.ticket_id
    JOIN tickets t ON t.id = coalesce(own.merged_into_id, own.id)
    JOIN groups g ON g.id = t.group_id JOIN people r ON r.id = t.requester_id
    LEFT JOIN people o ON o.id = e.owner_id"""
SEEN = "(NOT t.restricted OR t.group_id = ANY($1) OR $2)"
WAITING = {"waiting_on_user": "Requester", "on_hold": "Somebody outside"}


def list_sql(view: View, following: bool) -> str:
    by_end = view.key == "ended"
    after = ""
    if following:
        after = "AND (e.ended_at, e.id) < ($5, $6)" if by_end else "AND (e.due_at, e.id) > ($5, $6)"
    # The limit stands inside, so that names are looked up for one page only.
    return f"""
        SELECT {COLUMNS} FROM (
            SELECT e.* FROM escalations e
            WHERE {view.where} AND $3::timestamptz IS NOT NULL AND $4::bigint IS NOT NULL {after}
            ORDER BY {view.order} LIMIT {PAGE + 1}
        ) e {JOINS} WHERE {SEEN} ORDER BY {view.order}"""


def search_sql(view: View) -> str:
    return f"""
        SELECT {COLUMNS} FROM (
            SELECT e.* FROM escalations e
            WHERE {view.where} AND $3::timestamptz IS NOT NULL AND $4::bigint IS NOT NULL
            ORDER BY {view.order} LIMIT {SEARCHED}
        ) e {JOINS} LEFT JOIN contracts c ON c.id = t.contract_id
        WHERE {SEEN} AND (t.search @@ websearch_to_tsquery('english', $5)
            OR strpos(lower(r.name), lower($5)) > 0 OR lower(c.reference) = lower($5))
        ORDER BY {view.order} LIMIT {PAGE}"""


LIST_SQL = {(view.key, more): list_sql(view, more) for view in VIEWS for more in (False, True)}
SEARCH_SQL = {view.key: search_sql(view) for view in VIEWS}
COUNTS = (
    "SELECT "
    + ", ".join(
        f"(SELECT count(*) FROM (SELECT FROM escalations e WHERE {view.where} "
        f"LIMIT {COUNT_LIMIT}) x)::integer AS {view.key}"
        for view in VIEWS
        if view.key != "ended"
    )
    + " WHERE $1::bigint[] IS NOT NULL AND $2::boolean IS NOT NULL"
    + " AND $3::timestamptz IS NOT NULL AND $4::bigint IS NOT NULL"
)
# How many of the list are in each of its groups: [from, until) of the date.
IN_GROUP = f"""(SELECT count(*) FROM (SELECT FROM escalations e
    WHERE {{where}} AND e.due_at >= {{since}} AND e.due_at < {{until}} LIMIT {COUNT_LIMIT}) x
    )::integer AS {{key}}"""
EDGES = ("'-infinity'::timestamptz", "$3::timestamptz", "$3::timestamptz + interval '1 hour'",
         "greatest($5::timestamptz, $3::timestamptz + interval '1 hour')",
         "'infinity'::timestamptz")  # fmt: skip


def groups_sql(view: View) -> str:
    parts = [
        IN_GROUP.format(where=view.where, since=EDGES[at], until=EDGES[at + 1], key=group.key)
        for at, group in enumerate(GROUPS)
    ]
    given = "$1::bigint[] IS NOT NULL AND $2::boolean IS NOT NULL AND $4::bigint IS NOT NULL"
    return f"SELECT {', '.join(parts)} WHERE {given}"


GROUPS_SQL = {view.key: groups_sql(view) for view in VIEWS if view.key != "ended"}


@dataclass(frozen=True)
class Row:
    """One escalation as the queue shows it."""

    row: asyncpg.Record
    group: Group
    used: int  # per cent of the time there was
    waits_for: str

    def __getattr__(self, name: str) -> Any:
        try:
            return self.row[name]
        except KeyError:
            raise AttributeError(name) from None

    @property
    def id(self) -> int:
        return int(self.row["id"])

    @property
    def stamp(self) -> str:
        """Another one when anything but the time has changed."""
        e = self.row
        return f"{e['state']}.{e['level']}.{e['owner_id']}.{e['due_at']:%s}.{e['status']}"


@dataclass(frozen=True)
class Shown:
    rows: tuple[Row, ...]
    following: str | None
    groups: dict[str, int]  # how many there are, also beyond this page


def seen_by(actor: Actor, now: datetime) -> list[Any]:
    return [list(actor.groups), allowed(actor, Can.READ_ALL_PRIVATE), now, actor.id]


async def list_queue(
    desk: Desk, actor: Actor, view: View, after: Cursor | None = None, words: str = ""
) -> Shown:
    now = desk.clock.now()
    given = seen_by(actor, now)
    if words:
        found = await desk.search_pool.fetch(SEARCH_SQL[view.key], *given, words)
    else:
        more = [after.at, after.id] if after else []
        found = await desk.pool.fetch(LIST_SQL[view.key, after is not None], *given, *more)
    following = None
    if len(found) > PAGE:
        last = found[PAGE - 1]
        key = "ended_at" if view.key == "ended" else "due_at"
        following = str(Cursor(last[key], last["id"]))
    rows = [await shown(desk, row, now, actor.time_zone) for row in found[:PAGE]]
    return Shown(tuple(rows), following, await in_groups(desk, actor, view, given, words))


async def in_groups(
    desk: Desk, actor: Actor, view: View, given: list[Any], words: str
) -> dict[str, int]:
    if words or view.key not in GROUPS_SQL:
        return {}
    ends = tomorrow(given[2], actor.time_zone)
    return dict(await desk.pool.fetchrow(GROUPS_SQL[view.key], *given, ends))


async def shown(desk: Desk, row: asyncpg.Record, now: datetime, zone: str) -> Row:
    hours = await hours_of(desk, row["group_id"])
    since, until = row["level_since"], row["ended_at"] or now
    share = used(hours.elapsed(since, until), hours.elapsed(since, row["due_at"]))
    if row["due_at"] < until:
        share = 100
    waits = WAITING.get(row["status"], "The department" if row["level"] < 3 else "Managers")
    return Row(row, group_of(row["due_at"], now, zone), share, waits)


def grouped(rows: Sequence[Row]) -> list[tuple[Group, list[Row]]]:
    found: list[tuple[Group, list[Row]]] = []
    for row in rows:
        if not found or found[-1][0] != row.group:
            found.append((row.group, []))
        found[-1][1].append(row)
    return found


async def counts(desk: Desk, actor: Actor) -> dict[str, int]:
    return dict(await desk.pool.fetchrow(COUNTS, *seen_by(actor, desk.clock.now())))


ONE = f"""
SELECT {COLUMNS} FROM escalations e {JOINS}
WHERE e.id = $5 AND {SEEN} AND $3::timestamptz IS NOT NULL AND $4::bigint IS NOT NULL"""


async def one(desk: Desk, actor: Actor, id: int) -> Row | None:
    now = desk.clock.now()
    if not 0 < id < 2**63:
        return None
    row = await desk.pool.fetchrow(ONE, *seen_by(actor, now), id)
    return None if row is None else await shown(desk, row, now, actor.time_zone)


def is_live(row: Row) -> bool:
    return row.state in ("open", "owned")
