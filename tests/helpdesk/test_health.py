"""What machines ask: is it alive, can it serve."""

import asyncpg
import pytest
from redis.exceptions import ConnectionError as AwayError

from helpdesk import app
from helpdesk.desk import Desk
from tests.helpdesk.people.visitors import visitor


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
