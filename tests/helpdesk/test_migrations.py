"""One line of migrations, which makes exactly the tables that the models describe."""

import asyncio

from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from helpdesk.migrations import at_head, configuration, known_heads, migrate


def test_there_is_one_newest_revision_and_it_is_found_without_alembic():
    heads = ScriptDirectory.from_config(configuration()).get_heads()
    assert known_heads() == set(heads)
    assert len(heads) == 1


async def test_the_models_describe_the_migrated_database(settings, schema):
    def compare(connection: Connection) -> None:
        config = configuration()
        config.attributes["connection"] = connection
        command.check(config)

    engine = create_async_engine(settings.database_url)
    async with engine.connect() as connection:
        assert await connection.run_sync(at_head)
        await connection.rollback()
        await connection.run_sync(compare)
    await engine.dispose()


async def test_several_processes_may_migrate_at_once(settings, schema):
    await asyncio.gather(*[asyncio.to_thread(migrate, settings.database_url) for _ in range(3)])
