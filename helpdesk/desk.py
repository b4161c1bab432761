"""The running desk: what a web process, a worker, a command or a test opens once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import asyncpg
import orjson
from arq.connections import ArqRedis
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from helpdesk.core.clock import Clock, ShiftedClock, SystemClock
from helpdesk.core.database import without_dead_connections
from helpdesk.core.live import Envelope, Live
from helpdesk.core.services import plain_dsn
from helpdesk.core.settings import Settings
from helpdesk.core.waking import Waker, connect
from helpdesk.permissions import Actor


@dataclass
class Transaction:
    """One command's unit of work: the session, who is acting, and what time it is."""

    db: AsyncSession
    actor: Actor
    now: datetime
    relayed: frozenset[str] = frozenset()  # event types that somebody waits for
    outgoing: list[Callable[[], Envelope]] = field(default_factory=list)  # sent after commit
    has_work: bool = False  # for the worker


@dataclass(frozen=True)
class Desk:
    settings: Settings
    clock: Clock
    sessions: async_sessionmaker[AsyncSession]
    readers: async_sessionmaker[AsyncSession]
    pool: asyncpg.Pool  # hot paths: prepared statements, one round trip, planned once
    search_pool: asyncpg.Pool  # statements whose best plan depends on the words searched
    redis: ArqRedis
    live: Live
    waker: Waker
    relayed: frozenset[str] = frozenset()
    parts: dict[str, Any] = field(default_factory=dict)  # what rooms keep per process
    # Awaited when a web process is told to stop, while its connections are still open.
    leaving: list[Callable[[], Awaitable[None]]] = field(default_factory=list)

    @asynccontextmanager
    async def transaction(self, actor: Actor) -> AsyncIterator[Transaction]:
        """Commit on a clean exit, then tell whoever watches."""
        async with self.sessions.begin() as session:
            tx = Transaction(session, actor, self.clock.now(), self.relayed)
            yield tx
        self.live.deliver([make() for make in tx.outgoing])
        if tx.has_work:
            self.waker.wake()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        async with self.readers() as session:
            yield session


async def prepare_connection(connection: asyncpg.Connection) -> None:
    for kind in ("json", "jsonb"):
        await connection.set_type_codec(
            kind,
            encoder=lambda value: orjson.dumps(value).decode(),
            decoder=orjson.loads,
            schema="pg_catalog",
        )


async def leave_alone(connection: asyncpg.Connection) -> None:
    """Nothing sets session state on these connections; resetting would double every round trip."""


async def open_pool(settings: Settings, least: int, most: int, planning: str) -> asyncpg.Pool:
    return await asyncpg.create_pool(
        plain_dsn(settings.database_url),
        min_size=least,
        max_size=most,
        init=prepare_connection,
        reset=leave_alone,
        # Where there are vectors, a search looks at this many of them.
        server_settings={"plan_cache_mode": planning, "hnsw.ef_search": "100"},
    )


@asynccontextmanager
async def open_desk(
    settings: Settings, clock: Clock | None = None, relayed: frozenset[str] = frozenset()
) -> AsyncIterator[Desk]:
    """Connect to PostgreSQL and Valkey; both must answer at the settings' URLs."""
    engine = create_async_engine(settings.database_url, pool_size=5, max_overflow=15)
    without_dead_connections(engine)
    autocommit = engine.execution_options(isolation_level="AUTOCOMMIT")
    redis = await connect(settings.redis_url)
    live = Live(redis)
    pool = await open_pool(settings, 2, settings.database_pool, "force_generic_plan")
    search_pool = await open_pool(settings, 0, 4, "force_custom_plan")
    hearing = asyncio.create_task(live.run())
    try:
        yield Desk(
            settings,
            clock or (ShiftedClock() if settings.test_mode else SystemClock()),
            async_sessionmaker(engine, class_=AsyncSession, expire_on_commit=False),
            async_sessionmaker(autocommit, class_=AsyncSession, expire_on_commit=False),
            pool,
            search_pool,
            redis,
            live,
            Waker(redis),
            relayed,
        )
    finally:
        hearing.cancel()
        with suppress(asyncio.CancelledError):
            await hearing
        await live.aclose()
        await pool.close()
        await search_pool.close()
        await engine.dispose()
        await redis.aclose()
