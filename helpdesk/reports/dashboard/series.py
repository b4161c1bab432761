"""How many there were before each moment of a period: charts over time are made of differences.

Sums of days know their hours, so a year is one range of days, joined by the database into one
row. Only moments within an hour need facts: midnights of zones half an hour apart from UTC, and
the end of what a running period is compared with.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from helpdesk.core.formats import localised
from helpdesk.desk import Desk
from helpdesk.reports.counting.packing import together
from helpdesk.reports.counting.sums import hour_number

from .periods import DAY, HOUR, Period, floor
from .sums import Filter, places

FROM_DAYS = """
    SELECT a.number, string_agg(s.hours, '') AS hours
    FROM unnest($1::int[], $2::text[], $3::timestamptz[], $4::timestamptz[])
            AS a(number, kind, since, until)
        CROSS JOIN unnest($5::bigint[]) AS g(id)
        CROSS JOIN unnest($6::smallint[], $7::text[]) AS v(severity, channel)
        CROSS JOIN LATERAL (
            SELECT s.hours FROM report_sums s
            WHERE s.grain = 'day' AND s.group_id = g.id AND s.severity = v.severity
                AND s.channel = v.channel AND s.kind = a.kind
                AND s.start >= a.since AND s.start < a.until
            OFFSET 0) s
    GROUP BY 1"""
FROM_FACTS = """
    SELECT a.number, a.edge, f.count
    FROM unnest($1::int[], $2::text[], $3::timestamptz[]) AS a(number, kind, edge)
        CROSS JOIN LATERAL (
            SELECT count(*) FROM report_facts f
            WHERE f.kind = a.kind AND f.at >= date_trunc('hour', a.edge, 'UTC') AND f.at < a.edge
                AND ($4 = 0 OR f.group_id = $4) AND ($5 = 0 OR f.severity = $5)
                AND ($6 = '' OR f.channel = $6)
            OFFSET 0) f"""


class Wanted(NamedTuple):
    kind: str
    edges: Sequence[datetime]  # moments in their order
    is_running: bool = False  # nothing has happened after the last


@dataclass(frozen=True)
class Series:
    """One kind, from the day of UTC in which its first edge lies."""

    first: int  # number of its first hour
    hours: NDArray[np.int64]
    before: NDArray[np.int64]  # how many before each of the hours
    within: dict[datetime, int]  # of the hour of an edge, how many before the edge

    def until(self, edge: datetime) -> int:
        return int(self.before[hour_number(edge) - self.first]) + self.within.get(edge, 0)

    def between(self, edges: Sequence[datetime]) -> list[int]:
        counts = [self.until(edge) for edge in edges]
        return [after - before for before, after in pairwise(counts)]

    def by_hour(self, period: Period) -> list[int]:
        """By the hour of the wall clock at which each hour of UTC began."""
        since, until = period.since, period.until
        first, last = hour_number(since), hour_number(until)
        found = self.hours[first - self.first : last - self.first + 1].copy()
        found[-1] = self.within.get(until, 0)
        found[0] -= self.within.get(since, 0)
        walls = walls_of(floor(since, "hour"), len(found), period.tz)
        return [int(count) for count in np.bincount(walls, found, 24)]


@lru_cache(maxsize=16)
def walls_of(since: datetime, hours: int, tz: str) -> NDArray[np.int64]:
    """What the clock on the wall says when each hour begins."""
    count = -(-hours // 24) + 1
    offsets = [minutes_ahead(since + n * DAY, tz) for n in range(count)]
    ahead = np.repeat(offsets, 24)
    for n, (before, after) in enumerate(pairwise(offsets)):
        if before != after:  # clocks change in between
            day = since + n * DAY
            ahead[24 * n : 24 * n + 24] = [minutes_ahead(day + m * HOUR, tz) for m in range(24)]
    begun = (hour_number(since) + np.arange(hours)) * 60 + ahead[:hours]
    walls: NDArray[np.int64] = begun // 60 % 24
    return walls


def minutes_ahead(at: datetime, tz: str) -> int:
    return (localised(at, tz).utcoffset() or timedelta()) // timedelta(minutes=1)


async def read_series(desk: Desk, wanted: Filter, all_: Sequence[Wanted]) -> list[Series]:
    """Each from its first edge to its last."""
    where = await places(desk, wanted, by_group=False)
    spans = [
        (number, one.kind, floor(one.edges[0], "day"), one.edges[-1])
        for number, one in enumerate(all_)
    ]
    rows = await desk.search_pool.fetch(FROM_DAYS, *columns(spans), *where)
    joined = {row["number"]: row["hours"] for row in rows}
    pieces = [
        (number, one.kind, edge)
        for number, one in enumerate(all_)
        for edge in (one.edges[:-1] if one.is_running else one.edges)
        if edge != floor(edge, "hour")
    ]
    within: list[dict[datetime, int]] = [{} for _ in all_]
    if pieces:
        asked = wanted.group_id, wanted.severity, wanted.channel
        for row in await desk.search_pool.fetch(FROM_FACTS, *columns(pieces), *asked):
            within[row["number"]][row["edge"]] = row["count"]
    return [
        series_of(one, joined.get(number, b""), within[number]) for number, one in enumerate(all_)
    ]


def series_of(one: Wanted, days: bytes, within: dict[datetime, int]) -> Series:
    first, last = hour_number(floor(one.edges[0], "day")), hour_number(one.edges[-1])
    hours = together(days, first, last - first + 1)
    if one.is_running:
        within[one.edges[-1]] = int(hours[last - first])
    return Series(first, hours, np.concatenate(([0], hours.cumsum())), within)


def columns(rows: Iterable[tuple[object, ...]]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]
