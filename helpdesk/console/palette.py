"""What the palette finds at the desk: tickets, chats and articles, as far as one may see them."""

from typing import Any

from starlette.responses import JSONResponse, Response

from helpdesk.desk import Desk
from helpdesk.help.finding.search import search_articles
from helpdesk.permissions import Actor, Can
from helpdesk.tickets.models import from_reference, reference
from helpdesk.tickets.words import STAFF_STATUS
from helpdesk.web import WebRequest, api

from .queries import search_tickets

LONGEST = 200  # characters
EACH = 6
SHORTEST = 2  # characters, before words are looked for
# Staff see every chat; whoever is being talked to comes first.
CHATS = """
    SELECT c.id, v.name, c.subject, c.status, g.name AS group_name
    FROM conversations c JOIN people v ON v.id = c.visitor_id JOIN groups g ON g.id = c.group_id
    WHERE c.status IN ('waiting', 'active')
        AND (v.name ILIKE $2 OR c.subject ILIKE $2 OR v.public_id = $3)
    ORDER BY c.agent_id = $1 DESC NULLS LAST, c.opened_at LIMIT 6"""
STATUS = {"waiting": "waiting", "active": "in a chat"}


def pattern(words: str) -> str:
    """Anywhere in the text; what is special in a pattern is taken as it is."""
    for special in "\\%_":
        words = words.replace(special, f"\\{special}")
    return f"%{words}%"


async def found(desk: Desk, actor: Actor, words: str) -> list[dict[str, Any]]:
    if len(words) < SHORTEST and from_reference(words) is None:
        return []
    tickets = await search_tickets(desk, actor, words)
    chats = await desk.search_pool.fetch(CHATS, actor.id, pattern(words), words)
    articles = (await search_articles(desk, words, limit=EACH)).hits
    return [
        *(
            {
                "group": "Tickets",
                "icon": "inbox",
                "title": row["subject"],
                "hint": f"{reference(row['id'])} · {STAFF_STATUS[row['status']]}",
                "href": f"/desk/tickets/{reference(row['id'])}",
            }
            for row in tickets[:EACH]
        ),
        *(
            {
                "group": "Chats",
                "icon": "chat",
                "title": f"{row['name']}: {row['subject']}",
                "hint": f"{row['group_name']} · {STATUS[row['status']]}",
                "href": f"/desk/chats/{row['id']}",
            }
            for row in chats
        ),
        *(
            {
                "group": "Articles",
                "icon": "book",
                "title": hit.title,
                "hint": "Help centre",
                "href": f"/help/articles/{hit.slug}",
                "slug": hit.slug,
            }
            for hit in articles
        ),
    ]


async def search(request: WebRequest) -> Response:
    words = request.query_params.get("q", "")[:LONGEST].replace("\x00", "").strip()
    desk, actor = request.state["desk"], request.state["actor"]
    return JSONResponse({"found": await found(desk, actor, words)})


routes = [api("/desk/palette", search, Can.WORK_TICKETS)]
