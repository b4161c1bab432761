"""Story A1: what may answer it, on the way to a ticket. Over HTTP, as a browser without scripts."""

import asyncio
import re
from html import unescape
from typing import Any

import httpx2
import pytest

from helpdesk.alerts.commands import alerts_changed
from tests.helpdesk.contact.offers import an_alert, an_article, some_articles
from tests.helpdesk.contact.reports import Visiting, question, technical, typed_in, visiting
from tests.people import Cast


@pytest.fixture(autouse=True)
async def no_alerts_of_before(cast: Cast) -> None:
    """Every process remembers them for some seconds; the tables are empty."""
    cast.desk.live.deliver([alerts_changed()])
    await asyncio.sleep(0.05)


def block(page: str) -> str:
    found = re.search(r'<div class="suggestions" id="suggestions".*', page, re.S)
    assert found, page[:500]
    rest = found.group()
    end = rest.find('id="suggestions-news"')
    return unescape(rest[: end if end > 0 else None])


def carried(page: str) -> dict[str, str]:
    """The hidden fields that a form sends on."""
    return dict(re.findall(r'<input type="hidden" name="(seen\.\w+)" value="([^"]*)">', page))


def titles(page: str) -> list[str]:
    return re.findall(r'class="suggestion-open"[^>]*>([^<]*)<', block(page))


async def press(browser: Visiting, report: dict[str, str], do: str) -> httpx2.Response:
    return await browser.post("/report", data={**report, "do": do})


async def seen_of(cast: Cast, table: str) -> list[Any]:
    rows = await cast.desk.pool.fetch(f"SELECT seen FROM {table} ORDER BY id")
    for row in rows:
        (row["seen"] or {}).get("offered", []).sort()
    return [row["seen"] for row in rows]


async def test_choosing_a_type_shows_its_articles_and_typing_finds_others(
    site: str, cast: Cast
) -> None:
    await some_articles(cast)
    async with await visiting(cast, site, "finn") as finn:
        page = await finn.get("/report?service=technical_support&type=team_app_bug")
        assert titles(page.text) == ["The tracker stops or loses time"]
        asked = {"service": "technical_support", "type": "team_app_bug"}
        part = await finn.get("/report/suggestions", params={**asked, "subject": "split in parts"})
    assert part.status_code == 200
    assert "<html" not in part.text
    assert "Split a project into milestones" in titles(part.text)
    assert "You can split a project into milestones at any time." in re.sub(
        "</?mark>", "", block(part.text)
    )
    assert 'data-news="2 articles may answer this."' in part.text


async def test_before_a_type_is_chosen_nothing_is_suggested(site: str, cast: Cast) -> None:
    await some_articles(cast)
    async with await visiting(cast, site) as visitor:
        part = await visitor.get("/report/suggestions?subject=the+tracker+stops")
        assert titles(part.text) == []
        odd = await visitor.get("/report/suggestions?type=no_such_type&subject=tracker")
    assert titles(odd.text) == []


async def test_the_matching_known_issue_comes_first_and_one_click_is_enough(
    site: str, cast: Cast
) -> None:
    await some_articles(cast)
    id = await an_alert(cast)
    asked = question(service="payments", type="payment_not_received", contract="C-1001")
    asked["subject"] = "The payments page hangs in Lisbon"
    async with await visiting(cast, site, "finn") as finn:
        page = await press(finn, asked, "update")
        shown = block(page.text)
        assert "Payments page is slow" in shown
        assert shown.find("Payments page is slow") < (shown.find("suggestions-panel") % 10**6)
        first = await press(finn, asked, f"affects:{id}")
        assert "We tell you when it is fixed" in block(first.text)
        again = await press(finn, {**asked, **carried(first.text)}, f"affects:{id}")
        assert "We tell you when it is fixed" in block(again.text)
        assert typed_in(again.text, "subject") == asked["subject"]
    assert await cast.desk.pool.fetchval("SELECT affected FROM alerts") == 1
    assert await cast.desk.pool.fetchval("SELECT count(*) FROM tickets") == 0


async def test_a_visitor_is_counted_once_and_the_alert_area_knows(site: str, cast: Cast) -> None:
    id = await an_alert(cast, "Sign-up mails are late", "customer_service")
    asked = question(type="registration_problem", subject="No mail after the sign-up")
    async with await visiting(cast, site) as visitor:
        for _ in range(3):
            page = await press(visitor, asked, f"affects:{id}")
            assert "Counted. You need not send anything." in block(page.text)
        assert "alerts_told" in " ".join(visitor.kept)
    assert await cast.desk.pool.fetchval("SELECT affected FROM alerts") == 1


async def test_a_different_problem_goes_on_and_is_remembered(site: str, cast: Cast) -> None:
    articles, id = await some_articles(cast), await an_alert(cast, "Tracker", "technical_support")
    report = technical(type="team_app_bug", subject="The tracker stops after sleep")
    async with await visiting(cast, site, "finn") as finn:
        page = await press(finn, report, f"different:{id}")
        assert "Known issue" not in block(page.text)
        assert typed_in(page.text, "subject") == report["subject"]
        assert carried(page.text) == {"seen.alerts": str(id)}
        await press(finn, {**report, **carried(page.text)}, "none")
    [seen] = await seen_of(cast, "drafts")
    assert seen == {
        "alerts": [id],
        "offered": [articles["tracker"]],
        "helped": False,
        "type": "team_app_bug",
    }


async def test_an_opened_article_is_remembered_and_reaches_the_ticket(
    site: str, cast: Cast
) -> None:
    articles = await some_articles(cast)
    read = articles["tracker"]
    report = question(subject="The tracker stops after sleep on Windows 11")
    async with await visiting(cast, site, "finn") as finn:
        page = await press(finn, report, f"read:{read}")
        assert "Switch sleep off while you track." in block(page.text)
        assert "<h2" in block(page.text) or "<h3" in block(page.text)
        assert carried(page.text) == {"seen.articles": str(read), "seen.open": str(read)}
        closed = await press(finn, {**report, **carried(page.text)}, f"read:{read}")
        assert carried(closed.text) == {"seen.articles": str(read)}
        none = await press(finn, {**report, **carried(closed.text)}, "none")
        assert "None of the articles helped." in block(none.text)
        assert titles(none.text) == []
        assert typed_in(none.text, "description") == report["description"]
        checked = await press(finn, {**report, **carried(none.text)}, "check")
        assert checked.status_code == 303
        await finn.post(f"/report/{report['draft']}/send")
    offered = sorted([read, articles["milestones"]])
    kept = {"articles": [read], "offered": offered, "helped": False, "type": "guidance"}
    assert await seen_of(cast, "drafts") == [kept]
    assert await seen_of(cast, "tickets") == [kept]
    async with await visiting(cast, site, "tess") as tess:
        reference = (await finn_s_reference(cast),)[0]
        shown = await tess.get(f"/desk/tickets/{reference}")
    assert "Read before filing: The tracker stops or loses time, and it did not help." in shown.text


async def finn_s_reference(cast: Cast) -> str:
    id = await cast.desk.pool.fetchval("SELECT max(id) FROM tickets")
    return f"HD-{id + 10_000}"


async def test_a_visitor_carries_it_without_any_draft(site: str, cast: Cast) -> None:
    articles = await some_articles(cast)
    report = question(**{"seen.articles": str(articles["milestones"]), "seen.helped": "no"})
    async with await visiting(cast, site) as guest:
        answer = await guest.post("/report/send", data=report)
        assert answer.status_code == 303
    [seen] = await seen_of(cast, "tickets")
    assert seen["articles"] == [articles["milestones"]]


async def test_the_articles_come_back_when_asked_for(site: str, cast: Cast) -> None:
    await some_articles(cast)
    report = question()
    async with await visiting(cast, site, "cora") as cora:
        none = await press(cora, report, "none")
        back = await press(cora, {**report, **carried(none.text)}, "again")
    assert titles(back.text) == ["Split a project into milestones"]


async def test_another_type_shows_its_own_articles_after_none_helped(site: str, cast: Cast) -> None:
    await some_articles(cast)
    report = question()
    async with await visiting(cast, site, "finn") as finn:
        none = await press(finn, report, "none")
        other = {**report, **carried(none.text), "service": "technical_support",
                 "type": "team_app_bug", "subject": ""}  # fmt: skip
        page = await press(finn, other, "update")
    assert titles(page.text) == ["The tracker stops or loses time"]


async def test_what_only_people_can_do_is_never_deflected(site: str, cast: Cast) -> None:
    articles, _ = await some_articles(cast), await an_alert(cast, "Closing", "trust_safety")
    read = articles["closing"]
    report = technical(service="trust_safety", type="account_closure", subject="Closing it")
    async with await visiting(cast, site, "finn") as finn:
        page = await press(finn, report, f"read:{read}")
        shown = block(page.text)
        assert "Worth reading meanwhile" in shown
        assert "Settle what is open first." in shown
        assert ">Continue</a>" in shown
        for word in ("This solved my problem", "None of these helped", "This affects me"):
            assert word not in shown
        forged = await press(finn, {**report, **carried(page.text)}, f"solved:{read}")
    assert forged.status_code == 200
    assert await cast.desk.pool.fetchval("SELECT count(*) FROM article_verdicts") == 0


@pytest.mark.parametrize("what", ["", "0", "x", "-1", "9" * 30, "\0", "' OR 1=1", "999999"])
@pytest.mark.parametrize("do", ["read", "solved", "affects", "different", "none", "again"])
async def test_a_button_that_names_nothing_changes_nothing(
    site: str, cast: Cast, do: str, what: str
) -> None:
    report = question()
    async with await visiting(cast, site, "finn") as finn:
        page = await press(finn, report, f"{do}:{what}")
    assert page.status_code == 200
    assert typed_in(page.text, "subject") == report["subject"]
    assert "seen.articles" not in carried(page.text)
    assert "seen.alerts" not in carried(page.text)


async def test_a_draft_is_not_an_article_yet(site: str, cast: Cast) -> None:
    id = await an_article(cast, "secret", "A secret tracker", "Words.", published=False)
    async with await visiting(cast, site, "finn") as finn:
        page = await press(finn, technical(subject="A secret tracker"), f"read:{id}")
    assert titles(page.text) == []
    assert carried(page.text) == {}


async def test_staff_have_no_use_for_it(site: str, cast: Cast) -> None:
    async with await visiting(cast, site, "tess") as tess:
        assert (await tess.get("/report/suggestions")).status_code == 403


async def drafts_offered(browser: Visiting) -> bool:
    return (await browser.get("/report")).status_code == 303


@pytest.mark.parametrize("who", ["finn", ""])
async def test_an_article_that_solved_it_is_counted_and_nothing_is_sent(
    site: str, cast: Cast, who: str
) -> None:
    read = (await some_articles(cast))["milestones"]
    report = question()
    path = f"/report/{report['draft']}/solved"
    async with await visiting(cast, site, who) as browser:
        await browser.get("/report")
        page = await press(browser, report, f"read:{read}")
        answer = await press(browser, {**report, **carried(page.text)}, f"solved:{read}")
        assert (answer.status_code, answer.headers["location"]) == (303, path)
        thanks = await browser.get(path)
        assert "Nothing was sent" in thanks.text
        assert "Split a project into milestones" in thanks.text
        assert not await drafts_offered(browser)
        await press(browser, {**report, **carried(page.text)}, f"solved:{read}")
    [verdict] = await cast.desk.pool.fetch("SELECT * FROM article_verdicts")
    assert (verdict["article_id"], verdict["verdict"]) == (read, "solved")
    assert (verdict["type_key"], str(verdict["draft_id"])) == ("guidance", report["draft"])
    assert await cast.desk.pool.fetchval("SELECT count(*) FROM tickets") == 0


@pytest.mark.parametrize("who", ["finn", ""])
async def test_what_was_not_solved_after_all_goes_on_where_it_was(
    site: str, cast: Cast, who: str
) -> None:
    read = (await some_articles(cast))["milestones"]
    report = question()
    path = f"/report/{report['draft']}/solved"
    async with await visiting(cast, site, who) as browser:
        await browser.get("/report")
        await press(browser, report, f"solved:{read}")
        back = await browser.post(path)
        assert back.headers["location"] == f"/report/{report['draft']}"
        page = await browser.get(back.headers["location"])
        assert typed_in(page.text, "description") == report["description"]
        assert carried(page.text) == {"seen.articles": str(read)}
        assert (await browser.get(path)).status_code == 303
        sent = await browser.post("/report/send", data={**report, **carried(page.text)})
        assert sent.status_code == 303
    assert await cast.desk.pool.fetchval("SELECT count(*) FROM article_verdicts") == 0
    assert await seen_of(cast, "tickets") == [{"articles": [read]}]


async def test_somebody_else_s_thanks_are_not_there(site: str, cast: Cast) -> None:
    read = (await some_articles(cast))["milestones"]
    report = question()
    path = f"/report/{report['draft']}/solved"
    async with await visiting(cast, site, "finn") as finn:
        await press(finn, report, f"solved:{read}")
    for who in ("nina", ""):
        async with await visiting(cast, site, who) as other:
            assert (await other.get(path)).status_code == 404
            assert (await other.post(path)).status_code == 404
    assert await cast.desk.pool.fetchval("SELECT count(*) FROM article_verdicts") == 1


async def test_what_is_typed_counts_as_a_search_unless_it_is_private(site: str, cast: Cast) -> None:
    await some_articles(cast)
    browser = {"user-agent": "Mozilla/5.0 Firefox/141"}
    async with await visiting(cast, site, "finn") as finn:
        for type, subject in [
            ("team_app_bug", "tracker"),
            ("security_qa_reset", "my answer was x"),
        ]:
            asked = {"type": type, "subject": subject}
            await finn.get("/report/suggestions", params=asked, headers=browser)
    for _ in range(40):  # it is written down after the answer
        rows = await cast.desk.pool.fetch("SELECT words, place, found FROM help_searches")
        if rows:
            break
        await asyncio.sleep(0.05)
    assert [tuple(row) for row in rows] == [("tracker", "form", 1)]


async def test_a_save_that_comes_late_does_not_bring_back_what_was_put_away(
    site: str, cast: Cast
) -> None:
    read = (await some_articles(cast))["milestones"]
    report = question()
    async with await visiting(cast, site, "finn") as finn:
        await press(finn, report, f"solved:{read}")
        late = await finn.post(f"/report/{report['draft']}/save", data=report)
        assert (late.status_code, late.json()["go"]) == (409, f"/report/{report['draft']}/solved")
        assert not await drafts_offered(finn)
