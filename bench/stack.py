"""PostgreSQL and Valkey for one run, the databases in them, and the servers under test."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from bench import cpu
from helpdesk.core.services import plain_dsn, services
from helpdesk.core.settings import Settings

ROOT = Path(__file__).resolve().parent.parent


@dataclass
class Stack:
    database_url: str
    redis_url: str
    logs: Path
    postmaster: int | None
    valkey: int | None

    def dsn(self, database: str) -> str:
        scheme = "postgresql"
        return urlsplit(self.database_url)._replace(scheme=scheme, path=f"/{database}").geturl()

    async def create_database(self, name: str) -> None:
        """A new, empty database; one of the same name is dropped."""
        await self._create(
            name,
            "TEMPLATE template0 ENCODING UTF8 LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'",
        )

    async def copy_database(self, source: str) -> str:
        """For workloads that write, so that the original stays as it was filled."""
        await self._create(f"{source}_copy", f'TEMPLATE "{source}" STRATEGY FILE_COPY')
        return f"{source}_copy"

    async def _create(self, name: str, how: str) -> None:
        connection = await asyncpg.connect(self.dsn(urlsplit(self.database_url).path[1:]))
        try:
            await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            await connection.execute(f'CREATE DATABASE "{name}" {how}')
        finally:
            await connection.close()

    async def seeded(self, name: str, contents: str) -> bool:
        """Whether an earlier run left this database, filled with exactly these contents."""
        try:
            connection = await asyncpg.connect(self.dsn(name))
        except asyncpg.InvalidCatalogNameError:
            return False
        try:
            return contents == await connection.fetchval(
                "SELECT shobj_description(oid, 'pg_database') FROM pg_database "
                "WHERE datname = current_database()"
            )
        finally:
            await connection.close()

    async def mark_seeded(self, name: str, contents: str) -> None:
        connection = await asyncpg.connect(self.dsn(name))
        try:
            await connection.execute("VACUUM ANALYZE")
            await connection.execute("CHECKPOINT")
            await connection.execute(f"COMMENT ON DATABASE \"{name}\" IS '{contents}'")
        finally:
            await connection.close()


@contextmanager
def services_running() -> Iterator[Stack]:
    """PostgreSQL and Valkey as the desk itself would start or reach them."""
    with tempfile.TemporaryDirectory(prefix="helpdesk-bench-") as scratch:
        os.environ.setdefault("HELPDESK_DATA_DIR", f"{scratch}/data")
        with services(Settings()) as settings:
            dsn = plain_dsn(settings.database_url)
            postmaster = asyncio.run(cpu.postmaster_pid(dsn))
            valkey = asyncio.run(cpu.valkey_pid(settings.redis_url))
            if not (postmaster and valkey):
                print("PostgreSQL or Valkey is elsewhere: its CPU is not counted.")
            yield Stack(dsn, settings.redis_url, Path(scratch), postmaster, valkey)


IDLE = 0.02  # seconds of CPU in 0.3: nothing is going on


class Server:
    """One process under test, answering on its own port."""

    def __init__(self, name: str, command: list[str], port: int, env: dict[str, str], logs: Path):
        self.name, self.port = name, port
        with (logs / f"{name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *command],
                env={**os.environ, **env},
                cwd=ROOT,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.log = logs / f"{name}.log"

    @property
    def pid(self) -> int:
        return self.process.pid

    def wait(self, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError(f"{self.name} does not answer; its log is {self.log}")

    def settle(self, seconds: float = 15) -> None:
        """Until it has read what it reads when it starts (files of models, for one)."""
        deadline, before = time.monotonic() + seconds, -1.0
        while time.monotonic() < deadline:
            now = cpu.cpu_seconds(self.pid)
            if before >= 0 and now - before <= IDLE:
                return
            before = now
            time.sleep(0.3)

    def stop(self) -> None:
        try:
            os.killpg(self.pid, signal.SIGTERM)
            self.process.wait(10)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            self.kill()

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()


class Meter:
    """CPU seconds of the servers, PostgreSQL and Valkey since it was made."""

    def __init__(self, stack: Stack, servers: list[Server]):
        self.roots = {"server": [server.pid for server in servers]}
        if stack.postmaster:
            self.roots["postgres"] = [stack.postmaster]
        if stack.valkey:
            self.roots["valkey"] = [stack.valkey]
        self.began = self._read()
        self.began_at = time.perf_counter()
        self.own = time.process_time()

    def _read(self) -> dict[str, float]:
        return {part: cpu.cpu_seconds(*roots) for part, roots in self.roots.items()}

    def per_operation(self, operations: int) -> dict[str, float]:
        """Microseconds of CPU for each operation, and operations per second."""
        seconds, own = time.perf_counter() - self.began_at, time.process_time() - self.own
        used = {part: now - self.began[part] for part, now in self._read().items()}
        each = {f"{part}_us": spent / operations * 1e6 for part, spent in used.items()}
        return {
            "operations": operations,
            "rate": operations / seconds,
            "cpu_us": sum(each.values()),
            **each,
            "generator_us": own / operations * 1e6,
        }


@contextmanager
def running(servers: list[Server]) -> Iterator[None]:
    """Until the end of the block; a server may be replaced in the list meanwhile."""
    try:
        for server in servers:
            server.wait()
        for server in servers:
            server.settle()
        yield
    finally:
        for server in servers:
            server.stop()
