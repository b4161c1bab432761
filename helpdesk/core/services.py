"""PostgreSQL and Valkey: the configured ones, or embedded ones that are started here.

Everything after this module sees two URLs and cannot tell the difference.
"""

import re
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from fcntl import LOCK_EX, LOCK_NB, LOCK_SH, LOCK_UN, flock
from pathlib import Path
from threading import Event, Thread
from typing import IO, Any

from helpdesk.core.embedded import Postgres, Server, Valkey
from helpdesk.core.places import ServiceError, kept
from helpdesk.core.settings import Settings

__all__ = ["ServiceError", "database_url", "plain_dsn", "services"]

WATCH = 1.0  # seconds between two looks at an embedded server

NO_SECRET_KEY = """\
DATABASE_URL names an outside database, but HELPDESK_SECRET_KEY is not set.
Every process has to sign links and codes with the same key, and the key must outlive them all.
Make one:  python -c 'import secrets; print(secrets.token_urlsafe(48))'
and set it as HELPDESK_SECRET_KEY for every web and worker process."""


@contextmanager
def services(settings: Settings) -> Iterator[Settings]:
    """Yield settings whose two URLs answer and whose secret key is set."""
    if settings.database_url and not settings.secret_key:
        raise ServiceError(NO_SECRET_KEY)
    found: dict[str, Any] = {"database_url": database_url(settings.database_url)}
    with ExitStack() as stack:
        home = settings.data_dir.resolve()
        make_home(home)
        found["data_dir"] = home
        if not settings.database_url:
            found["database_url"] = stack.enter_context(shared(Postgres(home)))
            found["secret_key"] = settings.secret_key or kept(
                home / "secret_key", lambda: secrets.token_urlsafe(48)
            )
        if not settings.redis_url:
            found["redis_url"] = stack.enter_context(shared(Valkey(home)))
        yield settings.model_copy(update=found)


@contextmanager
def shared(server: Server) -> Iterator[str]:
    """Processes share a server: the first starts it, the last stops it.

    Who uses it is told by locks of the kernel, which drops those of a killed process.
    While somebody uses it, a server that dies is started again.
    """
    with (
        open(server.home / f"{server.name}.users", "a") as users,
        open(server.home / f"{server.name}.turn", "a") as turn,
    ):
        with holding(turn):
            url = server.start()
            flock(users, LOCK_SH)
        over = Event()
        watcher = Thread(target=watch, args=(server, over), daemon=True)
        watcher.start()
        try:
            yield url
        finally:
            over.set()
            watcher.join()
            with holding(turn), suppress(BlockingIOError):
                flock(users, LOCK_EX | LOCK_NB)
                server.stop()


def watch(server: Server, over: Event) -> None:
    # A lock belongs to the open file, so this thread opens its own.
    with open(server.home / f"{server.name}.turn", "a") as turn:
        while not over.wait(WATCH):
            if not server.runs():
                with holding(turn), suppress(ServiceError):
                    server.start()


@contextmanager
def holding(lock: IO[str]) -> Iterator[None]:
    flock(lock, LOCK_EX)
    try:
        yield
    finally:
        flock(lock, LOCK_UN)


def make_home(home: Path) -> None:
    if not home.exists():
        home.mkdir(parents=True, exist_ok=True)
        home.chmod(0o711)  # PostgreSQL's own account passes through; what is inside is closed


def database_url(url: str) -> str:
    """The URL as SQLAlchemy wants it, whichever common form was given."""
    url = re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql+asyncpg://", url)
    return re.sub(r"([?&])sslmode=", r"\1ssl=", url)


def plain_dsn(url: str) -> str:
    """The URL as asyncpg itself (and psql) wants it."""
    url = re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql://", url)
    return re.sub(r"([?&])ssl=", r"\1sslmode=", url)
