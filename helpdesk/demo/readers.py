"""What readers of the help centre searched, read, and said about it, over the last weeks."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any

from helpdesk.core.clock import FrozenClock
from helpdesk.desk import Desk, Transaction
from helpdesk.help.finding.search import search_articles
from helpdesk.help.finding.searches import ADD, OPENED
from helpdesk.help.models import Verdict
from helpdesk.help.readers import reader_key
from helpdesk.help.verdicts import give_verdict
from helpdesk.permissions import ANONYMOUS

from .library import written_articles
from .opinions import OPINIONS

VERDICTS = 420
AT_ONCE = 14  # verdicts of about the same hour
OPEN_A_RESULT = 0.7


async def play_readers(
    desk: Desk, clock: FrozenClock, now: datetime, random: Random, articles: Mapping[str, int]
) -> None:
    span = timedelta(days=29)
    begin = now - span
    said = [*some_verdicts(random), *OPINIONS["comment"]]
    random.shuffle(said)
    for number in range(0, len(said), AT_ONCE):
        clock.at = begin + span * (number / len(said))
        async with desk.transaction(ANONYMOUS) as tx:
            for one in said[number : number + AT_ONCE]:
                await say(tx, random, one, articles)
    await search(desk, now, span, random)


def some_verdicts(random: Random) -> list[dict[str, str]]:
    slugs = [article.slug for article in written_articles()]
    most: list[str] = OPINIONS["read_most"]
    weights = [len(most) - most.index(slug) + 2 if slug in most else 1 for slug in slugs]
    verdicts: dict[str, int] = OPINIONS["verdicts"]
    read = random.choices(slugs, weights, k=VERDICTS)
    given = random.choices(list(verdicts), list(verdicts.values()), k=VERDICTS)
    return [{"slug": slug, "verdict": verdict} for slug, verdict in zip(read, given, strict=True)]


async def say(
    tx: Transaction, random: Random, said: Mapping[str, str], articles: Mapping[str, int]
) -> None:
    reader = reader_key(ANONYMOUS, f"{random.getrandbits(128):x}")
    assert reader is not None
    verdict = Verdict(said["verdict"])
    types = next(a.types for a in written_articles() if a.slug == said["slug"])
    await give_verdict(
        tx,
        articles[said["slug"]],
        reader,
        verdict,
        said.get("text", ""),
        types[0] if verdict is Verdict.SOLVED else "",
    )


async def search(desk: Desk, now: datetime, span: timedelta, random: Random) -> None:
    """With the answers this help centre really gives; nobody's name belongs to it."""
    asked: list[dict[str, Any]] = OPINIONS["search"]
    found = [(await search_articles(desk, one["words"])).hits for one in asked]
    async with desk.pool.acquire() as connection, connection.transaction():
        for one, hits in zip(asked, found, strict=True):
            for _ in range(one["times"]):
                at = now - span * random.random()
                id = await connection.fetchval(ADD, one["words"], "en", "help", len(hits), at)
                if hits and not one.get("vain") and random.random() < OPEN_A_RESULT:
                    await connection.execute(OPENED, id, hits[0].article_id)
