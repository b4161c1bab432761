"""The help centre's search: whether people find the right article, and how long it takes.

The articles of the demonstration answer the questions of questions.toml. For the times, thousands
of articles are made of the same sentences, so that every word of a question is in many of them.
"""

import asyncio
import random
import time
import tomllib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlmodel import select

from bench import words
from bench.figures import percentile
from bench.stack import Stack
from helpdesk.core.services import database_url
from helpdesk.core.settings import Settings
from helpdesk.demo.library import written_articles
from helpdesk.desk import Desk, open_desk
from helpdesk.help.finding.indexing import index_texts
from helpdesk.help.finding.search import search_articles, suggest
from helpdesk.help.finding.vocabulary import look_again
from helpdesk.help.models import ArticleText
from helpdesk.help.writing.commands import (
    Details,
    Wording,
    add_language,
    create_article,
    ensure_categories,
    publish_version,
)
from helpdesk.migrations import migrate
from helpdesk.permissions import SYSTEM
from helpdesk.rooms import furnish

ARTICLES = 10_000
AT_ONCE = 1_000  # that are indexed in one transaction
AMONG = 3
FILLED = "1"  # raise when what is filled in changes

# What a plain search would ask: one index, one rank, ten rows.
PLAIN = """
SELECT id, title, summary FROM article_texts, websearch_to_tsquery('help_english', $1) asked
WHERE search @@ asked ORDER BY ts_rank(search, asked) DESC LIMIT 10
"""
ADD = """
WITH added AS (
    INSERT INTO articles (slug, category_id, type_keys, related, position, created_at, checked_at,
        check_every_days, edition)
    SELECT 'made-' || n, (SELECT min(id) FROM help_categories), '{}', '{}', 100, now(), now(), 180, 0
    FROM generate_series($1::int, $1 + cardinality($2::text[]) - 1) n RETURNING id, slug
)
INSERT INTO article_texts (article_id, language, title, summary, keywords, html, plain,
    published_number, published_at, edition)
SELECT a.id, 'en', t.title, t.summary, '{}', '', t.plain, 1, now(), 1
FROM unnest($2::text[], $3::text[], $4::text[]) WITH ORDINALITY t(title, summary, plain, n)
JOIN added a ON a.slug = 'made-' || ($1 + t.n - 1) RETURNING id
"""  # noqa: E501


@dataclass(frozen=True)
class Question:
    words: str
    slugs: tuple[str, ...]


def questions() -> list[Question]:
    read = tomllib.loads(Path(__file__).with_name("questions.toml").read_text("utf-8"))
    return [Question(one["words"], tuple(one["slugs"])) for one in read["question"]]


async def shelve(desk: Desk) -> None:
    """The articles of the demonstration, published."""
    async with desk.transaction(SYSTEM) as tx:
        shelves = await ensure_categories(tx)
        for one in written_articles():
            details = Details(one.slug, shelves[one.category].id, None, one.types, one.related)
            first, *others = (
                (text.language, Wording(text.title, text.summary, text.keywords, text.body))
                for text in one.texts
            )
            article = await create_article(tx, details, first[1], first[0])
            for language, wording in others:
                await add_language(tx, article.id, language, wording)
            ids = select(ArticleText.id).where(ArticleText.article_id == article.id)
            for id in (await tx.db.exec(ids)).all():
                await publish_version(tx, id)
    look_again(desk)


async def found_share(desk: Desk) -> tuple[float, list[str]]:
    """The share of questions with a right article among the first; and the other questions."""
    missed = []
    for question in questions():
        hits = (await search_articles(desk, question.words, limit=AMONG)).hits
        if not any(hit.slug in question.slugs for hit in hits):
            missed.append(f"{question.words} → {', '.join(hit.slug for hit in hits)}")
    return 1 - len(missed) / len(questions()), missed


def measure_help(
    stack: Stack, repeats: int, seconds: float, say: Callable[[str], None]
) -> list[tuple[int, str, dict[str, float]]]:
    """Repeat, subject and figures; the search and the plain query take turns."""
    return asyncio.run(_measure(stack, repeats, seconds, say))


async def _measure(
    stack: Stack, repeats: int, seconds: float, say: Callable[[str], None]
) -> list[tuple[int, str, dict[str, float]]]:
    few = await new_help(stack, "bench_help_few")
    async with open_desk(few) as desk:
        share, missed = await found_share(desk)
    for one in missed:
        say(f"  not among the first {AMONG}: {one}")
    rows: list[tuple[int, str, dict[str, float]]] = [(0, "helpdesk", {"found": share})]
    many = settings_of(stack, "bench_help")
    if not await stack.seeded("bench_help", f"{FILLED}: {ARTICLES} articles"):
        say(f"filling {ARTICLES:,} articles")
        await new_help(stack, "bench_help")
        async with open_desk(many) as desk:
            await make_articles(desk)
        await stack.mark_seeded("bench_help", f"{FILLED}: {ARTICLES} articles")
    async with open_desk(many) as desk:
        subjects = {"plain": plain(desk), "helpdesk": ours(desk), "suggest": suggesting(desk)}
        for repeat in range(repeats):
            for subject, ask in subjects.items():
                rows.append((repeat, subject, await times(ask, seconds)))
    return rows


def settings_of(stack: Stack, name: str) -> Settings:
    return Settings(database_url=database_url(stack.dsn(name)), redis_url=stack.redis_url)


async def new_help(stack: Stack, name: str) -> Settings:
    settings = settings_of(stack, name)
    await stack.create_database(name)
    await asyncio.to_thread(migrate, settings.database_url)
    async with open_desk(settings) as desk:
        await furnish(desk)
        await shelve(desk)
    return settings


async def make_articles(desk: Desk) -> None:
    """Sentences of the real articles in other orders, with some words that only few have."""
    chance = random.Random(11)
    texts = await desk.pool.fetch("SELECT plain FROM article_texts WHERE language = 'en'")
    sentences = [line for row in texts for line in row["plain"].split("\n") if len(line) > 20]
    rare = words.vocabulary()
    for start in range(0, ARTICLES, AT_ONCE):
        made = [one_article(chance, sentences, rare) for _ in range(AT_ONCE)]
        ids = await desk.pool.fetch(ADD, start, *map(list, zip(*made, strict=True)))
        async with desk.transaction(SYSTEM) as tx:
            await index_texts(tx, [row["id"] for row in ids])


def one_article(
    chance: random.Random, sentences: Sequence[str], rare: Sequence[str]
) -> tuple[str, str, str]:
    body = chance.sample(sentences, 14)
    title = " ".join(chance.choice(sentences).split()[:6])
    summary = chance.choice(sentences)[:300]
    return title[:110], summary, "\n".join([*body, " ".join(chance.sample(rare, 20)) + "."])


Ask = Callable[[str], Awaitable[object]]


def plain(desk: Desk) -> Ask:
    return lambda typed: desk.pool.fetch(PLAIN, typed)


def ours(desk: Desk) -> Ask:
    return lambda typed: search_articles(desk, typed)


def suggesting(desk: Desk) -> Ask:
    return lambda typed: suggest(desk, typed, "withdrawal_not_received")


async def times(ask: Ask, seconds: float) -> dict[str, float]:
    """Every question whole and half typed, over and over, one after the other."""
    asked = [q.words for q in questions()] + [q.words[: len(q.words) // 2] for q in questions()]
    for typed in asked:
        await ask(typed)  # warm
    taken: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for typed in asked:
            began = time.perf_counter()
            await ask(typed)
            taken.append(time.perf_counter() - began)
    ordered = sorted(taken)
    return {f"p{p}_ms": percentile(ordered, p) * 1e3 for p in (50, 95, 99)}
