"""What everybody reads: the area, the history, the feed, the API."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4
from xml.etree.ElementTree import fromstring

import pytest

from helpdesk.alerts.commands import resolve_alert, update_alert
from helpdesk.alerts.models import Stage
from helpdesk.core.clock import FrozenClock
from tests.helpdesk.people.visitors import visitor
from tests.people import Cast

from .build import TITLE, an_alert, shown_on, text_of

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.mark.parametrize("path", ["/contact", "/report", "/chat", "/alerts", "/alerts/area"])
async def test_without_an_alert_the_area_says_so_and_when_it_looked(
    cast: Cast, site: str, path: str
) -> None:
    async with visitor(site) as nobody:
        await shown_on(nobody, path, "No known issues")
        text = await text_of(nobody, path)
    assert "Checked" in text
    assert "today 10:00" in text


async def test_the_area_says_where_since_when_and_when_more_comes(cast: Cast, site: str) -> None:
    await an_alert(cast)
    async with visitor(site) as nobody:
        await shown_on(nobody, "/contact", TITLE)
        text = await text_of(nobody, "/contact")
        assert text.index(TITLE) < text.index("<h1")
        for words in ("Partly working", "Payments", "10:00", "last update", "today 10:30"):
            assert words in text
        assert (await nobody.get("/alerts/area")).headers["cache-control"] == "private, no-store"
    async with await cast.browser(site, "finn") as finn:
        assert TITLE in await text_of(finn, "/requests")


async def test_a_broken_promise_is_told_to_readers(
    cast: Cast, site: str, clock: FrozenClock
) -> None:
    alert = await an_alert(cast)
    clock.advance(minutes=45)
    async with visitor(site) as nobody:
        for path in ("/contact", "/alerts", f"/alerts/{alert.id}"):
            await shown_on(nobody, path, "Update was due at")
    async with await cast.browser(site, "tess") as tess:
        assert "Update overdue" in await text_of(tess, "/desk/alerts")


async def test_times_are_in_the_readers_zone(cast: Cast, site: str) -> None:
    alert = await an_alert(cast)
    zone = "UPDATE people SET time_zone = 'Asia/Tokyo' WHERE id = $1"
    await cast.desk.pool.execute(zone, cast.finn.id)
    async with await cast.browser(site, "finn") as finn:
        assert "19:00" in await text_of(finn, f"/alerts/{alert.id}")


async def test_the_page_of_an_alert_has_every_update_and_no_name(cast: Cast, site: str) -> None:
    alert = await an_alert(cast)
    for number in range(3):
        async with cast.desk.transaction(await cast.actor("tess")) as tx:
            await update_alert(tx, alert.id, uuid4(), f"Step {number}.", Stage.IDENTIFIED)
    async with visitor(site) as nobody:
        page = await text_of(nobody, f"/alerts/{alert.id}")
    places = [page.index(f"Step {number}.") for number in (2, 1, 0)]
    assert places == sorted(places)
    assert "Tess" not in page
    assert "Nobody has said so yet" in page


async def solved_long_ago(cast: Cast, clock: FrozenClock, count: int) -> None:
    now = clock.now()
    for number in range(count):
        clock.at = now - timedelta(days=3 * (number + 1))
        alert = await an_alert(cast, title=f"Past issue {number}.")
        async with cast.desk.transaction(await cast.actor("tess")) as tx:
            await resolve_alert(tx, alert.id, uuid4())
    clock.at = now


async def test_the_history_goes_on_by_months_and_skips_nothing(
    cast: Cast, site: str, clock: FrozenClock
) -> None:
    await solved_long_ago(cast, clock, 45)
    seen: list[int] = []
    path = "/alerts"
    async with visitor(site) as nobody:
        while path:
            text = await text_of(nobody, path)
            seen += [number for number in range(45) if f"Past issue {number}." in text]
            rest = text.partition('rel="next" href="')[2]
            path = rest.partition('"')[0]
        assert "May 2026" in await text_of(nobody, "/alerts")
    assert seen == list(range(45))


@pytest.mark.parametrize("before", ["", "x", "-1", "1-", "9" * 40 + "-1", "1-" + "9" * 40, "٣-٣"])
async def test_a_strange_place_in_the_history_is_its_beginning(
    cast: Cast, site: str, before: str
) -> None:
    async with visitor(site) as nobody:
        assert (await nobody.get("/alerts", params={"before": before})).status_code == 200


async def test_the_feed_is_valid_keeps_its_ids_and_knows_when_nothing_is_new(
    cast: Cast, site: str, clock: FrozenClock
) -> None:
    alert = await an_alert(cast)
    async with visitor(site) as reader:
        await shown_on(reader, "/alerts/feed.atom", TITLE)
        answer = await reader.get("/alerts/feed.atom")
        assert answer.headers["content-type"].startswith("application/atom+xml")
        first = fromstring(answer.text)
        known = {"if-none-match": answer.headers["etag"]}
        assert (await reader.get("/alerts/feed.atom", headers=known)).status_code == 304
        clock.advance(minutes=5)
        async with cast.desk.transaction(await cast.actor("tess")) as tx:
            await update_alert(tx, alert.id, uuid4(), "A cable & <b>more</b>.")
        await shown_on(reader, "/alerts/feed.atom", "A cable")
        changed = await reader.get("/alerts/feed.atom", headers=known)
        assert changed.status_code == 200
    second = fromstring(changed.text)
    for feed in (first, second):
        for name in ("id", "title", "updated", "author", "link"):
            assert feed.find(f"{ATOM}{name}") is not None
        (entry,) = feed.findall(f"{ATOM}entry")
        assert entry.findtext(f"{ATOM}id") == f"tag:localhost,2026:alert/{alert.id}"
        assert datetime.fromisoformat(entry.findtext(f"{ATOM}updated") or "").tzinfo == UTC
    assert first.findtext(f"{ATOM}updated") != second.findtext(f"{ATOM}updated")
    assert "A cable & <b>more</b>." in (second.findtext(f"{ATOM}entry/{ATOM}content") or "")


async def test_a_feed_without_entries_stays_the_same(
    cast: Cast, site: str, clock: FrozenClock
) -> None:
    async with visitor(site) as reader:
        await shown_on(reader, "/alerts/area", "No known issues")
        first = await reader.get("/alerts/feed.atom")
        clock.advance(days=2)
        assert (await reader.get("/alerts/feed.atom")).content == first.content


async def test_the_api_says_what_the_page_says(cast: Cast, site: str) -> None:
    alert = await an_alert(cast)
    async with visitor(site) as program:
        await shown_on(program, "/api/v1/alerts", TITLE)
        answer = (await program.get("/api/v1/alerts")).json()
        described = (await program.get("/api/openapi.json")).json()
    (shown,) = answer["alerts"]
    assert (shown["id"], shown["level"], shown["overdue"]) == (alert.id, "degraded", False)
    assert shown["next_update_at"] == "2026-06-02T10:30:00Z"
    assert shown["url"].endswith(f"/alerts/{alert.id}")
    assert "/api/v1/alerts" in described["paths"]


async def test_a_script_gets_only_the_part_that_changed(cast: Cast, site: str) -> None:
    alert = await an_alert(cast)
    async with await cast.browser(site, "finn", headers={"x-fragment": "alert-area"}) as finn:
        answer = await finn.post(
            f"/alerts/{alert.id}/affects-me", data={"next": "/requests", "compact": "1"}
        )
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert "We tell you when it is solved" in answer.text
    assert "alert-area-compact" in answer.text
