"""What was searched, so that somebody can write what was not found. Nobody's name is kept.

As somebody types, every pause is a search. Only the last of them counts: for some minutes Valkey
knows which row belongs to which reader, and a longer text of the same search replaces the shorter.
"""

from itertools import takewhile

import orjson
from redis.exceptions import RedisError

from helpdesk.core.addresses import neighbourhood
from helpdesk.core.buses import SLOT
from helpdesk.desk import Desk
from helpdesk.help.readers import is_robot, passing_key
from helpdesk.security import client_address
from helpdesk.web import WebRequest

KEPT_FOR = 600  # seconds
MOST = 300  # rows that one network may make in an hour
HOUR = 3600
LONGEST = 200

ADD = """
INSERT INTO help_searches (words, language, place, found, at) VALUES ($1, $2, $3, $4, $5)
RETURNING id
"""
REPLACE = """
UPDATE help_searches SET words = $2, found = $3, at = $4 WHERE id = $1 AND opened_id IS NULL
RETURNING id
"""
OPENED = "UPDATE help_searches SET opened_id = $2 WHERE id = $1 AND opened_id IS NULL"


async def note_search(
    request: WebRequest, words: str, found: int, language: str = "en", place: str = "help"
) -> None:
    words = words.strip()[:LONGEST]
    if not words or is_robot(request):
        return
    desk = request.state["desk"]
    key = f"{SLOT}help:search:{place}:{passing_key(request)}"
    try:
        earlier = await earlier_search(desk, key)
        if earlier is not None and words == earlier[1][: len(words)]:
            return  # looked at again, or being deleted
        id = await replaced(desk, earlier, words, found) if earlier else None
        if id is None:
            if await is_too_much(request):
                return
            now = desk.clock.now()
            id = await desk.pool.fetchval(ADD, words, language, place, found, now)
        await desk.redis.set(key, orjson.dumps([id, words]), ex=KEPT_FOR)
    except (RedisError, OSError):
        return  # finding goes on without counting


async def note_opened(request: WebRequest, article_id: int, place: str = "help") -> None:
    """The reader came from their last search to this article."""
    desk = request.state["desk"]
    try:
        key = f"{SLOT}help:search:{place}:{passing_key(request)}"
        earlier = await earlier_search(desk, key)
    except (RedisError, OSError):
        return
    if earlier is not None:
        await desk.pool.execute(OPENED, earlier[0], article_id)


async def earlier_search(desk: Desk, key: str) -> tuple[int, str] | None:
    kept = await desk.redis.get(key)
    if kept is None:
        return None
    id, words = orjson.loads(kept)
    return id, words


async def replaced(desk: Desk, earlier: tuple[int, str], words: str, found: int) -> int | None:
    """The row of the same search, now with more of its words; None when it is another search."""
    id, before = earlier
    letters = zip(before.lower(), words.lower(), strict=False)
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], letters))
    if same < len(before) and (same < 3 or same < 0.6 * min(len(before), len(words))):
        return None
    kept: int | None = await desk.pool.fetchval(REPLACE, id, words, found, desk.clock.now())
    return kept


async def is_too_much(request: WebRequest) -> bool:
    redis = request.state["desk"].redis
    key = f"{SLOT}help:searches:{neighbourhood(client_address(request))}"
    count: int = await redis.incr(key)
    if count == 1:
        await redis.expire(key, HOUR)
    return count > MOST
