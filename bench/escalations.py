"""The managers’ queue: every open ticket is in it, on a desk with few and on one with many."""

import asyncio
import time
from collections.abc import Callable

from bench import filling
from bench.figures import percentile
from bench.http import Browser
from bench.product import Product
from bench.stack import Server, Stack, running

FILLED = "1"  # raise when what is filled in changes
FEW = 1_000  # tickets of a small desk
PAGES = {
    "escalations": "/desk/escalations",
    "escalations-unowned": "/desk/escalations?view=unowned",
    "escalations-word": "/desk/escalations?q=refund",
    "escalations-ended": "/desk/escalations?view=ended",
    "escalation": "/desk/escalations/{one}",
}
Say = Callable[[str], None]
Rows = list[tuple[int, str, dict[str, float]]]

# Due from two days ago to a month ahead; a third has an owner, a fifth is about money.
OPEN = """
INSERT INTO escalations (ticket_id, state, level, cause, raised_at, reason, summary, why,
    level_since, due_at, rules_done, owner_id, owned_at, amount_minor, currency, said,
    asked_requester)
  SELECT t.id, CASE WHEN t.id % 3 = 0 THEN 'owned' ELSE 'open' END, 1 + t.id % 3, 'time',
    t.opened_at, '', '', '[]', now() - interval '3 days',
    now() + ((t.id * 7919) % 46000 - 2880) * interval '1 minute', '[]',
    CASE WHEN t.id % 3 = 0 THEN 1 END, CASE WHEN t.id % 3 = 0 THEN now() END,
    CASE WHEN t.id % 5 = 0 THEN t.id % 900000 END, CASE WHEN t.id % 5 = 0 THEN 'USD' ELSE '' END,
    '', false
  FROM tickets t WHERE t.status IN ('new', 'open', 'waiting_on_user', 'on_hold')
"""
ENDED = """
INSERT INTO escalations (ticket_id, state, level, cause, raised_at, reason, summary, why,
    level_since, due_at, rules_done, currency, said, outcome, asked_requester, ended_at,
    ended_by_id)
  SELECT t.id, 'decided', 3, 'user', t.opened_at, '', '', '[]', t.opened_at, t.opened_at, '[]',
    '', 'It was so', 'granted', false, now() - (t.id % 40000) * interval '1 minute', 1
  FROM tickets t WHERE t.id % 2 = 0
"""


def measure_escalations(stack: Stack, tickets: int, repeats: int, seconds: float, say: Say) -> Rows:
    """Repeat, workload and figures."""
    product, rows = Product(stack), []
    for count, suffix in ((FEW, "-small"), (tickets, "")):
        name = f"bench_escalations_{count}"
        one = asyncio.run(fill(stack, name, count, say))
        for repeat in range(repeats):
            with running([server := product.start_desk(name)]):
                measured = asyncio.run(pages(product, server, one, seconds))
            rows += [(repeat, workload + suffix, figures) for workload, figures in measured]
    return rows


async def pages(
    product: Product, server: Server, one: int, seconds: float
) -> list[tuple[str, dict[str, float]]]:
    browser = product.agent(server)
    found = [
        (workload, await times(browser, path.format(one=one), seconds))
        for workload, path in PAGES.items()
    ]
    browser.close()
    return found


async def times(browser: Browser, path: str, seconds: float) -> dict[str, float]:
    taken: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(taken) < 5:
        began = time.perf_counter()
        answer = await browser.get(path)
        assert answer.status == 200, (path, answer.status)
        taken.append(time.perf_counter() - began)
    ordered = sorted(taken[1:])  # the first one is warming
    return {f"p{p}_ms": percentile(ordered, p) * 1e3 for p in (50, 95)}


async def fill(stack: Stack, name: str, tickets: int, say: Say) -> int:
    """The number of one of them."""
    contents = f"{FILLED}: {tickets} tickets, the open ones escalated"
    if await stack.seeded(name, contents):
        return 1
    say(f"filling {tickets:,} tickets, the open ones escalated")
    connection = await Product(stack)._new_database(name)
    await filling.fill_tickets(connection, tickets)
    await connection.execute("UPDATE people SET roles = '{manager}' WHERE id = 1")
    await connection.execute(OPEN)
    await connection.execute(ENDED)
    await connection.execute("VACUUM ANALYZE escalations")
    await connection.close()
    await stack.mark_seeded(name, contents)
    return 1
