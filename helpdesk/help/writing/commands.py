"""Everything that changes an article: writing, review, publishing, and keeping it right."""

import asyncio
from collections.abc import Collection
from dataclasses import replace

from sqlalchemy import any_, literal
from sqlmodel import col, select

from helpdesk.core.text import clean_line
from helpdesk.desk import Transaction
from helpdesk.help.finding.indexing import index_article, index_texts
from helpdesk.help.models import Article, ArticleImage, ArticleText, ArticleVersion, VersionState
from helpdesk.help.wording import LONGEST_SLUG, slug_of
from helpdesk.people.models import Person
from helpdesk.permissions import Can, allowed

from . import letters
from .articles import (
    Conflict,
    Details,
    DetailsConflict,
    NoSuchArticle,
    NotAllowed,
    SlugTaken,
    Wording,
    details_of,
    hold_article,
    hold_text,
    latest_version,
    owns,
    published_version,
    why_not_publish,
    wording_of,
    working_version,
)
from .categories import ensure_categories
from .markdown import clean_body, image_addresses, render_markdown

__all__ = [
    "Conflict", "Details", "DetailsConflict", "NoSuchArticle", "NotAllowed", "SlugTaken", "Wording",
    "add_language", "archive", "change_details", "check_article", "create_article",
    "create_article_from_answer", "ensure_categories", "free_slug", "give_up", "publish_version",
    "save_version", "send_back", "send_to_review", "unarchive",
]  # fmt: skip

TITLE, SUMMARY, KEYWORD, CHANGE, REVIEW_NOTE = 120, 400, 60, 200, 1_000
MOST_KEYWORDS = 60


async def create_article(
    tx: Transaction,
    details: Details,
    wording: Wording,
    language: str = "en",
    from_ticket_id: int | None = None,
) -> Article:
    """A new article with one language, as a draft."""
    check_writer(tx)
    await check_slug(tx, details.slug)
    article = Article(
        slug=details.slug,
        category_id=details.category_id,
        author_id=tx.actor.id or None,
        created_at=tx.now,
        checked_at=tx.now,
        from_ticket_id=from_ticket_id,
    )
    take_over(article, details)
    tx.db.add(article)
    await tx.db.flush()
    await add_language(tx, article.id, language, wording)
    return article


async def add_language(
    tx: Transaction, article_id: int, language: str, wording: Wording
) -> ArticleText:
    """A language the article was not written in yet. Two at once: the second is told so."""
    check_writer(tx)
    article = await hold_article(tx, article_id)
    query = select(ArticleText).where(
        ArticleText.article_id == article.id, ArticleText.language == language
    )
    if (await tx.db.exec(query)).one_or_none() is not None:
        raise NotAllowed("This article has a version in this language already. Open that one.")
    text = ArticleText(article_id=article.id, language=language)
    tx.db.add(text)
    await tx.db.flush()
    await save_version(tx, text.id, 0, wording)
    return text


async def save_version(
    tx: Transaction, text_id: int, edition: int, wording: Wording
) -> ArticleVersion:
    """Save the draft that is being worked on, or begin one. What was in review is a draft again.

    Raises Conflict when the text is not at `edition` any more and says something else.
    """
    check_writer(tx)
    wording = await tidied(wording)
    article, text = await hold_text(tx, text_id)
    if article.archived_at is not None:
        raise NotAllowed("This article is archived. Take it out of the archive first.")
    last = await latest_version(tx, text_id)
    if last is not None and last.state != VersionState.REPLACED and same_words(last, wording):
        return last  # nothing new, or the same sent twice
    if text.edition != edition:
        raise Conflict(wording_of(last) if last else Wording(""), text.edition)
    if last is None or last.state not in (VersionState.DRAFT, VersionState.REVIEW):
        last = ArticleVersion(
            text_id=text_id,
            number=last.number + 1 if last else 1,
            title="",
            created_at=tx.now,
            updated_at=tx.now,
        )
    last.state = VersionState.DRAFT
    last.title, last.summary, last.body = wording.title, wording.summary, wording.body
    last.keywords, last.change = list(wording.keywords), wording.change
    last.author_id, last.updated_at = tx.actor.id or None, tx.now
    text.edition += 1
    tx.db.add(last)
    await tx.db.flush()
    return last


async def change_details(
    tx: Transaction, article_id: int, edition: int, details: Details
) -> Article:
    """What holds at once for every language. Of a published article, only by who answers for it."""
    check_writer(tx)
    article = await hold_article(tx, article_id)
    now = details_of(article)
    if details == now:
        return article
    if article.edition != edition:
        raise DetailsConflict(now, article.edition)
    published = await is_published(tx, article.id)
    if published and not owns(tx.actor, article.group_id):
        raise NotAllowed(
            "Only the department that owns this article, or a manager, can change its details: "
            "they hold at once."
        )
    if details.group_id != article.group_id and not owns(tx.actor, article.group_id):
        raise NotAllowed("Only the department that owns this article can give it to another.")
    if details.slug != article.slug:
        if published:
            raise NotAllowed("This article was published. Its address stays as it is.")
        await check_slug(tx, details.slug)
    take_over(article, details)
    article.edition += 1
    await tx.db.flush()
    if published:
        await index_article(tx, article.id)
    return article


async def send_to_review(tx: Transaction, text_id: int, edition: int | None = None) -> None:
    check_writer(tx)
    _, text = await hold_text(tx, text_id)
    version = await working_version(tx, text_id)
    check_unchanged(text, version, edition)
    if version is None or version.state != VersionState.DRAFT:
        raise NotAllowed("There is no draft to send to review.")
    if not version.body.strip() or not version.summary:
        raise NotAllowed("Write a summary and the text first: readers see both.")
    version.state = VersionState.REVIEW
    version.reviewer_id, version.review_note = None, ""
    version.updated_at = tx.now
    text.edition += 1


async def give_up(tx: Transaction, text_id: int, edition: int) -> None:
    """The draft is not wanted any more. It stays among the versions."""
    check_writer(tx)
    _, text = await hold_text(tx, text_id)
    version = await working_version(tx, text_id)
    check_unchanged(text, version, edition)
    if version is None:
        raise NotAllowed("There is no draft any more.")
    version.state, version.updated_at = VersionState.REPLACED, tx.now
    text.edition += 1


async def send_back(tx: Transaction, text_id: int, note: str) -> None:
    """The reviewer asks for changes. The author is told by mail, and reads it in the editor."""
    check_writer(tx)
    article, text = await hold_text(tx, text_id)
    version = await working_version(tx, text_id)
    if version is None or version.state != VersionState.REVIEW:
        raise NotAllowed("This is not in review any more.")
    version.state = VersionState.DRAFT
    version.reviewer_id, version.review_note = tx.actor.id or None, note
    version.updated_at = tx.now
    text.edition += 1
    author = await tx.db.get(Person, version.author_id) if version.author_id else None
    if author is not None and author.id != tx.actor.id:
        await letters.sent_back(tx, author, article, version)


async def publish_version(
    tx: Transaction, text_id: int, edition: int | None = None
) -> ArticleVersion:
    """What was in review is what readers see from now on; `edition` is what the publisher read."""
    article, text = await hold_text(tx, text_id)
    version = await working_version(tx, text_id)
    check_unchanged(text, version, edition)
    if version is None:
        raise NotAllowed("There is nothing new to publish.")
    if article.archived_at is not None:
        raise NotAllowed("This article is archived. Take it out of the archive first.")
    reason = why_not_publish(tx.actor, article.group_id, version.author_id, version.state)
    if reason:
        raise NotAllowed(reason)
    before = await published_version(tx, text_id)
    if before is not None:
        before.state = VersionState.REPLACED
        await tx.db.flush()
    version.state, version.published_at = VersionState.PUBLISHED, tx.now
    version.reviewer_id, version.review_note = tx.actor.id or None, ""
    sizes = await sizes_of(tx, version.body)
    rendered = await asyncio.to_thread(render_markdown, version.body, sizes)
    text.title, text.summary, text.keywords = version.title, version.summary, version.keywords
    text.html, text.plain = rendered.html, rendered.plain
    text.published_number, text.published_at = version.number, tx.now
    text.edition += 1
    article.checked_at, article.reminded_at = tx.now, None
    await index_texts(tx, [text.id])
    return version


async def check_article(tx: Transaction, article_id: int) -> Article:
    """Somebody read it again, and it is still right."""
    check_writer(tx)
    article = await hold_article(tx, article_id)
    if not await is_published(tx, article.id):
        raise NotAllowed("This article was not published yet.")
    article.checked_at, article.reminded_at = tx.now, None
    return article


async def archive(tx: Transaction, article_id: int) -> Article:
    """Readers and search do not find it any more; nothing is deleted."""
    article = await hold_article(tx, article_id)
    if not owns(tx.actor, article.group_id):
        raise NotAllowed("Only the department that owns this article, or a manager, archives it.")
    article.archived_at = article.archived_at or tx.now
    await index_article_now(tx, article)
    return article


async def unarchive(tx: Transaction, article_id: int) -> Article:
    article = await hold_article(tx, article_id)
    if not owns(tx.actor, article.group_id):
        raise NotAllowed("Only the department that owns this article, or a manager, restores it.")
    article.archived_at = None
    await index_article_now(tx, article)
    return article


async def create_article_from_answer(
    tx: Transaction, ticket_id: int, title: str, body: str, group_id: int | None, type_key: str
) -> Article:
    """A draft that begins as the answer to a ticket, among articles for the same type."""
    check_writer(tx)
    categories = await ensure_categories(tx)
    kin = (
        select(Article.category_id)
        .where(literal(type_key) == any_(col(Article.type_keys)))
        .limit(1)
    )
    category_id = (await tx.db.exec(kin)).one_or_none() or categories["contact"].id
    title = clean_line(title[:TITLE], TITLE) or "Answer without a title"
    details = Details(
        await free_slug(tx, title),
        category_id,
        group_id,
        type_keys=(type_key,) if type_key else (),
    )
    change = "Begun from the answer to a ticket."
    return await create_article(
        tx, details, Wording(title, body=clean_body(body), change=change), "en", ticket_id
    )


async def free_slug(tx: Transaction, wanted: str) -> str:
    """The words as an address, with a number when another article has it."""
    slug = slug_of(wanted)
    slug = slug if slug.isascii() and slug else "article"
    query = select(Article.slug).where(col(Article.slug).startswith(slug, autoescape=True))
    taken: Collection[str] = set((await tx.db.exec(query)).all())
    if slug not in taken:
        return slug
    return next(
        numbered
        for number in range(2, len(taken) + 3)
        if (numbered := f"{slug[: LONGEST_SLUG - 5]}-{number}") not in taken
    )


def check_writer(tx: Transaction) -> None:
    if not allowed(tx.actor, Can.WRITE_ARTICLES):
        raise NotAllowed("Only people who work at the desk can write articles.")


async def check_slug(tx: Transaction, slug: str) -> None:
    if (await tx.db.exec(select(Article.id).where(Article.slug == slug))).first() is not None:
        raise SlugTaken(slug)


def check_unchanged(text: ArticleText, version: ArticleVersion | None, edition: int | None) -> None:
    """Nobody sends on, or publishes, other words than those they read."""
    if edition is not None and edition != text.edition:
        raise Conflict(wording_of(version) if version else Wording(""), text.edition)


async def tidied(wording: Wording) -> Wording:
    """Fit to be stored and to be shown, whoever calls. Raises BadText."""
    body = clean_body(wording.body)
    await asyncio.to_thread(render_markdown, body)
    return Wording(
        clean_line(wording.title, TITLE),
        clean_line(wording.summary, SUMMARY),
        tuple(dict.fromkeys(clean_line(word, KEYWORD) for word in wording.keywords)),
        body,
        clean_line(wording.change, CHANGE),
    )


def same_words(version: ArticleVersion, wording: Wording) -> bool:
    return replace(wording_of(version), change="") == replace(wording, change="")


def take_over(article: Article, details: Details) -> None:
    article.slug = details.slug
    article.category_id = details.category_id
    article.group_id = details.group_id
    article.type_keys = list(details.type_keys)
    article.related = list(details.related)
    article.check_every_days = details.check_every_days
    article.position = details.position


async def is_published(tx: Transaction, article_id: int) -> bool:
    query = select(ArticleText.id).where(
        ArticleText.article_id == article_id, col(ArticleText.published_at).is_not(None)
    )
    return (await tx.db.exec(query)).first() is not None


async def text_id_of(tx: Transaction, article_id: int, language: str) -> int:
    query = select(ArticleText.id).where(
        ArticleText.article_id == article_id, ArticleText.language == language
    )
    if (id := (await tx.db.exec(query)).one_or_none()) is not None:
        return id
    raise NoSuchArticle


async def index_article_now(tx: Transaction, article: Article) -> None:
    await tx.db.flush()
    await index_article(tx, article.id)


async def sizes_of(tx: Transaction, body: str) -> dict[str, tuple[int, int]]:
    """Of the pictures in it, so that a page does not jump while they load."""
    wanted = {bytes.fromhex(address[-64:]): address for address in image_addresses(body)}
    query = select(ArticleImage).where(col(ArticleImage.sha256).in_(wanted))
    return {
        wanted[image.sha256]: (image.width, image.height)
        for image in (await tx.db.exec(query)).all()
    }
