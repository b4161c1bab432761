"""What machines ask: is it alive, can it serve."""

import asyncpg
import pytest
from redis.exceptions import ConnectionError as AwayError
from sqlalchemy import text

from helpdesk import app
from helpdesk.desk import Desk
from helpdesk.tickets import listing
from tests.helpdesk.people.visitors import visitor
from tests.people import Cast

HANG_UP = """
SELECT pg_terminate_backend(pid, 30000) FROM pg_stat_activity
WHERE backend_type = 'client backend' AND datname = current_database() AND pid <> pg_backend_pid()
"""


async def test_a_desk_that_can_serve_says_so(desk: Desk, site: str) -> None:
    async with visitor(site) as machine:
        assert (await machine.get("/healthz")).text == "ok"
        ready = await machine.get("/readyz")
    assert ready.status_code == 200
    assert ready.json() == {"database": "ok", "valkey": "ok", "migrations": "ok"}


@pytest.mark.parametrize("part", ["database", "valkey", "migrations"])
async def test_a_part_that_is_away_is_named_and_nothing_else_is_told(
    desk: Desk, site: str, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    faults = {
        "database": asyncpg.CannotConnectNowError("canary at 10.0.0.1"),
        "valkey": AwayError("canary at 10.0.0.1"),
        "migrations": RuntimeError("canary"),
    }

    async def away(_: Desk) -> None:
        raise faults[part]

    monkeypatch.setattr(app, f"check_{part}", away)
    async with visitor(site) as machine:
        ready = await machine.get("/readyz")
        alive = await machine.get("/healthz")
    assert ready.status_code == 503
    assert ready.json()[part] == type(faults[part]).__name__
    assert [name for name, state in ready.json().items() if state != "ok"] == [part]
    assert "canary" not in ready.text
    assert alive.status_code == 200


async def test_machines_are_answered_whatever_cookie_they_send(desk: Desk, site: str) -> None:
    cookie = f"{desk.settings.session_cookie}={'x' * 43}"
    async with visitor(site, cookie) as machine:
        assert (await machine.get("/healthz")).status_code == 200
        assert (await machine.get("/readyz")).status_code == 200


async def test_who_comes_after_the_database_was_away_notices_nothing(site: str, cast: Cast) -> None:
    async with await cast.browser(site, "finn") as finn:
        assert (await finn.get("/requests")).status_code == 200
        async with cast.desk.reading() as db:  # whose connection then lies in the pool
            await (await db.connection()).execute(text("SELECT 1"))
        await cast.desk.pool.execute(HANG_UP)
        assert [(await finn.get("/requests")).status_code for _ in range(8)] == [200] * 8
        async with cast.desk.reading() as db:
            assert (await (await db.connection()).execute(text("SELECT 1"))).scalar_one() == 1


async def test_a_database_that_is_away_is_no_fault_of_the_page(
    site: str, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise asyncpg.CannotConnectNowError("canary at 10.0.0.1")

    monkeypatch.setattr(listing, "my_requests", away)
    async with await cast.browser(site, "finn") as finn:
        page = await finn.get("/requests")
    assert (page.status_code, page.headers["Retry-After"]) == (503, "5")
    assert "closed for a moment" in page.text
    assert "canary" not in page.text
