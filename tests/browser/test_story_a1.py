"""Story A1 in browsers: the help centre first, and a problem that never becomes a ticket.

Everybody sits at a browser of their own. What a reader does is told twice: with scripts, where
pages change by themselves, and without, where a button is pressed or a page opened again.
"""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.async_api import Locator, Page, expect

from helpdesk.alerts.jobs import sweep_alerts
from helpdesk.demo.help import load_help
from helpdesk.help.finding.vocabulary import look_again
from tests.build import a_ticket
from tests.helpdesk.alerts.build import an_alert, mails, shown_on
from tests.helpdesk.people.visitors import visitor
from tests.helpdesk.reports.build import a_closed_ticket
from tests.people import Cast
from tests.stories.a1 import ARTICLE, DISPUTE, FILED, RELEVANT, TITLE

from .conftest import OpenPage, arrive

SUBJECT = "payments page hangs"
AFFECTS = "This affects me: tell me when it is fixed"
MILESTONES = "How do I split a project into milestones?"
THREE = "I want to be paid in three parts."


@dataclass
class Story:
    cast: Cast
    finn: Page
    scripts: bool
    articles: dict[str, int]  # ids by slug

    @property
    def block(self) -> Locator:
        return self.finn.locator("#suggestions")

    @property
    def suggested(self) -> Locator:
        return self.block.locator(".suggestion-open")

    async def press(self, name: str) -> None:
        await self.finn.get_by_role("button", name=name).click()

    async def changed(self) -> None:
        """Without scripts the form changes when its button is pressed."""
        if not self.scripts:
            await self.press("Update the form")

    async def types(self, place: str, words: str) -> None:
        await self.finn.focus(place)
        if self.scripts:
            await self.finn.keyboard.type(words, delay=15)
        else:
            await self.finn.fill(place, words)

    async def count(self, what: str) -> int:
        found: int = await self.cast.desk.pool.fetchval(f"SELECT count(*) FROM {what}")
        return found

    async def value(self, query: str) -> Any:
        return await self.cast.desk.pool.fetchval(query)


@pytest.fixture
async def articles(cast: Cast) -> dict[str, int]:
    found = await load_help(cast.desk, cast.desk.clock.now(), dict(cast.people))
    look_again(cast.desk)
    return found


async def test_story_a1(cast: Cast, open_page: OpenPage, articles: dict[str, int]) -> None:
    story = Story(cast, await open_page("finn"), True, articles)
    anybody = await open_page("", "/help")
    tess = await open_page("tess")
    await a1_2_without_an_alert_the_area_says_so(anybody)
    await a1_1_what_tess_posts_comes_to_the_open_page_within_five_seconds(anybody, tess)
    await what_finn_does(story)
    await a1_11_an_update_and_the_end_are_told(story, anybody, tess)
    await a1_12_forty_closed_tickets_are_the_coverage(story, open_page)


async def test_story_a1_for_readers_without_scripts(
    cast: Cast, open_page: OpenPage, articles: dict[str, int], site: str
) -> None:
    story = Story(cast, await open_page("finn", javascript=False), False, articles)
    anybody = await open_page("", "/help", javascript=False)
    await a1_2_without_an_alert_the_area_says_so(anybody)
    await an_alert(cast)
    async with visitor(site) as nobody:
        await shown_on(nobody, "/help", TITLE)
    await anybody.reload()
    await is_first(anybody)
    await what_finn_does(story)


async def what_finn_does(story: Story) -> None:
    await a1_3_people_find_articles_by_their_own_words(story)
    await a1_4_an_article_solves_it_and_nothing_is_filed(story)
    await a1_5_two_channels_and_first_the_service(story)
    await a1_6_the_form_shows_the_alert_and_up_to_three_articles(story)
    await a1_7_this_is_my_problem_counts_once(story)
    await a1_8_my_problem_is_different_goes_on(story)
    await a1_9_none_of_these_helped_keeps_the_text(story)
    await a1_10_what_only_people_can_do_is_not_held_up(story)


async def a1_2_without_an_alert_the_area_says_so(anybody: Page) -> None:
    area = anybody.locator("#alert-area")
    await expect(area).to_be_visible()
    await expect(area).to_contain_text("No known issues")


async def a1_1_what_tess_posts_comes_to_the_open_page_within_five_seconds(
    anybody: Page, tess: Page
) -> None:
    await expect(anybody.locator("html")).to_have_attribute("data-live", "open")
    await tess.goto("/admin/alerts")
    await tess.fill("#title", TITLE)
    await tess.select_option("#area", "payments")
    await tess.get_by_role("radio", name="Partly working").check()
    await tess.fill("#body", "The page takes a minute to open. Payouts are safe.")
    await tess.get_by_role("button", name="Post it now").click()
    await is_first(anybody)
    await expect(anybody.locator("#alert-news")).to_have_text(f"Partly working: {TITLE}.")
    await arrive(tess, "**/desk/alerts/*")


async def is_first(anybody: Page) -> None:
    """The known issue stands before the search and the articles, with its times."""
    area = anybody.locator("#alert-area")
    for words in (TITLE, "Partly working", "Payments", "Since", "last update", "next update"):
        await expect(area).to_contain_text(words)
    parts = anybody.locator("#alert-area, form[role=search], #h-topics, #h-useful")
    order = [await part.get_attribute("id") for part in await parts.all()]
    assert order == ["alert-area", None, "h-topics", "h-useful"]


async def a1_3_people_find_articles_by_their_own_words(story: Story) -> None:
    finn = story.finn
    found = finn.locator("#found .help-item-title a")
    for words, relevant in RELEVANT.items():
        await finn.goto("/help")
        await story.types("#help-q", words)
        if not story.scripts:
            await story.press("Search")
        any_of = ", ".join(f"#found a[href^='/help/articles/{slug}']" for slug in relevant)
        await expect(finn.locator(any_of).first).to_be_visible()
        links = [await link.get_attribute("href") or "" for link in (await found.all())[:3]]
        assert {link.partition("?")[0].rpartition("/")[2] for link in links} & relevant, words
    await finn.goto(f"/help?q={words}")
    await expect(finn).to_have_url(re.compile("/help/search"))
    await expect(found.first).to_be_visible()


async def a1_4_an_article_solves_it_and_nothing_is_filed(story: Story) -> None:
    finn = story.finn
    await finn.goto("/help/search?q=resolve+disputes")
    await finn.locator("#found").get_by_role("link", name="Before you open a dispute").click()
    await expect(finn.get_by_role("heading", level=1)).to_have_text("Before you open a dispute")
    await expect(finn.locator("meta[name=description]")).to_have_attribute(
        "content", re.compile(r"\w")
    )
    await story.press("It solved my problem")
    await expect(finn.locator("#verdict")).to_contain_text("Good to know it is solved")
    said = await story.cast.desk.pool.fetchrow("SELECT article_id, verdict FROM article_verdicts")
    assert tuple(said) == (story.articles[DISPUTE], "solved")
    assert await story.count("tickets") == await story.count("cases") == 0


async def a1_5_two_channels_and_first_the_service(story: Story) -> None:
    finn = story.finn
    await finn.goto("/contact")
    ways = finn.get_by_role("list", name="Ways to reach us").get_by_role("listitem")
    await expect(ways).to_contain_text(["Always open", "Closed now"])
    await expect(ways).to_contain_text(["Write a ticket", "Live chat"])
    services = finn.locator("[name=service]")
    assert [await one.get_attribute("value") for one in await services.all()] == [
        "customer_service", "technical_support", "payments", "trust_safety", "contracts_disputes",
    ]  # fmt: skip
    kind = finn.get_by_role("link", name="Delayed or missing payment")
    await expect(kind).to_have_count(0)
    await finn.get_by_role("radio", name="Payments").check()
    if not story.scripts:
        await story.press("Show what we can do")
    await kind.click()


async def a1_6_the_form_shows_the_alert_and_up_to_three_articles(story: Story) -> None:
    finn = story.finn
    if story.scripts:
        await story.types("#subject", SUBJECT[:-3])
        for letter in SUBJECT[-3:]:
            await answered_after_a_pause(finn, letter)
        await expect(finn.locator("#subject")).to_be_focused()
        await expect(finn.locator("#suggestions-news")).to_contain_text("A known issue may be the")
    else:
        await finn.fill("#subject", SUBJECT)
        await story.changed()
    await expect(story.block.locator(".alert")).to_contain_text(TITLE)
    first = story.block.locator(":scope > :is(.alert, .suggestions-panel)").first
    await expect(first).to_have_class("alert")
    await expect(story.block.get_by_role("button", name=AFFECTS)).to_be_visible()
    await expect(finn.locator("#subject")).to_have_value(SUBJECT)
    asked = {"q": SUBJECT, "type": "payment_not_received"}
    answer = await finn.evaluate(
        "asked => fetch('/api/v1/help/suggest?' + new URLSearchParams(asked)).then(a => a.json())",
        asked,
    )
    assert [alert["title"] for alert in answer["alerts"]] == [TITLE]
    assert 1 <= len(answer["articles"]) <= 3
    await expect(story.suggested).to_have_text([one["title"] for one in answer["articles"]])


async def answered_after_a_pause(finn: Page, letter: str) -> None:
    typed = await finn.input_value("#subject") + letter
    asked = re.compile(re.escape(urlencode({"subject": typed})) + "(&|$)")
    async with finn.expect_response(asked):
        await finn.keyboard.press(letter)


async def a1_7_this_is_my_problem_counts_once(story: Story) -> None:
    beside = await story.finn.context.new_page()
    await beside.goto("/help")
    await story.press(AFFECTS)
    await expect(story.block).to_contain_text("We tell you when it is fixed")
    await expect(story.finn.locator("#subject")).to_have_value(SUBJECT)
    await beside.get_by_role("button", name="This affects me").click()
    await expect(beside.locator("#alert-area")).to_contain_text("We tell you when it is solved")
    await beside.close()
    assert await story.value("SELECT affected FROM alerts") == 1
    assert await story.count("tickets") == 0


async def a1_8_my_problem_is_different_goes_on(story: Story) -> None:
    await story.suggested.first.click()
    await expect(story.block.locator(".suggestion-text")).to_be_visible()
    await story.press("My problem is different")
    await expect(story.block.locator(".alert")).to_have_count(0)
    await expect(story.finn.locator("#subject")).to_have_value(SUBJECT)
    await expect(story.finn.get_by_role("button", name="Check and send").last).to_be_enabled()
    seen = await story.value("SELECT seen FROM drafts")
    assert seen["alerts"] == [await story.value("SELECT id FROM alerts")]
    assert set(seen["articles"]) & set(story.articles.values())


async def a1_9_none_of_these_helped_keeps_the_text(story: Story) -> None:
    finn = story.finn
    await finn.goto("/contact?service=customer_service")
    await finn.get_by_role("link", name="How do I …? Best practice").click()
    await finn.fill("#description", THREE)
    await story.types("#subject", MILESTONES)
    await story.changed()
    await expect(story.block.locator("mark").first).to_have_text(re.compile("milestone", re.I))
    await story.suggested.first.click()
    await expect(story.block.locator(".suggestion-text")).to_be_visible()
    await story.press("None of these helped")
    await expect(story.block).to_contain_text("None of the articles helped.")
    await expect(story.suggested).to_have_count(0)
    await expect(finn.locator("#subject")).to_have_value(MILESTONES)
    await expect(finn.locator("#description")).to_have_value(THREE)
    seen = await story.value("SELECT seen FROM drafts WHERE seen ? 'helped'")
    assert len(seen["articles"]) == 1
    assert (seen["helped"], seen["type"]) == (False, "guidance")


async def a1_10_what_only_people_can_do_is_not_held_up(story: Story) -> None:
    finn, block = story.finn, story.block
    await finn.get_by_role("radio", name=re.compile("Trust & safety")).check()
    await story.changed()
    await finn.select_option("#type", "account_closure")
    await story.changed()
    await expect(block).to_contain_text("Worth reading meanwhile")
    await story.suggested.first.click()
    await expect(block.locator(".suggestion-text")).to_be_visible()
    for name in ("This solved my problem", "None of these helped"):
        await expect(block.get_by_role("button", name=name)).to_have_count(0)
    await expect(finn.get_by_role("button", name="Check and send").last).to_be_enabled()
    await block.get_by_role("link", name="Continue").click()
    await expect(finn.locator("#description")).to_be_in_viewport()
    await expect(finn.locator("#description")).to_have_value(THREE)


async def a1_11_an_update_and_the_end_are_told(story: Story, anybody: Page, tess: Page) -> None:
    desk, area = story.cast.desk, anybody.locator("#alert-area")
    await tess.fill("#body", "A cable is broken.")
    await tess.get_by_role("radio", name="Cause found").check()
    await tess.get_by_role("button", name="Post the update").click()
    await expect(area).to_contain_text("A cable is broken.")
    await sweep_alerts(desk)
    await tess.fill("#body", "A new cable is in.")
    await tess.get_by_role("button", name="It is solved").click()
    await expect(area).to_contain_text("No known issues")
    await sweep_alerts(desk)
    told = await mails(desk, "finn@example.com")
    assert [mail.subject for mail in told] == [f"Cause found: {TITLE}", f"Solved: {TITLE}"]
    await anybody.goto("/alerts")
    await anybody.locator("main").get_by_role("link", name=TITLE).first.click()
    for words in ("Payouts are safe.", "A cable is broken.", "A new cable is in."):
        await expect(anybody.locator("main")).to_contain_text(words)


async def a1_12_forty_closed_tickets_are_the_coverage(story: Story, open_page: OpenPage) -> None:
    """Amy closes the first of each sort at her console, the others are closed alike."""
    cast, amy = story.cast, await open_page("amy")
    met = {"articles": [story.articles[ARTICLE]], "helped": False}
    anyway: list[str] = []
    for type_key, count in FILED.items():
        for number in range(count):
            slug = ARTICLE if type_key == "withdrawal_not_received" else ""
            seen = met if slug and number < 4 else None
            if number == 0 and type_key in ("withdrawal_not_received", "level1_tech"):
                filed = await a_ticket(cast, "nina", type_key=type_key, seen=seen)
                await close(amy, filed.reference, slug)
            else:
                filed = await a_closed_ticket(cast, slug, who="nina", type_key=type_key, seen=seen)
            anyway += [filed.reference] if seen else []
    max_ = await open_page("max", "/reports/coverage")
    shares = await rows(max_, "shares")
    assert shares[0][:3] == ["Unique", "30", "75 %"]
    assert shares[1][:3] == ["Covered by an article", "10", "25 %"]
    assert [row[:2] for row in await rows(max_, "articles")] == [
        ["When will my withdrawal arrive?", "10"]
    ]
    assert {row[0] for row in await rows(max_, "filed-anyway")} == set(anyway)
    await max_.get_by_role("link", name="Articles", exact=True).click()
    assert (await rows(max_, "ranking"))[0][:2] == ["Before you open a dispute", "1"]
    await a1_13_the_types_of_the_month_are_ranked(max_)


async def a1_13_the_types_of_the_month_are_ranked(max_: Page) -> None:
    await max_.goto("/reports/top-issues")
    types = await rows(max_, "types")
    counts = [int(row[2]) for row in types]
    assert counts == sorted(counts, reverse=True)
    assert types[0][:3] == ["Withdrawal not received", "Payment", "10"]
    groups = [row[:2] for row in (await rows(max_, "groups"))[:3]]
    assert groups == [["Payment", "15"], ["Account", "12"], ["Hiring", "8"]]
    assert (await rows(max_, "scams"))[0] == ["June 2026", "4"]


async def close(amy: Page, reference: str, slug: str) -> None:
    await amy.goto(f"/desk/tickets/{reference}")
    await amy.fill(".composer textarea", "This is the answer.")
    await amy.select_option(".composer [name=then]", "solved")
    question = amy.locator(".composer .closing")
    await question.get_by_text("an article covers it" if slug else "it is unique").click()
    if slug:
        await amy.select_option("#reply-closing-article", slug)
    await amy.press(".composer textarea", "Control+Enter")
    await expect(amy.locator("#thread-head")).to_contain_text("Solved")


async def rows(page: Page, table: str) -> list[list[str]]:
    """The words of a table's cells."""
    await expect(page.locator(f"#{table} tbody tr").first).to_be_visible()
    found: list[list[str]] = await page.locator(f"#{table} tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.cells].map("
        "cell => cell.innerText.replaceAll('\\u00a0', ' ').trim()))"
    )
    return found
