"""A database that goes away and comes back: what is noticed for nothing, and how it looks."""

from typing import Any

import asyncpg
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine

GONE = (
    ConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.CrashShutdownError,
    asyncpg.PostgresConnectionError,
)


def without_dead_connections(engine: AsyncEngine) -> None:
    """What the server has closed is not handed out. The driver knows: nobody has to be asked."""

    @event.listens_for(engine.sync_engine, "checkout")
    def alive(connection: Any, record: Any, proxy: Any) -> None:
        if connection.driver_connection.is_closed():
            raise DisconnectionError


def is_away(fault: BaseException | None) -> bool:
    """Whether the database did not answer; otherwise something is wrong with the question."""
    while fault is not None:
        if isinstance(fault, GONE):
            return True
        if isinstance(fault, DBAPIError) and fault.connection_invalidated:
            return True
        if isinstance(fault, asyncpg.InterfaceError) and "closed" in str(fault):
            return True
        fault = fault.__cause__
    return False
