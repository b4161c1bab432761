"""The managers’ queue: every open ticket is in it, on a desk with few and on one with many."""

import asyncio
from collections.abc import Callable

from bench import filling
from bench.dashboard import times
from bench.product import Product
from bench.stack import Stack, running

FILLED = "2"  # raise when what is filled in changes
FEW = 1_000  # tickets of a small desk
PAGES = {
    "escalations": "/desk/escalations",
    "escalations-unowned": "/desk/escalations?view=unowned",
    "escalations-word": "/desk/escalations?q=refund",
    "escalations-ended": "/desk/escalations?view=ended",
    "escalation": "/desk/escalations/{one}",
    "list-all": "/desk?view=all",
    "list-unassigned": "/desk?view=unassigned",
    "list-waiting": "/desk?view=waiting",
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
    """Repeat, workload and figures; a small desk and a large one take turns."""
    product, rows = Product(stack), []
    desks = {"-small": FEW, "": tickets}
    one = {count: asyncio.run(fill(stack, named(count), count, say)) for count in desks.values()}
    for repeat in range(repeats):
        for suffix, count in desks.items():
            with running([server := product.start_desk(named(count))]):
                for workload, path in PAGES.items():
                    asked = times(product, server, path.format(one=one[count]), seconds)
                    rows.append((repeat, workload + suffix, asyncio.run(asked)))
    return rows


def named(count: int) -> str:
    return f"bench_escalations_{count}"


async def fill(stack: Stack, name: str, tickets: int, say: Say) -> int:
    """The number of one of them."""
    contents = f"{FILLED}: {tickets} open tickets, all escalated"
    if await stack.seeded(name, contents):
        return 1
    say(f"filling {tickets:,} open tickets, all escalated")
    connection = await Product(stack)._new_database(name)
    await filling.fill_tickets(connection, tickets, all_open=True)
    await connection.execute("UPDATE people SET roles = '{manager}' WHERE id = 1")
    await connection.execute(OPEN)
    await connection.execute(ENDED)
    await connection.execute("VACUUM ANALYZE escalations")
    await connection.close()
    await stack.mark_seeded(name, contents)
    return 1
