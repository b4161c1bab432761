"""Story A1: the help centre first, the Alert area, and a problem that never becomes a ticket.

Over HTTP, by people whose browsers have no scripts: every step opens pages, fills in their forms
and presses the buttons that are there.
"""

import asyncio
import time
from dataclasses import dataclass
from typing import Any

from helpdesk.alerts.jobs import sweep_alerts
from helpdesk.demo.help import load_help
from helpdesk.help.finding.vocabulary import look_again
from helpdesk.help.readers import reader_key
from tests.build import a_ticket
from tests.helpdesk.alerts.build import mails
from tests.people import Cast

from .a1 import ARTICLE, DISPUTE, FILED, RELEVANT, TITLE
from .reader import Page, Reader, reader


@dataclass
class Story:
    cast: Cast
    visitor: Reader
    finn: Reader
    tess: Reader
    max: Reader
    articles: dict[str, int]  # ids by slug

    async def count(self, what: str) -> int:
        found: int = await self.cast.desk.pool.fetchval(f"SELECT count(*) FROM {what}")
        return found

    async def row(self, query: str) -> Any:
        return await self.cast.desk.pool.fetchrow(query)


async def test_story_a1(cast: Cast, site: str) -> None:
    people = {name: cast.people[name] for name in cast.people}
    articles = await load_help(cast.desk, cast.desk.clock.now(), people)
    look_again(cast.desk)
    who = [await reader(cast, site, name) for name in ("", "finn", "tess", "max")]
    story = Story(cast, *who, articles)
    await a1_2_without_an_alert_the_area_says_so(story)
    await a1_1_what_tess_posts_is_at_the_top_of_help_within_five_seconds(story)
    await a1_3_people_find_articles_by_their_own_words(story)
    await a1_4_an_article_solves_it_and_nothing_is_filed(story)
    await a1_5_two_channels_and_first_the_service(story)
    await a1_6_the_form_shows_the_alert_and_up_to_three_articles(story)
    await a1_7_this_is_my_problem_counts_once(story)
    await a1_8_my_problem_is_different_goes_on(story)
    await a1_9_none_of_these_helped_keeps_the_text(story)
    await a1_10_what_only_people_can_do_is_not_held_up(story)
    await a1_11_an_update_and_the_end_are_told(story)
    await a1_12_forty_closed_tickets_are_the_coverage(story)
    await a1_13_the_types_of_the_month_are_ranked(story)
    for each in who:
        await each.browser.aclose()


async def a1_2_without_an_alert_the_area_says_so(story: Story) -> None:
    page = await shows(story.visitor, "/help", "No known issues")
    assert 'id="alert-area"' in page.answer.text
    assert "Checked" in page.text


async def a1_1_what_tess_posts_is_at_the_top_of_help_within_five_seconds(story: Story) -> None:
    tess = story.tess
    await tess.open("/admin/alerts")
    assert tess.path == "/desk/alerts"
    tess.fill(title=TITLE, area="payments", level="degraded", next="30",
              body="The page takes a minute to open. Payouts are safe.")  # fmt: skip
    await tess.press("Post it now")
    assert tess.path.removeprefix("/desk/alerts/").isdigit()
    html = (await shows(story.visitor, "/help", TITLE)).answer.text
    places = [html.index(part) for part in (TITLE, 'role="search"', "h-topics", "h-useful")]
    assert places == sorted(places), "before the search and the articles"
    area = html[html.index('id="alert-area"') : html.index('role="search"')]
    for words in ("Partly working", "Payments", "Since", "10:00", "last update", "next update"):
        assert words in area, words


async def a1_3_people_find_articles_by_their_own_words(story: Story) -> None:
    for words, relevant in RELEVANT.items():
        page = await story.finn.open(f"/help?q={words.replace(' ', '+')}")
        assert story.finn.path == "/help/search"
        first = hits(page)[:3]
        assert set(first) & relevant, (words, first)
        for slug in first:
            article = await story.finn.open(f"/help/articles/{slug}")
            row = await story.cast.desk.pool.fetchrow(
                "SELECT title, summary FROM article_texts "
                "WHERE article_id = $1 AND language = 'en'",
                story.articles[slug],
            )
            assert row["title"] in article.text
            assert row["summary"] in article.text
            assert article.description == row["summary"]


async def a1_4_an_article_solves_it_and_nothing_is_filed(story: Story) -> None:
    await story.finn.open("/help?q=resolve+disputes")
    await story.finn.follow("Before you open a dispute")
    page = await story.finn.press("It solved my problem")
    assert "Good to know it is solved" in page.text
    said = await story.row("SELECT article_id, verdict, reader FROM article_verdicts")
    finn = reader_key(await story.cast.actor("finn"), "")
    expected = (story.articles[DISPUTE], "solved", finn)
    assert (said["article_id"], said["verdict"], said["reader"]) == expected
    assert await story.count("tickets") == await story.count("cases") == 0


async def a1_5_two_channels_and_first_the_service(story: Story) -> None:
    finn = story.finn
    page = await finn.open("/contact")
    for words in ("Write a ticket", "Always open", "Live chat", "Closed now"):
        assert words in page.text
    assert page.form_with("service").choices["service"] == [
        "customer_service", "technical_support", "payments", "trust_safety", "contracts_disputes",
    ]  # fmt: skip
    assert not page.offers("Delayed or missing payment")
    finn.fill(service="payments")
    assert (await finn.press("Show what we can do")).offers("Delayed or missing payment")


async def a1_6_the_form_shows_the_alert_and_up_to_three_articles(story: Story) -> None:
    finn = story.finn
    await finn.follow("Delayed or missing payment")
    finn.fill(subject="payments page hangs")
    page = await finn.press("Update the form")
    assert page.typed("subject") == "payments page hangs"
    shown = page.part("suggestions")
    assert shown.index(TITLE) < shown.index("suggestions-panel")
    assert page.offers("This affects me: tell me when it is fixed")
    asked = {"q": "payments page hangs", "type": "payment_not_received"}
    answer = (await finn.browser.get("/api/v1/help/suggest", params=asked)).json()
    assert [alert["title"] for alert in answer["alerts"]] == [TITLE]
    assert 1 <= len(answer["articles"]) <= 3
    assert [one["title"] for one in answer["articles"]] == page.suggested
    assert all(one["slug"] in story.articles and one["score"] > 0 for one in answer["articles"])
    fields = {"service": "payments", "type": asked["type"], "subject": asked["q"]}
    part = await finn.browser.get("/report/suggestions", params=fields)
    assert TITLE in part.text


async def a1_7_this_is_my_problem_counts_once(story: Story) -> None:
    before = story.finn.page
    page = await story.finn.press("This affects me: tell me when it is fixed")
    assert "We tell you when it is fixed" in page.text
    assert page.typed("subject") == "payments page hangs"
    story.finn.page = before
    await story.finn.press("This affects me: tell me when it is fixed")
    assert (await story.row("SELECT affected FROM alerts"))["affected"] == 1
    assert await story.count("tickets") == 0
    story.finn.page = before


async def a1_8_my_problem_is_different_goes_on(story: Story) -> None:
    finn = story.finn
    [first, *_] = finn.page.suggested
    await finn.press(first)
    page = await finn.press("My problem is different")
    assert TITLE not in page.part("suggestions")
    assert page.typed("subject") == "payments page hangs"
    assert page.offers("Check and send")
    seen = (await story.row("SELECT seen FROM drafts"))["seen"]
    alert = (await story.row("SELECT id FROM alerts"))["id"]
    assert seen["alerts"] == [alert]
    assert [slug for slug, id in story.articles.items() if id in seen["articles"]]


async def a1_9_none_of_these_helped_keeps_the_text(story: Story) -> None:
    finn = story.finn
    await finn.open("/contact?service=customer_service")
    await finn.follow("How do I …? Best practice")
    finn.fill(subject="How do I split a project into milestones?",
              description="I want to be paid in three parts.")  # fmt: skip
    page = await finn.press("Update the form")
    [first, *_] = page.suggested
    page = await finn.press(first)
    assert 'class="suggestion-text' in page.part("suggestions")
    page = await finn.press("None of these helped")
    assert page.suggested == []
    assert page.typed("subject") == "How do I split a project into milestones?"
    assert page.typed("description") == "I want to be paid in three parts."
    seen = (await story.row("SELECT seen FROM drafts WHERE seen ? 'helped'"))["seen"]
    assert len(seen["articles"]) == 1
    assert (seen["helped"], seen["type"]) == (False, "guidance")


async def a1_10_what_only_people_can_do_is_not_held_up(story: Story) -> None:
    finn = story.finn
    finn.fill(service="trust_safety")
    await finn.press("Update the form")
    finn.fill(type="account_closure")
    page = await finn.press("Update the form")
    assert "Worth reading meanwhile" in page.text
    assert page.suggested
    assert page.offers("Continue")
    assert page.offers("Check and send")
    page = await finn.press(page.suggested[0])
    for button in ("This solved my problem", "None of these helped"):
        assert not page.offers(button), button
    assert page.typed("description") == "I want to be paid in three parts."


async def a1_11_an_update_and_the_end_are_told(story: Story) -> None:
    tess, desk = story.tess, story.cast.desk
    tess.fill(body="A cable is broken.", stage="identified", next="60")
    await tess.press("Post the update")
    await sweep_alerts(desk)
    tess.fill(body="A new cable is in.")
    await tess.press("It is solved")
    await sweep_alerts(desk)
    told = await mails(desk, "finn@example.com")
    assert [mail.subject for mail in told] == [f"Cause found: {TITLE}", f"Solved: {TITLE}"]
    await shows(story.visitor, "/help", "No known issues")
    assert TITLE not in story.visitor.page.text
    history = await story.visitor.open("/alerts")
    assert TITLE in history.text
    await story.visitor.follow(TITLE)
    for words in ("Payouts are safe.", "A cable is broken.", "A new cable is in."):
        assert words in story.visitor.page.text


async def a1_12_forty_closed_tickets_are_the_coverage(story: Story) -> None:
    cast, amy = story.cast, await reader(story.cast, str(story.max.browser.base_url), "amy")
    anyway: set[str] = set()
    article = story.articles[ARTICLE]
    for type_key, count in FILED.items():
        for number in range(count):
            covered = type_key == "withdrawal_not_received"
            met = {"articles": [article], "helped": False} if covered and number < 4 else None
            filed = await a_ticket(cast, "nina", type_key=type_key, seen=met)
            anyway |= {filed.reference} if met else set()
            await close(amy, filed.reference, ARTICLE if covered else "")
    page = await story.max.open("/reports/coverage")
    assert "75 %" in page.text
    assert "25 %" in page.text
    assert page.rows("shares")[0][:3] == ["Unique", "30", "75 %"]
    assert page.rows("shares")[1][:3] == ["Covered by an article", "10", "25 %"]
    assert [row[:2] for row in page.rows("articles")] == [["When will my withdrawal arrive?", "10"]]
    assert {row[0] for row in page.rows("filed-anyway")} == anyway
    ranking = (await story.max.follow("Articles")).rows("ranking")
    assert ranking[0][:2] == ["Before you open a dispute", "1"]
    await amy.browser.aclose()


async def a1_13_the_types_of_the_month_are_ranked(story: Story) -> None:
    page = await story.max.open("/reports/top-issues")
    types = [int(row[2]) for row in page.rows("types")]
    assert types == sorted(types, reverse=True)
    assert page.rows("types")[0][:3] == ["Withdrawal not received", "Payment", "10"]
    groups = [row[:2] for row in page.rows("groups")[:3]]
    assert groups == [["Payment", "15"], ["Account", "12"], ["Hiring", "8"]]
    assert page.rows("scams")[0] == ["June 2026", "4"]


async def close(amy: Reader, reference: str, article: str) -> None:
    await amy.open(f"/desk/tickets/{reference}")
    mark = {"coverage": "covered", "article_slug": article} if article else {"coverage": "unique"}
    amy.fill(body="This is the answer.", then="solved", **mark)
    await amy.press("Send reply")


def hits(page: Page) -> list[str]:
    """Slugs of what was found, the best first."""
    found = page.part("found")
    return [
        link.attributes["href"].rpartition("/")[2]
        for link in page.links
        if link.attributes.get("href", "").startswith("/help/articles/")
        and f'href="{link.attributes["href"]}"' in found
    ]


async def shows(somebody: Reader, path: str, words: str, seconds: float = 5) -> Page:
    """Reloads until it is there."""
    until = time.monotonic() + seconds
    while words not in (await somebody.open(path)).text:
        assert time.monotonic() < until, f"{path} does not show “{words}”"
        await asyncio.sleep(0.05)
    return somebody.page
