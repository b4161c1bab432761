"""Counting tries in the database, so that a hundred at once, at any process, count as a hundred."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from starlette.exceptions import HTTPException

from helpdesk.core.addresses import neighbourhood
from helpdesk.desk import Desk


@dataclass(frozen=True, slots=True)
class Limit:
    """So many tries in a window of time; the window ends, and nobody is locked out for good."""

    what: str
    tries: int
    window: timedelta


QUARTER = timedelta(minutes=15)
SIGN_IN_ACCOUNT = Limit("sign-in:account", 10, QUARTER)
SIGN_IN_ADDRESS = Limit("sign-in:address", 60, QUARTER)
MAIL_ACCOUNT = Limit("mail:account", 5, QUARTER)  # mails to one address that anybody may ask for
MAIL_ADDRESS = Limit("mail:address", 30, QUARTER)
LINK_ADDRESS = Limit("link:address", 60, QUARTER)  # links that are tried

COUNT = """
INSERT INTO throttles AS t (key, window_start, tries) VALUES ($1, $2, 1)
ON CONFLICT (key) DO UPDATE SET
    tries = CASE WHEN t.window_start <= $3 THEN 1 ELSE t.tries + 1 END,
    window_start = CASE WHEN t.window_start <= $3 THEN $2 ELSE t.window_start END
RETURNING tries, window_start
"""


async def count_try(desk: Desk, limit: Limit, subject: str) -> None:
    """Count one try before it is made; answer 429 when it is one too many."""
    now = desk.clock.now()
    row = await desk.pool.fetchrow(COUNT, key(limit, subject), now, now - limit.window)
    if row["tries"] > limit.tries:
        left = (row["window_start"] + limit.window - now).total_seconds()
        raise too_many(max(1, int(left)))


async def forget_tries(desk: Desk, limit: Limit, subject: str) -> None:
    await desk.pool.execute("DELETE FROM throttles WHERE key = $1", key(limit, subject))


def key(limit: Limit, subject: str) -> str:
    """The table learns neither mail addresses nor networks."""
    return f"{limit.what}:{hashlib.sha256(subject.casefold().encode()).hexdigest()[:32]}"


def too_many(seconds: int) -> HTTPException:
    minutes = -(-seconds // 60)
    wait = "a minute" if minutes == 1 else f"{minutes} minutes"
    return HTTPException(
        429, f"Too many tries. Try again in {wait}.", headers={"Retry-After": str(seconds)}
    )


async def count_sign_in(desk: Desk, email: str, address: str) -> None:
    await count_try(desk, SIGN_IN_ADDRESS, neighbourhood(address))
    await count_try(desk, SIGN_IN_ACCOUNT, email)


async def count_mail(desk: Desk, email: str, address: str) -> None:
    await count_try(desk, MAIL_ADDRESS, neighbourhood(address))
    await count_try(desk, MAIL_ACCOUNT, email)


async def count_link(desk: Desk, address: str) -> None:
    await count_try(desk, LINK_ADDRESS, neighbourhood(address))
