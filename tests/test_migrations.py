"""The schema grows by one line of steps, each of which can be taken back."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import asyncpg
import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, pool
from sqlalchemy.ext.asyncio import create_async_engine

from helpdesk.core.services import plain_dsn
from helpdesk.core.settings import Settings
from helpdesk.migrations import at_head, configuration, migrate

NAME = "helpdesk_migrations"
SHAPE = """
SELECT c.table_name, c.column_name, c.data_type, c.is_nullable, c.column_default
FROM information_schema.columns c WHERE c.table_schema = 'public' ORDER BY 1, 2
"""
INDEXES = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1"


@pytest.fixture
async def empty(settings: Settings) -> AsyncIterator[str]:
    """The address of a database with nothing in it."""
    server = await asyncpg.connect(plain_dsn(settings.database_url))
    await server.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")
    await server.execute(f"CREATE DATABASE {NAME} TEMPLATE template0")
    path, mark, options = settings.database_url.partition("?")
    yield path.rpartition("/")[0] + f"/{NAME}" + mark + options
    await server.execute(f"DROP DATABASE {NAME} WITH (FORCE)")
    await server.close()


async def on(url: str, act: Callable[[Connection], Any]) -> Any:
    engine = create_async_engine(url, poolclass=pool.NullPool)
    async with engine.connect() as connection:
        done = await connection.run_sync(act)
        await connection.commit()
    await engine.dispose()
    return done


def alembic(what: Callable[..., Any], *arguments: str) -> Callable[[Connection], Any]:
    def act(connection: Connection) -> Any:
        config = configuration()
        config.attributes["connection"] = connection
        return what(config, *arguments)

    return act


async def shape(url: str) -> list[Any]:
    connection = await asyncpg.connect(plain_dsn(url))
    found = [tuple(row) for query in (SHAPE, INDEXES) for row in await connection.fetch(query)]
    await connection.close()
    return found


def test_there_is_one_line_of_steps() -> None:
    scripts = ScriptDirectory.from_config(configuration())
    assert len(scripts.get_heads()) == 1
    assert len(scripts.get_bases()) == 1
    for step in scripts.walk_revisions():
        assert not step.is_branch_point, step.revision
        assert not step.is_merge_point, step.revision
        assert (step.doc or "").strip(), step.revision


async def test_from_nothing_to_the_newest_without_a_difference_to_the_models(empty: str) -> None:
    await asyncio.to_thread(migrate, empty)
    assert await on(empty, at_head)
    await on(empty, alembic(command.check))  # raises when a model and a table differ
    await asyncio.to_thread(migrate, empty)  # again: nothing to do
    assert await on(empty, at_head)


async def test_the_last_step_can_be_taken_back_and_again(empty: str) -> None:
    await asyncio.to_thread(migrate, empty)
    before = await shape(empty)
    assert before
    await on(empty, alembic(command.downgrade, "-1"))
    assert not await on(empty, at_head)
    assert await shape(empty) != before
    await asyncio.to_thread(migrate, empty)
    assert await shape(empty) == before


async def test_several_who_migrate_at_once_do_it_once(empty: str) -> None:
    await asyncio.gather(*(asyncio.to_thread(migrate, empty) for _ in range(4)))
    assert await on(empty, at_head)
