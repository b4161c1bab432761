"""Whom an alert is for: twins inside and outside, on every surface."""

from datetime import timedelta
from typing import Any

import httpx2
import pytest

from helpdesk.alerts.models import Level
from helpdesk.permissions import Can, allowed
from tests.helpdesk.people.visitors import visitor
from tests.people import Cast

from .build import an_alert, shown_on

TITLE = "Onlyforsomeword"
AUDIENCES: list[dict[str, Any]] = [{"countries": ("PT",)}, {"roles": ("client",)}]
SURFACES = ("/alerts", "/contact", "/alerts/area", "/alerts/feed.atom", "/api/v1/alerts", "/chat")


async def settle_audience(cast: Cast, audience: dict[str, Any]) -> int:
    """Cora is inside every audience, Finn and visitors are outside."""
    await cast.desk.pool.execute("UPDATE people SET country = 'PT' WHERE id = $1", cast.cora.id)
    await cast.desk.pool.execute("UPDATE people SET country = 'DE' WHERE id = $1", cast.finn.id)
    await an_alert(cast, title="Foreverybodyword")
    return (await an_alert(cast, title=TITLE, **audience)).id


async def read(client: httpx2.AsyncClient, path: str) -> str:
    answer = await client.get(path)
    assert answer.status_code == 200, path
    return answer.text


@pytest.mark.parametrize("audience", AUDIENCES)
async def test_it_reaches_those_inside_and_nobody_else(
    cast: Cast, site: str, audience: dict[str, Any]
) -> None:
    id = await settle_audience(cast, audience)
    async with (
        await cast.browser(site, "cora") as cora,
        await cast.browser(site, "finn") as finn,
        visitor(site) as nobody,
    ):
        await shown_on(cora, "/alerts/area", TITLE)
        for path in (*SURFACES, f"/alerts/{id}"):
            assert TITLE in await read(cora, path), path
        for client in (finn, nobody):
            for path in SURFACES:
                text = await read(client, path)
                assert TITLE not in text, path
                assert "Foreverybodyword" in text, path
            missing = await client.get("/alerts/900000")
            hidden = await client.get(f"/alerts/{id}")
            assert hidden.status_code == missing.status_code == 404
            assert (await client.post(f"/alerts/{id}/affects-me")).status_code == 404
            assert (await client.post(f"/alerts/{id}/unfollow")).status_code == 404


async def test_a_version_of_the_app_sees_its_own(cast: Cast, site: str) -> None:
    id = await settle_audience(cast, {"app_versions": ("3.2",)})
    async with visitor(site) as nobody:
        await shown_on(nobody, "/alerts/area?app_version=3.2.1", TITLE)
        for path in (*SURFACES, f"/alerts/{id}"):
            assert TITLE in await read(nobody, f"{path}?app_version=3.2.1"), path
        for path in SURFACES:
            assert TITLE not in await read(nobody, path), path
            assert TITLE not in await read(nobody, f"{path}?app_version=3.20"), path


async def test_what_is_solved_stays_inside_its_audience(cast: Cast, site: str) -> None:
    id = await settle_audience(cast, AUDIENCES[1])
    async with await cast.browser(site, "tess", follow_redirects=True) as tess:
        answer = await tess.post(
            f"/desk/alerts/{id}/resolve", data={"once": "0b9f9a31-7a77-4f0e-8a52-7d0d2c0f9a11"}
        )
        assert answer.status_code == 200
    async with await cast.browser(site, "cora") as cora, visitor(site) as nobody:
        assert TITLE in await read(cora, "/alerts")
        for path in ("/alerts", "/alerts/feed.atom"):
            assert TITLE not in await read(nobody, path)


async def test_planned_work_that_is_not_announced_is_for_staff(cast: Cast, site: str) -> None:
    starts_at = cast.desk.clock.now() + timedelta(days=9)
    alert = await an_alert(cast, title=TITLE, level=Level.MAINTENANCE, starts_at=starts_at)
    async with await cast.browser(site, "tess") as tess, visitor(site) as nobody:
        assert TITLE in await read(tess, f"/alerts/{alert.id}")
        assert TITLE in await read(tess, "/desk/alerts")
        assert (await nobody.get(f"/alerts/{alert.id}")).status_code == 404
        for path in SURFACES:
            assert TITLE not in await read(nobody, path), path


@pytest.mark.parametrize(
    ("who", "may"), [("tess", True), ("amy", True), ("mia", True), ("max", True), ("finn", False)]
)
async def test_all_staff_may_post(cast: Cast, who: str, may: bool) -> None:
    assert allowed(await cast.actor(who), Can.POST_ALERTS) is may
