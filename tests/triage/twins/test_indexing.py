"""The worker keeps words and vectors of tickets, once, and catches up with what is missing."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlmodel import select

from helpdesk.cases.models import Event
from helpdesk.wiring import SUBSCRIBERS, SWEEPS
from tests.build import a_ticket
from tests.people import Cast
from triage.twins.indexing import index_tickets
from triage.twins.jobs import index_ticket, sweep_unindexed

from .build import TIMER, WITHDRAWAL, forget_words, indexed


@pytest.fixture(autouse=True)
async def nothing_known(cast: Cast) -> AsyncIterator[None]:
    forget_words(cast.desk)
    yield
    forget_words(cast.desk)


async def documents(cast: Cast, term: str) -> int:
    query = "SELECT documents FROM term_counts WHERE term = $1"
    return int(await cast.desk.pool.fetchval(query, term) or 0)


async def test_words_identifiers_and_vectors_of_a_ticket_are_kept(cast: Cast) -> None:
    filed = await indexed(
        cast, "nina", WITHDRAWAL, contract_id=cast.contracts["C-1002"].id,
        answers={"transaction_id": "t-77"}, body="It says ERR_402 since Monday, for C-1002.",
    )  # fmt: skip
    row = await cast.desk.pool.fetchrow("SELECT * FROM ticket_terms")
    assert row["ticket_id"] == filed.ticket_id
    assert {"withdrawal", "#contract:C-1002", "#transaction:T-77"} <= set(row["keys"])
    assert any(key.startswith("#error_code:") for key in row["keys"])
    vector = await cast.desk.pool.fetchrow(
        "SELECT embedder, vector_dims(whole::vector) AS n FROM ticket_vectors"
    )
    assert (vector["embedder"], vector["n"]) == ("minilm-l6-v2-int8", 384)


async def test_however_often_and_by_however_many_it_is_counted_once(cast: Cast) -> None:
    ids = [(await a_ticket(cast, "nina", subject=WITHDRAWAL)).ticket_id for _ in range(4)]
    await asyncio.gather(*(index_tickets(cast.desk, ids) for _ in range(3)))
    await index_tickets(cast.desk, ids[:2])
    assert await documents(cast, "") == 4
    assert await documents(cast, "withdrawal") == 4
    assert await cast.desk.pool.fetchval("SELECT count(*) FROM ticket_vectors") == 4


async def test_a_filed_ticket_is_kept_by_its_job(cast: Cast) -> None:
    assert index_ticket in SUBSCRIBERS["ticket.opened"]
    filed = await a_ticket(cast, "nina", subject=TIMER)
    async with cast.desk.reading() as db:
        query = select(Event.id).where(Event.case_id == filed.case_id, Event.seq == 1)
        event = (await db.exec(query)).one()
    for _ in range(2):
        await index_ticket.run(cast.desk, event)
    assert await documents(cast, "") == 1


async def test_the_sweep_catches_up_and_then_rests(cast: Cast) -> None:
    assert sweep_unindexed in SWEEPS
    for number in range(3):
        await a_ticket(cast, "nina", subject=f"{TIMER}, number {number}")
    done = [await sweep_unindexed(cast.desk) for _ in range(40)]
    assert sum(done) >= 3
    assert done[-1] == 0
    assert await documents(cast, "") == 3


async def test_vectors_of_another_embedder_are_made_again(cast: Cast) -> None:
    await indexed(cast, "nina", TIMER)
    await cast.desk.pool.execute("UPDATE ticket_vectors SET embedder = 'an older one'")
    while await sweep_unindexed(cast.desk):
        pass
    names = await cast.desk.pool.fetch("SELECT embedder FROM ticket_vectors")
    assert [row["embedder"] for row in names] == ["minilm-l6-v2-int8"]
    assert await documents(cast, "") == 1


ODD = [
    "x",
    "12345 67890 !!!",
    "ñandú 日本語 العربية ภาษาไทย हिन्दी",
    "<script>alert(1)</script> &amp; &lt;b&gt;",
    "]] }} {{ %s ' \" ; DROP TABLE tickets",
    "😀" * 50,
    "a" * 120,
    "HTTP 500 error_code_17 0xDEADBEEF",
]


@pytest.mark.parametrize("subject", ODD)
async def test_odd_texts_are_kept_like_any_other(cast: Cast, subject: str) -> None:
    body = (subject + " 2026-06-01 10:00:00 ERROR something failed\n") * (100_000 // 60)
    await indexed(cast, "nina", subject, body[:100_000])
    assert await documents(cast, "") == 1
    assert await cast.desk.pool.fetchval("SELECT count(*) FROM ticket_vectors") == 1
