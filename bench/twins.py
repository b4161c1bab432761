"""Suggestions while a subject is typed: to a requester over HTTP, and to an agent who looks for
similar tickets; beside one plain full-text query over the same tickets.

The vectors are those of a few thousand sentences, mixed: as many as there are tickets cannot be
made in a reasonable time, and what a search costs depends on their number and spread alone.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import asyncpg

from bench import filling, words
from bench.figures import percentile
from bench.help import questions
from bench.product import SECRET_KEY, Product
from bench.stack import Meter, Server, Stack, running
from helpdesk.core.services import database_url
from helpdesk.core.settings import Settings
from helpdesk.desk import Desk, open_desk
from helpdesk.people.queries import actor_of
from triage.engine.embedders import choose_embedder
from triage.engine.report import Report
from triage.engine.words import pack, read_report
from triage.twins.candidates import asked_for, search
from triage.twins.indexing import keys_of
from triage.twins.vectors import as_text

FILLED = "1"  # raise when what is filled in changes
SENTENCES = 1_000  # that are really embedded
AT_ONCE = 10_000
CUSTOMERS = 50
Say = Callable[[str], None]
Rows = list[tuple[int, str, dict[str, float]]]
Ask = Callable[[str], Awaitable[object]]

PLAIN = """
SELECT id, subject FROM tickets, websearch_to_tsquery('english', $1) asked
WHERE search @@ asked ORDER BY ts_rank(search, asked) DESC LIMIT 10
"""
MIX = """
INSERT INTO ticket_vectors (ticket_id, embedder, title, whole)
SELECT n, $1, m.v, m.v FROM generate_series($2::int, $3::int) n
JOIN sentences a ON a.id = n % $4 JOIN sentences b ON b.id = n::bigint * 7919 % ($4 - 1)
CROSS JOIN LATERAL (SELECT l2_normalize(a.v + a.v + b.v) AS v) AS m
"""
INDEX = """
CREATE INDEX ix_ticket_vectors_whole ON ticket_vectors USING hnsw (whole halfvec_cosine_ops)
"""


def measure_twins(stack: Stack, tickets: int, repeats: int, seconds: float, say: Say) -> Rows:
    """Repeat, subject and figures; the three take turns."""
    name = f"bench_twins_{tickets}"
    asyncio.run(fill(stack, name, tickets, say))
    product = Product(stack)
    rows: Rows = []
    for repeat in range(repeats):
        rows += [(repeat, *one) for one in asyncio.run(_inside(stack, name, seconds))]
        with running([server := product.start_desk(name)]):
            rows.append((repeat, "helpdesk", asyncio.run(_form(product, server, seconds))))
    return rows


async def fill(stack: Stack, name: str, tickets: int, say: Say) -> None:
    contents = f"{FILLED}: {tickets} tickets with vectors"
    if await stack.seeded(name, contents):
        return
    say(f"filling {tickets:,} tickets with words and vectors")
    connection = await Product(stack)._new_database(name)
    await filling.fill_tickets(connection, tickets)
    say("  words")
    await fill_terms(connection, tickets)
    say("  vectors")
    await fill_vectors(connection, tickets)
    await connection.close()
    await stack.mark_seeded(name, contents)


async def fill_terms(connection: asyncpg.Connection, tickets: int) -> None:
    counts: Counter[str] = Counter({"": tickets})
    now = datetime.now(UTC)

    def rows() -> Iterator[tuple[Any, ...]]:
        for number, subject, body, *_ in words.tickets(tickets):
            terms, identifiers = read_report(Report(subject, body, now))
            keys = keys_of(terms, identifiers)
            counts.update(keys)
            yield number, pack(terms), keys, now

    await connection.execute("DROP INDEX ix_ticket_terms_keys")
    columns = ["ticket_id", "packed", "keys", "made_at"]
    await connection.copy_records_to_table("ticket_terms", records=rows(), columns=columns)
    await connection.execute("CREATE INDEX ix_ticket_terms_keys ON ticket_terms USING gin (keys)")
    columns = ["term", "documents"]
    await connection.copy_records_to_table("term_counts", records=counts.items(), columns=columns)


async def fill_vectors(connection: asyncpg.Connection, tickets: int) -> None:
    embedder = choose_embedder().embedder
    assert embedder is not None
    texts = [f"{subject}\n{body}" for _, subject, body, *_ in words.tickets(SENTENCES)]
    vectors = [(n, as_text(vector)) for n, vector in enumerate(embedder.embed(texts))]
    await connection.execute("CREATE TEMP TABLE sentences (id int PRIMARY KEY, v halfvec(384))")
    await connection.executemany("INSERT INTO sentences VALUES ($1, $2::text::halfvec)", vectors)
    await connection.execute("DROP INDEX ix_ticket_vectors_whole")
    for start in range(1, tickets + 1, AT_ONCE):
        end = min(start + AT_ONCE - 1, tickets)
        await connection.execute(MIX, embedder.name, start, end, SENTENCES)
    await connection.execute("SET maintenance_work_mem = '1GB'")
    await connection.execute(INDEX)


def typed() -> list[str]:
    """Sentences as people type them, whole and half; and subjects of tickets there are."""
    asked = [one.words for one in questions()]
    subjects = [subject for _, subject, *_ in words.tickets(60)]
    return [*asked, *(one[: len(one) // 2] for one in asked), *subjects]


async def _inside(stack: Stack, name: str, seconds: float) -> list[tuple[str, dict[str, float]]]:
    settings = Settings(
        database_url=database_url(stack.dsn(name)), redis_url=stack.redis_url, secret_key=SECRET_KEY
    )
    async with open_desk(settings) as desk:
        agent = await actor_of(desk, 1)
        subjects: dict[str, Ask] = {
            "plain": lambda words: desk.pool.fetch(PLAIN, words),
            "agent": lambda words: similar(desk, agent, words),
        }
        return [(subject, await times(ask, seconds)) for subject, ask in subjects.items()]


async def similar(desk: Desk, agent: Any, words: str) -> object:
    asked = await asked_for(desk, Report(words, "", desk.clock.now()))
    return await search(desk, agent, asked, 5)


async def _form(product: Product, server: Server, seconds: float) -> dict[str, float]:
    browsers = [product.customer(server, number) for number in range(CUSTOMERS)]
    asked = 0

    async def ask(words: str) -> None:
        nonlocal asked
        asked += 1
        what = {"service": "customer_service", "type": "guidance", "subject": words}
        browser = browsers[asked % len(browsers)]  # nobody types this fast
        answer = await browser.get(f"/report/suggestions?{urlencode(what)}")
        assert answer.status == 200, (answer.status, answer.body[:500])

    for one in typed():
        await ask(one)
    asked, meter = 0, Meter(product.stack, [server])
    found = await times(ask, seconds)
    used = meter.per_operation(asked)
    for browser in browsers:
        browser.close()
    return found | used


async def times(ask: Ask, seconds: float) -> dict[str, float]:
    """One after the other, over and over."""
    asked = typed()
    for one in asked:
        await ask(one)  # warm
    taken: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for one in asked:
            began = time.perf_counter()
            await ask(one)
            taken.append(time.perf_counter() - began)
    ordered = sorted(taken)
    return {f"p{p}_ms": percentile(ordered, p) * 1e3 for p in (50, 95, 99)}
