"""One article as its editor opens it: the language that is worked on, and what stands around it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from helpdesk.desk import Desk
from helpdesk.help.models import Article, ArticleText, ArticleVersion, HelpCategory, VersionState
from helpdesk.people.models import Group, Person

from .articles import WORKING, NoSuchArticle


@dataclass(frozen=True)
class Opened:
    article: Article
    language: str
    text: ArticleText | None  # none: a language the article does not have yet
    versions: Sequence[ArticleVersion]  # the newest first
    languages: Mapping[str, ArticleText]
    names: Mapping[int, str]  # of those who wrote and reviewed
    category: HelpCategory
    group: Group | None

    @property
    def latest(self) -> ArticleVersion | None:
        return self.versions[0] if self.versions else None

    @property
    def working(self) -> ArticleVersion | None:
        return self.latest if self.latest and self.latest.state in WORKING else None

    @property
    def published(self) -> ArticleVersion | None:
        return next((v for v in self.versions if v.state == VersionState.PUBLISHED), None)

    @property
    def start(self) -> ArticleVersion | None:
        """Whose words the next change begins with."""
        return self.working or self.published or self.latest

    @property
    def is_published(self) -> bool:
        return any(text.published_at is not None for text in self.languages.values())

    @property
    def due_at(self) -> datetime:
        """When somebody should have checked it again."""
        return self.article.checked_at + timedelta(days=self.article.check_every_days)

    def version(self, number: int) -> ArticleVersion | None:
        return next((version for version in self.versions if version.number == number), None)


async def open_article(desk: Desk, article_id: int, language: str = "") -> Opened:
    """In this language, or in the first one it was written in."""
    async with desk.reading() as db:
        article = await db.get(Article, article_id)
        if article is None:
            raise NoSuchArticle
        query = select(ArticleText).where(ArticleText.article_id == article_id)
        texts = (await db.exec(query.order_by(col(ArticleText.id)))).all()
        languages = {text.language: text for text in texts}
        language = language or ("en" if "en" in languages else next(iter(languages), "en"))
        text = languages.get(language)
        versions = await versions_of(db, text.id) if text else []
        return Opened(
            article,
            language,
            text,
            versions,
            languages,
            await names_of(db, article, versions),
            await db.get_one(HelpCategory, article.category_id),
            await db.get(Group, article.group_id) if article.group_id else None,
        )


async def versions_of(db: AsyncSession, text_id: int) -> Sequence[ArticleVersion]:
    query = select(ArticleVersion).where(ArticleVersion.text_id == text_id)
    return (await db.exec(query.order_by(col(ArticleVersion.number).desc()).limit(200))).all()


async def names_of(
    db: AsyncSession, article: Article, versions: Sequence[ArticleVersion]
) -> dict[int, str]:
    ids = {article.author_id}
    ids |= {id for version in versions for id in (version.author_id, version.reviewer_id)}
    query = select(Person.id, Person.name).where(col(Person.id).in_(ids - {None}))
    return dict((await db.exec(query)).all())
