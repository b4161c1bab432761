"""Who a cookie or an API token belongs to. Asked on every request, so in one round trip."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from helpdesk.core.tokens import hash_token
from helpdesk.desk import Desk
from helpdesk.permissions import ANONYMOUS, STAFF, Actor, Role

STAFF_IDLE = timedelta(hours=12)
IDLE = timedelta(days=30)
LONGEST_SESSION = timedelta(days=90)
SEEN_EVERY = timedelta(minutes=1)
LONGEST_TOKEN = 100  # characters; ours have 43
PATIENCE = 5.0  # seconds for the database

PERSON = """
p.id, p.name, p.email, p.roles, p.company_id, p.language, p.country, p.time_zone,
ARRAY(SELECT m.group_id FROM memberships m WHERE m.person_id = p.id) AS groups
"""
# A site may speak for its users, never for staff.
STAFF_ROLES = ", ".join(f"'{role.value}'" for role in sorted(STAFF))
NO_STAFF_IN_WIDGETS = f"(s.widget_id IS NULL OR NOT p.roles && ARRAY[{STAFF_ROLES}]::text[])"
SESSIONS = f"""
SELECT s.token_hash, s.id AS session_id, s.seen_at, s.expires_at, {PERSON}
FROM sessions s JOIN people p ON p.id = s.person_id
WHERE s.token_hash = ANY($1) AND p.deactivated_at IS NULL AND {NO_STAFF_IN_WIDGETS}
"""
API_TOKEN = f"""
SELECT t.id AS token_id, t.used_at, NULL::bigint AS session_id, {PERSON}
FROM api_tokens t JOIN people p ON p.id = t.person_id
WHERE t.token_hash = $1 AND t.revoked_at IS NULL AND p.deactivated_at IS NULL
"""
BY_ID = f"""
SELECT NULL::bigint AS session_id, {PERSON} FROM people p
WHERE p.id = $1 AND p.deactivated_at IS NULL
"""
SESSION_SEEN = "UPDATE sessions SET seen_at = $2 WHERE id = $1 AND seen_at < $2"
TOKEN_USED = "UPDATE api_tokens SET used_at = $2 WHERE id = $1"

ROLES = {role.value: role for role in Role}


def stored_hash(token: str) -> bytes:
    """As the tables of sessions, links and tokens keep it."""
    return bytes.fromhex(hash_token(token))


def as_actor(row: asyncpg.Record) -> Actor:
    return Actor(
        id=row["id"],
        name=row["name"],
        email=row["email"],
        roles=frozenset(ROLES[role] for role in row["roles"]),
        groups=frozenset(row["groups"]),
        company_id=row["company_id"],
        language=row["language"],
        country=row["country"],
        time_zone=row["time_zone"],
        session_id=row["session_id"],
    )


def is_over(row: Any, now: datetime) -> bool:
    """Whether a session has been idle, or has lasted, for too long."""
    idle = IDLE if STAFF.isdisjoint(row["roles"]) else STAFF_IDLE
    return bool(row["expires_at"] <= now or row["seen_at"] + idle <= now)


class SessionLookup:
    """Requests that arrive while a look-up is under way share the next one."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self.pool = pool
        self.waiting: list[tuple[bytes, asyncio.Future[Any]]] = []
        self.running: asyncio.Task[None] | None = None

    async def find(self, token_hash: bytes) -> Any:
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.waiting.append((token_hash, answer))
        if self.running is None:
            self.running = asyncio.create_task(self.run())
        return await answer

    async def run(self) -> None:
        try:
            while self.waiting:
                batch, self.waiting = self.waiting, []
                await self.answer(batch)
        finally:
            self.running = None

    async def answer(self, batch: list[tuple[bytes, asyncio.Future[Any]]]) -> None:
        wanted = [token_hash for token_hash, _ in batch]
        try:
            rows = await self.pool.fetch(SESSIONS, wanted, timeout=PATIENCE)
        except BaseException as fault:
            for _, answer in batch:
                if not answer.done():
                    answer.set_exception(LookupFailed(type(fault).__name__))
            if not isinstance(fault, Exception):
                raise
            return
        found = {row["token_hash"]: row for row in rows}
        for token_hash, answer in batch:
            if not answer.done():
                answer.set_result(found.get(token_hash))


class LookupFailed(Exception):
    """The database did not say who this is."""


AWAY = (LookupFailed, OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)


def lookup_of(desk: Desk) -> SessionLookup:
    found: SessionLookup | None = desk.parts.get("identity.lookup")
    if found is None:
        found = desk.parts["identity.lookup"] = SessionLookup(desk.pool)
    return found


async def actor_of_session(desk: Desk, token: str, active: bool) -> Actor:
    """Nobody for an unknown or ended session. `active` keeps it from idling out."""
    if not token or len(token) > LONGEST_TOKEN:
        return ANONYMOUS
    row = await lookup_of(desk).find(stored_hash(token))
    now = desk.clock.now()
    if row is None or is_over(row, now):
        return ANONYMOUS
    if active and now - row["seen_at"] >= SEEN_EVERY:
        await desk.pool.execute(SESSION_SEEN, row["session_id"], now)
    return as_actor(row)


def widget_key_of(token: str) -> str:
    """Which widget a frame's token is for."""
    return token.partition(".")[0]


async def actor_of_widget(desk: Desk, token: str, active: bool) -> Actor:
    """Whose frame it is. Such a token opens nothing as a cookie, nor a cookie's here."""
    return await actor_of_session(desk, f"widget:{token}", active) if token else ANONYMOUS


async def actor_of_token(desk: Desk, token: str) -> Actor | None:
    """The owner of an API token, or None when it opens nothing."""
    if not token or len(token) > LONGEST_TOKEN:
        return None
    row = await desk.pool.fetchrow(API_TOKEN, stored_hash(token), timeout=PATIENCE)
    if row is None:
        return None
    now = desk.clock.now()
    if row["used_at"] is None or now - row["used_at"] >= SEEN_EVERY:
        await desk.pool.execute(TOKEN_USED, row["token_id"], now)
    return as_actor(row)


async def actor_of_person(desk: Desk, person_id: int) -> Actor:
    row = await desk.pool.fetchrow(BY_ID, person_id)
    return as_actor(row) if row else ANONYMOUS


async def keep_awake(desk: Desk, actor: Actor) -> None:
    """For sockets: somebody did something (a sent message, not a heartbeat)."""
    if actor.session_id is not None:
        now = desk.clock.now()
        last = desk.parts.setdefault("identity.awake", {})
        if now - last.get(actor.session_id, datetime.min.replace(tzinfo=now.tzinfo)) >= SEEN_EVERY:
            if len(last) > 10_000:
                last.clear()
            last[actor.session_id] = now
            await desk.pool.execute(SESSION_SEEN, actor.session_id, now)


def bearer_of(header: bytes | None) -> str | None:
    """The token of an `Authorization: Bearer` header."""
    if header is None or header[:7].lower() != b"bearer ":
        return None
    return header[7:].strip().decode("latin-1")
