"""The Alert area: what is wrong right now, at the top of every page where somebody seeks help."""

import hashlib
from dataclasses import dataclass
from urllib.parse import urlencode

from helpdesk.core.addresses import own_path
from helpdesk.core.text import BadText, clean_line
from helpdesk.people.visitors import cookie_name, visitor_token
from helpdesk.permissions import Actor
from helpdesk.web import WebRequest, target

from .queries import (
    AlertShown,
    Reader,
    alerts_fixed,
    alerts_now,
    fingerprint,
    for_reader,
    reader_of,
)
from .words import LEVELS, STAGES, TONES

SHOWN = 6
REMEMBERED = 20  # alerts in the cookie


@dataclass(frozen=True)
class AlertArea:
    """Everything `components/alert_area.html` needs. Made without asking the database."""

    shown: tuple[AlertShown, ...]
    more: int
    fixed: tuple[AlertShown, ...]  # what this reader was hit by, solved since yesterday
    told: frozenset[int]  # what this reader said they are hit by
    compact: bool
    next: str  # where a form without scripts comes back to
    source: str  # where a script fetches this again
    version: int

    LEVELS, STAGES, TONES = LEVELS, STAGES, TONES

    @property
    def news(self) -> str:
        """What a change is announced with."""
        if not self.shown:
            return "No known issues."
        first = self.shown[0]
        others = len(self.shown) + self.more - 1
        also = f" And {others} more." if others else ""
        return f"{LEVELS[first.level]}: {first.title}.{also}"


def asking(request: WebRequest) -> Reader:
    """Who asks, with the version of the app that sent them here."""
    try:
        version = clean_line(request.query_params.get("app_version", ""), 40)
    except BadText:
        version = ""
    return reader_of(request.state["actor"], version)


async def alert_area(
    request: WebRequest, compact: bool = False, next: str = "", reader: Reader | None = None
) -> AlertArea:
    desk = request.state["desk"]
    reader = reader or asking(request)
    next = own_path(next or target(request), "/alerts")
    told = told_alerts(request)
    found = for_reader(await alerts_now(desk), reader)
    query = {"next": next, **({"compact": "1"} if compact else {})}
    if reader.app_version:
        query["app_version"] = reader.app_version
    return AlertArea(
        shown=found[:SHOWN],
        more=max(0, len(found) - SHOWN),
        fixed=tuple(a for a in for_reader(await alerts_fixed(desk), reader) if a.id in told),
        told=told,
        compact=compact,
        next=next,
        source=f"/alerts/area?{urlencode(query)}",
        version=await fingerprint(desk),
    )


# Who follows what: the table knows; a cookie saves asking it on every page


def person_key(person_id: int) -> bytes:
    return hashlib.sha256(f"person:{person_id}".encode()).digest()


def visitor_key(token: str) -> bytes:
    return hashlib.sha256(f"visitor:{token}".encode()).digest()


def keys_of(actor: Actor, token: str) -> list[bytes]:
    """Under which this reader may have been counted; the first is theirs now."""
    keys = [person_key(actor.id)] if actor.id else []
    return [*keys, visitor_key(token)] if token else keys


def told_alerts(request: WebRequest) -> frozenset[int]:
    keys = keys_of(request.state["actor"], visitor_token(request))
    given = request.cookies.get(cookie_name(request.state["desk"].settings, "alerts_told"), "")
    whose, _, numbers = given[:400].partition(".")
    if not keys or whose != keys[0].hex()[:16]:
        return frozenset()  # somebody else used this browser
    return frozenset(
        int(number)
        for number in numbers.split("-")
        if number.isascii() and number.isdigit() and len(number) < 19
    )


def told_cookie(key: bytes, told: frozenset[int]) -> str:
    return f"{key.hex()[:16]}.{'-'.join(map(str, sorted(told)[-REMEMBERED:]))}"
