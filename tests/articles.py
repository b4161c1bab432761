"""Articles for tests, made by running the commands."""

from collections.abc import Sequence

from sqlmodel import select

from helpdesk.desk import Desk
from helpdesk.help.finding.synonyms import ensure_synonyms
from helpdesk.help.finding.vocabulary import look_again
from helpdesk.help.models import Article, ArticleText
from helpdesk.help.writing.commands import (
    Details,
    Wording,
    add_language,
    archive,
    create_article,
    ensure_categories,
    publish_version,
)
from helpdesk.permissions import SYSTEM

BODY = """The money goes back to the card you paid with within five working days.

## When

As soon as the contract has ended and nothing is held.

## Where

On the statement of your bank.

## Never

Never to somebody else's card.
"""


async def publish(
    desk: Desk,
    slug: str = "refunds-to-a-card",
    title: str = "Refunds to a card",
    summary: str = "When money goes back to your card, and how long it takes.",
    body: str = BODY,
    keywords: Sequence[str] = ("money back",),
    types: Sequence[str] = (),
    category: str = "paying",
    related: Sequence[str] = (),
) -> Article:
    async with desk.transaction(SYSTEM) as tx:
        await ensure_synonyms(tx)
        shelf = (await ensure_categories(tx))[category]
        details = Details(slug, shelf.id, None, tuple(types), tuple(related))
        wording = Wording(title, summary, tuple(keywords), body)
        article = await create_article(tx, details, wording)
        text = (
            await tx.db.exec(select(ArticleText).where(ArticleText.article_id == article.id))
        ).one()
        await publish_version(tx, text.id)
    look_again(desk)
    return article


async def publish_in(
    desk: Desk, article: Article, language: str, title: str, summary: str, body: str
) -> None:
    async with desk.transaction(SYSTEM) as tx:
        text = await add_language(tx, article.id, language, Wording(title, summary, (), body))
        await publish_version(tx, text.id)
    look_again(desk)


async def put_away(desk: Desk, article: Article) -> None:
    async with desk.transaction(SYSTEM) as tx:
        await archive(tx, article.id)
    look_again(desk)
