"""The parts of the dashboard over time: hours of the day, steps of the period, age of open work."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from helpdesk.core.formats import localised
from helpdesk.desk import Desk
from helpdesk.reports.charts.bars import Bar, Bars, scaled
from helpdesk.reports.charts.columns import columns
from helpdesk.reports.tables import Count, Share, Table, Value

from .asked import Asked
from .capacity import capacity
from .parts import Part
from .periods import Period, cut
from .series import Series, Wanted, read_series
from .sums import tally
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

HOUR_OF = "extract(hour FROM date_trunc('hour', f.at, 'UTC') AT TIME ZONE {tz})::int"


@dataclass(frozen=True, slots=True)
class Course:
    """What arrived and was solved in the course of a period, and arrived in the one before."""

    now: Sequence[datetime]  # edges of the steps
    before: Sequence[datetime]
    arrived: Series
    solved: Series
    earlier: Series


async def course_of(desk: Desk, asked: Asked) -> Course:
    now, before = asked.period.edges(), asked.period.earlier.edges()
    wanted = (
        Wanted("arrived", now, asked.period.is_running),
        Wanted("solved", now, asked.period.is_running),
        Wanted("arrived", before),
    )
    return Course(now, before, *await read_series(desk, asked.wanted, wanted))


def passed(period: Period) -> list[int]:
    """On how many of its days each hour has begun. It begins at midnight; one hour that a change
    of the clocks adds or leaves out makes no difference that anybody would see.
    """
    last = localised(period.until - timedelta(microseconds=1), period.tz).hour
    return [period.days - (hour > last) for hour in range(24)]


async def hours(desk: Desk, asked: Asked, course: Course) -> Part:
    """Arrivals against capacity."""
    period = asked.period
    arrived = course.arrived.by_hour(period)
    before = course.earlier.by_hour(period.earlier)
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


def steps(asked: Asked, course: Course) -> Part:
    """What arrived and what was solved in each hour, day or week of the period."""
    period = asked.period
    spans, earlier = [*pairwise(course.now)], [*pairwise(course.before)]
    unit = period.unit
    names = [named(since, period, unit) for since, _ in spans]
    arrived, solved = (of.between(course.now) for of in (course.arrived, course.solved))
    then = course.earlier.between(course.before)
    rows: list[Sequence[Value]] = [
        (
            names[n],
            Count(arrived[n], asked.list_of("arrived", *span)),
            Count(solved[n], asked.list_of("solved", *span)),
            Count(then[n], asked.list_of("arrived", *earlier[n])) if n < len(earlier) else "–",
        )
        for n, span in enumerate(spans)
    ]
    caption = f"Arrived and solved by {unit}"
    heads = (unit.capitalize(), "Arrived", "Solved", f"Arrived {period.earlier.name}")
    said = f"{sum(arrived):,} arrived and {sum(solved):,} were solved; {sum(then):,} arrived "
    said += f"{period.earlier.name}."
    chart = columns(caption, said, names, arrived, solved, then) if spans else None
    legend = (
        ("column", "Arrived"),
        ("line", "Solved"),
        ("mark", f"Arrived {period.earlier.name}"),
    )
    return Part("steps", Table("steps", caption, heads, rows), ("arrived", "solved"), chart, legend)


def named(at: datetime, period: Period, unit: str) -> str:
    local = localised(at, period.tz)
    if unit == "hour":
        return f"{local:%a %H:%M}" if period.days > 1 else f"{local:%H:%M}"
    return f"{local:%a} {local.day} {local:%b}" if unit == "day" else f"{local.day} {local:%b}"


async def ages(desk: Desk, asked: Asked) -> Part:
    """What is open, by how long ago it was filed."""
    now = desk.clock.now()
    edges = [now, *(now - timedelta(days=days) for _, days in AGES[:-1]), ALWAYS]
    spans = [(edges[n + 1], edges[n]) for n in range(len(AGES))]
    found = await tally(desk, [cut(*span) for span in spans], asked.wanted, ("open",))
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
