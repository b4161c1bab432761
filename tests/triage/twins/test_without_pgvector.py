"""PostgreSQL without pgvector, and taking it up when it comes later."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from helpdesk.core.settings import Settings
from helpdesk.doctor import State, check_database
from helpdesk.migrations import migrate
from tests.people import Cast
from triage.twins.jobs import sweep_unindexed
from triage.twins.similar import similar_tickets

from .build import WITHDRAWAL, forget_words, indexed


@pytest.fixture
async def no_vectors(cast: Cast, settings: Settings) -> AsyncIterator[None]:
    forget_words(cast.desk)
    await cast.desk.pool.execute("DROP TABLE ticket_vectors")
    yield
    await asyncio.to_thread(migrate, settings.database_url)
    forget_words(cast.desk)


async def test_tickets_are_compared_by_words_and_doctor_says_so(
    cast: Cast, settings: Settings, no_vectors: None
) -> None:
    first = await indexed(cast, "nina", WITHDRAWAL)
    second = await indexed(cast, "finn", WITHDRAWAL)
    similar = await similar_tickets(cast.desk, await cast.actor("amy"), first.ticket_id)
    assert [one.ticket_id for one in similar] == [second.ticket_id]
    finding = await check_database(settings)
    assert finding.state is State.WARN
    assert "without pgvector" in finding.text


async def test_migrate_makes_the_table_when_it_can_and_the_worker_fills_it(
    cast: Cast, settings: Settings, no_vectors: None
) -> None:
    await indexed(cast, "nina", WITHDRAWAL)
    await asyncio.to_thread(migrate, settings.database_url)
    forget_words(cast.desk)
    while await sweep_unindexed(cast.desk):
        pass
    assert await cast.desk.pool.fetchval("SELECT count(*) FROM ticket_vectors") == 1
    assert (await check_database(settings)).state is not State.WARN
