"""Knowing a browser again whose owner has not signed in: its drafts, what it said it is hit by."""

from datetime import timedelta

from starlette.responses import Response

from helpdesk.core.settings import Settings
from helpdesk.core.tokens import secret_token
from helpdesk.web import WebRequest

KEPT_FOR = timedelta(days=30)


def cookie_name(settings: Settings, name: str = "visitor") -> str:
    return f"__Host-{name}" if settings.secure_cookies else name


def visitor_token(request: WebRequest) -> str:
    """The browser's own key; empty when it has none yet."""
    token = request.cookies.get(cookie_name(request.state["desk"].settings), "")
    return token if 20 <= len(token) <= 100 and token.isascii() else ""


def new_token() -> str:
    return secret_token()


def keep_cookie(response: Response, settings: Settings, value: str, name: str = "visitor") -> None:
    response.set_cookie(
        cookie_name(settings, name),
        value,
        max_age=int(KEPT_FOR.total_seconds()),
        httponly=True,
        secure=settings.secure_cookies,
        samesite="lax",
    )
