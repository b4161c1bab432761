"""Signed-in browsers: begun, ended, and told so. The token is in the cookie only."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from sqlmodel import col, delete
from starlette.responses import Response

from helpdesk.core.live import Envelope
from helpdesk.core.settings import Settings
from helpdesk.core.tokens import secret_token
from helpdesk.desk import Desk, Transaction
from helpdesk.identity import LONGEST_SESSION, stored_hash
from helpdesk.security import client_address
from helpdesk.web import WebRequest

from .models import Session

START = """
INSERT INTO sessions (token_hash, person_id, created_at, seen_at, expires_at, device, address)
VALUES ($1, $2, $3, $3, $4, $5, $6)
"""


async def start_session(desk: Desk, person_id: int, device: str = "", address: str = "") -> str:
    """A new session; the answer is what its cookie holds, and is kept nowhere else."""
    token, now = secret_token(), desk.clock.now()
    await desk.pool.execute(
        START,
        stored_hash(token),
        person_id,
        now,
        now + LONGEST_SESSION,
        device[:200],
        address[:64],
    )
    return token


async def sign_in(request: WebRequest, response: Response, person_id: int) -> None:
    """A new session for this browser. The one it had, if any, ends: its token is worth nothing."""
    desk = request.state["desk"]
    token = await start_session(desk, person_id, device_of(request), client_address(request))
    old = request.state["actor"].session_id
    if old is not None:
        async with desk.transaction(request.state["actor"]) as tx:
            await end_session(tx, old)
    give_cookie(response, desk.settings, token)


async def end_session(tx: Transaction, session_id: int, person_id: int | None = None) -> bool:
    """End one; with `person_id` only when it is theirs."""
    statement = delete(Session).where(col(Session.id) == session_id)
    if person_id is not None:
        statement = statement.where(col(Session.person_id) == person_id)
    ended = (await tx.db.exec(statement.returning(col(Session.id)))).all()
    announce(tx, ended)
    return bool(ended)


async def end_sessions(tx: Transaction, person_id: int, keep: int | None = None) -> None:
    """End all of a person's sessions, but perhaps the one they are using."""
    statement = delete(Session).where(col(Session.person_id) == person_id)
    if keep is not None:
        statement = statement.where(col(Session.id) != keep)
    announce(tx, (await tx.db.exec(statement.returning(col(Session.id)))).all())


def announce(tx: Transaction, ended: Iterable[Any]) -> None:
    """Open sockets of these sessions hear of it once it is committed."""
    for row in ended:
        tx.outgoing.append(partial(Envelope, f"session:{row[0]}", 0, {}, {"t": "ended"}))


def give_cookie(response: Response, settings: Settings, token: str) -> None:
    response.set_cookie(
        settings.session_cookie,
        token,
        max_age=int(LONGEST_SESSION.total_seconds()),
        path="/",
        secure=settings.secure_cookies,
        httponly=True,
        samesite="lax",
    )


def take_cookie(response: Response, settings: Settings) -> None:
    response.delete_cookie(
        settings.session_cookie,
        path="/",
        secure=settings.secure_cookies,
        httponly=True,
        samesite="lax",
    )
    if settings.secure_cookies:
        # Drafts and unsent text of this person must not wait for the next one.
        response.headers["Clear-Site-Data"] = '"storage"'


BROWSERS = ("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome")
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def device_of(request: WebRequest) -> str:
    """Enough to know one's own browsers apart: `Firefox on Windows`."""
    agent = request.headers.get("user-agent", "")[:500]
    browsers = (*BROWSERS, ("Safari/", "Safari"))
    browser = next((name for mark, name in browsers if mark in agent), "A program")
    system = next((name for mark, name in SYSTEMS if mark in agent), "")
    return f"{browser} on {system}" if system else browser
