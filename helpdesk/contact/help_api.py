"""The help centre for programs: searching it, and what a report form may suggest."""

from typing import Any

from starlette.responses import JSONResponse, Response

from helpdesk.alerts.area import asking
from helpdesk.alerts.queries import AlertShown, alerts_now, for_reader, matching
from helpdesk.catalogue import queries as catalogue
from helpdesk.core.formats import iso
from helpdesk.help.finding.highlights import Piece
from helpdesk.help.finding.search import Hit, search_articles, suggest
from helpdesk.help.finding.searches import note_search
from helpdesk.help.finding.typed import LONGEST, take_apart
from helpdesk.help.readers import language_of
from helpdesk.permissions import Can
from helpdesk.security import canonical_url
from helpdesk.web import Problem, WebRequest, api

MOST = 20
SUGGESTED = 3


async def suggest_articles(request: WebRequest) -> Response:
    """Known issues first, then articles: what the report form shows."""
    desk = request.state["desk"]
    asked = request.query_params
    type_key, errors = asked.get("type", ""), {}
    if type_key and (await catalogue.current(desk)).catalogue.type(type_key) is None:
        errors["type"] = "The key of a ticket type, as in the catalogue."
    words = words_asked(request, errors, needed=not type_key)
    limit = limit_asked(request, errors, SUGGESTED)
    refuse(errors)
    open_alerts = for_reader(await alerts_now(desk), asking(request))
    hits = await suggest(desk, words, type_key, language_of(request), limit)
    await note_search(request, words, len(hits), language_of(request), "api")
    return JSONResponse(
        {
            "q": words,
            "type": type_key,
            "alerts": [
                alert_shown(request, alert) for alert in matching(open_alerts, words, type_key)
            ],
            "articles": [article_shown(request, hit) for hit in hits],
        }
    )


async def search(request: WebRequest) -> Response:
    errors: dict[str, str] = {}
    words = words_asked(request, errors)
    limit = limit_asked(request, errors, 10)
    refuse(errors)
    language = language_of(request)
    found = await search_articles(request.state["desk"], words, language, limit)
    await note_search(request, words, len(found), language, "api")
    return JSONResponse(
        {
            "q": words,
            "corrected": found.corrected_words,
            "articles": [article_shown(request, hit) for hit in found.hits],
        }
    )


def words_asked(request: WebRequest, errors: dict[str, str], needed: bool = True) -> str:
    words = request.query_params.get("q", "")
    if len(words) > LONGEST:
        errors["q"] = f"Use {LONGEST} characters or fewer."
    elif "\0" in words:
        errors["q"] = "This holds a NUL character, which is not text."
    elif needed and not words.strip():
        errors["q"] = "Say what to look for."
    elif needed and not take_apart(words).telling:
        errors["q"] = "There is no word in this to look for."
    return words.strip()


def limit_asked(request: WebRequest, errors: dict[str, str], usual: int) -> int:
    text = request.query_params.get("limit", str(usual))
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= MOST):
        errors["limit"] = f"A number from 1 to {MOST}."
        return usual
    return int(text)


def refuse(errors: dict[str, str]) -> None:
    if errors:
        raise Problem(422, "Some parameters need another look", errors=errors)


def article_shown(request: WebRequest, hit: Hit) -> dict[str, Any]:
    return {
        "slug": hit.slug,
        "title": hit.title,
        "summary": hit.summary,
        "answer": hit.answer,
        "why": hit.why,
        "score": hit.score,
        "language": hit.language,
        "url": canonical_url(request.state["desk"].settings, hit.path),
        "highlights": {name: found_in(pieces) for name, pieces in hit.highlights.items()},
    }


def found_in(pieces: tuple[Piece, ...]) -> list[tuple[int, int]]:
    """Where found words begin and end, in characters of the plain text."""
    spans, at = [], 0
    for piece in pieces:
        if piece.found:
            spans.append((at, at + len(piece.text)))
        at += len(piece.text)
    return spans


def alert_shown(request: WebRequest, alert: AlertShown) -> dict[str, Any]:
    return {
        "id": alert.id,
        "title": alert.title,
        "area": alert.area,
        "level": alert.level,
        "stage": alert.stage,
        "text": alert.latest,
        "starts_at": iso(alert.starts_at),
        "updated_at": iso(alert.updated_at),
        "url": canonical_url(request.state["desk"].settings, f"/alerts/{alert.id}"),
    }


routes = [
    api("/api/v1/help/suggest", suggest_articles, can=Can.VISIT),
    api("/api/v1/help/search", search, can=Can.VISIT),
]
