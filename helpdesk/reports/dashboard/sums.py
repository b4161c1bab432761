"""Reading the sums of a period: a few hundred rows, however long it is."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from helpdesk.desk import Desk
from helpdesk.reports.counting.facts import LIVE, NO_SEVERITY
from helpdesk.reports.counting.spread import add, bucket, quantile
from helpdesk.reports.counting.sums import ALL

from .periods import Segment

SEVERITIES = (1, 2, 3, 4)
CHANNELS = {"form": "Report form", "api": "Programs", "chat": "From a chat", LIVE: "Live chat"}


@dataclass(frozen=True, slots=True)
class Filter:
    """What is counted; 0 and "" stand for everything."""

    group_id: int = ALL
    severity: int = ALL
    channel: str = ""

    @property
    def is_fine(self) -> bool:
        return bool(self.severity or self.channel)


Step = tuple[int, str, str, int]  # step of the period, kind, detail, department (0: all)


@dataclass
class Tally:
    """How many there are of each kind, and how long they took."""

    counts: dict[Step, int] = field(default_factory=lambda: defaultdict(int))
    spreads: dict[Step, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))

    def count(
        self,
        *kinds: str,
        detail: str | None = None,
        group: int | None = None,
        step: int | None = None,
    ) -> int:
        return sum(
            count
            for (at, kind, what, whose), count in self.counts.items()
            if kind in kinds
            and detail in (None, what)
            and group in (None, whose)
            and step in (None, at)
        )

    def details(self, kind: str) -> dict[str, int]:
        found: dict[str, int] = defaultdict(int)
        for (_, each, detail, _), count in self.counts.items():
            if each == kind:
                found[detail] += count
        return found

    def within(self, share: float, kind: str, group: int | None = None) -> float | None:
        """Seconds; None when nothing was timed."""
        whole: dict[str, int] = {}
        for (_, each, _, whose), spread in self.spreads.items():
            if each == kind and group in (None, whose):
                add(whole, spread)
        return quantile(whole, share)


# OFFSET 0: each piece is read by its own range of an index. Joined freely, the planner takes
# ranges it cannot estimate for most of the table.
FROM_SUMS = """
    SELECT a.step, s.kind, s.detail, s.group_id, sum(s.count)::bigint AS count,
        array_agg(s.spread) FILTER (WHERE s.spread IS NOT NULL AND $9) AS spreads
    FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[], $4::int[])
            AS a(grain, since, until, step)
        CROSS JOIN unnest($5::bigint[]) AS g(id) CROSS JOIN unnest($6::smallint[]) AS v(severity)
        CROSS JOIN unnest($8::text[]) AS k(kind) CROSS JOIN LATERAL (
            SELECT s.kind, s.detail, s.group_id, s.count, s.spread FROM report_sums s
            WHERE s.grain = a.grain AND s.group_id = g.id AND s.severity = v.severity
                AND s.kind = k.kind AND s.start >= a.since AND s.start < a.until
                AND CASE WHEN $7::text IS NULL THEN s.channel <> '' ELSE s.channel = $7 END
            OFFSET 0) s
    GROUP BY 1, 2, 3, 4"""
FROM_FACTS = """
    SELECT a.step, f.kind, f.detail, f.group_id, count(*) AS count,
        array_agg(f.seconds) FILTER (WHERE f.seconds IS NOT NULL) AS seconds
    FROM unnest($1::timestamptz[], $2::timestamptz[], $3::int[]) AS a(since, until, step)
        CROSS JOIN unnest($4::text[]) AS k(kind) CROSS JOIN LATERAL (
            SELECT f.kind, f.detail, f.group_id, f.seconds FROM report_facts f
            WHERE f.kind = k.kind AND f.at >= a.since AND f.at < a.until
                AND ($5 = 0 OR f.group_id = $5) AND ($6 = 0 OR f.severity = $6)
                AND ($7 = '' OR f.channel = $7)
            OFFSET 0) f
    GROUP BY 1, 2, 3, 4"""


async def tally(
    desk: Desk,
    steps: Sequence[Sequence[Segment]],
    wanted: Filter,
    kinds: Sequence[str],
    *,
    by_group: bool = False,
    timed: bool = True,
) -> Tally:
    """Of each step of a period; `by_group` tells departments apart."""
    found = Tally()
    parts = [(number, segment) for number, step in enumerate(steps) for segment in step]
    sums = [(*segment, number) for number, segment in parts if segment.grain != "fact"]
    if sums:
        where = await places(desk, wanted, by_group)
        columns = map(list, zip(*sums, strict=True))
        rows = await desk.search_pool.fetch(FROM_SUMS, *columns, *where, list(kinds), timed)
        for row in rows:
            key = row["step"], row["kind"], row["detail"], row["group_id"]
            found.counts[key] += row["count"]
            for spread in row["spreads"] or ():
                add(found.spreads[key], spread)
    facts = [(*segment[1:], number) for number, segment in parts if segment.grain == "fact"]
    if facts:
        columns = map(list, zip(*facts, strict=True))
        asked = (list(kinds), wanted.group_id, wanted.severity, wanted.channel)
        for row in await desk.search_pool.fetch(FROM_FACTS, *columns, *asked):
            key = row["step"], row["kind"], row["detail"], row["group_id"] if by_group else ALL
            found.counts[key] += row["count"]
            for seconds in row["seconds"] or ():
                add(found.spreads[key], {str(bucket(seconds)): 1})
    return found


async def places(
    desk: Desk, wanted: Filter, by_group: bool
) -> tuple[list[int], list[int], str | None]:
    """Departments, severities and channel (None: any) of the sums that together are wanted."""
    groups = [wanted.group_id]
    if not wanted.group_id and (by_group or wanted.is_fine):
        groups = list(await departments(desk))
    if not wanted.is_fine:
        return groups, [ALL], ""
    severities = [wanted.severity] if wanted.severity else [*SEVERITIES, NO_SEVERITY]
    return groups, severities, wanted.channel or None


async def departments(desk: Desk) -> Mapping[int, str]:
    rows = await desk.pool.fetch("SELECT id, name FROM groups ORDER BY name")
    return {row["id"]: row["name"] for row in rows}
