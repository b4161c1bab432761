"""For search engines: which pages there are, and which are not for them."""

from collections import defaultdict
from datetime import datetime
from xml.etree import ElementTree

from starlette.responses import PlainTextResponse, Response

from helpdesk.core.formats import iso
from helpdesk.security import canonical_url
from helpdesk.web import WebRequest

from .queries import article_path, everything, topics

SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
XHTML = "http://www.w3.org/1999/xhtml"
AN_HOUR = {"Cache-Control": "public, max-age=3600"}
PRIVATE = (
    "/help/search", "/desk", "/admin", "/requests", "/report", "/chat", "/account", "/guest",
    "/api", "/evidence", "/uploads", "/rate",
)  # fmt: skip


async def sitemap(request: WebRequest) -> Response:
    desk = request.state["desk"]
    ElementTree.register_namespace("", SITEMAP)
    ElementTree.register_namespace("xhtml", XHTML)
    root = ElementTree.Element(f"{{{SITEMAP}}}urlset")
    add(root, canonical_url(desk.settings, "/help"))
    for topic in await topics(desk, "en"):
        add(root, canonical_url(desk.settings, f"/help/topics/{topic.key}"))
    texts: defaultdict[str, list[tuple[str, datetime]]] = defaultdict(list)
    for slug, language, changed_at in await everything(desk):
        texts[slug].append((language, changed_at))
    for slug, versions in texts.items():
        places = {
            language: canonical_url(desk.settings, article_path(slug, language))
            for language, _ in versions
        }
        for language, changed_at in versions:
            entry = add(root, places[language], changed_at)
            for other, place in places.items() if len(places) > 1 else ():
                link = {"rel": "alternate", "hreflang": other, "href": place}
                ElementTree.SubElement(entry, f"{{{XHTML}}}link", link)
    text = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return Response(text, media_type="application/xml", headers=AN_HOUR)


def add(
    root: ElementTree.Element, place: str, changed_at: datetime | None = None
) -> ElementTree.Element:
    entry = ElementTree.SubElement(root, f"{{{SITEMAP}}}url")
    ElementTree.SubElement(entry, f"{{{SITEMAP}}}loc").text = place
    if changed_at is not None:
        ElementTree.SubElement(entry, f"{{{SITEMAP}}}lastmod").text = iso(changed_at)
    return entry


async def robots(request: WebRequest) -> Response:
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in PRIVATE), "Allow: /help"]
    place = canonical_url(request.state["desk"].settings, "/sitemap.xml")
    return PlainTextResponse("\n".join([*lines, "", f"Sitemap: {place}", ""]), headers=AN_HOUR)
