"""python -m bench [--quick] [--only w1,w5] [--tickets 1000000] [--triage-data PATH]"""

import argparse
import asyncio
import gc
import json
import resource
import sys
import time
import traceback
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

from bench import report, storage
from bench.chat import (
    MOST_CONVERSATIONS,
    measure_idle,
    measure_rates,
    measure_return,
    measure_saturation,
)
from bench.classes import measure_classes
from bench.dashboard import measure_dashboard
from bench.escalations import measure_escalations
from bench.help import measure_help
from bench.hours import measure_hours
from bench.incidents import measure_incidents
from bench.language import measure_language
from bench.pages import (
    FILERS,
    measure_filing,
    measure_list,
    measure_search,
    measure_small_list,
    measure_ticket,
)
from bench.product import Product
from bench.raw import Raw
from bench.stack import Stack, services_running
from bench.start import measure_start
from bench.triage import measure_triage
from bench.twins import measure_twins

RESULTS = Path(__file__).parent / "results"
ON_A_DESK = ("w1", "w2", "w3", "w4", "w5", "w6", "w7", "help", "twins", "dashboard", "escalations")
LABELLED = ("language", "incidents", "types", "triage")  # on sets of somebody else
WORKLOADS = (*ON_A_DESK, "start", "hours", *LABELLED)
FEW = 1_000  # tickets of a small desk, to see how its list grows


@dataclass(frozen=True)
class Block:
    """What is measured on one filling, each time on freshly started servers."""

    workload: str
    filling: str
    measure: Callable[[Raw | Product, str, float], dict[str, dict[str, float]]]


BLOCKS = (
    Block("w2", "few", measure_small_list),
    Block("w2", "many", measure_list),
    Block("w3", "many", measure_ticket),
    Block("w4", "many", measure_search),
    Block("w1", "filing", measure_filing),
    Block("w5", "chat", measure_saturation),
    Block("w5", "chat", measure_rates),
    Block("w6", "chat", measure_idle),
    Block("w7", "chat", measure_return),
)


def main() -> None:
    options = arguments()
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    rows: list[report.Row] = []
    if options.only & set(ON_A_DESK):
        with services_running() as running:
            rows += measure(running, options)
    if "start" in options.only:
        for repeat, subject, figures in measure_start(options.repeats, say):
            rows.append(row("start", subject, repeat, 0, figures))
    if "hours" in options.only:
        for repeat, subject, figures in measure_hours(options.repeats, say):
            rows.append(row("hours", subject, repeat, 0, figures))
    if options.only & set(LABELLED):
        rows += measure_reports(options)
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"{datetime.now(UTC):%Y-%m-%dT%H%M%S}.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    print(f"\n{report.table(rows)}\n\n{report.parts(rows)}\n\nEvery figure: {file}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="about three minutes")
    parser.add_argument("--only", default=",".join(WORKLOADS), help="for example w1,w5")
    parser.add_argument("--tickets", type=int, default=0, help="how many tickets W1 to W4 see")
    parser.add_argument("--repeats", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=0, help="for each measurement")
    parser.add_argument("--triage-data", type=Path, help="labelled sets, for what is learned")
    options = parser.parse_args()
    options.only = set(options.only.split(","))
    options.tickets = options.tickets or (20_000 if options.quick else 100_000)
    options.repeats = options.repeats or (2 if options.quick else 5)
    options.seconds = options.seconds or (2 if options.quick else 4)
    if unknown := options.only - set(WORKLOADS):
        parser.error(f"no such workload: {', '.join(sorted(unknown))}")
    return options


def measure(stack: Stack, options: argparse.Namespace) -> list[report.Row]:
    """Repeats and subjects take turns, so that a slow minute of the machine hits both."""
    subjects = (Raw(stack), Product(stack))
    blocks = [block for block in BLOCKS if block.workload in options.only]
    databases = {
        subject.name: fill(subject, {block.filling for block in blocks}, options.tickets)
        for subject in subjects
    }
    rows: list[report.Row] = []
    if "help" in options.only:
        for repeat, subject, figures in measure_help(stack, options.repeats, options.seconds, say):
            rows.append(row("help", subject, repeat, options.tickets, figures))
    if "twins" in options.only:
        measured = measure_twins(stack, options.tickets, options.repeats, options.seconds, say)
        for repeat, subject, figures in measured:
            rows.append(row("twins", subject, repeat, options.tickets, figures))
    if "dashboard" in options.only:
        asked = (options.tickets, options.repeats, options.seconds)
        for repeat, workload, figures in measure_dashboard(stack, *asked, say):
            rows.append(row(workload, "helpdesk", repeat, options.tickets, figures))
    if "escalations" in options.only:
        asked = (options.tickets, options.repeats, options.seconds)
        for repeat, workload, figures in measure_escalations(stack, *asked, say):
            rows.append(row(workload, "helpdesk", repeat, options.tickets, figures))
    gc.freeze()
    for repeat in range(options.repeats):
        say(f"repeat {repeat + 1} of {options.repeats}")
        for block in blocks:
            for subject in subjects:
                results = attempt(block, subject, databases[subject.name], options)
                for workload, figures in results.items():
                    rows.append(row(workload, subject.name, repeat, options.tickets, figures))
        if "w1" in options.only:
            dsn = stack.dsn(databases["raw"]["filing"])
            limit = storage.insert_rate(dsn, stack.logs, FILERS, options.seconds)
            rows.append(row("w1", "pgbench", repeat, options.tickets, limit))
    return rows


def measure_reports(options: argparse.Namespace) -> list[report.Row]:
    """The sets are not ours to keep: they are measured where somebody has them."""
    if options.triage_data is None:
        say("what is learned is left out: it needs labelled sets (--triage-data PATH)")
        return []
    data, quick = options.triage_data, options.quick
    labelled = {
        "language": lambda: measure_language(data),
        "incidents": lambda: measure_incidents(data),
        "types": lambda: measure_classes(data, quick),
        "triage": lambda: measure_triage(data, quick, say),
    }
    measured = chain.from_iterable(labelled[name]() for name in LABELLED if name in options.only)
    return [row(workload, subject, 0, 0, figures) for workload, subject, figures in measured]


def attempt(
    block: Block, subject: Raw | Product, databases: dict[str, str], options: argparse.Namespace
) -> dict[str, dict[str, float]]:
    """One failing workload must not cost the figures of the others."""
    database = databases[block.filling]
    try:
        return block.measure(subject, database, options.seconds)
    except Exception:
        say(f"  {block.measure.__name__} of {subject.name} failed:\n{traceback.format_exc()}")
        return {}


def fill(subject: Raw | Product, fillings: set[str], tickets: int) -> dict[str, str]:
    """The databases the blocks ask for, by filling."""
    say(f"filling {subject.name}")

    async def filing() -> str:
        return await subject.stack.copy_database(await subject.seed_desk(tickets))

    seeds: dict[str, Callable[[], Coroutine[None, None, str]]] = {
        "few": lambda: subject.seed_desk(FEW),
        "many": lambda: subject.seed_desk(tickets),
        "filing": filing,
        "chat": lambda: subject.seed_chat(MOST_CONVERSATIONS),
    }
    return {filling: asyncio.run(seeds[filling]()) for filling in sorted(fillings)}


def row(
    workload: str, subject: str, repeat: int, tickets: int, figures: dict[str, float]
) -> report.Row:
    rounded = {name: round(value, 4) for name, value in figures.items()}
    say(f"  {workload} {subject} " + " ".join(f"{k}={v:.6g}" for k, v in rounded.items()))
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "workload": workload,
        "subject": subject,
        "repeat": repeat,
        "tickets": tickets,
        **rounded,
    }


def say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
