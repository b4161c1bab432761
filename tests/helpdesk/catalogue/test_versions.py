"""The desk keeps every version of its catalogue; processes follow the newest."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from helpdesk.catalogue.commands import ensure_default, publish
from helpdesk.catalogue.default import default_catalogue
from helpdesk.catalogue.queries import NoSuchCatalogue, current, look_again, version
from helpdesk.desk import Desk
from helpdesk.permissions import SYSTEM


@pytest.fixture
async def shelf(desk: Desk) -> AsyncIterator[Desk]:
    """A desk with the shipped catalogue only, before and after."""
    await ensure_default(desk)
    yield desk
    async with desk.sessions.begin() as db:
        await (await db.connection()).execute(
            text("DELETE FROM catalogue_versions WHERE number > 1")
        )
    desk.parts.pop("catalogue", None)


async def numbers(desk: Desk) -> list[int]:
    rows = await desk.pool.fetch("SELECT number FROM catalogue_versions ORDER BY number")
    return [row["number"] for row in rows]


async def test_the_shipped_catalogue_is_stored_once_however_often_it_is_ensured(
    shelf: Desk,
) -> None:
    await asyncio.gather(*(ensure_default(shelf) for _ in range(5)))
    assert await numbers(shelf) == [1]
    found = await current(shelf)
    assert (found.number, found.catalogue) == (1, default_catalogue())


async def test_a_fresh_catalogue_is_neither_asked_for_nor_parsed_again(shelf: Desk) -> None:
    first = await current(shelf)
    await shelf.pool.execute("UPDATE catalogue_versions SET number = 7")
    assert await current(shelf) is first  # not asked
    await shelf.pool.execute("UPDATE catalogue_versions SET number = 1")
    look_again(shelf)
    assert await current(shelf) is first  # asked, but not parsed again


async def test_a_newer_version_is_followed_and_the_older_one_can_be_explained(
    shelf: Desk,
) -> None:
    before = await current(shelf)
    limits = before.catalogue.limits.model_copy(update={"files_per_request": 30})
    changed = before.catalogue.model_copy(update={"limits": limits})
    async with shelf.transaction(SYSTEM) as tx:
        stored = await publish(tx, changed, "More files")
    assert stored.number == 2
    assert (await current(shelf)).number == 1, "processes look every few seconds"

    look_again(shelf)
    assert (await current(shelf)).catalogue.limits.files_per_request == 30
    assert (await version(shelf, 1)).catalogue.limits.files_per_request == 20


async def test_two_who_publish_at_once_get_two_numbers(shelf: Desk) -> None:
    async def once() -> int:
        async with shelf.transaction(SYSTEM) as tx:
            return (await publish(tx, default_catalogue(), "again")).number

    assert sorted(await asyncio.gather(once(), once(), once())) == [2, 3, 4]


async def test_a_version_that_never_was_is_not_found(shelf: Desk) -> None:
    with pytest.raises(NoSuchCatalogue):
        await version(shelf, 999)
