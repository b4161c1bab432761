"""Idempotency-Key: whoever sends a request twice gets the first answer twice."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4, uuid5

from helpdesk.desk import Desk
from helpdesk.permissions import Actor
from helpdesk.web import Problem, WebRequest

LONGEST_KEY = 255
SPACE = UUID("0d9c7a0e-4f3b-5a3e-9a86-3d6f4a0c7b11")

FIND = "SELECT body_hash, status, answer FROM api_answers WHERE person_id = $1 AND key = $2"
# Claimed before anything is done: of two different bodies under one key the first wins.
CLAIM = """
INSERT INTO api_answers (person_id, key, body_hash, status, answer, created_at)
VALUES ($1, $2, $3, 0, '{}', $4)
ON CONFLICT (person_id, key) DO UPDATE SET status = api_answers.status
RETURNING body_hash, status, answer
"""
KEEP = "UPDATE api_answers SET status = $3, answer = $4 WHERE person_id = $1 AND key = $2"
RELEASE = "DELETE FROM api_answers WHERE person_id = $1 AND key = $2 AND status = 0"


@dataclass(frozen=True)
class Once:
    """One request as its sender means it, however often it arrives."""

    desk: Desk
    actor: Actor
    key: str
    body_hash: bytes
    id: UUID  # the same for every repeat; what it makes is made once by this id

    async def first_answer(self) -> dict[str, Any] | None:
        if not self.key:
            return None
        row = await self.desk.pool.fetchrow(FIND, self.actor.id, self.key)
        return self._read(row) if row else None

    async def claim(self) -> dict[str, Any] | None:
        if not self.key:
            return None
        now = self.desk.clock.now()
        row = await self.desk.pool.fetchrow(CLAIM, self.actor.id, self.key, self.body_hash, now)
        return self._read(row)

    async def keep(self, status: int, answer: dict[str, Any]) -> None:
        if self.key:
            await self.desk.pool.execute(KEEP, self.actor.id, self.key, status, answer)

    async def release(self) -> None:
        """Nothing was made: the key may be used again."""
        if self.key:
            await self.desk.pool.execute(RELEASE, self.actor.id, self.key)

    def _read(self, row: Any) -> dict[str, Any] | None:
        if row["body_hash"] != self.body_hash:
            words = "This key was used for another request. Choose a new one."
            raise Problem(422, "Idempotency-Key reused", words, {"Idempotency-Key": words})
        answer: dict[str, Any] | None = row["answer"] if row["status"] else None
        return answer


def once(request: WebRequest, body: bytes) -> Once:
    key = request.headers.get("idempotency-key", "").strip()
    if len(key) > LONGEST_KEY or not key.isascii() or not key.isprintable():
        words = f"Send up to {LONGEST_KEY} printable ASCII characters."
        raise Problem(422, "Bad Idempotency-Key", words, {"Idempotency-Key": words})
    digest = hashlib.sha256(f"{request.method} {request.url.path}\n".encode() + body).digest()
    actor = request.state["actor"]
    id = uuid5(SPACE, f"{actor.id}:{key}") if key else uuid4()
    return Once(request.state["desk"], actor, key, digest, id)


async def answer_once(
    once: Once, act: Callable[[], Awaitable[dict[str, Any]]]
) -> tuple[dict[str, Any], bool]:
    """The answer, and whether it is a repeat. `act` must itself do its work once per `id`."""
    if earlier := await once.claim():
        return earlier, True
    try:
        answer = await act()
    except Exception:
        await once.release()
        raise
    await once.keep(201, answer)
    return answer, False
