"""W1 file a ticket, W2 the agents' list, W3 a ticket page, W4 search."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

import uvloop

from bench import figures, words
from bench.http import Browser
from bench.product import Product
from bench.raw import Raw
from bench.stack import Meter, Server, running

Subject = Raw | Product
Figures = dict[str, dict[str, float]]  # by workload
Visit = Callable[[Browser, int], Awaitable[object]]
FILERS = 16
PROCESSES = 2  # for W1: one for each core, as it would be run


def measure_list(subject: Subject, database: str, seconds: float) -> Figures:
    return _measure(subject, database, seconds, "w2", subject.list_page)


def measure_small_list(subject: Subject, database: str, seconds: float) -> Figures:
    """The list again, of a desk with few tickets."""
    return {"w2-small": measure_list(subject, database, seconds)["w2"]}


def measure_ticket(subject: Subject, database: str, seconds: float) -> Figures:
    return _measure(subject, database, seconds, "w3", subject.ticket_page)


def measure_search(subject: Subject, database: str, seconds: float) -> Figures:
    results = {}
    for name, queries in (("common", words.SEARCH_COMMON), ("rare", words.search_rare())):

        async def visit(browser: Browser, n: int, queries: Sequence[str] = queries) -> None:
            await subject.search(browser, queries[n % len(queries)])

        results |= _measure(subject, database, seconds, f"w4-{name}", visit)
    return results


def measure_filing(subject: Subject, database: str, seconds: float) -> Figures:
    """Customers on as many processes as the desk would run on two cores."""
    servers = [subject.start_desk(database) for _ in range(PROCESSES)]
    with running(servers):
        filers = [subject.customer(servers[n % PROCESSES], n) for n in range(FILERS)]
        return {"w1": uvloop.run(_visit(subject, servers, filers, subject.file_ticket, seconds))}


def _measure(
    subject: Subject, database: str, seconds: float, workload: str, visit: Visit
) -> Figures:
    """One agent, one page after the other."""
    with running([server := subject.start_desk(database)]):
        work = _visit(subject, [server], [subject.agent(server)], visit, seconds)
        return {workload: uvloop.run(work)}


async def _visit(
    subject: Subject, servers: list[Server], browsers: list[Browser], visit: Visit, seconds: float
) -> dict[str, float]:
    """A closed loop: each browser asks again as soon as it has its answer."""
    await _loop(browsers, visit, seconds / 3)  # warm
    meter = Meter(subject.stack, servers)
    taken = await _loop(browsers, visit, seconds)
    result = meter.per_operation(len(taken)) | figures.latencies(taken)
    for browser in browsers:
        browser.close()
    return result


async def _loop(browsers: list[Browser], visit: Visit, seconds: float) -> list[float]:
    taken: list[float] = []
    end = time.perf_counter() + seconds

    async def ask(browser: Browser, first: int) -> None:
        number = first
        while (began := time.perf_counter()) < end:
            await visit(browser, number)
            taken.append(time.perf_counter() - began)
            number += len(browsers)

    await asyncio.gather(*(ask(browser, number) for number, browser in enumerate(browsers)))
    return taken
