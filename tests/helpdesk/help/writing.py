"""Articles for tests, written and published by the commands."""

from typing import Any

from sqlmodel import select

from helpdesk.help.models import ArticleText, ArticleVersion
from helpdesk.help.writing import commands
from helpdesk.help.writing.commands import Details, Wording
from helpdesk.permissions import SYSTEM
from tests.people import Cast

BODY = "Withdrawals take two to five working days.\n\n## When it is late\n\nSend us the statement."


def wording(**change: Any) -> Wording:
    given = {"title": "When will my withdrawal arrive?", "summary": "How long it takes."}
    return Wording(**{**given, "keywords": ("payout", "cash out"), "body": BODY, **change})


async def details(cast: Cast, group: str = "PAY", **change: Any) -> Details:
    async with cast.desk.transaction(SYSTEM) as tx:
        categories = await commands.ensure_categories(tx)
    given = {
        "slug": "when-will-my-withdrawal-arrive",
        "category_id": categories["getting-paid"].id,
        "group_id": cast.groups[group].id,
        "type_keys": ("withdrawal_not_received",),
    }
    return Details(**{**given, **change})


async def a_draft(
    cast: Cast, who: str = "pete", group: str = "PAY", *, slug: str = "", **change: Any
) -> ArticleText:
    given = await details(cast, group, **({"slug": slug} if slug else {}))
    async with cast.desk.transaction(await cast.actor(who)) as tx:
        article = await commands.create_article(tx, given, wording(**change))
    return await text_of(cast, article.id)


async def a_review(cast: Cast, who: str = "pete", group: str = "PAY", **given: Any) -> ArticleText:
    text = await a_draft(cast, who, group, **given)
    async with cast.desk.transaction(await cast.actor(who)) as tx:
        await commands.send_to_review(tx, text.id)
    return await text_of(cast, text.article_id)


async def published(cast: Cast, who: str = "pete", group: str = "PAY", **given: Any) -> ArticleText:
    text = await a_review(cast, who, group, **given)
    async with cast.desk.transaction(await cast.actor("max")) as tx:
        await commands.publish_version(tx, text.id)
    return await text_of(cast, text.article_id)


async def text_of(cast: Cast, article_id: int, language: str = "en") -> ArticleText:
    query = select(ArticleText).where(
        ArticleText.article_id == article_id, ArticleText.language == language
    )
    async with cast.desk.reading() as db:
        return (await db.exec(query)).one()


async def versions(cast: Cast, text: ArticleText) -> list[ArticleVersion]:
    query = select(ArticleVersion).where(ArticleVersion.text_id == text.id)
    async with cast.desk.reading() as db:
        found = (await db.exec(query)).all()
    return sorted(found, key=lambda version: version.number)
