"""`helpdesk doctor`: looks at every part the desk needs and says what to do about faults."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from urllib.parse import urlsplit

import asyncpg
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import create_async_engine

from helpdesk.core.clock import SystemClock
from helpdesk.core.services import ServiceError, plain_dsn, services
from helpdesk.core.settings import Settings
from helpdesk.core.storage import open_storage
from helpdesk.mail.smtp import MailServer, connected
from helpdesk.migrations import at_head
from triage.engine.embedders import choose_embedder
from triage.text.language import is_there as languages_known

OLDEST_POSTGRES = 15
OLDEST_VALKEY = (7, 0)
EXTENSIONS = ("pg_trgm", "unaccent")
LARGEST_SKEW = 2.0  # seconds between our clock and the database's
LEAST_SPACE = 1024**3
SHORTEST_KEY = 32
PATIENCE = 10.0  # seconds for one check
GIGABYTE = 1024**3


class State(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAULT = "fault"


@dataclass(frozen=True)
class Finding:
    state: State
    text: str
    advice: str = ""


Check = Callable[[Settings], Awaitable[Finding]]


def ok(text: str) -> Finding:
    return Finding(State.OK, text)


def warn(text: str, advice: str) -> Finding:
    return Finding(State.WARN, text, advice)


def fault(text: str, advice: str) -> Finding:
    return Finding(State.FAULT, text, advice)


def examine(settings: Settings) -> int:
    """Print a line per part; the answer is the exit code."""
    try:
        with services(settings) as running:
            # What was given matters here, not what was started or made in its place.
            embedded = not settings.database_url
            return asyncio.run(run_checks(running, embedded))
    except ServiceError as error:
        show("services", fault(str(error), "The desk cannot start before this is put right."))
        return 1


async def run_checks(settings: Settings, embedded: bool) -> int:
    checks: dict[str, Check] = {
        "database": check_database,
        "migrations": check_migrations,
        "valkey": check_valkey,
        "storage": check_storage,
        "mail": check_mail,
        "jobs": check_jobs,
        "clock": check_clock,
        "disk": check_disk,
        "secret key": partial(check_secret_key, embedded=embedded),
        "address": check_address,
        "triage": check_triage,
        "languages": check_languages,
    }
    worst = 0
    for name, check in checks.items():
        finding = await find(name, check, settings)
        show(name, finding)
        worst = max(worst, int(finding.state is State.FAULT))
    return worst


async def find(name: str, check: Check, settings: Settings) -> Finding:
    try:
        async with asyncio.timeout(PATIENCE):
            return await check(settings)
    except TimeoutError:
        return fault(f"no answer within {PATIENCE:.0f} s", ADVICE[name])
    except Exception as error:
        return fault(f"{type(error).__name__}: {error}", ADVICE[name])


ADVICE = {
    "database": "See that PostgreSQL runs and that DATABASE_URL is right.",
    "migrations": "Run: helpdesk migrate",
    "valkey": "See that Valkey or Redis runs and that REDIS_URL is right.",
    "storage": "See that HELPDESK_STORAGE_URL names a place this process may write to.",
    "mail": "See that HELPDESK_SMTP_URL is right and that the server is reachable from here.",
    "jobs": "Run: helpdesk migrate",
    "clock": "Keep this machine and the database's on network time (NTP).",
    "disk": "See that HELPDESK_DATA_DIR exists and can be read.",
    "secret key": "Set HELPDESK_SECRET_KEY.",
    "address": "Set HELPDESK_PUBLIC_URL to the address people type.",
    "triage": "Install the program's packages anew.",
    "languages": "Install the program's packages anew.",
}


def show(name: str, finding: Finding) -> None:
    print(f"{finding.state:<6} {name:<11} {finding.text}")
    if finding.advice:
        print(f"{'':18} → {finding.advice}")


async def check_database(settings: Settings) -> Finding:
    connection = await asyncpg.connect(plain_dsn(settings.database_url))
    try:
        version = (await connection.fetchval("SHOW server_version")).split()[0]
        if connection.get_server_version().major < OLDEST_POSTGRES:
            return fault(f"PostgreSQL {version}", f"Use {OLDEST_POSTGRES} or newer.")
        rows = await connection.fetch("SELECT name FROM pg_available_extensions")
        missing = sorted(set(EXTENSIONS) - {row["name"] for row in rows})
        if missing:
            return fault(
                f"PostgreSQL {version} lacks the extensions {', '.join(missing)}",
                "Install postgresql-contrib on the database server.",
            )
        if await connection.fetchval("SHOW synchronous_commit") == "off":
            return fault(
                "synchronous_commit is off: acknowledged messages can be lost",
                "Set synchronous_commit = on.",
            )
        if not await connection.fetchval("SELECT to_regclass('ticket_vectors') IS NOT NULL"):
            return warn(
                f"PostgreSQL {version} without pgvector: tickets are compared by words alone",
                "Install pgvector on the database server, let CREATE EXTENSION vector be run, "
                "then: helpdesk migrate",
            )
        return ok(f"PostgreSQL {version} with {', '.join(EXTENSIONS)}, vector")
    finally:
        await connection.close()


async def check_migrations(settings: Settings) -> Finding:
    engine = create_async_engine(settings.database_url)
    try:
        async with engine.connect() as connection:
            if await connection.run_sync(at_head):
                return ok("the database is at the newest schema")
            return fault("the database's schema is another than this program's", "helpdesk migrate")
    finally:
        await engine.dispose()


async def check_valkey(settings: Settings) -> Finding:
    redis: Redis = Redis.from_url(settings.redis_url)
    try:
        await redis.ping()
        info = await redis.info()
    finally:
        await redis.aclose()
    version = str(info.get("valkey_version") or info["redis_version"])
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST_VALKEY:
        return fault(f"version {version}", "Use Valkey, or Redis 7 or newer.")
    policy = info.get("maxmemory_policy", "noeviction")
    if policy != "noeviction" and int(info.get("maxmemory", 0)):
        return warn(f"version {version} evicts ({policy})", "Set maxmemory-policy noeviction.")
    if not int(info.get("aof_enabled", 0)):
        return warn(
            f"version {version} keeps no append-only file",
            "Set appendonly yes; without it a restart delays follow-up work by some seconds.",
        )
    return ok(f"version {version}, append-only file, no eviction")


async def check_storage(settings: Settings) -> Finding:
    storage = open_storage(settings)
    text = b"helpdesk doctor"

    async def chunks() -> AsyncIterator[bytes]:
        yield text

    stored = await storage.put(chunks())
    read = await storage.read(stored.sha256, 0, len(text))
    await storage.delete(stored.sha256)
    place = settings.storage_url or settings.data_dir / "files"
    if read != text:
        return fault(f"{place} gives back something else", ADVICE["storage"])
    return ok(f"{place}: written, read, deleted")


async def check_mail(settings: Settings) -> Finding:
    if not settings.smtp_url:
        return warn(
            "kept in the local mailbox (/admin/mailbox); nobody receives any",
            "Set HELPDESK_SMTP_URL to send it.",
        )
    server = MailServer.of(settings.smtp_url)
    async with connected(server):
        return ok(f"{server.host}:{server.port} answers")


FAILURES = """
SELECT count(*) FILTER (WHERE given_up_at IS NOT NULL) AS given_up,
    count(*) FILTER (WHERE given_up_at IS NULL) AS waiting
FROM failures
"""


async def check_jobs(settings: Settings) -> Finding:
    connection = await asyncpg.connect(plain_dsn(settings.database_url))
    try:
        row = await connection.fetchrow(FAILURES)
    finally:
        await connection.close()
    if row["given_up"]:
        return fault(
            f"{row['given_up']} given up, {row['waiting']} to be tried again",
            "See which and why: helpdesk jobs. Then: helpdesk jobs retry",
        )
    if row["waiting"]:
        return warn(
            f"{row['waiting']} failed, to be tried again", "Look for job.failed in the log."
        )
    return ok("none has failed")


async def check_clock(settings: Settings) -> Finding:
    clock = SystemClock()
    connection = await asyncpg.connect(plain_dsn(settings.database_url))
    try:
        before = clock.now()
        there = await connection.fetchval("SELECT clock_timestamp()")
        after = clock.now()
    finally:
        await connection.close()
    skew = (there - before - (after - before) / 2).total_seconds()
    if abs(skew) > LARGEST_SKEW:
        return fault(f"the database's clock is {skew:+.1f} s off ours", ADVICE["clock"])
    return ok(f"within {abs(skew):.3f} s of the database's")


async def check_disk(settings: Settings) -> Finding:
    usage = shutil.disk_usage(settings.data_dir)
    text = f"{usage.free / GIGABYTE:.1f} GB free for {settings.data_dir}"
    if usage.free < LEAST_SPACE // 4:
        return fault(text, "Free some space now: a full disk stops the desk.")
    if usage.free < LEAST_SPACE:
        return warn(text, "Free some space, or move HELPDESK_DATA_DIR to a larger disk.")
    return ok(text)


async def check_secret_key(settings: Settings, embedded: bool) -> Finding:
    shortest = min(len(key.strip()) for key in settings.secret_key.split(","))
    if shortest < SHORTEST_KEY:
        return fault(
            f"only {shortest} characters long",
            "Make one: python -c 'import secrets; print(secrets.token_urlsafe(48))'",
        )
    return ok("kept in the data directory" if embedded else "set")


async def check_address(settings: Settings) -> Finding:
    url = urlsplit(settings.public_url)
    if url.scheme not in ("http", "https") or not url.hostname:
        return fault(f"{settings.public_url!r} is no web address", ADVICE["address"])
    if not settings.secure_cookies:
        return fault(
            f"{settings.public_url} is not encrypted",
            "Put a proxy with TLS in front and set HELPDESK_PUBLIC_URL to its https:// address.",
        )
    if settings.test_mode:
        return fault("test mode is on: anybody may set the clock", "Unset HELPDESK_TEST_MODE.")
    return ok(settings.public_url)


async def check_triage(settings: Settings) -> Finding:
    """Nothing waits for it: without an encoder, words alone are compared."""
    choice = await asyncio.to_thread(choose_embedder, settings.triage_embedder)
    name = choice.embedder.name if choice.embedder else "words alone"
    if not choice.steps_back:
        return ok(f"meaning compared by {name}")
    text = f"compares by {name}: " + "; ".join(choice.steps_back)
    return warn(text, ADVICE["triage"]) if settings.triage_embedder != "none" else ok(text)


async def check_languages(settings: Settings) -> Finding:
    """Without the detector tickets are filed as ever, and carry no language."""
    if await asyncio.to_thread(languages_known):
        return ok("told from the text")
    return warn("the language of a ticket is not told", "Install eldc, or leave it so.")
