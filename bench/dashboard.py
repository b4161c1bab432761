"""The dashboard of managers: a day and a year, on a desk with few tickets and on one with many.

Facts and sums of a year are written straight into their tables; each open ticket is one of them.
"""

import asyncio
import time
from collections.abc import Callable

from bench import filling
from bench.figures import percentile
from bench.http import Browser
from bench.product import Product
from bench.stack import Meter, Server, Stack, running
from bench.year import fill_year

FILLED = "1"  # raise when what is filled in changes
FEW = 1_000  # tickets of a small desk
YEAR = 10  # times the open tickets are filed in a year
PAGES = {
    "dashboard-day": "/desk/dashboard?period=today",
    "dashboard-yesterday": "/desk/dashboard?period=yesterday",
    "dashboard-year": "/desk/dashboard?period=year",
    "dashboard-department": "/desk/dashboard?period=year&department=1",
    "dashboard-severity": "/desk/dashboard?period=year&severity=3",
    "dashboard-list": "/desk/dashboard/lists/solved?period=year",
}
# Midnights there lie within days of UTC, as for most managers.
MANAGER = "UPDATE people SET roles = '{manager}', time_zone = 'America/New_York' WHERE id = 1"
Say = Callable[[str], None]
Rows = list[tuple[int, str, dict[str, float]]]


def measure_dashboard(stack: Stack, tickets: int, repeats: int, seconds: float, say: Say) -> Rows:
    """Repeat, workload and figures; a small desk and a large one take turns."""
    product, rows = Product(stack), []
    desks = {"-small": FEW, "": tickets}
    for count in desks.values():
        asyncio.run(fill(stack, named(count), count, say))
    for repeat in range(repeats):
        for suffix, count in desks.items():
            with running([server := product.start_desk(named(count))]):
                for workload, path in PAGES.items():
                    figures = asyncio.run(times(product, server, path, seconds))
                    rows.append((repeat, workload + suffix, figures))
    return rows


def named(count: int) -> str:
    return f"bench_dashboard_{count}"


async def fill(stack: Stack, name: str, tickets: int, say: Say) -> None:
    contents = f"{FILLED}: {tickets} open tickets and a year of {YEAR * tickets}"
    if await stack.seeded(name, contents):
        return
    say(f"filling {tickets:,} open tickets and the sums of {YEAR * tickets:,}")
    connection = await Product(stack)._new_database(name)
    await filling.fill_tickets(connection, tickets, all_open=True)
    await connection.execute(MANAGER)
    await fill_year(connection, YEAR * tickets, tickets)
    await connection.close()
    await stack.mark_seeded(name, contents)


async def times(product: Product, server: Server, path: str, seconds: float) -> dict[str, float]:
    browser = product.agent(server)
    await visits(browser, path, seconds / 3)  # warming
    meter = Meter(product.stack, [server])
    taken = sorted(await visits(browser, path, seconds))
    browser.close()
    return meter.per_operation(len(taken)) | {
        f"p{p}_ms": percentile(taken, p) * 1e3 for p in (50, 95)
    }


async def visits(browser: Browser, path: str, seconds: float) -> list[float]:
    taken: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(taken) < 5:
        began = time.perf_counter()
        answer = await browser.get(path)
        assert answer.status == 200, (path, answer.status)
        taken.append(time.perf_counter() - began)
    return taken
