"""What search reads of an article, written when it is published and taken away with it."""

from collections.abc import Sequence

from sqlalchemy import text

from helpdesk.desk import Transaction

from .dictionaries import DICTIONARY

LOCK = 0x5EA4C4  # one publication counts words at a time

READ = f"""
UPDATE article_texts SET search =
    setweight(to_tsvector({DICTIONARY}, title), 'A')
    || setweight(to_tsvector({DICTIONARY}, array_to_string(keywords, ' . ')), 'B')
    || setweight(to_tsvector({DICTIONARY}, summary), 'C')
    || setweight(to_tsvector({DICTIONARY}, plain), 'D')
WHERE id = ANY(:ids)
"""
FORGET = "DELETE FROM help_postings WHERE text_id = ANY(:ids) RETURNING language, lexeme"
# A word of the title says most. In the text the first mention counts most, and the more so the
# shorter the text is. All is 1 at most, so that scores can be compared.
SPREAD = """
WITH read AS (
    SELECT t.id, t.language, l.lexeme,
        ('A' = ANY(l.weights))::int AS title, ('B' = ANY(l.weights))::int AS keyword,
        ('C' = ANY(l.weights))::int AS summary,
        cardinality(array_positions(l.weights, 'D')) AS body,
        greatest(length(t.plain), 400) / 2500.0 AS length
    FROM article_texts t JOIN articles a ON a.id = t.article_id, unnest(t.search) l
    WHERE t.id = ANY(:ids) AND t.published_at IS NOT NULL AND a.archived_at IS NULL
)
INSERT INTO help_postings (text_id, language, lexeme, weight)
SELECT id, language, lexeme,
    0.34 * title + 0.28 * keyword + 0.14 * summary
    + 0.24 * body / (body + 0.6 + 0.9 * length)
FROM read
RETURNING language, lexeme
"""
LEARN = f"""
INSERT INTO help_words (language, word, lexeme, articles, spread)
SELECT DISTINCT ON (language, word) language, word, lexeme, 0, 0
FROM (
    SELECT DISTINCT t.language, word FROM article_texts t JOIN articles a ON a.id = t.article_id,
        regexp_split_to_table(
            lower(concat_ws(' ', title, array_to_string(keywords, ' '), summary, plain)),
            '\\W+'
        ) word
    WHERE t.id = ANY(:ids) AND t.published_at IS NOT NULL AND a.archived_at IS NULL
        AND length(word) BETWEEN 2 AND 40
) said, unnest(tsvector_to_array(to_tsvector({DICTIONARY}, word))) lexeme
ON CONFLICT (language, word) DO NOTHING
"""
COUNT = """
UPDATE help_words w SET articles = counted.articles, spread = counted.spread
FROM (
    SELECT s.language, s.lexeme, count(p.text_id) AS articles,
        coalesce(sum(least(1, p.weight / 0.3)), 0) AS spread
    FROM unnest(CAST(:languages AS text[]), CAST(:lexemes AS text[])) s(language, lexeme)
    LEFT JOIN help_postings p ON p.language = s.language AND p.lexeme = s.lexeme
    GROUP BY 1, 2
) counted
WHERE w.language = counted.language AND w.lexeme = counted.lexeme
"""
SWEEP = "DELETE FROM help_words WHERE articles = 0"


async def index_texts(tx: Transaction, ids: Sequence[int]) -> None:
    """Make search know these texts as they are now: published, changed or archived."""
    await tx.db.flush()
    connection = await tx.db.connection()
    await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    given = {"ids": list(ids)}
    await connection.execute(text(READ), given)
    before = (await connection.execute(text(FORGET), given)).all()
    after = (await connection.execute(text(SPREAD), given)).all()
    await connection.execute(text(LEARN), given)
    changed = sorted({(language, lexeme) for language, lexeme in (*before, *after)})
    counted = {
        "languages": [language for language, _ in changed],
        "lexemes": [lexeme for _, lexeme in changed],
    }
    await connection.execute(text(COUNT), counted)
    await connection.execute(text(SWEEP))


async def index_article(tx: Transaction, article_id: int) -> None:
    connection = await tx.db.connection()
    found = await connection.execute(
        text("SELECT id FROM article_texts WHERE article_id = :id"), {"id": article_id}
    )
    await index_texts(tx, list(found.scalars()))


async def index_everything(tx: Transaction) -> None:
    connection = await tx.db.connection()
    found = await connection.execute(text("SELECT id FROM article_texts"))
    await index_texts(tx, list(found.scalars()))
