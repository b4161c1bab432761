"""Articles as those who work on them know them: finding, holding, and who may publish."""

from dataclasses import dataclass

from sqlmodel import col, select

from helpdesk.desk import Transaction
from helpdesk.help.models import Article, ArticleText, ArticleVersion, VersionState
from helpdesk.permissions import Actor, Can, allowed

WORKING = (VersionState.DRAFT, VersionState.REVIEW)


class NoSuchArticle(LookupError):
    pass


class NotAllowed(Exception):
    """The sentence says why this cannot be done, or not now."""


class SlugTaken(Exception):
    pass


@dataclass(frozen=True, slots=True)
class Wording:
    """What an author writes in one language."""

    title: str
    summary: str = ""
    keywords: tuple[str, ...] = ()
    body: str = ""
    change: str = ""


@dataclass(frozen=True, slots=True)
class Details:
    """What every language of an article shares."""

    slug: str
    category_id: int
    group_id: int | None = None
    type_keys: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    check_every_days: int = 180
    position: int = 100


class Conflict(Exception):
    """Somebody else changed the words since they were read; `theirs` is what stands now."""

    def __init__(self, theirs: Wording, edition: int) -> None:
        super().__init__()
        self.theirs, self.edition = theirs, edition


class DetailsConflict(Exception):
    """Somebody else changed the details since they were read."""

    def __init__(self, theirs: Details, edition: int) -> None:
        super().__init__()
        self.theirs, self.edition = theirs, edition


def wording_of(version: ArticleVersion) -> Wording:
    return Wording(
        version.title, version.summary, tuple(version.keywords), version.body, version.change
    )


def details_of(article: Article) -> Details:
    return Details(
        article.slug,
        article.category_id,
        article.group_id,
        tuple(article.type_keys),
        tuple(article.related),
        article.check_every_days,
        article.position,
    )


async def hold_article(tx: Transaction, article_id: int) -> Article:
    query = select(Article).where(Article.id == article_id).with_for_update()
    if article := (await tx.db.exec(query)).one_or_none():
        return article
    raise NoSuchArticle


async def hold_text(tx: Transaction, text_id: int) -> tuple[Article, ArticleText]:
    """The article's row is held first, whatever is done to one of its languages."""
    query = select(ArticleText.article_id).where(ArticleText.id == text_id)
    article_id = (await tx.db.exec(query)).one_or_none()
    if article_id is None:
        raise NoSuchArticle
    article = await hold_article(tx, article_id)
    return article, await tx.db.get_one(ArticleText, text_id, populate_existing=True)


async def latest_version(tx: Transaction, text_id: int) -> ArticleVersion | None:
    query = (
        select(ArticleVersion)
        .where(ArticleVersion.text_id == text_id)
        .order_by(col(ArticleVersion.number).desc())
        .limit(1)
    )
    return (await tx.db.exec(query)).one_or_none()


async def working_version(tx: Transaction, text_id: int) -> ArticleVersion | None:
    """The draft, or what is in review."""
    version = await latest_version(tx, text_id)
    return version if version is not None and version.state in WORKING else None


async def published_version(tx: Transaction, text_id: int) -> ArticleVersion | None:
    query = select(ArticleVersion).where(
        ArticleVersion.text_id == text_id, ArticleVersion.state == VersionState.PUBLISHED
    )
    return (await tx.db.exec(query)).one_or_none()


def owns(actor: Actor, group_id: int | None) -> bool:
    """Whether they answer for it: its department, or a manager."""
    return allowed(actor, Can.PUBLISH_ARTICLES) or (
        allowed(actor, Can.WRITE_ARTICLES) and group_id in actor.groups
    )


def why_not_publish(
    actor: Actor, group_id: int | None, author_id: int | None, state: VersionState
) -> str:
    """A reason in words, or nothing when they may."""
    if allowed(actor, Can.PUBLISH_ARTICLES):
        return ""
    if not owns(actor, group_id):
        return "Only the department that owns this article, or a manager, can publish it."
    if author_id == actor.id:
        return "You changed this last. Somebody else of your department publishes it."
    if state != VersionState.REVIEW:
        return "This is a draft. It is published after it was sent to review."
    return ""
