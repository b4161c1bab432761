"""The targets, and the table of how far each is reached."""

import math
import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bench.figures import number, spread

Row = dict[str, object]


@dataclass(frozen=True)
class Target:
    """One promise: a figure of ours over a figure of the bare server in the same repeat."""

    text: str
    workload: str
    figure: str
    limit: float
    at_least: bool = False  # a rate must not fall below; everything else must not exceed
    against: str = "raw"  # whose figure it is divided by
    base: str = ""  # another workload of the same subject to compare with
    absolute: bool = False  # the figure itself counts
    subject: str = "helpdesk"  # whose figure it is

    def ratios(self, rows: Iterable[Row]) -> tuple[list[float], list[float], list[float]]:
        """Ours, theirs, and the ratio of each repeat that has both."""
        ours, theirs = {}, {}
        for row in rows:
            if self.figure not in row:
                continue
            value = float(str(row[self.figure]))
            if row["subject"] == self.subject and row["workload"] == self.workload:
                ours[row["repeat"]] = value
            their_workload = self.base or self.workload
            if row["subject"] == self.against and row["workload"] == their_workload:
                theirs[row["repeat"]] = value
        if self.absolute:
            return list(ours.values()), list(theirs.values()), list(ours.values())
        both = [repeat for repeat in ours if repeat in theirs]
        ratios = [ours[repeat] / theirs[repeat] for repeat in both]
        return list(ours.values()), list(theirs.values()), ratios

    def reached(self, ratios: list[float]) -> bool:
        middle = statistics.median(ratios)
        if math.isnan(middle):
            return False
        return middle >= self.limit if self.at_least else middle <= self.limit


TARGETS = (
    Target("W1 file a ticket, CPU µs", "w1", "cpu_us", 2),
    Target("W1 tickets/s against pgbench", "w1", "rate", 0.1, at_least=True, against="pgbench"),
    Target("W2 list of 50, p50 ms", "w2", "p50_ms", 3),
    Target("W2 list of 50, CPU µs", "w2", "cpu_us", 3),
    Target(
        "W2 list, many tickets against 1,000, p50 ms",
        "w2",
        "p50_ms",
        1.5,
        against="helpdesk",
        base="w2-small",
    ),
    Target("W3 ticket page, p50 ms", "w3", "p50_ms", 3),
    Target("W3 ticket page, CPU µs", "w3", "cpu_us", 3),
    Target("W4 search, common words, p50 ms", "w4-common", "p50_ms", 3),
    Target("W4 search, common words, CPU µs", "w4-common", "cpu_us", 3),
    Target("W4 search, rare words, p50 ms", "w4-rare", "p50_ms", 3),
    Target("W4 search, rare words, CPU µs", "w4-rare", "cpu_us", 3),
    Target("W5 saturation, CPU µs/message", "w5-saturation", "cpu_us", 2),
    Target("W5 saturation, messages/s", "w5-saturation", "rate", 0.5, at_least=True),
    *(
        Target(f"W5 {rate:,} messages/s, {figure[:3]} ms", f"w5-{rate}", figure, 2)
        for rate in (10, 100, 1_000)
        for figure in ("p50_ms", "p99_ms")
    ),
    Target("W6 idle socket, KiB", "w6", "kib_per_socket", 30, absolute=True),
    Target("W7 1,000 come back, s", "w7", "all_s", 1.3),
    Target("Help: right article among the first 3", "help", "found", 0.9, True, absolute=True),
    Target("Help: search, p95 ms", "help", "p95_ms", 20, absolute=True, against="plain"),
    Target("Help: search, p95 ms against a plain query", "help", "p95_ms", 10, against="plain"),
    Target("Help: suggestions, p95 ms", "help", "p95_ms", 20, absolute=True, subject="suggest"),
    *(
        Target(
            f"{name} against a small desk, {figure[:3]}",
            workload,
            figure,
            1.5,
            against="helpdesk",
            base=f"{workload}-small",
        )
        for name, workload in (
            ("Escalation queue", "escalations"),
            ("Escalation queue, one view", "escalations-unowned"),
            ("Escalation queue, a word", "escalations-word"),
            ("Escalation queue, what has ended", "escalations-ended"),
            ("An escalation beside it", "escalation"),
            ("Agents' list, all open", "list-all"),
            ("Agents' list, unassigned", "list-unassigned"),
            ("Agents' list, waiting", "list-waiting"),
            ("Dashboard of a day", "dashboard-day"),
            ("Dashboard of a year", "dashboard-year"),
            ("Dashboard of a year, one department", "dashboard-department"),
            ("Dashboard of a year, one severity", "dashboard-severity"),
            ("The list behind a number", "dashboard-list"),
        )
        for figure in ("p50_ms", "cpu_us")
    ),
    *(
        Target(
            f"Dashboard: a year against {day}, {figure[:3]}",
            "dashboard-year",
            figure,
            1.5,
            against="helpdesk",
            base=base,
        )
        for day, base in (("today", "dashboard-day"), ("yesterday", "dashboard-yesterday"))
        for figure in ("p50_ms", "cpu_us")
    ),
    Target("Second start until ready, s", "start", "ready_s", 5, absolute=True),
    Target("Hours: a deadline, µs", "hours", "due_us", 50, absolute=True, against="busday"),
    Target("Hours: a deadline against numpy.busday", "hours", "due_us", 10, against="busday"),
    Target("Hours: open time against numpy.busday", "hours", "elapsed_us", 10, against="busday"),
    Target("Typing a subject, p95 ms", "twins", "p95_ms", 30, absolute=True, against="plain"),
    Target(
        "Similar tickets for agents, p95 ms",
        "twins",
        "p95_ms",
        30,
        absolute=True,
        against="plain",
        subject="agent",
    ),
    *(
        Target(f"Twins, {name}: R@{k}", f"triage-all-{level}", f"r{k}", least, True, absolute=True)
        for name, level, k, least in (
            ("MiniLM", "minilm", 1, 75),
            ("MiniLM", "minilm", 10, 93),
            ("words alone", "lexical", 10, 87),
        )
    ),
    *(
        Target(text, workload, figure, least, True, absolute=True)
        for text, workload, figure, least in (
            ("Language of short text, %", "language", "right", 97.5),
            ("Types, Banking77, %", "types-banking77", "right", 95),
            ("Types, Banking77, 10 of each, %", "types-banking77-10", "right", 88),
            ("Types, CLINC150, %", "types-clinc150", "right", 96.5),
            (
                "Types, CLINC150, not sure out of scope, %",
                "types-clinc150",
                "not_sure_out_of_scope",
                80,
            ),
            ("Types, Endava, %", "types-endava", "right", 88),
            ("Types, NLBSE'24, F1", "types-nlbse24", "f1", 83),
            ("Severity of an unseen project, AUC", "severity-openoffice", "auc", 0.78),
            (
                "Incidents found by the 5th report, of 25",
                "incident_banking77-minilm",
                "found_by_5th",
                24,
            ),
        )
    ),
)


def table(rows: list[Row]) -> str:
    """Markdown: ours, the bare server, the ratio, the target."""
    lines = [
        "| figure | helpdesk | raw | ratio | target | |",
        "|---|---|---|---|---|---|",
    ]
    for target in TARGETS:
        ours, theirs, ratios = target.ratios(rows)
        if not ratios:
            continue
        sign = "≥" if target.at_least else "≤"
        unit = "" if target.absolute else "x"
        verdict = "yes" if target.reached(ratios) else "**no**"
        lines.append(
            f"| {target.text} | {spread(ours)} | {spread(theirs)} | "
            f"{'' if target.absolute else spread(ratios)} | "
            f"{sign} {number(target.limit)}{unit} | {verdict} |"
        )
    return "\n".join(lines)


def parts(rows: list[Row], describe: Callable[[list[float]], str] = spread) -> str:
    """Markdown: where the CPU of each operation goes, in microseconds."""
    columns = ("server_us", "postgres_us", "valkey_us", "generator_us")
    lines = [
        "| workload | subject | per second | server | PostgreSQL | Valkey | load generator |",
        "|---|---|---|---|---|---|---|",
    ]
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        if "server_us" in row:
            groups.setdefault((str(row["workload"]), str(row["subject"])), []).append(row)
    for (workload, subject), group in sorted(groups.items()):
        values = [
            describe([float(str(row[column])) for row in group if column in row])
            for column in ("rate", *columns)
        ]
        lines.append(f"| {workload} | {subject} | {' | '.join(values)} |")
    return "\n".join(lines)
