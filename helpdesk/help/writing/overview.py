"""The editor's list: every language of every article, with what is being done about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from helpdesk.desk import Desk

PAGE = 50

OLD = (
    "a.archived_at IS NULL AND t.published_at IS NOT NULL"
    " AND a.checked_at <= $1::timestamptz - make_interval(days => a.check_every_days)"
)
CONDITIONS = {
    "all": "a.archived_at IS NULL",
    "drafts": "a.archived_at IS NULL AND v.state = 'draft'",
    "review": "a.archived_at IS NULL AND v.state = 'review'",
    "published": "a.archived_at IS NULL AND t.published_at IS NOT NULL",
    "old": OLD,
    "archived": "a.archived_at IS NOT NULL",
}
NAMES = {
    "all": "All",
    "drafts": "Drafts",
    "review": "In review",
    "published": "Published",
    "old": "To be checked",
    "archived": "Archived",
}
TABLES = """
FROM article_texts t
JOIN articles a ON a.id = t.article_id
JOIN LATERAL (
    SELECT * FROM article_versions WHERE text_id = t.id ORDER BY number DESC LIMIT 1
) v ON true
"""
COUNTS = (
    "SELECT "
    + ", ".join(f"count(*) FILTER (WHERE {what}) AS {key}" for key, what in CONDITIONS.items())
    + TABLES
    + "WHERE $1::timestamptz IS NOT NULL"
)
LIST = f"""
SELECT a.id, a.slug, a.archived_at, a.checked_at, t.id AS text_id, t.language, t.published_at,
    v.title, v.state, v.updated_at, v.author_id, p.name AS author, g.name AS department,
    c.title AS category, a.group_id, {OLD} AS old
{TABLES}
JOIN help_categories c ON c.id = a.category_id
LEFT JOIN groups g ON g.id = a.group_id
LEFT JOIN people p ON p.id = v.author_id
WHERE {{condition}}
    AND ($2::text = '' OR v.title ILIKE $2 OR t.title ILIKE $2 OR a.slug ILIKE $2)
    AND ($3::timestamptz IS NULL OR (v.updated_at, t.id) < ($3, $4::bigint))
ORDER BY v.updated_at DESC, t.id DESC LIMIT {PAGE + 1}
"""


@dataclass(frozen=True, slots=True)
class Listed:
    rows: tuple[Mapping[str, Any], ...]
    after: str  # where the next page begins; empty on the last


async def list_articles(desk: Desk, show: str, words: str, after: str) -> Listed:
    at, id = read_cursor(after)
    escaped = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    like = f"%{escaped}%" if words else ""
    query = LIST.format(condition=CONDITIONS[show])
    found = await desk.search_pool.fetch(query, desk.clock.now(), like, at, id)
    rows = tuple(dict(row) for row in found[:PAGE])
    last = rows[-1] if len(found) > PAGE else None
    return Listed(rows, f"{last['updated_at'].isoformat()}_{last['text_id']}" if last else "")


async def count_articles(desk: Desk) -> dict[str, int]:
    return dict(await desk.pool.fetchrow(COUNTS, desk.clock.now()))


def read_cursor(text: str) -> tuple[datetime | None, int]:
    at, _, id = text.rpartition("_")
    try:
        found = datetime.fromisoformat(at)
    except ValueError:
        return None, 0
    plain = id.isascii() and id.isdigit() and len(id) < 18 and found.tzinfo is not None
    return (found, int(id)) if plain else (None, 0)
