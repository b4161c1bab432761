"""Embedded PostgreSQL and Valkey: shared, restarted, recovered; and what outside ones need."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest
import redis

from helpdesk.core.places import Account, can_reach
from helpdesk.core.processes import alive
from helpdesk.core.services import ServiceError, database_url, plain_dsn, services
from helpdesk.core.settings import Settings

HOLD = """
import sys, time
from pathlib import Path
from helpdesk.core.services import services
from helpdesk.core.settings import Settings
with services(Settings(data_dir=Path(sys.argv[1]), database_url="", redis_url="")) as running:
    print(running.database_url, running.redis_url, flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def home() -> Iterator[Path]:
    """Short enough for sockets, and where PostgreSQL's own account may go."""
    with tempfile.TemporaryDirectory(prefix="desk-", dir="/tmp") as place:
        Path(place).chmod(0o711)
        yield Path(place) / "data"


def embedded(home: Path, **options: str) -> Settings:
    return Settings(**{"data_dir": home, "database_url": "", "redis_url": "", **options})


def pids(home: Path) -> tuple[int, int]:
    postgres = (home / "postgres" / "postmaster.pid").read_text().splitlines()[0]
    return int(postgres), int((home / "valkey" / "pid").read_text())


def hold(home: Path) -> subprocess.Popen[str]:
    """Another process that uses the servers until it is told to leave."""
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline().startswith("postgresql+asyncpg://")
    return child


def until(true: Callable[[], bool], patience: float = 60) -> None:
    give_up_at = time.monotonic() + patience
    while not true():
        assert time.monotonic() < give_up_at, "waited in vain"
        time.sleep(0.05)


def asked(url: str, query: str) -> object:
    async def ask() -> object:
        connection = await asyncpg.connect(plain_dsn(url))
        try:
            return await connection.fetchval(query)
        finally:
            await connection.close()

    return asyncio.run(ask())


def test_both_servers_answer_and_hold_what_the_desk_needs(home):
    with services(embedded(home)) as running:
        assert str(asked(running.database_url, "SHOW server_version")).startswith("18")
        assert asked(running.database_url, "SHOW synchronous_commit") == "on"
        sorted_names = "SELECT string_agg(n, '' ORDER BY n) FROM unnest('{b,ä,a,B,я}'::text[]) n"
        assert asked(running.database_url, sorted_names) == "Babäя"
        assert asked(running.database_url, "SELECT lower('ÄЯ')") == "äя"
        extensions = "SELECT count(*) FROM pg_available_extensions WHERE name = ANY($$%s$$)"
        assert asked(running.database_url, extensions % "{vector,pg_trgm,unaccent}") == 3
        valkey = redis.Redis.from_url(running.redis_url)
        assert valkey.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert valkey.config_get("appendonly") == {"appendonly": "yes"}
        valkey.close()
        servers = pids(home)
    assert not any(map(still_running, servers))


def still_running(pid: int) -> bool:
    return alive(pid, "postgres") or alive(pid, "valkey")


def test_everything_is_private_and_the_secret_key_stays_the_same(home):
    keys = set()
    for _ in range(2):
        with services(embedded(home)) as running:
            keys.add(running.secret_key)
            assert len(running.secret_key) > 40
    assert len(keys) == 1
    assert (home / "secret_key").stat().st_mode & 0o777 == 0o600
    for name in ("postgres", "run", "valkey", "valkey/run"):
        assert (home / name).stat().st_mode & 0o077 == 0


def test_the_last_to_leave_stops_the_servers_whoever_started_them(home):
    first = hold(home)
    second = hold(home)
    servers = pids(home)
    first.communicate("leave\n")
    assert all(map(still_running, servers))
    second.communicate("leave\n")
    assert not any(map(still_running, servers))


def test_a_killed_process_leaves_servers_that_the_next_one_adopts(home):
    victim = hold(home)
    servers = pids(home)
    victim.kill()
    victim.communicate()
    assert all(map(still_running, servers))
    with services(embedded(home)):
        assert pids(home) == servers
    assert not any(map(still_running, servers))


def test_a_killed_server_is_started_again_and_nothing_committed_is_lost(home):
    with services(embedded(home)) as running:
        asked(running.database_url, "CREATE TABLE kept AS SELECT 7 AS number")
        servers = pids(home)
        for server in servers:
            os.kill(server, signal.SIGKILL)

        def recovered() -> bool:
            try:
                valkey = redis.Redis.from_url(running.redis_url)
                return valkey.ping() and asked(running.database_url, "TABLE kept") == 7
            except (OSError, asyncpg.PostgresError, redis.RedisError):
                return False

        until(recovered)
        assert set(pids(home)).isdisjoint(servers)


def test_killing_everything_is_mended_by_the_next_start(home):
    victim = hold(home)
    servers = pids(home)
    victim.kill()
    victim.communicate()
    for server in servers:
        os.kill(server, signal.SIGKILL)
    until(lambda: not any(map(still_running, servers)))
    (home / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n{home}/postgres\n")
    (home / "valkey" / "pid").write_text(f"{os.getpid()}\n")  # ids used again by somebody else
    with services(embedded(home)) as running:
        assert asked(running.database_url, "SELECT 1") == 1


def test_a_start_killed_half_way_through_leaves_no_half_database(home):
    home.mkdir()
    home.chmod(0o711)
    (home / "postgres.new").mkdir()
    (home / "postgres.new" / "PG_VERSION").write_text("18\n")
    with services(embedded(home)) as running:
        assert asked(running.database_url, "SELECT 1") == 1


def test_a_long_path_gets_its_sockets_elsewhere(home):
    long = home / ("d" * 60) / ("e" * 60)
    with services(embedded(long)) as running:
        assert asked(running.database_url, "SELECT 1") == 1
        sockets = Path(running.redis_url.removeprefix("unix://")).parent
        assert len(str(sockets)) < 80
        assert sockets.stat().st_mode & 0o777 == 0o700
        database_sockets = Path(running.database_url.partition("host=")[2])
    for leftover in (sockets, database_sockets):
        shutil.rmtree(leftover)


def test_a_directory_of_somebody_else_is_not_used_for_sockets(home):
    if os.getuid() != 0:
        pytest.skip("only root can make one")
    home.mkdir()
    home.chmod(0o711)
    (home / "run").mkdir()
    os.chown(home / "run", 12345, 12345)
    with pytest.raises(ServiceError, match="somebody else"), services(embedded(home)):
        pass


def test_who_may_enter_a_directory_is_told_from_its_parents(tmp_path):
    stranger = Account(uid=12345, gid=12345)
    inner = tmp_path / "closed" / "inner"
    inner.mkdir(parents=True)
    (tmp_path / "closed").chmod(0o700)
    assert not can_reach(inner, stranger)
    assert can_reach(inner, Account())


def test_an_outside_database_without_a_secret_key_is_refused_with_advice():
    outside = Settings(database_url="postgres://desk@db/desk", secret_key="")
    with pytest.raises(ServiceError, match="token_urlsafe"), services(outside):
        pass


def test_outside_servers_go_through_the_same_code(home):
    with services(embedded(home)) as own:
        given = own.model_copy(
            update={
                "database_url": plain_dsn(own.database_url),
                "data_dir": home.parent / "other",
            }
        )
        with services(given) as running:
            assert running.database_url == own.database_url
            assert running.redis_url == own.redis_url
            assert asked(running.database_url, "SELECT 1") == 1
        assert not (home.parent / "other" / "postgres").exists()
        assert still_running(pids(home)[0])


@pytest.mark.parametrize(
    "given",
    [
        "postgres://u:p@h:5/d?sslmode=require",
        "postgresql://u:p@h:5/d?sslmode=require",
        "postgresql+asyncpg://u:p@h:5/d?ssl=require",
        "postgresql+psycopg://u:p@h:5/d?sslmode=require",
    ],
)
def test_common_forms_of_a_database_url_are_understood(given):
    assert database_url(given) == "postgresql+asyncpg://u:p@h:5/d?ssl=require"
    assert plain_dsn(given) == "postgresql://u:p@h:5/d?sslmode=require"
