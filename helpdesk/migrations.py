"""Bringing a database to the newest schema, and asking whether it is there."""

import asyncio
from functools import cache

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, pool
from sqlalchemy.ext.asyncio import create_async_engine

from helpdesk.core.places import ServiceError
from helpdesk.core.shipped import shipped

SCRIPTS = shipped("alembic")
LOCK = 0x48454C50  # one migration at a time, whoever starts it


def migrate(url: str) -> None:
    """Run every missing migration. Several processes may ask at once: one does the work."""
    asyncio.run(_migrate(url))


async def _migrate(url: str) -> None:
    engine = create_async_engine(url, poolclass=pool.NullPool)
    try:
        async with engine.connect() as lock:
            await lock.exec_driver_sql(f"SELECT pg_advisory_lock({LOCK})")
            await lock.commit()
            # The lock has a connection of its own: migrations may commit as they need.
            async with engine.connect() as connection:
                if not await connection.run_sync(at_head):
                    await connection.rollback()
                    await connection.run_sync(_upgrade)
                    await connection.commit()
    finally:
        await engine.dispose()


def _upgrade(connection: Connection) -> None:
    config = configuration()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as fault:  # a revision that this program does not know
        raise ServiceError(
            f"The database's schema was made by another version of this program: {fault}"
        ) from fault


def at_head(connection: Connection) -> bool:
    """Whether the database has every migration this program knows."""
    context = MigrationContext.configure(connection)
    return set(context.get_current_heads()) == set(known_heads())


@cache
def known_heads() -> tuple[str, ...]:
    return tuple(ScriptDirectory.from_config(configuration()).get_heads())


def configuration() -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    return config
