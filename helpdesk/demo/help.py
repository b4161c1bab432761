"""The help centre of the demonstration: written by its people, published by their colleagues."""

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any

from sqlmodel import col, select

from helpdesk.core.clock import FrozenClock
from helpdesk.desk import Desk, Transaction
from helpdesk.help.models import Article, ArticleText
from helpdesk.help.writing.commands import (
    Details,
    Wording,
    add_language,
    check_article,
    create_article,
    ensure_categories,
    publish_version,
    save_version,
    send_to_review,
)
from helpdesk.people.models import Group, Person
from helpdesk.people.queries import actor_of
from helpdesk.permissions import SYSTEM

from .library import WrittenArticle, WrittenText, written_articles

DRAFTS: dict[str, list[dict[str, Any]]] = tomllib.loads(
    files(__package__).joinpath("drafts.toml").read_text("utf-8")
)
OPENED = timedelta(days=240)  # since when there is a help centre
AMENDED = timedelta(days=26)  # when some articles got their last section
IN_TWO_STEPS = {
    "tickets-or-live-chat",
    "when-will-my-withdrawal-arrive",
    "escrow-and-the-14-day-release",
    "avoiding-and-reporting-scams",
}
COLLEAGUE = {"sam": "lena", "lena": "sam", "mia": "ari", "ari": "mia"}
MANAGER = "max"  # publishes what has no second pair of eyes in its department
FIRST, LATER = "First version", "A section added that readers asked for"


async def load_help(desk: Desk, now: datetime, people: Mapping[str, Person]) -> dict[str, int]:
    """The articles that are not there yet; the ids of all, by slug."""
    clock = FrozenClock(now - OPENED)
    past = replace(desk, clock=clock)
    known = await ids_by_slug(past)
    missing = [article for article in written_articles() if article.slug not in known]
    if missing:
        await write(past, missing, people)
        clock.at = now - OPENED + timedelta(days=1)
        await publish(past, missing, people)
        clock.at = now - AMENDED
        await amend(past, [a for a in missing if a.slug in IN_TWO_STEPS], people)
        await check(past, clock, now, missing, people)
        clock.at = now - timedelta(days=1)
        await leave_drafts(past, people)
    return await ids_by_slug(past)


async def ids_by_slug(desk: Desk) -> dict[str, int]:
    rows = await desk.pool.fetch("SELECT slug, id FROM articles")
    return {row["slug"]: row["id"] for row in rows}


async def write(desk: Desk, articles: list[WrittenArticle], people: Mapping[str, Person]) -> None:
    async with desk.transaction(SYSTEM) as tx:
        shelves = {key: shelf.id for key, shelf in (await ensure_categories(tx)).items()}
        groups = {group.key: group.id for group in (await tx.db.exec(select(Group))).all()}
    for author in sorted({article.author for article in articles}):
        async with desk.transaction(await actor_of(desk, people[author].id)) as tx:
            for article in articles:
                if article.author == author:
                    details = details_of(article, shelves, groups)
                    await write_one(tx, article, details)


def details_of(
    article: WrittenArticle, shelves: Mapping[str, int], groups: Mapping[str, int]
) -> Details:
    return Details(
        slug=article.slug,
        category_id=shelves[article.category],
        group_id=groups[article.owner],
        type_keys=article.types,
        related=article.related,
        position=article.position,
    )


async def write_one(tx: Transaction, article: WrittenArticle, details: Details) -> None:
    first, *others = article.texts
    made = await create_article(tx, details, wording(first, article.slug in IN_TWO_STEPS), "en")
    for text in others:
        await add_language(tx, made.id, text.language, wording(text))
    for row in await texts_of(tx, [article.slug]):
        await send_to_review(tx, row.id)


def wording(text: WrittenText, shortened: bool = False) -> Wording:
    body = text.body.rpartition("\n## ")[0] if shortened else text.body
    return Wording(text.title, text.summary, text.keywords, body, FIRST)


async def texts_of(tx: Transaction, slugs: list[str]) -> list[ArticleText]:
    query = select(ArticleText).join(Article).where(col(Article.slug).in_(slugs))
    return list((await tx.db.exec(query.order_by(col(ArticleText.id)))).all())


async def publish(desk: Desk, articles: list[WrittenArticle], people: Mapping[str, Person]) -> None:
    """Nobody publishes what they wrote themselves."""
    of_publisher: dict[str, list[str]] = {}
    for article in articles:
        publisher = COLLEAGUE.get(article.author, MANAGER)
        of_publisher.setdefault(publisher, []).append(article.slug)
    for publisher, slugs in of_publisher.items():
        async with desk.transaction(await actor_of(desk, people[publisher].id)) as tx:
            for text in await texts_of(tx, slugs):
                await publish_version(tx, text.id)


async def amend(desk: Desk, articles: list[WrittenArticle], people: Mapping[str, Person]) -> None:
    """Some have a history: what was changed can be compared."""
    for article in articles:
        async with desk.transaction(await actor_of(desk, people[article.author].id)) as tx:
            english = (await texts_of(tx, [article.slug]))[0]
            whole = replace(wording(article.texts[0]), change=LATER)
            await save_version(tx, english.id, english.edition, whole)
            await send_to_review(tx, english.id)
        publisher = people[COLLEAGUE.get(article.author, MANAGER)]
        async with desk.transaction(await actor_of(desk, publisher.id)) as tx:
            await publish_version(tx, english.id)


async def check(
    desk: Desk,
    clock: FrozenClock,
    now: datetime,
    articles: list[WrittenArticle],
    people: Mapping[str, Person],
) -> None:
    """Read again and found right, on the day its file names."""
    ids = await ids_by_slug(desk)
    for article in articles:
        clock.at = now - timedelta(days=article.checked)
        async with desk.transaction(await actor_of(desk, people[article.author].id)) as tx:
            await check_article(tx, ids[article.slug])


async def leave_drafts(desk: Desk, people: Mapping[str, Person]) -> None:
    for told in DRAFTS["change"]:
        written = next(a for a in written_articles() if a.slug == told["slug"]).texts[0]
        async with desk.transaction(await actor_of(desk, people[told["author"]].id)) as tx:
            text = (await texts_of(tx, [told["slug"]]))[0]
            draft = replace(
                wording(written), body=written.body + told["add"], change=told["change"]
            )
            await save_version(tx, text.id, text.edition, draft)
            if told["review"]:
                await send_to_review(tx, text.id)
    for told in DRAFTS["new"]:
        async with desk.transaction(await actor_of(desk, people[told["author"]].id)) as tx:
            await begin(tx, told)


async def begin(tx: Transaction, told: dict[str, Any]) -> None:
    shelves = await ensure_categories(tx)
    group = (await tx.db.exec(select(Group).where(Group.key == told["owner"]))).one()
    details = Details(
        slug=told["slug"],
        category_id=shelves[told["category"]].id,
        group_id=group.id,
        type_keys=tuple(told["types"]),
    )
    words = Wording(told["title"], told["summary"], tuple(told["keywords"]), told["body"], FIRST)
    await create_article(tx, details, words)
