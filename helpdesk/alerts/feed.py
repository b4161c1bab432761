"""The Atom feed: what the reader may see, the newest first, with every update of each."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, SubElement, tostring

from starlette.responses import Response

from helpdesk.core.formats import iso, local_time
from helpdesk.desk import Desk
from helpdesk.security import canonical_url
from helpdesk.web import WebRequest

from .area import asking
from .queries import AlertShown, Reader, alerts_now, for_reader, past_alerts, updates_of
from .words import LEVELS, STAGES

ATOM = "http://www.w3.org/2005/Atom"
MOST = 30
SINCE = datetime(2026, 1, 1, tzinfo=UTC)  # of a feed without entries, so that it stays the same


async def feed(request: WebRequest) -> Response:
    """Unchanged since the last visit costs its reader nothing."""
    body = await document(request.state["desk"], asking(request))
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Cookie"}
    known = [part.strip() for part in request.headers.get("if-none-match", "").split(",")]
    if tag in [part.removeprefix("W/") for part in known] or "*" in known:
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/atom+xml")


async def document(desk: Desk, reader: Reader) -> bytes:
    past, _ = await past_alerts(desk, reader, None, MOST)
    found = [*for_reader(await alerts_now(desk), reader), *past]
    found = sorted(found, key=lambda alert: alert.updated_at, reverse=True)[:MOST]
    whole = Element("feed", {"xmlns": ATOM, "xml:lang": "en"})
    put(whole, "id", named(desk, "alerts"))
    put(whole, "title", "Known issues")
    put(whole, "updated", iso(max((a.updated_at for a in found), default=SINCE)))
    author = SubElement(whole, "author")
    put(author, "name", "Helpdesk")
    link(whole, "self", canonical_url(desk.settings, "/alerts/feed.atom"), "application/atom+xml")
    link(whole, "alternate", canonical_url(desk.settings, "/alerts"), "text/html")
    for alert in found:
        add(whole, desk, alert, await words_of(desk, alert))
    text: bytes = tostring(whole, encoding="utf-8", xml_declaration=True)
    return text


async def words_of(desk: Desk, alert: AlertShown) -> Sequence[str]:
    return [
        f"{local_time(update['at'])} UTC, {STAGES[update['stage']]}: {update['body']}"
        for update in reversed(await updates_of(desk, alert.id))
    ]


def add(whole: Element, desk: Desk, alert: AlertShown, words: Sequence[str]) -> None:
    entry = SubElement(whole, "entry")
    put(entry, "id", named(desk, f"alert/{alert.id}"))
    put(entry, "title", f"{LEVELS[alert.level]}: {alert.title}")
    put(entry, "published", iso(alert.starts_at))
    put(entry, "updated", iso(alert.updated_at))
    SubElement(entry, "category", {"term": alert.area or "everything", "label": alert.area_title})
    link(entry, "alternate", canonical_url(desk.settings, f"/alerts/{alert.id}"), "text/html")
    put(entry, "content", "\n\n".join(words)).set("type", "text")


def put(parent: Element, name: str, text: str) -> Element:
    made = SubElement(parent, name)
    made.text = text
    return made


def link(parent: Element, rel: str, href: str, kind: str) -> None:
    SubElement(parent, "link", {"rel": rel, "href": href, "type": kind})


def named(desk: Desk, what: str) -> str:
    """An id that stays when the address of the page changes."""
    return f"tag:{urlsplit(desk.settings.public_url).hostname},2026:{what}"
