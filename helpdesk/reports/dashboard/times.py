"""The parts of the dashboard over time: hours of the day, steps of the period, age of open work."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from helpdesk.core.formats import localised, zone
from helpdesk.desk import Desk
from helpdesk.reports.charts.bars import Bar, Bars, scaled
from helpdesk.reports.charts.columns import columns
from helpdesk.reports.tables import Count, Share, Table, Value

from .asked import Asked
from .capacity import capacity
from .parts import Part
from .periods import Period, cut
from .sums import Filter, places, tally
from .tiles import ALWAYS

# The youngest first; the last one holds all that is older.
AGES: Sequence[tuple[str, float]] = (
    ("Under 4 hours", 4 / 24),
    ("4 to 24 hours", 1),
    ("1 to 3 days", 3),
    ("3 to 7 days", 7),
    ("1 to 2 weeks", 14),
    ("2 to 4 weeks", 28),
    ("Over 4 weeks", 0),
)

# By the hour of the wall clock at which each hour of UTC began.
OF_SUMS = """
    SELECT extract(hour FROM s.start AT TIME ZONE $7)::int AS hour, sum(s.count)::bigint AS count
    FROM report_sums s
    WHERE s.grain = 'hour' AND s.kind = $1 AND s.start >= $2 AND s.start < $3
        AND s.group_id = ANY($4::bigint[]) AND s.severity = ANY($5::smallint[])
        AND CASE WHEN $6::text IS NULL THEN s.channel <> '' ELSE s.channel = $6 END
    GROUP BY 1"""
HOUR_OF = "extract(hour FROM date_trunc('hour', f.at, 'UTC') AT TIME ZONE {tz})::int"
OF_FACTS = f"""
    SELECT {HOUR_OF.format(tz="$7")} AS hour, count(*) AS count FROM report_facts f
    WHERE f.kind = $1 AND f.at >= $2 AND f.at < $3 AND ($4 = 0 OR f.group_id = $4)
        AND ($5 = 0 OR f.severity = $5) AND ($6 = '' OR f.channel = $6)
    GROUP BY 1"""


async def by_hour(desk: Desk, kind: str, period: Period, wanted: Filter) -> list[int]:
    """How many in each hour of the day, over the whole period."""
    found, tz = [0] * 24, zone(period.tz).key
    parts = period.segments()
    whole = [part for part in parts if part.grain != "fact"]
    if whole:
        where = await places(desk, wanted, by_group=False)
        span = whole[0].since, whole[-1].until
        for row in await desk.search_pool.fetch(OF_SUMS, kind, *span, *where, tz):
            found[row["hour"]] += row["count"]
    asked = wanted.group_id, wanted.severity, wanted.channel, tz
    for part in parts:
        if part.grain == "fact":
            for row in await desk.search_pool.fetch(OF_FACTS, kind, *part[1:], *asked):
                found[row["hour"]] += row["count"]
    return found


def passed(period: Period) -> list[int]:
    """On how many of its days each hour has begun. It begins at midnight; one hour that a change
    of the clocks adds or leaves out makes no difference that anybody would see.
    """
    last = localised(period.until - timedelta(microseconds=1), period.tz).hour
    return [period.days - (hour > last) for hour in range(24)]


async def hours(desk: Desk, asked: Asked) -> Part:
    """Arrivals against capacity."""
    period = asked.period
    arrived = await by_hour(desk, "arrived", period, asked.wanted)
    before = await by_hour(desk, "arrived", period.earlier, asked.wanted)
    can = await capacity(desk, period, asked.wanted.group_id)
    if asked.wanted.is_fine:
        can = None  # people do not work for one severity
    times, earlier = passed(period), passed(period.earlier)
    now = [round(count / max(1, n), 1) for count, n in zip(arrived, times, strict=True)]
    then = [round(count / max(1, n), 1) for count, n in zip(before, earlier, strict=True)]
    names = [f"{hour:02}:00" for hour in range(24)]
    rows: list[Sequence[Value]] = [
        (
            name,
            Count(arrived[n], asked.list_of("arrived", hour=n, zone=period.tz)),
            now[n],
            round(can[n], 1) if can else "–",
            then[n],
        )
        for n, name in enumerate(names)
    ]
    table = Table(
        "hours",
        "Arrivals against capacity by hour",
        ("Hour", "Arrived", "A day", "Capacity", f"A day {period.earlier.name}"),
        rows,
    )
    busiest = max(range(24), key=lambda n: now[n])
    said = f"Most tickets arrive at {names[busiest]}: {now[busiest]:g} a day."
    if can:
        over = spans([n for n in range(24) if now[n] > can[n] + 0.05])
        said += " More arrive than the desk can solve " if over else " The desk can solve "
        said += f"{', '.join(over)}." if over else "what arrives in every hour."
    chart = columns(table.caption, said, names, now, can or (), then)
    legend = [("column", "Arrived a day"), ("mark", period.earlier.name.capitalize())]
    legend += [("line", "Capacity")] if can else []
    return Part("hours", table, ("arrived", "capacity", "compared"), chart, legend)


def spans(hours: Sequence[int]) -> list[str]:
    """`from 0 to 9`, `from 21 to 24`: hours of the day that follow each other."""
    ends: list[list[int]] = []
    for hour in hours:
        if ends and ends[-1][1] == hour:
            ends[-1][1] = hour + 1
        else:
            ends.append([hour, hour + 1])
    return [f"from {begin} to {end} o’clock" for begin, end in ends]


async def steps(desk: Desk, asked: Asked) -> Part:
    """What arrived and what was solved in each hour, day or week of the period."""
    period, kinds = asked.period, ("arrived", "solved")
    spans, earlier = period.steps(), period.earlier.steps()
    now, before = [
        await tally(desk, [cut(*span) for span in some], asked.wanted, kinds, timed=False)
        for some in (spans, earlier)
    ]
    names = [named(since, period) for since, _ in spans]
    arrived = [now.count("arrived", step=n) for n in range(len(spans))]
    solved = [now.count("solved", step=n) for n in range(len(spans))]
    then = [before.count("arrived", step=n) for n in range(len(spans))]
    rows: list[Sequence[Value]] = [
        (
            names[n],
            Count(arrived[n], asked.list_of("arrived", *span)),
            Count(solved[n], asked.list_of("solved", *span)),
            Count(then[n], asked.list_of("arrived", *earlier[n])) if n < len(earlier) else "–",
        )
        for n, span in enumerate(spans)
    ]
    caption = f"Arrived and solved by {period.unit}"
    heads = (period.unit.capitalize(), "Arrived", "Solved", f"Arrived {period.earlier.name}")
    said = f"{sum(arrived):,} arrived and {sum(solved):,} were solved; {sum(then):,} arrived "
    said += f"{period.earlier.name}."
    chart = columns(caption, said, names, arrived, solved, then) if spans else None
    legend = (
        ("column", "Arrived"),
        ("line", "Solved"),
        ("mark", f"Arrived {period.earlier.name}"),
    )
    return Part("steps", Table("steps", caption, heads, rows), ("arrived", "solved"), chart, legend)


def named(at: datetime, period: Period) -> str:
    local = localised(at, period.tz)
    if period.unit == "hour":
        return f"{local:%a %H:%M}" if period.days > 1 else f"{local:%H:%M}"
    return (
        f"{local:%a} {local.day} {local:%b}" if period.unit == "day" else f"{local.day} {local:%b}"
    )


async def ages(desk: Desk, asked: Asked) -> Part:
    """What is open, by how long ago it was filed."""
    now = desk.clock.now()
    edges = [now, *(now - timedelta(days=days) for _, days in AGES[:-1]), ALWAYS]
    spans = [(edges[n + 1], edges[n]) for n in range(len(AGES))]
    found = await tally(desk, [cut(*span) for span in spans], asked.wanted, ("open",), timed=False)
    rows: list[Sequence[Value]] = []
    bars = []
    counts = [found.count("open", step=n) for n in range(len(AGES))]
    for n, (name, _) in enumerate(AGES):
        theirs = found.count("open", detail="waiting_on_user", step=n)
        ours = counts[n] - theirs
        href = asked.list_of("open", *spans[n])
        parts = [
            Count(count, asked.list_of("open", *spans[n], detail=detail))
            for count, detail in ((ours, "new,open,on_hold"), (theirs, "waiting_on_user"))
        ]
        rows.append((name, Count(counts[n], href), *parts, Share(counts[n], sum(counts))))
        shares = scaled(ours, max(counts)), scaled(theirs, max(counts))
        bars.append(Bar(name, f"{counts[n]:,}", *shares, href))
    table = Table(
        "ages", "Age of open work", ("Filed", "Open", "With us", "With the user", "Share"), rows
    )
    said = "; ".join(f"{bar.label}: {bar.said}" for bar in bars)
    chart = Bars(table.caption, said, bars) if any(counts) else None
    legend = (("bar-first", "With us"), ("bar-second", "Waiting for the user"))
    return Part("ages", table, ("open",), chart, legend)
