"""Calendars in use: managers change them, what was stays, and bad input names its field."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from helpdesk.calendars.jobs import sweep_sources
from helpdesk.calendars.queries import absent, hours_in, hours_of, look_again
from tests.conftest import TUESDAY, FrozenClock
from tests.people import Cast

PAY = "/desk/calendars/PAY"


def week(**more: str) -> dict[str, str]:
    days = {f"from.{day}.0": "09:00" for day in range(5)}
    days |= {f"until.{day}.0": "17:00" for day in range(5)}
    return {"zone": "Europe/Berlin", "do": "save", **days, **more}


async def said(answer: httpx2.Response, field: str) -> str:
    assert answer.status_code == 422
    begins = answer.text.index(f'id="{field}-error"')
    return answer.text[begins : begins + 400]


async def test_a_new_week_is_shown_with_its_effect_and_holds_from_its_day(
    cast: Cast, site: str, clock: FrozenClock
) -> None:
    before = await hours_of(cast.desk, "PAY")
    next_week = (TUESDAY + timedelta(days=6)).date().isoformat()
    async with await cast.browser(site, "max") as max:
        shown = await max.post(f"{PAY}/week", data=week(since=next_week, do="preview"))
        assert "On open tickets: No open ticket gets another date" in shown.text
        assert (await max.post(f"{PAY}/week", data=week(since=next_week))).status_code == 303
        page = (await max.get(PAY)).text
        assert "To come" in page
        assert "Monday to Friday, 09:00–17:00 Berlin time" in page
    look_again(cast.desk)
    after = await hours_of(cast.desk, "PAY")
    monday = datetime.fromisoformat(f"{next_week}T00:00:00+02:00")
    assert after.elapsed(TUESDAY, monday) == before.elapsed(TUESDAY, monday)
    assert after.is_open(monday + timedelta(hours=10))
    assert not before.is_open(monday + timedelta(hours=10))
    async with cast.desk.reading() as db:
        assert await hours_in(db, cast.groups["PAY"].id) == after
    async with await cast.browser(site, "max") as max:
        found = (await max.get(PAY)).text.split("/withdraw")[0].rpartition("/")[2]
        assert (await max.post(f"{PAY}/weeks/{found}/withdraw")).status_code == 303
    look_again(cast.desk)
    assert await hours_of(cast.desk, "PAY") == before


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"from.0.0": "17:00", "until.0.0": "09:00"}, "until.0.0", "ends before it begins"),
        ({"from.0.1": "16:00", "until.0.1": "18:00"}, "from.0.1", "before the interval of Monday"),
        ({"from.6.0": "22:00", "until.6.0": "10:00", "next.6.0": "1"}, "from.0.0", "of Sunday"),
        ({"from.0.0": "25:00"}, "from.0.0", "such as 09:00"),
        ({"zone": "Europe/Atlantis"}, "zone", "no such time zone"),
        ({"since": "2020-01-01"}, "since", "stays as it was"),
        ({"since": "2300-01-01"}, "since", "two years"),
        ({f"{end}.{day}.0": "" for day in range(5) for end in ("from", "until")}, "from.0.0",
         "at least one interval"),
    ],
)  # fmt: skip
async def test_a_week_that_cannot_be_is_refused_beside_its_field(
    cast: Cast, site: str, typed: dict[str, str], field: str, words: str
) -> None:
    async with await cast.browser(site, "max") as max:
        answer = await max.post(f"{PAY}/week", data=week(**typed))
        if field == "from.0.0" and "least" in words:
            assert words in answer.text  # every line is empty: the summary says it
        else:
            assert words in await said(answer, field)


async def test_days_off_by_hand_and_by_country(cast: Cast, site: str, clock: FrozenClock) -> None:
    clock.set(datetime(2026, 6, 30, 12, tzinfo=UTC))
    async with await cast.browser(site, "max") as max:
        for typed, field in (
            ({"first": "2026-07-01", "last": "2027-08-05"}, "last"),
            ({"first": "2026-07-01", "last": "2026-06-30"}, "last"),
            ({"first": "2025-07-01"}, "first"),
            ({"first": "soon"}, "first"),
        ):
            await said(await max.post(f"{PAY}/days", data=typed), field)
        await said(await max.post(f"{PAY}/sources", data={"country": "XX"}), "country")
        bad = {"do": "feed", "address": "file:///etc/passwd"}
        await said(await max.post(f"{PAY}/sources", data=bad), "address")
        for path, more in (("days", {"first": "2026-07-01"}), ("sources", {"country": "US"})):
            shown = await max.post(f"{PAY}/{path}", data={"do": "preview", **more})
            assert "On open tickets: No open ticket gets another date" in shown.text
        assert "Independence Day" not in (await max.get(PAY)).text
        await max.post(f"{PAY}/sources", data={"country": "US"})
        await max.post(f"{PAY}/days", data={"first": "2026-06-30", "name": "Burst pipe"})
        page = (await max.get(PAY)).text
    assert "Independence Day" in page
    look_again(cast.desk)
    hours = await hours_of(cast.desk, "PAY")
    open_before = datetime(2026, 6, 30, 13, tzinfo=UTC)
    assert not hours.is_open(open_before)  # closed from the moment it was said
    assert hours.next_opening(open_before) == datetime(2026, 7, 1, 13, tzinfo=UTC)
    assert not hours.is_open(datetime(2026, 7, 3, 15, tzinfo=UTC))


async def test_a_day_is_made_shorter_closed_and_given_its_hours_back(
    cast: Cast, site: str, clock: FrozenClock
) -> None:
    clock.set(datetime(2026, 6, 29, 12, tzinfo=UTC))  # a Monday; Payments works 09:00 to 17:00
    short = {"first": "2026-07-01", "opens": "09:00", "ends": "13:00", "name": "Summer fête"}
    noon, later = (datetime(2026, 7, 1, hour, tzinfo=UTC) for hour in (15, 18))  # 11:00, 14:00

    async def open_then() -> list[bool]:
        look_again(cast.desk)
        hours = await hours_of(cast.desk, "PAY")
        return [hours.is_open(at) for at in (noon, later)]

    async with await cast.browser(site, "max") as max, await cast.browser(site, "amy") as amy:
        for wrong, field in (
            ({"ends": "08:00"}, "ends"), ({"ends": ""}, "ends"), ({"opens": ""}, "opens"),
            ({"opens": "25:00"}, "opens"), ({"ends": "x" * 100_000}, "ends"),
        ):  # fmt: skip
            await said(await max.post(f"{PAY}/days", data=short | wrong), field)
        assert (await amy.post(f"{PAY}/days", data=short)).status_code == 403
        looked = await max.post(f"{PAY}/days", data=short | {"do": "preview"})
        assert "Shorten these days" in looked.text
        assert await open_then() == [True, True]
        for _ in range(2):  # sent twice
            assert (await max.post(f"{PAY}/days", data=short)).status_code == 303
        assert await open_then() == [True, False]
        page = (await max.get(PAY)).text
        assert page.count("Only 09:00–13:00") == 1
        assert "Summer fête (only 09:00–13:00)" in (await max.get("/desk/calendars")).text
        await max.post(f"{PAY}/days", data={"first": "2026-07-01"})  # closed after all
        assert await open_then() == [False, False]
        await max.post(f"{PAY}/days", data=short)
        assert await open_then() == [True, False]
        [row] = re.findall(
            r'action="(/desk/calendars/PAY/days/\d+/open)#effect"', (await max.get(PAY)).text
        )
        assert (await max.post(row)).status_code == 303
        assert await open_then() == [True, True]
        assert (await max.post(f"{PAY}/days/{10**20}/open")).status_code == 404


async def test_a_feed_is_fetched_by_the_worker_and_its_fate_is_told(cast: Cast, site: str) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/x.ics"
    async with server, await cast.browser(site, "max") as max:
        await max.post(f"{PAY}/sources", data={"do": "feed", "address": address})
        assert await sweep_sources(cast.desk) == 1
        assert await sweep_sources(cast.desk) == 0
        assert "not on the public Internet" in (await max.get(PAY)).text


async def test_people_say_when_they_are_away_and_managers_for_all(
    cast: Cast, site: str, clock: FrozenClock
) -> None:
    amy, pete = cast.people["amy"].id, cast.people["pete"].id
    away: dict[str, Any] = {"kind": "holiday", "from": "2026-06-02", "until": "2026-06-05"}
    async with await cast.browser(site, "amy") as browser:
        assert (await browser.post("/desk/absences", data=away)).status_code == 303
        other = await browser.post("/desk/absences", data={**away, "person": str(pete)})
        assert other.status_code == 403
        late = {"kind": "ill", "from": "2026-06-09", "until": "2026-06-01"}
        await said(await browser.post("/desk/absences", data=late), "until")
        assert "Amy" in (await browser.get("/desk/absences")).text
    assert await absent(cast.desk, amy, clock.now())
    assert not await absent(cast.desk, amy, clock.now() + timedelta(days=5))
    async with await cast.browser(site, "max") as browser:
        await browser.post("/desk/absences", data={**away, "person": str(pete)})
        page = (await browser.get("/desk/absences")).text
        row = page.split("/end")[0].rpartition("/")[2]
        assert (await browser.post(f"/desk/absences/{row}/end")).status_code == 303
    assert [await absent(cast.desk, one, clock.now()) for one in (amy, pete)] == [False, True]
