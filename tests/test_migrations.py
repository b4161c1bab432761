"""The schema grows by one line of steps, each of which can be taken back."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import JSON, Column, Connection, MetaData, pool, select
from sqlalchemy.ext.asyncio import create_async_engine

from helpdesk.core.services import plain_dsn
from helpdesk.core.settings import Settings
from helpdesk.migrations import at_head, configuration, migrate

NAME = "helpdesk_migrations"
NOON = datetime(2026, 6, 2, 12, tzinfo=UTC)
SHAPE = """
SELECT c.table_name, c.column_name, c.data_type, c.is_nullable, c.column_default,
    c.character_maximum_length
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


async def test_a_desk_that_holds_rows_takes_every_step_and_keeps_them(empty: str) -> None:
    steps = list(ScriptDirectory.from_config(configuration()).walk_revisions())
    known: dict[str, dict[str, Any]] = {}
    for step in reversed(steps):
        await on(empty, alembic(command.upgrade, step.revision))
        held = await on(empty, fill)
        assert {name: {**held[name], **row} for name, row in known.items()} == {
            name: held[name] for name in known
        }, step.revision
        known = held
    assert {"people", "tickets", "messages", "drafts"} <= set(known)
    assert await on(empty, at_head)


def fill(connection: Connection) -> dict[str, dict[str, Any]]:
    """Put a row into every table that has none, as the tables are at this step; all rows."""
    schema, held = MetaData(), {}
    schema.reflect(connection)
    for table in schema.sorted_tables:
        if table.name == "alembic_version":
            continue
        if connection.execute(select(table)).first() is None:
            row = {column.name: example(column, held) for column in table.columns if needed(column)}
            connection.execute(table.insert().values(row))
        held[table.name] = dict(connection.execute(select(table)).mappings().one())
    connection.commit()
    return held


def needed(column: Column[Any]) -> bool:
    given = (column.server_default, column.identity, column.computed)
    return not column.nullable and all(each is None for each in given)


def example(column: Column[Any], held: dict[str, dict[str, Any]]) -> Any:
    for key in column.foreign_keys:
        return held[key.column.table.name][key.column.name]
    if isinstance(column.type, JSON):
        return {}
    kind = column.type.python_type
    return {datetime: NOON, date: NOON.date(), UUID: UUID(int=1)}.get(kind) or kind()


async def test_several_who_migrate_at_once_do_it_once(empty: str) -> None:
    await asyncio.gather(*(asyncio.to_thread(migrate, empty) for _ in range(4)))
    assert await on(empty, at_head)
