"""Bringing a database to the newest schema, and asking whether it is there.

Every process asks; only the one that migrates pays for loading alembic.
"""

import asyncio
import re
from functools import cache
from typing import TYPE_CHECKING

from helpdesk.core.places import ServiceError
from helpdesk.core.shipped import shipped

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection

SCRIPTS = shipped("alembic")
LOCK = 0x48454C50  # one migration at a time, whoever starts it
REVISION = re.compile(r'^(down_)?revision: .+ = "(\w+)"$', re.MULTILINE)

# Tables that are there only where PostgreSQL has pgvector. Without it the desk runs, and compares
# tickets by their words alone. They hold nothing that cannot be made again.
VECTOR_TABLES = frozenset({"ticket_vectors"})
MAKE_VECTOR_TABLES = """
DO $$ BEGIN
    IF to_regclass('ticket_vectors') IS NULL
    AND EXISTS (SELECT FROM pg_available_extensions WHERE name = 'vector') THEN
        CREATE EXTENSION IF NOT EXISTS vector;
        CREATE TABLE ticket_vectors (
            ticket_id bigint PRIMARY KEY, embedder varchar(40) NOT NULL,
            title halfvec(384) NOT NULL, whole halfvec(384) NOT NULL);
        CREATE INDEX ix_ticket_vectors_whole ON ticket_vectors
            USING hnsw (whole halfvec_cosine_ops);
    END IF;
EXCEPTION WHEN insufficient_privilege OR undefined_object OR undefined_file THEN
    RAISE WARNING 'pgvector cannot be used: %', SQLERRM;
END $$
"""

HAS_VERSION = "SELECT to_regclass('alembic_version') IS NOT NULL"
VERSIONS = "SELECT version_num FROM alembic_version"


def migrate(url: str) -> None:
    """Run every missing migration. Several processes may ask at once: one does the work."""
    asyncio.run(_migrate(url))


async def _migrate(url: str) -> None:
    from sqlalchemy.ext.asyncio import create_async_engine
    from sqlalchemy.pool import NullPool

    engine = create_async_engine(url, poolclass=NullPool)
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
                await connection.exec_driver_sql(MAKE_VECTOR_TABLES)
                await connection.commit()
    finally:
        await engine.dispose()


def _upgrade(connection: "Connection") -> None:
    from alembic import command
    from alembic.util import CommandError

    config = configuration()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as fault:  # a revision that this program does not know
        raise ServiceError(
            f"The database's schema was made by another version of this program: {fault}"
        ) from fault


def at_head(connection: "Connection") -> bool:
    """Whether the database has every migration this program knows."""
    if not connection.exec_driver_sql(HAS_VERSION).scalar():
        return False
    return set(connection.exec_driver_sql(VERSIONS).scalars()) == known_heads()


@cache
def known_heads() -> frozenset[str]:
    """The newest revisions among the scripts: those no other one builds on."""
    built_on: set[str] = set()
    known: set[str] = set()
    for script in (SCRIPTS / "versions").glob("*.py"):
        for down, revision in REVISION.findall(script.read_text()):
            (built_on if down else known).add(revision)
    return frozenset(known - built_on)


def configuration() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    return config
