"""Whether the help centre had the answer: what an agent marks when closing.

Of all that is asked, the share that no article answers says what to write next.
"""

from sqlmodel import col, select

from helpdesk.cases.events import record
from helpdesk.desk import Transaction
from helpdesk.help.models import Article, ArticleText
from helpdesk.help.writing.articles import NoSuchArticle

from .commands import NotAllowed
from .models import Ticket, reference
from .queries import hold_ticket, note_reach, staff_audience
from .states import Coverage


async def published_article(tx: Transaction, slug: str) -> Article:
    published = select(ArticleText.article_id).where(col(ArticleText.published_number).is_not(None))
    query = select(Article).where(
        Article.slug == slug, col(Article.archived_at).is_(None), col(Article.id).in_(published)
    )
    if article := (await tx.db.exec(query)).one_or_none():
        return article
    raise NoSuchArticle


async def mark_coverage(
    tx: Transaction, ticket_id: int, coverage: Coverage, slug: str = ""
) -> Ticket:
    """Unique, or covered by the article `slug`. A later mark replaces it; reopening keeps it."""
    if not tx.actor.is_staff:
        raise NotAllowed("Only agents can say whether an article has the answer.")
    case, ticket = await hold_ticket(tx, ticket_id)
    article = await published_article(tx, slug) if coverage == Coverage.COVERED else None
    article_id = article.id if article else None
    if (ticket.coverage, ticket.covered_by_id) == (coverage, article_id):
        return ticket
    ticket.coverage, ticket.covered_by_id = coverage, article_id
    record(
        tx,
        case,
        "ticket.coverage_marked",
        staff_audience(ticket),
        ticket_id=ticket.id,
        reference=reference(ticket.id),
        new=f"covered by {article.slug}" if article else "unique",
        article_id=article_id,
        **note_reach(ticket),
    )
    return ticket
