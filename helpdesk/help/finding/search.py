"""Finding articles: what fits best to words typed by somebody who has a problem.

Every word is looked up in `help_postings` with the words it may stand for, and an article is worth
the sum over the words it has, rare words counting more; nobody's sentence must match as a whole.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from helpdesk.desk import Desk
from helpdesk.help.wording import first_sentence_of

from .asking import Asked, ask_in
from .highlights import Forms, Piece, marked, telling_sentence
from .typed import take_apart

DEEPEST = 250  # the best articles for one word; more of a common word would only cost time
FALLBACK = "en"  # what is not written in a language is better read in this one than not at all
FOREIGN = 0.85
FOR_THE_TYPE = 0.2  # of the most there can be: an article that is known to answer the type
WEAKEST = 0.3  # of the best hit's score; what is below would only distract
SUREST = 0.1  # of the most there can be: less is no suggestion

RANK = f"""
WITH asked AS (
    SELECT * FROM unnest($1::text[], $2::int[], $3::text[], $4::float8[], $5::float8[])
        a(language, term, stem, worth, whole)
), found AS (
    SELECT p.text_id, a.language, a.term, max(p.weight * a.worth) AS score, max(a.whole) AS whole
    FROM asked a CROSS JOIN LATERAL (
        SELECT text_id, weight FROM help_postings
        WHERE language = a.language AND lexeme = a.stem ORDER BY weight DESC LIMIT {DEEPEST}
    ) p
    GROUP BY p.text_id, a.language, a.term
), summed AS (
    SELECT text_id, sum(score) * (0.35 + 0.65 * sum(whole)) AS score
    FROM found GROUP BY text_id ORDER BY 2 DESC LIMIT 100
), fitting AS (
    SELECT t.article_id, s.score * CASE t.language WHEN $6 THEN 1 ELSE {FOREIGN} END AS score,
        0 AS boost
    FROM summed s JOIN article_texts t ON t.id = s.text_id
    UNION ALL
    SELECT id, 0, {FOR_THE_TYPE} FROM articles WHERE type_keys @> ARRAY[$7::text]
), best AS (
    SELECT article_id, max(score) + max(boost) AS score FROM fitting GROUP BY article_id
)
SELECT a.id, a.slug, t.language, t.title, t.summary, t.plain, b.score
FROM best b JOIN articles a ON a.id = b.article_id CROSS JOIN LATERAL (
    SELECT * FROM article_texts t
    WHERE t.article_id = a.id AND t.published_at IS NOT NULL AND t.language IN ($6, '{FALLBACK}')
    ORDER BY t.language = $6 DESC LIMIT 1
) t
WHERE a.archived_at IS NULL
ORDER BY b.score DESC, a.position, a.id LIMIT $8
"""
FORMS = "SELECT word, lexeme FROM help_words WHERE language = $1 AND lexeme = ANY($2::text[])"


@dataclass(frozen=True, slots=True)
class Hit:
    article_id: int
    slug: str
    title: str
    summary: str
    answer: str  # the article's first sentence
    why: str  # the sentence with most of what was searched, or nothing
    highlights: dict[str, tuple[Piece, ...]]  # of title, summary, answer and why
    score: float  # 1 is the most there can be
    language: str

    @property
    def path(self) -> str:
        """Where to read it, in the language it was found in."""
        return f"/help/articles/{self.slug}" + address_tail(self.language)


@dataclass(frozen=True, slots=True)
class Found:
    hits: list[Hit]
    corrected_words: dict[str, str] = field(default_factory=dict)  # typed → searched instead

    def __iter__(self) -> Iterator[Hit]:
        return iter(self.hits)

    def __len__(self) -> int:
        return len(self.hits)


def address_tail(language: str) -> str:
    return "" if language == FALLBACK else f"?language={language}"


async def search_articles(
    desk: Desk, words: str, language: str = FALLBACK, limit: int = 10, type_key: str = ""
) -> Found:
    """The best articles for what was typed, the best first; nothing for words that say nothing."""
    typed = take_apart(words)
    languages = dict.fromkeys([language, FALLBACK])
    asked = [await ask_in(desk, one, typed) for one in languages] if typed.telling else []
    if not type_key and not any(term.stems for one in asked for term in one.terms):
        return Found([])
    rows = await desk.pool.fetch(RANK, *columns(asked), language, type_key, limit)
    shown = {row["language"] for row in rows}
    forms = {one.language: await forms_of(desk, one) for one in asked if one.language in shown}
    hits = [as_hit(row, *forms.get(row["language"], ({}, {}))) for row in rows]
    best = hits[0].score if hits else 0.0
    kept = [hit for hit in hits if hit.score >= WEAKEST * best]
    return Found(kept, asked[0].corrected if asked else {})


async def suggest(
    desk: Desk, words: str, type_key: str = "", language: str = FALLBACK, limit: int = 3
) -> list[Hit]:
    """Articles to read instead of asking; only those that may well be the answer."""
    found = await search_articles(desk, words, language, limit, type_key)
    return [hit for hit in found if hit.score >= SUREST]


def columns(asked: Sequence[Asked]) -> tuple[list[Any], ...]:
    """Every stem of every word as one row of the statement: what it and its word are worth."""
    rows = [
        (one.language, number, stem, worth / one.worth, term.worth / one.worth)
        for one in asked
        for number, term in enumerate(one.terms)
        for stem, worth in term.stems.items()
    ]
    return tuple(map(list, zip(*rows, strict=True))) if rows else ([], [], [], [], [])


async def forms_of(desk: Desk, asked: Asked) -> tuple[dict[str, int], dict[int, float]]:
    """How the articles write what was searched, and what each searched word is worth."""
    term_of: dict[str, int] = {}
    for number, term in enumerate(asked.terms):
        for stem in term.stems:
            term_of.setdefault(stem, number)
    rows = await desk.pool.fetch(FORMS, asked.language, list(term_of))
    forms = {row["word"]: term_of[row["lexeme"]] for row in rows}
    return forms, {number: term.worth for number, term in enumerate(asked.terms)}


def as_hit(row: Any, forms: Forms, worth: Mapping[int, float]) -> Hit:
    title, summary, plain = row["title"], row["summary"], row["plain"]
    shown = {
        "title": title,
        "summary": summary,
        "answer": answer_of(plain) or summary,
        "why": telling_sentence(plain, forms, worth),
    }
    highlights = {name: marked(text, forms) for name, text in shown.items()}
    return Hit(
        row["id"], row["slug"], title, summary, shown["answer"], shown["why"], highlights,
        round(row["score"], 4), row["language"],
    )  # fmt: skip


def answer_of(plain: str) -> str:
    """The first sentence that is no heading."""
    for block in plain.split("\n"):
        if block.rstrip()[-1:] in ".!?…:。":
            return first_sentence_of(block)
    return ""
