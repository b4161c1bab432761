"""The help centre, for everybody: no account and no script needed."""

import hashlib
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from starlette.exceptions import HTTPException
from starlette.responses import Response

from helpdesk.alerts.area import AlertArea, alert_area
from helpdesk.catalogue import queries as catalogue
from helpdesk.core.addresses import neighbourhood
from helpdesk.core.assets import asset
from helpdesk.core.text import BadText, clean_text
from helpdesk.people.throttle import Limit, count_try
from helpdesk.people.visitors import keep_cookie, new_token, visitor_token
from helpdesk.permissions import Can
from helpdesk.security import canonical_url, client_address
from helpdesk.web import WebRequest, page, redirect, render, transaction

from . import feeds
from .finding.search import Found, search_articles
from .finding.searches import note_opened, note_search
from .finding.spelling import words_like
from .finding.typed import LONGEST, take_apart
from .languages import LANGUAGES, direction
from .models import Verdict
from .queries import (
    OURS,
    Reading,
    article_path,
    find_article,
    find_topic,
    most_useful,
    related_to,
    topics,
)
from .readers import language_of, reader_key, reader_of
from .sanitised import shown_html
from .verdicts import COMMENT, Said, give_verdict, said_by

LATELY = timedelta(days=180)
SHOWN = 10
VERDICTS = Limit("help:verdict", 60, timedelta(hours=1))  # from one network
HEADS = {
    Verdict.SOLVED: "Good to know it is solved",
    Verdict.HELPFUL: "Thank you for telling us",
    Verdict.NOT_HELPFUL: "Thank you. Then it needs more work",
}


async def home(request: WebRequest) -> Response:
    """A link that asks, /help?q=…, is a search."""
    if "q" in request.query_params:
        return redirect(f"/help/search?{request.url.query}")
    desk, language = request.state["desk"], language_of(request)
    return public(
        request,
        "help/home.html",
        language=language,
        alert_area=await alert_area(request),
        topics=await topics(desk, language),
        useful=await most_useful(desk, language, desk.clock.now() - LATELY),
        canonical=canonical_url(desk.settings, "/help"),
    )


async def topic(request: WebRequest) -> Response:
    desk, language = request.state["desk"], language_of(request)
    found = await find_topic(desk, request.path_params["key"].replace("\0", ""), language)
    if found is None:
        raise HTTPException(404)
    shown, articles = found
    return public(
        request,
        "help/topic.html",
        language=language,
        alert_area=await alert_area(request, compact=True),
        topic=shown,
        articles=articles,
        canonical=canonical_url(desk.settings, f"/help/topics/{shown.key}"),
    )


async def search(request: WebRequest) -> Response:
    desk, language = request.state["desk"], language_of(request)
    words = request.query_params.get("q", "").replace("\0", " ")
    too_long = len(words) > LONGEST
    shown = words[:LONGEST].strip()
    found = Found([])
    typed = take_apart(shown)
    said = bool(typed.telling)
    alike: list[str] = []
    if said and not too_long:
        found = await search_articles(desk, shown, language, SHOWN)
        await note_search(request, shown, len(found), language)
        if not found.hits:
            telling = [typed.words[place] for place in typed.telling]
            alike = await words_like(desk, language, telling)
    return public(
        request,
        "help/search.html",
        422 if too_long else 200,
        language=language,
        alert_area=await alert_area(request, compact=True),
        q=shown,
        found=found,
        alike=alike,
        said=said,
        too_long=too_long,
        longest=LONGEST,
        topics=[] if found.hits else await topics(desk, language),
    )


async def article(request: WebRequest) -> Response:
    shown = await article_asked(request)
    if shown.archived_at is not None:
        return await gone(request, shown)
    if from_search(request):
        await note_opened(request, shown.id)
    desk = request.state["desk"]
    area = await alert_area(request, compact=True)
    said = await said_by(desk, shown.id, reader_of(request))
    tag = etag_of(request, shown, area, said)
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Cookie, Accept-Language"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(None, 304, headers)
    response = await article_page(request, shown, area, said)
    response.headers.update(headers)
    return response


async def article_asked(request: WebRequest) -> Reading:
    slug = request.path_params["slug"].replace("\0", "")[:100]
    found = await find_article(request.state["desk"], slug, language_of(request))
    if found is None:
        raise HTTPException(404)
    return found


async def article_page(
    request: WebRequest,
    shown: Reading,
    area: AlertArea,
    said: Said | None,
    status: int = 200,
    **more: Any,
) -> Response:
    desk, language = request.state["desk"], language_of(request)
    offered = (await catalogue.current(desk)).catalogue
    types = [type for key in shown.type_keys if (type := offered.type(key)) is not None]
    return public(
        request,
        "help/article.html",
        status,
        language=shown.language,
        alert_area=area,
        article=shown,
        body=shown_html(shown.html),
        related=await related_to(desk, shown, language),
        type=types[0] if types else None,
        canonical=canonical_url(desk.settings, shown.path),
        alternates=[
            (code, canonical_url(desk.settings, article_path(shown.slug, code)))
            for code in shown.languages
        ],
        **verdict_words(said),
        **{"errors": {}, "comment": said.comment if said else "", **more},
    )


def verdict_words(said: Said | None) -> dict[str, Any]:
    return {"said": said, "thanks": HEADS[said.verdict] if said else "", "longest_comment": COMMENT}


async def gone(request: WebRequest, shown: Reading) -> Response:
    """It was here: say so, and what there is instead."""
    desk, language = request.state["desk"], language_of(request)
    return public(
        request,
        "help/gone.html",
        410,
        language=language,
        alert_area=await alert_area(request, compact=True),
        article=shown,
        related=await related_to(desk, shown, language),
    )


async def verdict(request: WebRequest) -> Response:
    """Counted once for each reader, with a cookie for those who have nothing to be known by."""
    shown = await article_asked(request)
    desk, actor = request.state["desk"], request.state["actor"]
    await count_try(desk, VERDICTS, neighbourhood(client_address(request)))
    form = await request.form(max_files=0, max_fields=8)
    errors, comment = {}, str(form.get("comment", ""))
    given = next((one for one in Verdict if one == form.get("verdict")), None)
    if given is None:
        errors["verdict"] = "Choose one of the three answers."
    try:
        comment = clean_text(comment, COMMENT)
    except BadText as fault:
        errors["comment"] = str(fault)
    token = visitor_token(request)
    known = reader_key(actor, token)
    if errors or given is None:
        area, said = await alert_area(request, compact=True), await said_by(desk, shown.id, known)
        return await article_page(
            request, shown, area, said, 422, errors=errors, comment=comment[:COMMENT]
        )
    fresh = "" if known else new_token()
    reader = known or reader_key(actor, fresh)
    assert reader is not None
    if shown.archived_at is None:
        async with transaction(request) as tx:
            await give_verdict(tx, shown.id, reader, given, comment)
    response = redirect(shown.path + "#verdict")
    if fresh:
        keep_cookie(response, desk.settings, fresh)
    return response


def public(request: WebRequest, template: str, status: int = 200, **context: Any) -> Response:
    language = context["language"]
    return render(
        request,
        template,
        status,
        languages=LANGUAGES,
        direction=direction(language),
        tail=f"?{urlencode({'language': language})}" if "language" in request.query_params else "",
        ours=OURS,
        **{"canonical": "", "q": "", **context},
    )


def from_search(request: WebRequest) -> bool:
    came_from = urlsplit(request.headers.get("referer", ""))
    return came_from.netloc == request.url.netloc and came_from.path == "/help/search"


def etag_of(request: WebRequest, shown: Reading, area: AlertArea, said: Said | None) -> str:
    """Changes with everything the page shows, the reader's name and our own files included."""
    actor = request.state["actor"]
    parts = (
        shown.id, shown.language, shown.edition, shown.checked_at, shown.topic_title, shown.owner,
        shown.languages, actor.id, actor.name, actor.time_zone, area.version, area.told, said,
        asset("css/help.css"), language_of(request), request.state["desk"].clock.now().date(),
        [alert.id for alert in area.shown], [alert.id for alert in area.fixed],
    )  # fmt: skip
    return f'"{hashlib.sha256(repr(parts).encode()).hexdigest()[:24]}"'


routes = [
    page("/help", home, can=Can.VISIT),
    page("/help/topics/{key}", topic, can=Can.VISIT),
    page("/help/search", search, can=Can.VISIT),
    page("/help/articles/{slug}", article, can=Can.VISIT),
    page("/help/articles/{slug}/verdict", verdict, can=Can.VISIT, method="POST"),
    page("/help/sitemap.xml", feeds.sitemap, can=Can.VISIT),
    page("/sitemap.xml", feeds.sitemap, can=Can.VISIT),
    page("/robots.txt", feeds.robots, can=Can.VISIT),
]
