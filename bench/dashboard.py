"""The dashboard of managers: a day and a year, on a desk with few tickets and on one with many.

Facts and sums of a year are written straight into their tables; each open ticket is one of them.
"""

import asyncio
import time
from collections.abc import Callable

import asyncpg

from bench import filling
from bench.figures import percentile
from bench.product import Product
from bench.stack import Server, Stack, running
from helpdesk.reports.counting.spread import BASE

FILLED = "1"  # raise when what is filled in changes
FEW = 1_000  # tickets of a small desk
YEAR = 10  # times the open tickets are filed in a year
PAGES = {
    "dashboard-day": "/desk/dashboard?period=today",
    "dashboard-year": "/desk/dashboard?period=year",
    "dashboard-department": "/desk/dashboard?period=year&department=1",
    "dashboard-list": "/desk/dashboard/lists/solved?period=year",
}
Say = Callable[[str], None]
Rows = list[tuple[int, str, dict[str, float]]]

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
LEVELS = ("0 AS g, 0 AS s, '' AS c", "group_id AS g, 0 AS s, '' AS c",
          "group_id AS g, severity AS s, channel AS c")  # fmt: skip


def sums(grain: str, level: str) -> str:
    return f"""
INSERT INTO report_sums (grain, group_id, severity, channel, kind, start, detail, count, spread)
  SELECT '{grain}', g, s, c, kind, start, detail, sum(n),
    jsonb_object_agg(bucket, n) FILTER (WHERE bucket IS NOT NULL)
  FROM (SELECT {level}, kind, date_trunc('{grain}', at, 'UTC') AS start, detail, count(*) AS n,
      CASE WHEN seconds < 1 THEN 0 ELSE floor(ln(seconds) / ln({BASE})) + 1 END AS bucket
    FROM report_facts GROUP BY g, s, c, kind, start, detail, bucket) f
  GROUP BY g, s, c, kind, start, detail"""


def measure_dashboard(stack: Stack, tickets: int, repeats: int, seconds: float, say: Say) -> Rows:
    """Repeat, workload and figures."""
    product, rows = Product(stack), []
    for count, suffix in ((FEW, "-small"), (tickets, "")):
        name = f"bench_dashboard_{count}"
        asyncio.run(fill(stack, name, count, say))
        for repeat in range(repeats):
            with running([server := product.start_desk(name)]):
                for workload, path in PAGES.items():
                    figures = asyncio.run(times(product, server, path, seconds))
                    rows.append((repeat, workload + suffix, figures))
    return rows


async def fill(stack: Stack, name: str, tickets: int, say: Say) -> None:
    contents = f"{FILLED}: {tickets} tickets and a year of {YEAR * tickets}"
    if await stack.seeded(name, contents):
        return
    say(f"filling {tickets:,} tickets and the sums of {YEAR * tickets:,}")
    connection = await Product(stack)._new_database(name)
    await filling.fill_tickets(connection, tickets)
    await connection.execute("UPDATE people SET roles = '{manager}' WHERE id = 1")
    await fill_sums(connection, tickets)
    await connection.close()
    await stack.mark_seeded(name, contents)


async def fill_sums(connection: asyncpg.Connection, tickets: int) -> None:
    await connection.execute(FACTS, YEAR * tickets, tickets)
    await connection.execute(OPEN)
    for grain in ("hour", "day", "month"):
        for level in LEVELS:
            await connection.execute(sums(grain, level))


async def times(product: Product, server: Server, path: str, seconds: float) -> dict[str, float]:
    browser, taken = product.agent(server), list[float]()
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(taken) < 5:
        began = time.perf_counter()
        answer = await browser.get(path)
        assert answer.status == 200, (path, answer.status)
        taken.append(time.perf_counter() - began)
    browser.close()
    ordered = sorted(taken[1:])  # the first one is warming
    return {f"p{p}_ms": percentile(ordered, p) * 1e3 for p in (50, 95)}
