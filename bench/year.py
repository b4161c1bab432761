"""A year of facts and their sums, written straight into the tables of the reports."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from helpdesk.reports.counting.spread import BASE

# Of each kind: every how many tickets have one, how long after filing, and whether that is timed.
FACTS = """
INSERT INTO report_facts (case_id, kind, detail, at, group_id, severity, channel, seconds,
    ticket_id)
  SELECT t.n, k.kind, k.detail, least(t.at + k.hours * t.n % 97 * interval '1 minute', now()),
    g.ids[1 + t.n % cardinality(g.ids)], 1 + t.n % 4, (ARRAY['form', 'api', 'chat'])[1 + t.n % 3],
    CASE WHEN k.timed THEN k.hours * (t.n * 7919 % 7200) END, 1 + t.n % $2
  FROM (SELECT n::bigint, now() - n::float8 / $1 * interval '364 days' AS at
      FROM generate_series(1, $1::bigint) n) t,
    (SELECT array_agg(id ORDER BY id) AS ids FROM groups) g,
    (VALUES ('arrived', '', 1, 0, false), ('answered', '', 1, 2, true), ('solved', '', 1, 9, true),
      ('sla_met', 'first_response', 1, 2, false), ('sla_missed', 'resolution', 9, 9, false),
      ('settled', 'unique', 2, 9, false), ('settled', 'covered', 3, 9, false),
      ('rated', '5', 5, 30, false), ('rated', '2', 29, 30, false), ('reopened', '', 20, 30, false),
      ('escalated', 'user', 50, 20, false), ('escalated', 'time', 40, 20, false)
    ) AS k(kind, detail, every, hours, timed)
  WHERE t.n % k.every = 0
"""
OPEN = """
INSERT INTO report_facts (case_id, kind, detail, at, group_id, severity, channel, ticket_id)
  SELECT case_id, 'open', status, opened_at, group_id, severity, source, id FROM tickets
  WHERE status IN ('new', 'open', 'waiting_on_user', 'on_hold')
"""
# The facts are read once: sums of departments are made of the finest, and those of days of hours.
COUNTED = f"""
CREATE TEMPORARY TABLE counted AS
  SELECT group_id, severity, channel, kind, detail, date_trunc('hour', at, 'UTC') AS start,
    (CASE WHEN seconds < 1 THEN 0 ELSE floor(ln(seconds) / ln({BASE})) + 1 END)::int AS bucket,
    count(*) AS n
  FROM report_facts GROUP BY 1, 2, 3, 4, 5, 6, 7
"""
# Comparisons need sums alone.
YEAR_BEFORE = """
INSERT INTO counted
  SELECT group_id, severity, channel, kind, detail, start - interval '364 days', bucket, n
  FROM counted WHERE kind <> 'open'
"""
ADDED = """
CREATE TEMPORARY TABLE {table} AS
  SELECT {place}, kind, detail, date_trunc('{grain}', start, 'UTC') AS start, bucket,
    sum(n)::bigint AS n
  FROM {of} GROUP BY 1, 2, 3, 4, 5, 6, 7
"""
SUMS = """
INSERT INTO report_sums (grain, group_id, severity, channel, kind, start, detail, count, spread)
  SELECT '{grain}', group_id, severity, channel, kind, start, detail, sum(n),
    string_agg(int4send(bucket) || int4send(n::int), '') FILTER (WHERE bucket IS NOT NULL)
  FROM {table} GROUP BY group_id, severity, channel, kind, start, detail
"""
HOURS = """
UPDATE report_sums d SET hours = h.hours
FROM (SELECT group_id, severity, channel, kind, date_trunc('day', start, 'UTC') AS start, detail,
    string_agg(int4send((extract(epoch FROM start) / 3600)::int) || int4send(count::int), '')
      AS hours
  FROM report_sums WHERE grain = 'hour' GROUP BY 1, 2, 3, 4, 5, 6) h
WHERE d.grain = 'day' AND (d.group_id, d.severity, d.channel, d.kind, d.start, d.detail)
  = (h.group_id, h.severity, h.channel, h.kind, h.start, h.detail)
"""
PLACES = {  # what is summed up, of which other sums
    "fine": ("group_id, severity, channel", "counted"),
    "channel": ("0 AS group_id, severity, channel", "fine_hour"),
    "department": ("group_id, 0 AS severity, '' AS channel", "fine_hour"),
    "desk": ("0 AS group_id, 0 AS severity, '' AS channel", "department_hour"),
}
INDEXES = """
SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS made, c.conname AS key
FROM pg_index LEFT JOIN pg_constraint c ON c.conindid = indexrelid
WHERE indrelid = $1::regclass
"""


async def fill_year(connection: asyncpg.Connection, filed: int, tickets: int) -> None:
    """So many filed in a year; facts name the tickets there are."""
    for setting in ("work_mem", "maintenance_work_mem", "temp_buffers"):
        await connection.execute(f"SET {setting} = '256MB'")
    async with without_indexes(connection, "report_facts"):
        await connection.execute(FACTS, filed, tickets)
        await connection.execute(OPEN)
    await connection.execute(COUNTED)
    await connection.execute(YEAR_BEFORE)
    async with without_indexes(connection, "report_sums"):
        for level, (place, of) in PLACES.items():
            for grain in ("hour", "day", "month"):
                of = await add(connection, grain, f"{level}_{grain}", place, of)
        await connection.execute("ANALYZE report_sums")
        await connection.execute(HOURS)
    tables = ", ".join(f"{level}_{grain}" for level in PLACES for grain in ("hour", "day", "month"))
    await connection.execute(f"DROP TABLE counted, {tables}")


async def add(connection: asyncpg.Connection, grain: str, table: str, place: str, of: str) -> str:
    await connection.execute(ADDED.format(table=table, place=place, grain=grain, of=of))
    await connection.execute(SUMS.format(grain=grain, table=table))
    return table


@asynccontextmanager
async def without_indexes(connection: asyncpg.Connection, table: str) -> AsyncIterator[None]:
    """Millions of rows go in faster before there are any."""
    indexes = await connection.fetch(INDEXES, table)
    for index in indexes:
        key = index["key"]
        drop = (
            f"ALTER TABLE {table} DROP CONSTRAINT {key}" if key else f"DROP INDEX {index['name']}"
        )
        await connection.execute(drop)
    yield
    for index in indexes:
        await connection.execute(index["made"])
        if key := index["key"]:
            await connection.execute(
                f"ALTER TABLE {table} ADD CONSTRAINT {key} PRIMARY KEY USING INDEX {key}"
            )
