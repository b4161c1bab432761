"""What readers of the help centre see, read by prepared statements."""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from helpdesk.desk import Desk

from .languages import LANGUAGES

OURS = "en"  # the language that everything is written in first
MOST_USEFUL = 6
RELATED = 5
LONG = 3  # headings from which an article has a table of contents

# One text for each article: in the reader's language, else in ours, else in any.
BEST_TEXT = f"""
SELECT DISTINCT ON (a.id) a.id, a.slug, a.category_id, a.position, t.language, t.title, t.summary
FROM articles a JOIN article_texts t ON t.article_id = a.id
WHERE a.archived_at IS NULL AND t.published_at IS NOT NULL
ORDER BY a.id, t.language <> $1, t.language <> '{OURS}', t.language
"""
TOPICS = f"""
WITH shown AS ({BEST_TEXT})
SELECT c.key, c.title, c.summary, c.icon, count(*) AS articles,
    (array_agg(jsonb_build_object('slug', s.slug, 'title', s.title, 'language', s.language)
        ORDER BY s.position, s.title))[1:3] AS first
FROM help_categories c JOIN shown s ON s.category_id = c.id
GROUP BY c.id ORDER BY c.position, c.title
"""
TOPIC = "SELECT key, title, summary, icon FROM help_categories WHERE key = $1"
IN_TOPIC = f"""
WITH shown AS ({BEST_TEXT})
SELECT s.slug, s.title, s.summary, s.language FROM shown s
JOIN help_categories c ON c.id = s.category_id WHERE c.key = $2 ORDER BY s.position, s.title
"""
USEFUL = f"""
WITH shown AS ({BEST_TEXT}), said AS (
    SELECT article_id, count(*) FILTER (WHERE verdict IN ('solved', 'helpful'))
        - count(*) FILTER (WHERE verdict = 'not_helpful') AS good
    FROM article_verdicts WHERE at > $2 GROUP BY article_id
)
SELECT s.slug, s.title, s.summary, s.language FROM shown s LEFT JOIN said ON said.article_id = s.id
ORDER BY coalesce(said.good, 0) DESC, s.position, s.title LIMIT {MOST_USEFUL}
"""
ARTICLE = f"""
SELECT a.id, a.slug, a.type_keys, a.related, a.checked_at, a.archived_at, t.id AS text_id,
    t.language, t.title, t.summary, t.keywords, t.html, t.published_at, t.edition,
    c.key AS topic_key, c.title AS topic_title, g.name AS owner,
    ARRAY(SELECT o.language FROM article_texts o WHERE o.article_id = a.id
        AND o.published_at IS NOT NULL ORDER BY o.language <> '{OURS}', o.language) AS languages
FROM articles a JOIN article_texts t ON t.article_id = a.id
JOIN help_categories c ON c.id = a.category_id LEFT JOIN groups g ON g.id = a.group_id
WHERE a.slug = $1 AND t.published_at IS NOT NULL
ORDER BY t.language <> $2, t.language <> '{OURS}', t.language LIMIT 1
"""
# Those named by hand first, then of the same ticket type, then neighbours on the shelf.
RELATED_TO = f"""
WITH shown AS ({BEST_TEXT})
SELECT s.slug, s.title, s.summary, s.language
FROM shown s JOIN articles a ON a.id = s.id, articles this
WHERE this.id = $2 AND s.id <> this.id AND (
    s.slug = ANY(this.related) OR a.type_keys && this.type_keys
    OR (s.category_id = this.category_id AND cardinality(this.related) = 0))
ORDER BY array_position(this.related, s.slug), (a.type_keys && this.type_keys) DESC, s.position
LIMIT {RELATED}
"""
ALL = """
SELECT a.slug, t.language, greatest(t.published_at, a.checked_at) AS changed_at
FROM articles a JOIN article_texts t ON t.article_id = a.id
WHERE a.archived_at IS NULL AND t.published_at IS NOT NULL ORDER BY a.slug, t.language
"""
HEADING = re.compile(r'<h2 id="(h-[^"]+)">(.*?)</h2>', re.S)
TAG = re.compile(r"<[^>]+>")


@dataclass(frozen=True, slots=True)
class Link:
    """An article in a list."""

    slug: str
    title: str
    language: str
    summary: str = ""

    @property
    def path(self) -> str:
        return article_path(self.slug, self.language)


@dataclass(frozen=True, slots=True)
class Topic:
    key: str
    title: str
    summary: str
    icon: str
    articles: int = 0
    first: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """One article in one language, as it is published."""

    id: int
    slug: str
    type_keys: tuple[str, ...]
    related: tuple[str, ...]
    checked_at: datetime
    archived_at: datetime | None
    text_id: int
    language: str
    title: str
    summary: str
    keywords: tuple[str, ...]
    html: str
    published_at: datetime
    edition: int
    topic_key: str
    topic_title: str
    owner: str | None
    languages: tuple[str, ...]

    @property
    def path(self) -> str:
        return article_path(self.slug, self.language)

    @property
    def updated_at(self) -> datetime:
        return max(self.published_at, self.checked_at)

    @property
    def contents(self) -> list[tuple[str, str]]:
        """Id and words of its headings, when there are enough to choose from."""
        found = [
            (id, html.unescape(TAG.sub("", words))) for id, words in HEADING.findall(self.html)
        ]
        return found if len(found) >= LONG else []

    @property
    def others(self) -> list[tuple[str, str, str]]:
        """The other languages: code, name, address."""
        return [
            (code, LANGUAGES.get(code, code), article_path(self.slug, code))
            for code in self.languages
            if code != self.language
        ]


def article_path(slug: str, language: str = OURS) -> str:
    return f"/help/articles/{slug}" + (f"?language={language}" if language != OURS else "")


async def topics(desk: Desk, language: str) -> list[Topic]:
    return [
        Topic(**{**row, "first": tuple(Link(**link) for link in row["first"])})
        for row in await desk.pool.fetch(TOPICS, language)
    ]


async def find_topic(desk: Desk, key: str, language: str) -> tuple[Topic, list[Link]] | None:
    row = await desk.pool.fetchrow(TOPIC, key)
    if row is None:
        return None
    links = [Link(**link) for link in await desk.pool.fetch(IN_TOPIC, language, key)]
    return Topic(**row, articles=len(links)), links


async def most_useful(desk: Desk, language: str, since: datetime) -> list[Link]:
    """Those that readers said helped them; before anybody did, in the order of their shelves."""
    return [Link(**row) for row in await desk.pool.fetch(USEFUL, language, since)]


async def find_article(desk: Desk, slug: str, language: str) -> Reading | None:
    """Published or archived; drafts are for the desk."""
    row = await desk.pool.fetchrow(ARTICLE, slug, language)
    return Reading(**row) if row else None


async def related_to(desk: Desk, article: Reading, language: str) -> list[Link]:
    return [Link(**row) for row in await desk.pool.fetch(RELATED_TO, language, article.id)]


async def everything(desk: Desk) -> Sequence[tuple[str, str, datetime]]:
    """Slug, language and last change of all that is public."""
    return [tuple(row) for row in await desk.pool.fetch(ALL)]
