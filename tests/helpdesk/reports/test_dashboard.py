"""The dashboard: every number is as long as its list, and what leaves it is safe."""

import csv
import io
import re
from datetime import UTC, date, datetime, timedelta
from html import unescape
from pathlib import Path
from random import Random

import httpx2
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.core.clock import FrozenClock
from helpdesk.reports.counting.commands import count_stale
from helpdesk.reports.dashboard.asked import read_moment
from helpdesk.reports.dashboard.definitions import DEFINITIONS, document
from helpdesk.reports.dashboard.lists import Cursor, read_cursor, read_listing
from helpdesk.reports.dashboard.times import spans
from helpdesk.reports.dashboard.weekly import mail_weekly, monday
from helpdesk.reports.dashboard.words import of_count, took
from helpdesk.reports.tables import harmless
from tests.build import a_ticket
from tests.people import Cast

from .test_counting import live

LINK = re.compile(r'href="(/desk/dashboard/lists/[^"]+)"[^>]*>([\d,]+)<')
REFERENCE = re.compile(r'<th scope="row"><a class="mono"')
PICTURES = Path(__file__).parents[3] / "docs/figures.md"


async def count(cast: Cast) -> None:
    """As the worker does once it has heard of every event."""
    await cast.desk.pool.execute(
        "INSERT INTO report_stale SELECT id, now() FROM cases ON CONFLICT DO NOTHING"
    )
    assert await count_stale(cast.desk)


async def whole_list(browser: httpx2.AsyncClient, address: str) -> int:
    """How many rows there are, page by page."""
    count, following = 0, address
    while following:
        answer = await browser.get(following)
        assert answer.status_code == 200, following
        count += len(REFERENCE.findall(answer.text))
        found = re.search(r'rel="next" href="([^"]+)"', answer.text)
        path = address.partition("?")[0]
        following = f"{path}{unescape(found[1])}" if found else ""
    return count


async def test_every_number_is_as_long_as_its_list_and_its_file(
    cast: Cast, site: str, clock: FrozenClock
) -> None:
    await live(cast, clock, Random(5), 60)
    for _ in range(55):  # more than a page
        await a_ticket(cast, "nina", group_key="PAY")
    await count(cast)
    checked: dict[str, int] = {}
    async with await cast.browser(site, "max") as max_:
        for query in ("period=4-weeks", "period=today", "period=year&channel=form&severity=2"):
            page = (await max_.get(f"/desk/dashboard?{query}")).text
            for address, number in LINK.findall(page):
                checked[unescape(address)] = int(number.replace(",", ""))
        some = dict(Random(1).sample(sorted(checked.items()), min(30, len(checked))))
        some |= {a: n for a, n in checked.items() if n > 50}
        for address, number in some.items():
            assert await whole_list(max_, address) == number, address
            file = await max_.get(address.replace("?", "/download?", 1))
            assert len(list(csv.reader(io.StringIO(file.text)))) == number + 1, address
    assert max(checked.values()) > 50


async def test_files_cannot_calculate_and_say_what_they_are_written_in(
    cast: Cast, site: str
) -> None:
    await a_ticket(cast, subject='=HYPERLINK("http://example.org")')
    await count(cast)
    async with await cast.browser(site, "max") as max_:
        address = "/desk/dashboard/lists/arrived/download?period=today"
        marked, plain = await max_.get(address), await max_.get(f"{address}&mark=no")
        table = await max_.get("/desk/dashboard/tables/departments/download")
    assert marked.content.startswith(b"\xef\xbb\xbf")
    assert plain.text == marked.text.removeprefix("\ufeff")
    assert plain.headers["content-type"] == "text/csv; charset=utf-8"
    [_, row] = csv.reader(io.StringIO(plain.text))
    assert row[2] == '\'=HYPERLINK("http://example.org")'
    assert table.text.startswith("\ufeffDepartment,Arrived")


@given(st.text() | st.sampled_from("=+-@\t\r").flatmap(lambda c: st.text().map(lambda t: c + t)))
def test_no_cell_begins_a_formula(text: str) -> None:
    assert not harmless(text).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert harmless(text).removeprefix("'") == text.replace("\0", "").removeprefix("'")


async def test_lists_keep_to_the_rule_of_who_sees_what(cast: Cast) -> None:
    """Managers alone read lists; were it others, the rule would still hold."""
    await a_ticket(cast, group_key="TAS", restricted=True)
    await a_ticket(cast)
    await count(cast)
    listing = await read_listing(cast.desk, "arrived", {"period": "week"}, "UTC")
    assert listing is not None
    for who, seen in (("max", 2), ("sam", 2), ("amy", 1)):
        rows = await listing.read(cast.desk, await cast.actor(who), None, 50)
        assert len(rows) == seen, who


async def test_addresses_that_nobody_was_given_are_refused_or_mean_the_usual(
    cast: Cast, site: str
) -> None:
    async with await cast.browser(site, "max") as max_:
        for path, status in (
            ("?period=%00&department=99999999999999999999&severity=-1&channel=x", 200),
            ("?from=2026-02-30&to=x", 200),
            ("?from=2026-05-01&to=2026-05-03", 200),
            ("/lists/arrived?since=0001-01-01T00:00:00Z&until=9999-12-31T00:00:00Z", 404),
            ("/lists/arrived?since=2026-06-01T00:00:00&until=", 404),
            ("/lists/arrived?period=week&after=zzz&hour=77&zone=Mars/Olympus&detail=%27", 200),
            ("/lists/arrived?since=2026-06-02T00:00:00Z&until=2026-06-01T00:00:00Z&hour=3", 404),
            ("/lists/arrived?since=2001-01-01T00:00:00Z&until=2199-01-01T00:00:00Z&hour=3", 404),
            ("/lists/nothing", 404),
            ("/tables/nothing/download", 404),
        ):
            assert (await max_.get(f"/desk/dashboard{path}")).status_code == status, path


@given(st.text(max_size=60))
def test_cursors_and_moments_of_anybody_are_read_without_a_fault(text: str) -> None:
    read_moment(text)
    read_cursor(text)
    cursor = Cursor(datetime(2026, 6, 2, 10, 0, 0, 123, tzinfo=UTC), 7)
    assert read_cursor(str(cursor)) == cursor


async def test_the_week_is_mailed_once_on_monday_to_those_who_asked(
    cast: Cast, site: str, clock: FrozenClock
) -> None:
    async with await cast.browser(site, "max") as max_:
        chosen = await max_.post("/account/weekly-figures", data={"wanted": "yes"})
        assert chosen.headers["location"] == "/account#weekly"
        assert "Stop the weekly mail" in (await max_.get("/account")).text
    async with await cast.browser(site, "amy") as amy:
        assert "weekly mail" not in (await amy.get("/account")).text
    await a_ticket(cast)
    await count(cast)
    assert await mail_weekly(cast.desk) == 0  # it is Tuesday
    clock.at = datetime(2026, 6, 8, 6, 59, tzinfo=UTC)
    assert await mail_weekly(cast.desk) == 0
    clock.at = datetime(2026, 6, 8, 7, 0, tzinfo=UTC)
    assert [await mail_weekly(cast.desk) for _ in range(3)] == [1, 0, 0]
    [mail] = await cast.desk.pool.fetch("SELECT * FROM mails WHERE subject LIKE 'The week%'")
    assert mail["to_address"] == "max@desk.example.com"
    assert "Arrived: 1" in mail["body"]
    assert "/desk/dashboard?from=2026-06-01&to=2026-06-07" in mail["body"]
    clock.at += timedelta(days=7)
    await cast.desk.pool.execute("UPDATE people SET roles = '{agent}' WHERE id = $1", cast.max.id)
    assert await mail_weekly(cast.desk) == 0


def test_changes_read_as_words_with_a_sign() -> None:
    said = [of_count(now, 20, "before", "less") for now in (20, 25, 15, 200)]
    assert [(one.sign, one.words, one.tone) for one in said] == [
        ("=", "as many as before", ""),
        ("▲", "25\u00a0% more than before (20)", "bad"),
        ("▼", "25\u00a0% fewer than before (20)", "good"),
        ("▲", "10 times as many as before (20)", "bad"),
    ]
    assert took(3_600 * 5 + 1_500) == "5\u00a0h 25\u00a0min"
    assert spans([0, 1, 2, 22, 23]) == ["from 0 to 3 o’clock", "from 22 to 24 o’clock"]


def test_the_document_says_what_the_page_says() -> None:
    assert PICTURES.read_text("utf-8") == document()
    assert monday(datetime(2026, 6, 8, 6, 59, tzinfo=UTC), "UTC") == date(2026, 6, 1)


async def test_figures_are_explained_beside_them(cast: Cast, site: str) -> None:
    async with await cast.browser(site, "max") as max_:
        page = unescape((await max_.get("/desk/dashboard")).text)
        told = unescape((await max_.get("/desk/dashboard/definitions")).text)
    for key, one in DEFINITIONS.items():
        assert one.text in told
        assert one.text in page or key == "sla_missed"
