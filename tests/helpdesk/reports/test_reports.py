"""The reports of a month: story A1.12 and A1.13, who may read them, and their files."""

import csv
import io
import re
from datetime import UTC, datetime

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.core.clock import FrozenClock
from helpdesk.help.models import Verdict
from helpdesk.help.verdicts import give_verdict
from helpdesk.permissions import ANONYMOUS
from helpdesk.reports.months import Month, month_of, read_month
from helpdesk.reports.pages import REPORTS
from helpdesk.reports.tables import harmless
from tests.build import a_ticket
from tests.helpdesk.contact.offers import an_article
from tests.people import Cast

from .build import a_closed_ticket

SEARCHED = "INSERT INTO help_searches (words, language, place, found, at) VALUES ($1, 'en', 'help', $2, $3)"  # noqa: E501


def rows(page: str, table: str) -> list[list[str]]:
    """The words of one table, row by row."""
    found = re.search(rf'id="{table}".*?<tbody>(.*?)</tbody>', page, re.S)
    assert found, table
    return [
        [
            re.sub(r"<[^>]+>", "", cell).strip()
            for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)
        ]
        for row in re.findall(r"<tr>(.*?)</tr>", found[1], re.S)
    ]


async def report(browser: httpx2.AsyncClient, key: str, month: str = "") -> str:
    answer = await browser.get(f"/desk/reports/{key}", params={"month": month} if month else {})
    assert answer.status_code == 200
    return answer.text


async def test_of_forty_closed_tickets_three_quarters_are_unique(cast: Cast, site: str) -> None:
    """Story A1.12."""
    article = await an_article(cast, "escrow", "Escrow and the 14 days", "It is released.")
    met = [
        await a_closed_ticket(cast, "escrow", seen={"articles": [article], "helped": False}),
        await a_closed_ticket(cast, "escrow", seen={"offered": [article], "helped": False}),
    ]
    for number in range(8):
        await a_closed_ticket(
            cast, "escrow", seen={"articles": [article + 999]} if number else None
        )
    for _ in range(30):
        await a_closed_ticket(cast)
    async with cast.desk.transaction(ANONYMOUS) as tx:
        await give_verdict(tx, article, b"a reader", Verdict.SOLVED)
        await give_verdict(tx, article, b"another", Verdict.NOT_HELPFUL, "Says nothing about JPY")
    async with await cast.browser(site, "max") as max_:
        short = await max_.get("/reports/coverage")
        assert short.headers["location"] == "/desk/reports/coverage"
        page = await report(max_, "coverage")
        ranked = await report(max_, "articles")
    assert rows(page, "shares") == [
        ["Unique", "30", "75 %"],
        ["Covered by an article", "10", "25 %"],
    ]
    assert rows(page, "articles") == [["Escrow and the 14 days", "10", "100 %", "2"]]
    anyway = rows(page, "filed-anyway")
    assert {row[0] for row in anyway} == {each.reference for each in met}
    assert {row[3] for row in anyway} == {"opened it", "saw its title"}
    assert all(f'href="/desk/tickets/{each.reference}"' in page for each in met)
    assert rows(ranked, "ranking") == [["Escrow and the 14 days", "1", "0", "1", "0", "1", "10"]]
    assert rows(ranked, "comments")[0][2:] == ["Not helpful", "Says nothing about JPY"]


async def test_the_types_of_a_month_are_ranked_and_scams_stand_alone(
    cast: Cast, site: str, clock: FrozenClock
) -> None:
    """Story A1.13."""
    clock.at = datetime(2026, 5, 31, 23, 59, tzinfo=UTC)
    await a_ticket(cast, type_key="hiring_scam", group_key="TAS")
    clock.at = datetime(2026, 6, 1, tzinfo=UTC)
    for type, count in (
        ("withdrawal_not_received", 5), ("account_closure", 4), ("registration_problem", 2),
        ("hiring_scam", 2), ("hiring_problem", 1), ("guidance", 1),
    ):  # fmt: skip
        for _ in range(count):
            await a_ticket(cast, type_key=type)
    async with await cast.browser(site, "max") as max_:
        assert (await max_.get("/reports/top-issues")).headers["location"].endswith("top-issues")
        page = await report(max_, "top-issues", "2026-06")
        before = await report(max_, "top-issues", "2026-05")
    types = rows(page, "types")
    assert [row[:3] for row in types[:2]] == [
        ["Withdrawal not received", "Payment", "5"],
        ["Close my account for good", "Account", "4"],
    ]
    groups = rows(page, "groups")
    assert [row[:2] for row in groups[:3]] == [["Account", "6"], ["Payment", "5"], ["Hiring", "3"]]
    assert rows(page, "scams")[:2] == [["June 2026", "2"], ["May 2026", "1"]]
    assert rows(before, "types") == [[rows(before, "types")[0][0], "Hiring", "1", "100 %"]]


async def test_words_that_found_nothing_are_counted_together(
    cast: Cast, site: str, clock: FrozenClock
) -> None:
    now = clock.now()
    for words, found in (
        ("Crypto  payout", 0), ("crypto payout", 0), ("=1+1", 0), ("escrow", 3),
    ):  # fmt: skip
        await cast.desk.pool.execute(SEARCHED, words, found, now)
    async with await cast.browser(site, "max") as max_:
        page = await report(max_, "searches")
        file = await max_.get("/desk/reports/searches/download")
        earlier = await report(max_, "searches", "2026-05")
    assert [row[:2] for row in rows(page, "unanswered")] == [["crypto payout", "2"], ["=1+1", "1"]]
    assert "75" in page
    assert "Every search found something" in earlier
    assert file.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="searches-unanswered-2026-06.csv"' in file.headers["content-disposition"]
    lines = list(csv.reader(io.StringIO(file.text.removeprefix("\ufeff"))))
    assert lines[0] == ["Words", "Times", "Last", "Where"]
    assert lines[2][0] == "'=1+1"


async def test_figures_of_few_answers_are_shown_nowhere(cast: Cast, site: str) -> None:
    for agent, scores in (("amy", [5, 5, 4, 4, 1, 5]), ("max", [3] * 5), ("admin", [1, 1])):
        for score in scores:
            await a_closed_ticket(cast, agent=agent, score=score)
    async with await cast.browser(site, "max") as max_:
        page = await report(max_, "satisfaction")
        file = (await max_.get("/desk/reports/satisfaction/download?table=agents")).text
    nothing = ["not shown"] * 3
    assert rows(page, "agents") == [
        ["Amy", "6", "4.0", "83 %"],
        ["Admin", *nothing],
        ["Max", *nothing],  # else the total less the others would be the admin's
    ]
    [department] = rows(page, "groups")
    assert department[1:] == ["13", "3.2", "38 %"]
    assert "Admin,not shown,not shown,not shown" in file


@pytest.mark.parametrize("key", REPORTS)
async def test_an_empty_month_says_so(cast: Cast, site: str, key: str) -> None:
    async with await cast.browser(site, "max") as max_:
        page = await report(max_, key, "2020-01")
        assert "January 2020" in page
        assert (await max_.get(f"/desk/reports/{key}/download?month=2020-01")).status_code == 200


async def test_managers_read_reports_and_agents_do_not(cast: Cast, site: str) -> None:
    paths = ["/desk/reports", "/reports/coverage"]
    paths += [f"/desk/reports/{key}{more}" for key in REPORTS for more in ("", "/download")]
    for who, good in (("max", True), ("admin", True), ("amy", False), ("finn", False)):
        async with await cast.browser(site, who) as browser:
            for path in paths:
                status = (await browser.get(path)).status_code
                assert (status in (200, 303)) is good, (who, path, status)
                assert good or status == 403
    async with await cast.browser(site, "amy") as amy, await cast.browser(site, "max") as max_:
        assert "/desk/reports" not in (await amy.get("/desk")).text
        assert "/desk/reports" in (await max_.get("/desk")).text
        for odd in ("no-such-report", "%00", "coverage.csv"):
            assert (await max_.get(f"/desk/reports/{odd}")).status_code == 404
        for month in ("2026-13", "\0", "9" * 50, "2026-6", "-", "2999-01"):
            assert "June 2026" in await report(max_, "coverage", month)


# Months and files


@given(st.integers(946_684_800, 4_102_444_799))
def test_every_moment_is_in_one_month(second: int) -> None:
    at = datetime.fromtimestamp(second, UTC)
    month = month_of(at)
    assert month.start <= at < month.end
    assert month.end == month.later(1).start
    assert month.later(-1).later(1) == month
    assert read_month(str(month), at) == month


def test_a_month_to_come_is_this_month() -> None:
    assert read_month("2026-07", datetime(2026, 6, 2, tzinfo=UTC)) == Month(2026, 6)


@given(st.text(max_size=40))
def test_no_cell_of_a_file_is_a_formula(text: str) -> None:
    shown = harmless(text)
    assert not shown.lstrip().startswith(("=", "+", "-", "@"))
    assert shown.removeprefix("'") == text.replace("\0", "") or shown == text.replace("\0", "")
