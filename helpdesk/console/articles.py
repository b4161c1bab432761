"""Articles at work: put into a reply, and begun from one."""

from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from helpdesk.desk import Desk
from helpdesk.help.finding.search import search_articles
from helpdesk.help.writing.articles import NotAllowed
from helpdesk.help.writing.commands import create_article_from_answer
from helpdesk.permissions import Can
from helpdesk.security import canonical_url
from helpdesk.web import WebRequest, page, redirect, render, transaction

from .closing import ARTICLE, OF_TYPE
from .masking import masked
from .queries import ticket_row
from .ticket import ticket_id, ticket_page

SHOWN = 8
RESTRICTED = "A restricted ticket stays within its department: no article begins with it."
TITLE = """
    SELECT x.title FROM articles a JOIN article_texts x ON x.article_id = a.id
    WHERE a.slug = $1 AND a.archived_at IS NULL AND x.published_number IS NOT NULL
    ORDER BY x.language <> 'en' LIMIT 1"""
# Only what this agent wrote to the requester: neither notes nor what somebody else said.
ANSWER = """
    SELECT body FROM messages WHERE case_id = $1 AND ticket_id = $2 AND author_id = $3
        AND side_id IS NOT NULL AND ($4::bigint IS NULL OR id = $4) ORDER BY id DESC LIMIT 1"""
PEOPLE = """
    SELECT p.name, p.email, p.public_id, c.name AS company
    FROM sides s JOIN people p ON p.id = s.person_id LEFT JOIN companies c ON c.id = p.company_id
    WHERE s.case_id = $1"""


async def pick(request: WebRequest) -> Response:
    """Articles to put into a reply: those of the ticket's type, then those the words find."""
    desk = request.state["desk"]
    words = request.query_params.get("q", "")[:200].replace("\x00", "").strip()
    type_key = request.query_params.get("type", "")[:40].replace("\x00", "")
    if words:
        hits = (await search_articles(desk, words, limit=SHOWN)).hits
        found = [choice(desk, hit.slug, hit.title, hit.answer) for hit in hits]
    else:
        rows = await desk.pool.fetch(OF_TYPE, type_key)
        found = [choice(desk, row["slug"], row["title"]) for row in rows]
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"articles": found})
    return render(request, "console/pick.html", q=words, type_key=type_key, found=found)


def choice(desk: Desk, slug: str, title: str, answer: str = "") -> dict[str, str]:
    url = canonical_url(desk.settings, f"{ARTICLE}{slug}")
    return {"slug": slug, "title": title, "answer": answer, "url": url}


async def with_article(desk: Desk, body: str, slug: str) -> str:
    """Without a script, the article that was chosen stands below what was written."""
    title = await desk.pool.fetchval(TITLE, slug[:100].replace("\x00", "")) if slug else None
    if title is None:
        return body
    return f"{body}\n\n{title}\n{canonical_url(desk.settings, ARTICLE + slug)}"


async def make_article(request: WebRequest) -> Response:
    """An agent's own answer, without what tells whom it was for, as a draft."""
    id = ticket_id(request)
    desk, actor = request.state["desk"], request.state["actor"]
    ticket = await ticket_row(desk, actor, id)
    chosen = str((await request.form()).get("message", ""))
    if ticket["restricted"]:
        return await refused(request, id, RESTRICTED)
    if chosen and not (chosen.isascii() and chosen.isdigit() and len(chosen) < 18):
        raise HTTPException(404)
    number = int(chosen) if chosen else None
    body = await desk.pool.fetchval(ANSWER, ticket["case_id"], id, actor.id, number)
    if body is None:
        if number is not None:
            raise HTTPException(404)
        return await refused(request, id, "You have not answered this ticket yet.")
    names = await names_around(desk, ticket)
    try:
        async with transaction(request) as tx:
            article = await create_article_from_answer(
                tx,
                id,
                masked(ticket["subject"], names),
                masked(body, names),
                ticket["group_id"],
                ticket["type_key"],
            )
    except NotAllowed as reason:
        return await refused(request, id, str(reason))
    return redirect(f"/desk/help/{article.id}")


async def refused(request: WebRequest, id: int, why: str) -> Response:
    return await ticket_page(request, id, 409, {"action": why})


async def names_around(desk: Desk, ticket: Any) -> list[str]:
    """Everybody on the case, whichever side."""
    rows = await desk.pool.fetch(PEOPLE, ticket["case_id"])
    return [word for row in rows for word in row.values() if word]


routes = [
    page("/desk/help/pick", pick, Can.WORK_TICKETS),
    page("/desk/tickets/{ref}/article", make_article, Can.WRITE_ARTICLES, "POST"),
]
