"""The parts of the dashboard below the figures: a chart, its table, and where it leads."""

from collections.abc import Sequence
from dataclasses import dataclass

from helpdesk.escalations.words import CAUSES
from helpdesk.reports.charts.bars import Bar, Bars, scaled
from helpdesk.reports.charts.columns import Columns
from helpdesk.reports.tables import Count, Share, Table, Value

from .asked import Asked
from .definitions import DEFINITIONS, Definition
from .sums import Tally
from .words import percent, took

CAUSE_NAMES = {cause.value: name for cause, name in CAUSES.items()} | {"": "Not told"}
COVERAGES = {
    "unique": "Unique",
    "covered": "Covered by an article",
    "unmarked": "Not marked by an agent",
}
PROMISES = {
    "first_response": "First answer",
    "next_response": "Next answer",
    "resolution": "Solution",
    "takeover": "Takeover",
}


@dataclass(frozen=True, slots=True)
class Part:
    key: str
    table: Table
    defined: Sequence[str]  # definitions that explain it
    chart: Columns | Bars | None = None
    legend: Sequence[tuple[str, str]] = ()  # the class of a shape, and what it stands for

    @property
    def definitions(self) -> list[Definition]:
        return [DEFINITIONS[key] for key in self.defined]


def departments(asked: Asked, found: Tally) -> Part:
    rows: list[Sequence[Value]] = []
    bars = []
    for id, name in asked.groups.items():
        if asked.wanted.group_id not in (0, id):
            continue
        met, missed = (found.count(kind, group=id) for kind in ("sla_met", "sla_missed"))
        whole, half = met + missed, found.within(0.5, "answered", group=id)
        rows.append(
            (
                name,
                Count(found.count("arrived", group=id), asked.list_of("arrived", group=id)),
                Count(found.count("solved", group=id), asked.list_of("solved", group=id)),
                took(half) if half is not None else "–",
                Share(met, whole) if whole else "–",
                Count(missed, asked.list_of("sla_missed", group=id)),
            )
        )
        if whole:
            share = scaled(met, whole)
            said = f"{percent(met, whole)} of {whole:,}"
            bars.append(Bar(name, said, share, 100 - share, asked.list_of("sla", group=id)))
    table = Table(
        "departments",
        "Departments",
        ("Department", "Arrived", "Solved", "First answer", "Promises kept", "Missed"),
        rows,
    )
    said = "; ".join(f"{bar.label}: {bar.said} kept" for bar in bars)
    chart = Bars("Promises kept by department", said, bars) if bars else None
    legend = (("bar-first", "Kept"), ("bar-second", "Missed"))
    return Part("departments", table, ("sla", "answered"), chart, legend)


def promises(asked: Asked, now: Tally) -> Part:
    rows: list[Sequence[Value]] = []
    for kind, name in PROMISES.items():
        met, missed = (now.count(of, detail=kind) for of in ("sla_met", "sla_missed"))
        if met + missed:
            list_ = asked.list_of("sla_missed", detail=kind)
            ended = Count(met + missed, asked.list_of("sla", detail=kind))
            rows.append((name, ended, Share(met, met + missed), Count(missed, list_)))
    columns = ("Promise", "Ended", "Kept", "Missed")
    empty = "No promise ended in this period."
    table = Table("promises", "Promises by kind", columns, rows, empty)
    return Part("promises", table, ("sla", "sla_missed"))


def reasons(asked: Asked, now: Tally) -> Part:
    told = now.details("escalated")
    ranked = sorted(told.items(), key=lambda one: (-one[1], one[0]))
    whole, longest = sum(told.values()), max(told.values(), default=0)
    rows: list[Sequence[Value]] = []
    bars = []
    for cause, count in ranked:
        name = CAUSE_NAMES.get(cause, cause.replace("_", " ").capitalize())
        href = asked.list_of("escalated", detail=cause)
        rows.append((name, Count(count, href), Share(count, whole)))
        bars.append(Bar(name, f"{count:,}", scaled(count, longest), href=href))
    table = Table(
        "reasons",
        "Reasons for escalation",
        ("Reason", "Escalations", "Share"),
        rows,
        empty="Nothing was escalated in this period.",
    )
    said = "; ".join(f"{bar.label}: {bar.said}" for bar in bars)
    chart = Bars("Reasons for escalation", said, bars) if bars else None
    return Part("reasons", table, ("escalated",), chart)


def coverage(asked: Asked, now: Tally) -> Part:
    told = now.details("settled")
    whole = sum(told.values())
    rows: list[Sequence[Value]] = [
        (
            name,
            Count(told.get(key, 0), asked.list_of("coverage", detail=key)),
            Share(told.get(key, 0), whole),
        )
        for key, name in COVERAGES.items()
        if whole
    ]
    table = Table(
        "coverage",
        "Help-centre coverage",
        ("Solved tickets", "Tickets", "Share"),
        rows,
        empty="No ticket that was solved in this period still is.",
    )
    return Part("coverage", table, ("coverage",))
