"""How alembic runs: on the connection it is given, or on DATABASE_URL, or on the embedded one."""

import asyncio
from typing import Any

from alembic import context
from sqlalchemy import DateTime, Enum, String, pool
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import AutoString
from sqlmodel.sql.sqltypes import UTCDateTime

from helpdesk.core.services import services
from helpdesk.core.settings import Settings
from helpdesk.migrations import VECTOR_TABLES
from helpdesk.schema import metadata

LOCK_TIMEOUT = "4s"  # a migration that waits for a lock makes everybody behind it wait


def plain_type(kind: str, value: Any, autogen_context: Any) -> str | bool:
    """Migrations name SQLAlchemy's own types, so old ones never depend on today's models."""
    if kind == "type" and isinstance(value, Enum):
        return f"sa.String({value.length})"
    if kind == "type" and isinstance(value, AutoString):
        return f"sa.String({value.length or ''})"
    if kind == "type" and isinstance(value, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def same_type(
    context: Any, inspected_column: Any, column: Any, inspected_type: Any, wanted_type: Any
) -> bool | None:
    """What `plain_type` writes down is no difference when it is read back."""
    if isinstance(wanted_type, Enum | AutoString) and isinstance(inspected_type, String):
        return wanted_type.length != inspected_type.length
    if isinstance(wanted_type, UTCDateTime) and isinstance(inspected_type, DateTime):
        return not inspected_type.timezone
    return None


def by_revision(name: str | None, kind: str, parents: Any) -> bool:
    """Tables that need an extension are made beside the revisions."""
    return kind != "table" or name not in VECTOR_TABLES


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_item=plain_type,
        compare_type=same_type,
        include_name=by_revision,
        include_object=lambda thing, name, kind, *_: by_revision(name, kind, None),
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        connection.exec_driver_sql(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
        context.run_migrations()


async def run_on(url: str) -> None:
    engine = create_async_engine(url, poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(run)
        await connection.commit()
    await engine.dispose()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with services(Settings()) as settings:
        asyncio.run(run_on(settings.database_url))
