"""Reading the sums of a period: a few hundred rows, however long it is."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from helpdesk.desk import Desk
from helpdesk.reports.counting.facts import LIVE, NO_SEVERITY
from helpdesk.reports.counting.packing import packed
from helpdesk.reports.counting.spread import bucket, quantile
from helpdesk.reports.counting.sums import ALL

from .periods import Segment

CHANNELS = {"form": "Report form", "api": "Programs", "chat": "From a chat", LIVE: "Live chat"}
# Every sum of a department, severity and channel is one of these.
FINE = (
    (NO_SEVERITY, LIVE),
    *((n, each) for n in (1, 2, 3, 4) for each in CHANNELS if each != LIVE),
)


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
    spreads: dict[Step, bytes] = field(default_factory=lambda: defaultdict(bytes))

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

    def of_step(self, step: int) -> "Tally":
        """One step of the period alone."""
        counts = {key: count for key, count in self.counts.items() if key[0] == step}
        return Tally(counts, {key: one for key, one in self.spreads.items() if key[0] == step})

    def details(self, kind: str) -> dict[str, int]:
        found: dict[str, int] = defaultdict(int)
        for (_, each, detail, _), count in self.counts.items():
            if each == kind:
                found[detail] += count
        return found

    def within(self, share: float, kind: str, group: int | None = None) -> float | None:
        """Seconds; None when nothing was timed."""
        return quantile(
            b"".join(
                spread
                for (_, each, _, whose), spread in self.spreads.items()
                if each == kind and group in (None, whose)
            ),
            share,
        )


# OFFSET 0: each piece is read by its own range of an index. Joined freely, the planner takes
# ranges it cannot estimate for most of the table.
FROM_SUMS = """
    SELECT a.step, s.kind, s.detail, s.group_id, sum(s.count)::bigint AS count,
        string_agg(s.spread, '') FILTER (WHERE s.kind = ANY($9::text[])) AS spread
    FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[], $4::int[])
            AS a(grain, since, until, step)
        CROSS JOIN unnest($5::bigint[]) AS g(id)
        CROSS JOIN unnest($6::smallint[], $7::text[]) AS v(severity, channel)
        CROSS JOIN unnest($8::text[]) AS k(kind) CROSS JOIN LATERAL (
            SELECT s.kind, s.detail, s.group_id, s.count, s.spread FROM report_sums s
            WHERE s.grain = a.grain AND s.group_id = g.id AND s.severity = v.severity
                AND s.channel = v.channel AND s.kind = k.kind
                AND s.start >= a.since AND s.start < a.until
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
    timed: Collection[str] = (),
) -> Tally:
    """Of each step of a period; `by_group` tells departments apart, `timed` how long they took."""
    found = Tally()
    parts = [(number, segment) for number, step in enumerate(steps) for segment in step]
    sums = [(*segment, number) for number, segment in parts if segment.grain != "fact"]
    if sums:
        where = await places(desk, wanted, by_group)
        columns = map(list, zip(*sums, strict=True))
        asked = *columns, *where, list(kinds), list(timed)
        for row in await desk.search_pool.fetch(FROM_SUMS, *asked):
            key = row["step"], row["kind"], row["detail"], row["group_id"]
            found.counts[key] += row["count"]
            if row["spread"]:
                found.spreads[key] += row["spread"]
    facts = [(*segment[1:], number) for number, segment in parts if segment.grain == "fact"]
    if facts:
        columns = map(list, zip(*facts, strict=True))
        place = wanted.group_id, wanted.severity, wanted.channel
        for row in await desk.search_pool.fetch(FROM_FACTS, *columns, list(kinds), *place):
            key = row["step"], row["kind"], row["detail"], row["group_id"] if by_group else ALL
            found.counts[key] += row["count"]
            if row["kind"] in timed and row["seconds"]:
                found.spreads[key] += packed(Counter(map(bucket, row["seconds"])))
    return found


async def places(
    desk: Desk, wanted: Filter, by_group: bool
) -> tuple[list[int], list[int], list[str]]:
    """Departments, and severities beside channels, of the sums that together are wanted."""
    groups = [wanted.group_id]
    if by_group and not wanted.group_id:
        groups = list(await departments(desk))
    if not wanted.is_fine:
        return groups, [ALL], [""]
    fine = [
        (severity, channel)
        for severity, channel in FINE
        if wanted.severity in (ALL, severity) and wanted.channel in ("", channel)
    ]
    return groups, [severity for severity, _ in fine], [channel for _, channel in fine]


async def departments(desk: Desk) -> Mapping[int, str]:
    rows = await desk.pool.fetch("SELECT id, name FROM groups ORDER BY name")
    return {row["id"]: row["name"] for row in rows}
