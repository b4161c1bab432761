"""Articles with their languages and versions, and what people did with them."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlmodel import Field, SQLModel

from helpdesk.core.tables import (
    names,
    primary_key,
    references,
    sort_keys,
    text_enum,
    text_list,
)


class VersionState(StrEnum):
    DRAFT = "draft"
    REVIEW = "review"
    PUBLISHED = "published"
    REPLACED = "replaced"  # was published once, or was given up


class Verdict(StrEnum):
    """What somebody said about an article they read."""

    SOLVED = "solved"  # instead of filing a ticket
    HELPFUL = "helpful"
    NOT_HELPFUL = "not_helpful"


class HelpCategory(SQLModel, table=True):
    __tablename__ = "help_categories"

    id: int = primary_key()
    key: str = Field(max_length=60, unique=True)  # its address: /help/topics/<key>
    title: str = Field(max_length=80)
    summary: str = Field(default="", max_length=300)
    icon: str = Field(default="book", max_length=40)
    position: int = 0


class Article(SQLModel, table=True):
    """What every language version shares. The slug never changes once it was published."""

    __tablename__ = "articles"
    __table_args__ = (Index("ix_articles_type_keys", "type_keys", postgresql_using="gin"),)

    id: int = primary_key()
    slug: str = Field(max_length=100, unique=True)
    category_id: int = references("help_categories.id")
    group_id: int | None = references("groups.id", default=None)  # the department that owns it
    author_id: int | None = references("people.id", index=False, default=None)
    type_keys: list[str] = text_list()  # ticket types it answers
    related: list[str] = text_list()  # slugs, chosen by hand
    position: int = 100  # within its category
    created_at: datetime
    checked_at: datetime  # "last checked on"
    check_every_days: int = 180
    reminded_at: datetime | None = None  # that it has grown old
    archived_at: datetime | None = None
    from_ticket_id: int | None = names("tickets", default=None)  # whose answer it began as
    edition: int = 0  # rises with every change of what stands on this row


class ArticleText(SQLModel, table=True):
    """One language of an article, as it is published now; all empty before the first time."""

    __tablename__ = "article_texts"
    __table_args__ = (
        UniqueConstraint("article_id", "language"),
        Index("ix_article_texts_search", "search", postgresql_using="gin"),
    )

    id: int = primary_key()
    article_id: int = references("articles.id", ondelete="CASCADE")
    language: str = Field(default="en", max_length=12)
    title: str = Field(default="", max_length=120)
    summary: str = Field(default="", max_length=400)
    keywords: list[str] = text_list()  # and synonyms: words people use that the text does not
    html: str = ""  # sanitised
    plain: str = ""  # its words, for search and first sentences
    search: Any = Field(default=None, sa_type=TSVECTOR, nullable=True)
    published_number: int | None = None
    published_at: datetime | None = None
    edition: int = 0  # rises with every change of its working version: two editors at once


class ArticleVersion(SQLModel, table=True):
    """At most one of a text is being worked on (draft or in review)."""

    __tablename__ = "article_versions"
    __table_args__ = (
        UniqueConstraint("text_id", "number"),
        Index(
            "uq_article_versions_working",
            "text_id",
            unique=True,
            postgresql_where=text("state IN ('draft', 'review')"),
        ),
    )

    id: int = primary_key()
    text_id: int = references("article_texts.id", ondelete="CASCADE")
    number: int
    state: VersionState = text_enum(VersionState, VersionState.DRAFT)
    title: str = Field(max_length=120)
    summary: str = Field(default="", max_length=400)
    keywords: list[str] = text_list()
    body: str = ""  # Markdown
    change: str = Field(default="", max_length=200)  # what was changed, in the author's words
    author_id: int | None = references("people.id", index=False, default=None)
    reviewer_id: int | None = references("people.id", index=False, default=None)
    review_note: str = Field(default="", max_length=1000)  # what the reviewer asks for
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None = None


class ArticleImage(SQLModel, table=True):
    """A picture for articles, as it was written anew: only that is ever shown."""

    __tablename__ = "article_images"

    id: int = primary_key()
    sha256: bytes = Field(sa_type=LargeBinary, unique=True)  # its address: /help/images/<hex>
    upload_id: UUID = Field(foreign_key="uploads.id")  # keeps its files from being swept
    size: int
    media_type: str = Field(max_length=100)
    width: int
    height: int
    added_by_id: int | None = references("people.id", index=False, default=None)
    added_at: datetime


class Synonym(SQLModel, table=True):
    """Words that mean the same to those who search: each finds what the others find."""

    __tablename__ = "help_synonyms"

    id: int = primary_key()
    words: list[str] = text_list()


class ArticleVerdict(SQLModel, table=True):
    """One opinion of one reader about one article; a later one replaces it."""

    __tablename__ = "article_verdicts"
    __table_args__ = (
        UniqueConstraint("article_id", "reader"),
        Index("ix_article_verdicts_at", *sort_keys("at DESC, id DESC")),
    )

    id: int = primary_key()
    article_id: int = references("articles.id", ondelete="CASCADE", index=False)
    reader: bytes = Field(sa_type=LargeBinary)  # hash of the person or of the visitor's cookie
    verdict: Verdict = text_enum(Verdict)
    comment: str = Field(default="", max_length=1000)
    type_key: str = Field(default="", max_length=40)  # what the reader was about to file
    draft_id: UUID | None = None
    at: datetime


class HelpSearch(SQLModel, table=True):
    """What was searched, by nobody in particular."""

    __tablename__ = "help_searches"
    __table_args__ = (Index("ix_help_searches_at", *sort_keys("at DESC, id DESC")),)

    id: int = primary_key()
    words: str = Field(max_length=200)
    language: str = Field(default="en", max_length=12)
    place: str = Field(default="help", max_length=20)  # help | form | chat | desk
    found: int
    opened_id: int | None = names("articles", default=None)  # the result that was opened
    at: datetime


class Word(SQLModel, table=True):
    """A word of the published articles, as it is written there: what spelling is checked with."""

    __tablename__ = "help_words"
    __table_args__ = (
        Index("ix_help_words_lexeme", "language", "lexeme"),
        Index(
            "ix_help_words_trigrams",
            "word",
            postgresql_using="gin",
            postgresql_ops={"word": "gin_trgm_ops"},
        ),
    )

    language: str = Field(max_length=12, primary_key=True)
    word: str = Field(primary_key=True, sa_type=Text(collation="C"))
    lexeme: str
    articles: int = 0  # in how many its stem stands
    spread: float = 0.0  # the same, an article that only mentions it counting for less than one


class Posting(SQLModel, table=True):
    """How much an article is about a word: `article_texts.search` spread out for ranking."""

    __tablename__ = "help_postings"
    __table_args__ = (
        Index("ix_help_postings_best", *sort_keys("language, lexeme, weight DESC, text_id")),
    )

    text_id: int = Field(
        primary_key=True,
        sa_type=BigInteger,
        sa_column_args=[ForeignKey("article_texts.id", ondelete="CASCADE")],
    )
    lexeme: str = Field(primary_key=True)
    language: str = Field(max_length=12)
    weight: float
