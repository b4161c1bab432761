"""Real PostgreSQL and Valkey for the whole run, a real server, and a clean desk per test."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import pytest
from sqlalchemy import text
from sqlmodel import SQLModel

import helpdesk.schema  # noqa: F401
from helpdesk.alerts.commands import alerts_changed
from helpdesk.app import create_app
from helpdesk.core.clock import FrozenClock
from helpdesk.core.services import services
from helpdesk.core.settings import Settings
from helpdesk.desk import Desk, open_desk
from helpdesk.migrations import migrate
from helpdesk.server import guarded_server
from helpdesk.wiring import SUBSCRIBERS

from .people import Cast, settle

# How long an example takes says more about the machine than about the desk.
hypothesis.settings.register_profile("desk", deadline=None)
hypothesis.settings.load_profile("desk")

LEARNED = {"incident watch", "rarity of words", "vectors", "tickets indexed up to",
           "tickets indexed, rest until"}  # fmt: skip
TUESDAY = datetime(2026, 6, 2, 10, tzinfo=UTC)
# One transaction and one round trip, without the checks of foreign keys.
EMPTY = "SET LOCAL session_replication_role = replica;" + ";".join(
    f"DELETE FROM {name}" for name in SQLModel.metadata.tables if name != "catalogue_versions"
)


# Whole files go to whoever is free, the longest first: so that all end together.
LONGEST = ("browser/test_every_page", "triage/routing/test_replay", "helpdesk/test_cli", "browser/",
           "test_fuzz", "test_access", "helpdesk/test_s", "chat/", "helpdesk/evidence")  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        path = item.nodeid.removeprefix("tests/")
        found = (at for at, start in enumerate(LONGEST) if path.startswith(start))
        return next(found, len(LONGEST))

    items.sort(key=place)


def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def settings() -> Iterator[Settings]:
    home = os.environ.get("HELPDESK_TEST_DATA_DIR") or Path(tempfile.gettempdir()) / (
        f"helpdesk-tests-{os.getuid()}"
    )
    port = free_port()
    given = Settings(
        data_dir=Path(home) / os.environ.get("PYTEST_XDIST_WORKER", "alone"),
        port=port,
        public_url=f"http://localhost:{port}",
        secret_key=os.environ.get("HELPDESK_SECRET_KEY", "only-for-tests-0123456789abcdef"),
        test_mode=True,
        smtp_url="",
    )
    with services(given) as running:
        yield running


@pytest.fixture(scope="session")
def the_clock() -> FrozenClock:
    return FrozenClock(TUESDAY)


@pytest.fixture
def clock(the_clock: FrozenClock) -> FrozenClock:
    the_clock.at = TUESDAY
    return the_clock


@pytest.fixture(scope="session")
async def schema(settings: Settings) -> None:
    """From empty by the migrations, as every installation gets it."""
    async with open_desk(settings) as desk, desk.sessions.begin() as db:
        connection = await db.connection()
        await connection.execute(text("DROP SCHEMA public CASCADE"))
        await connection.execute(text("CREATE SCHEMA public"))
    await asyncio.to_thread(migrate, settings.database_url)


@pytest.fixture(scope="session")
async def the_desk(settings: Settings, schema: None, the_clock: FrozenClock) -> AsyncIterator[Desk]:
    async with open_desk(settings, the_clock, frozenset(SUBSCRIBERS)) as desk:
        yield desk


@pytest.fixture
async def desk(the_desk: Desk, clock: FrozenClock) -> Desk:
    """Emptied by DELETE, which on small tables is ten times faster than TRUNCATE."""
    await the_desk.redis.flushdb()
    await the_desk.pool.execute(EMPTY)
    for part, known in list(the_desk.parts.items()):
        # When a sweep last ran, by a clock that stands still; and what was learned from rows.
        if part in LEARNED or isinstance(known, datetime):
            del the_desk.parts[part]
    the_desk.live.deliver([alerts_changed()])  # processes forget the alerts of the test before
    return the_desk


@pytest.fixture(scope="session")
async def site(settings: Settings, the_desk: Desk, the_clock: FrozenClock) -> AsyncIterator[str]:
    """The app on a real socket, with the guards, for pages and websockets alike."""
    server = guarded_server(create_app(settings, the_clock), settings)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.005)
        if serving.done():
            serving.result()
    yield f"http://localhost:{settings.port}"
    server.should_exit = True
    await serving


@pytest.fixture
async def cast(desk: Desk) -> Cast:
    """The people of the stories, their departments and contracts."""
    return await settle(desk)
