"""What a requester is told while typing: about their own requests alone, and of many people."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from helpdesk.core.clock import FrozenClock
from helpdesk.desk import Desk
from helpdesk.permissions import Actor
from tests.build import a_ticket
from tests.people import Cast
from triage.engine.report import Report
from triage.twins.own import LEAST_PEOPLE, own_alike, several_report_it, typed
from triage.twins.vectors import load

from .build import LATE, TIMER, WITHDRAWAL, forget_words, indexed

AREA = ["level1_tech", "withdrawal_not_received"]


@pytest.fixture(autouse=True, params=["with vectors", "by words alone"])
async def vectors(
    request: pytest.FixtureRequest, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[bool]:
    with_vectors = request.param == "with vectors"
    forget_words(cast.desk)
    if with_vectors:
        await load(cast.desk)
    else:
        cast.desk.parts["vectors"] = (False, float("inf"))
    yield with_vectors
    forget_words(cast.desk)


async def alike(desk: Desk, actor: Actor, words: str) -> list[int]:
    asked = await typed(desk, Report(words, "", desk.clock.now()))
    if asked is None:
        return []
    return [found.ticket_id for found in await own_alike(desk, actor, asked, 3)]


async def several(cast: Cast, who: str, words: str) -> bool:
    asked = await typed(cast.desk, Report(words, "", cast.desk.clock.now()))
    assert asked is not None
    return await several_report_it(cast.desk, await cast.actor(who), asked, AREA)


async def test_their_own_request_in_similar_words_is_found_and_no_other(cast: Cast) -> None:
    own = await indexed(cast, "nina", WITHDRAWAL)
    await indexed(cast, "nina", TIMER)
    await indexed(cast, "finn", WITHDRAWAL)
    nina = await cast.actor("nina")
    found = await alike(cast.desk, nina, "Withdrawal not on my bank account yet")
    assert found == [own.ticket_id]
    assert await alike(cast.desk, nina, "How do I change my picture?") == []
    assert await alike(cast.desk, await cast.actor("otto"), WITHDRAWAL) == []


async def test_what_the_worker_has_not_come_to_is_found_by_its_words(cast: Cast) -> None:
    own = await a_ticket(cast, "nina", subject=WITHDRAWAL)
    assert await alike(cast.desk, await cast.actor("nina"), WITHDRAWAL) == [own.ticket_id]


async def test_after_a_fortnight_it_is_another_matter(cast: Cast, clock: FrozenClock) -> None:
    await indexed(cast, "nina", WITHDRAWAL)
    clock.at += timedelta(days=15)
    assert await alike(cast.desk, await cast.actor("nina"), WITHDRAWAL) == []


async def test_several_people_are_noticed_from_the_third_on(cast: Cast) -> None:
    for who in ("finn", "otto", "omar"):
        assert not await several(cast, "nina", WITHDRAWAL)
        await indexed(cast, who, WITHDRAWAL)
        await indexed(cast, who, WITHDRAWAL)  # one person counts once
    assert await several(cast, "nina", "My withdrawal has not arrived at the bank account")
    assert not await several(cast, "nina", "How do I change my picture?")
    assert not await several(cast, "omar", WITHDRAWAL)  # of the others there are two


async def test_meaning_counts_where_there_are_vectors(cast: Cast, vectors: bool) -> None:
    for who in ("finn", "otto", "omar"):
        await indexed(cast, who, WITHDRAWAL)
    assert await several(cast, "nina", LATE) == vectors


@pytest.mark.parametrize(
    "change",
    [{"restricted": True}, {"type_key": "team_app_bug"}],
    ids=["restricted", "another area"],
)
async def test_what_is_restricted_or_elsewhere_is_not_counted(
    cast: Cast, change: dict[str, Any]
) -> None:
    for who in ("finn", "otto", "omar", "cora"):
        await indexed(cast, who, WITHDRAWAL, **change)
    assert not await several(cast, "nina", WITHDRAWAL)


async def test_what_was_long_ago_is_not_now(cast: Cast, clock: FrozenClock) -> None:
    for who in ("finn", "otto", "omar", "cora")[: LEAST_PEOPLE + 1]:
        await indexed(cast, who, WITHDRAWAL)
    clock.at += timedelta(hours=3, seconds=1)
    assert not await several(cast, "nina", WITHDRAWAL)


BAD = [
    "",
    " ",
    "help",
    "12345678",
    "!!!!!!!!!!!!",
    "the of and to in it is",
    "a" * 300,
    "ñandú 日本語 العربية",
    "<b>markup</b> <img src=x>",
    "%s %d {} {{",
    "😀" * 100,
]


@pytest.mark.parametrize("words", BAD)
async def test_whatever_is_typed_is_answered(cast: Cast, words: str) -> None:
    await indexed(cast, "nina", WITHDRAWAL)
    assert await alike(cast.desk, await cast.actor("nina"), words) == []
    if len(words.strip()) >= 8:
        assert not await several(cast, "finn", words)
