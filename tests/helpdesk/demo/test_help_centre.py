"""Loading what is written in files into an empty desk, by the commands everybody uses."""

from collections.abc import Mapping
from random import Random

import pytest

from helpdesk.alerts.models import Alert, AlertUpdate, Level
from helpdesk.catalogue.commands import ensure_default
from helpdesk.catalogue.default import default_catalogue
from helpdesk.core.clock import FrozenClock
from helpdesk.demo.help import load_help
from helpdesk.demo.library import written_articles
from helpdesk.demo.notices import play_alerts
from helpdesk.demo.opinions import Opinions
from helpdesk.demo.people import Company, make_people
from helpdesk.demo.readers import play_readers
from helpdesk.desk import Desk
from helpdesk.help.models import Verdict
from helpdesk.people.commands import ensure_groups
from helpdesk.permissions import SYSTEM

COUNTS = """
SELECT count(*) AS articles,
    (SELECT count(*) FROM article_texts WHERE published_at IS NOT NULL) AS texts,
    (SELECT count(*) FROM article_versions) AS versions
FROM articles
"""
PUBLISHED = """
SELECT a.slug, t.language, t.title, a.checked_at, a.created_at,
    v.author_id, v.reviewer_id, v.number
FROM articles a JOIN article_texts t ON t.article_id = a.id
    JOIN article_versions v ON v.text_id = t.id AND v.number = t.published_number
"""


@pytest.fixture
async def company(desk: Desk) -> Company:
    await ensure_default(desk)
    async with desk.transaction(SYSTEM) as tx:
        await ensure_groups(tx, default_catalogue().groups)
        return await make_people(tx, Random(1))


async def counts(desk: Desk) -> Mapping[str, int]:
    return dict(await desk.pool.fetchrow(COUNTS))


async def test_every_article_is_published_as_it_is_written(desk: Desk, company: Company) -> None:
    ids = await load_help(desk, desk.clock.now(), company.people)
    rows = await desk.pool.fetch(PUBLISHED)
    published = {(row["slug"], row["language"]): row["title"] for row in rows}
    assert published == {
        (article.slug, text.language): text.title
        for article in written_articles()
        for text in article.texts
    }
    assert ids.keys() >= {article.slug for article in written_articles()}


async def test_nobody_published_their_own_words(desk: Desk, company: Company) -> None:
    await load_help(desk, desk.clock.now(), company.people)
    rows = await desk.pool.fetch(PUBLISHED)
    assert all(row["author_id"] != row["reviewer_id"] for row in rows)
    assert all(row["created_at"] < row["checked_at"] <= desk.clock.now() for row in rows)
    assert any(row["number"] > 1 for row in rows)


async def test_loading_again_changes_nothing(desk: Desk, company: Company) -> None:
    first = await load_help(desk, desk.clock.now(), company.people)
    before = await counts(desk)
    assert await load_help(desk, desk.clock.now(), company.people) == first
    assert await counts(desk) == before


async def test_alerts_of_the_past_are_solved_and_maintenance_is_to_come(
    desk: Desk, company: Company, clock: FrozenClock
) -> None:
    now = desk.clock.now()
    await play_alerts(desk, clock, now, Random(1), company)
    async with desk.reading() as db:
        alerts = {alert.title: alert for alert in (await db.exec(Alert.__table__.select())).all()}
        updates = (await db.exec(AlertUpdate.__table__.select())).all()
    solved = [alert for alert in alerts.values() if alert.resolved_at]
    planned = [alert for alert in alerts.values() if alert.starts_at > now]
    assert len(solved) == 1
    assert solved[0].starts_at < solved[0].resolved_at < now
    assert [alert.level for alert in planned] == [Level.MAINTENANCE.value]
    assert sum(update.alert_id == solved[0].id for update in updates) >= 3


async def test_readers_searched_and_said_what_they_think(
    desk: Desk, company: Company, clock: FrozenClock
) -> None:
    now = desk.clock.now()
    articles = await load_help(desk, now, company.people)
    await play_readers(desk, clock, now, Random(1), articles)
    said = await desk.pool.fetch("SELECT verdict, comment, at FROM article_verdicts")
    assert {row["verdict"] for row in said} == {verdict.value for verdict in Verdict}
    assert any(row["comment"] for row in said)
    assert all(row["at"] < now for row in said)
    found = "SELECT found FROM help_searches"
    assert {bool(row["found"]) for row in await desk.pool.fetch(found)} == {True, False}


def test_a_quarter_of_what_is_solved_was_answered_by_an_article() -> None:
    types = [type.key for type in default_catalogue().types]
    ids = {article.slug: number for number, article in enumerate(written_articles(), start=1)}
    opinions = Opinions(Random(1), ids)
    covered = [opinions.covered_by(types[number % len(types)]) for number in range(400)]
    assert sum(map(bool, covered)) == pytest.approx(100, abs=4)
    assert set(covered) - {""} <= ids.keys()
