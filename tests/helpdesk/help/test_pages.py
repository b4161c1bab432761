"""The help centre as pages: for everybody, without scripts, and with what search engines read."""

import re
from collections.abc import AsyncIterator
from xml.etree import ElementTree

import httpx2
import pytest

from helpdesk.desk import Desk
from tests.articles import publish, publish_in, put_away
from tests.people import Cast

AGENT = "Mozilla/5.0 (X11; Linux x86_64) Firefox/141"
ARTICLE = "/help/articles/refunds-to-a-card"


@pytest.fixture
async def visitor(cast: Cast, site: str) -> AsyncIterator[httpx2.AsyncClient]:
    async with await cast.browser(site, headers={"user-agent": AGENT}) as browser:
        yield browser


async def searches(desk: Desk) -> list[tuple[str, int, bool]]:
    rows = await desk.pool.fetch("SELECT words, found, opened_id FROM help_searches ORDER BY id")
    return [(row["words"], row["found"], row["opened_id"] is not None) for row in rows]


async def verdicts(desk: Desk) -> list[tuple[str, str]]:
    rows = await desk.pool.fetch("SELECT verdict, comment FROM article_verdicts ORDER BY id")
    return [tuple(row) for row in rows]


async def test_the_first_page_is_the_help_centre_with_the_alert_area_first(
    desk: Desk, visitor: httpx2.AsyncClient
) -> None:
    await publish(desk)
    front = await visitor.get("/")
    assert front.headers["location"] == "/help"
    page = (await visitor.get("/help")).text
    order = ['id="alert-area"', 'role="search"', 'id="h-topics"', 'id="h-useful"', 'id="h-contact"']
    assert sorted(order, key=page.index) == order
    assert 'href="/help/topics/paying"' in page
    assert '<meta name="description"' in page


async def test_staff_begin_at_their_desk(cast: Cast, site: str) -> None:
    async with await cast.browser(site, "amy") as amy:
        assert (await amy.get("/")).headers["location"] == "/desk"


async def test_an_empty_help_centre_says_so(visitor: httpx2.AsyncClient) -> None:
    assert "Nothing is written here yet" in (await visitor.get("/help")).text


async def test_a_topic_lists_its_articles(desk: Desk, visitor: httpx2.AsyncClient) -> None:
    await publish(desk)
    page = await visitor.get("/help/topics/paying")
    assert f'href="{ARTICLE}"' in page.text
    assert (await visitor.get("/help/topics/nothing")).status_code == 404


async def test_an_article_has_what_a_reader_and_a_search_engine_need(
    desk: Desk, visitor: httpx2.AsyncClient, site: str
) -> None:
    await publish(desk, types=["refund_to_card"])
    await publish(desk, "charges", "Charges", "What they are.", "A charge.", related=[])
    page = (await visitor.get(ARTICLE)).text
    assert "<h1" in page
    assert f'<link rel="canonical" href="{site}{ARTICLE}">' in page
    assert '<meta name="description" content="When money goes back to your card' in page
    assert 'itemtype="https://schema.org/TechArticle"' in page
    assert 'itemtype="https://schema.org/BreadcrumbList"' in page
    assert 'href="#h-where"' in page  # contents
    assert 'id="h-where"' in page
    assert "2 Jun 2026" in page  # updated, and last checked
    assert "/report?type=refund_to_card" in page
    assert 'href="/help/articles/charges"' in page  # related: a neighbour
    assert "hreflang" not in page


async def test_languages_name_each_other(
    desk: Desk, visitor: httpx2.AsyncClient, site: str
) -> None:
    article = await publish(desk)
    await publish_in(desk, article, "es", "Reembolsos", "Cuándo.", "El dinero vuelve a la tarjeta.")
    page = (await visitor.get(f"{ARTICLE}?language=es")).text
    assert "El dinero vuelve" in page
    assert '<link rel="alternate" hreflang="en"' in page
    assert f'<link rel="canonical" href="{site}{ARTICLE}?language=es">' in page
    assert 'hreflang="en" lang="en"' in page
    spanish = {"accept-language": "es-MX,es;q=0.9"}
    assert "El dinero vuelve" in (await visitor.get(ARTICLE, headers=spanish)).text
    assert "The money goes back" in (await visitor.get(ARTICLE)).text
    chosen = await visitor.get(f"{ARTICLE}?language=en", headers=spanish)
    assert "The money goes back" in chosen.text


async def test_what_was_archived_is_gone_and_says_what_there_is_instead(
    desk: Desk, visitor: httpx2.AsyncClient
) -> None:
    await publish(desk, "charges", "Charges", "What they are.", "A charge.")
    article = await publish(desk, related=["charges"])
    await put_away(desk, article)
    page = await visitor.get(ARTICLE)
    assert page.status_code == 410
    assert 'href="/help/articles/charges"' in page.text
    assert "The money goes back" not in page.text
    assert (await visitor.get("/help/articles/never-was")).status_code == 404


async def test_a_page_that_did_not_change_is_not_sent_again(
    desk: Desk, cast: Cast, site: str, visitor: httpx2.AsyncClient
) -> None:
    article = await publish(desk)
    first = await visitor.get(ARTICLE)
    assert first.headers["cache-control"] == "private, no-cache"
    tag = {"if-none-match": first.headers["etag"]}
    again = await visitor.get(ARTICLE, headers=tag)
    assert (again.status_code, again.content) == (304, b"")
    async with await cast.browser(site, "finn") as finn:  # his name stands in the header
        assert (await finn.get(ARTICLE, headers=tag)).status_code == 200
    await desk.pool.execute(
        "UPDATE article_texts SET edition = edition + 1 WHERE article_id = $1", article.id
    )
    assert (await visitor.get(ARTICLE, headers=tag)).status_code == 200


async def test_search_shows_hits_with_marks_and_what_was_corrected(
    desk: Desk, visitor: httpx2.AsyncClient
) -> None:
    await publish(desk)
    page = (await visitor.get("/help/search?q=card+refnud")).text
    assert "<mark>Refunds</mark> to a <mark>card</mark>" in page
    assert "instead of" in page
    assert 'name="robots" content="noindex"' in page


async def test_when_nothing_is_found_the_closest_words_are_offered(
    desk: Desk, visitor: httpx2.AsyncClient
) -> None:
    await publish(desk, body="A statement of your bank shows it.")
    page = (await visitor.get("/help/search?q=bankaccount")).text
    assert "Did you mean" in page
    assert 'href="/help/search?q=bank"' in page


async def test_what_was_typed_is_never_html(desk: Desk, visitor: httpx2.AsyncClient) -> None:
    await publish(desk, title="Refunds <script>alert(1)</script>")
    page = (await visitor.get('/help/search?q=<img src=x onerror="alert(1)"> refunds')).text
    assert "<img" not in page
    assert "<script>alert" not in page
    assert "<mark>Refunds</mark> &lt;script&gt;" in page


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        ("", 200, "Type a few words"),
        ("*", 200, "in every article"),
        ("%", 200, "in every article"),
        ("a", 200, "in every article"),
        ("xylophone", 200, "Nothing found for"),
        ("\u202exylophone\u200f", 200, "Nothing found for"),
        ("re\0fund", 200, "Refunds"),
        ("x" * 10_000, 422, "too long"),
    ],
)
async def test_bad_input_gets_a_clear_answer(
    desk: Desk, visitor: httpx2.AsyncClient, words: str, status: int, said: str
) -> None:
    await publish(desk)
    answer = await visitor.get("/help/search", params={"q": words})
    assert answer.status_code == status
    assert re.search(said, re.sub(r"</?mark>", "", answer.text))
    if "Refunds" not in said:
        assert 'class="topics"' in answer.text  # somewhere to go on


async def test_only_the_last_words_of_somebody_typing_are_kept(
    desk: Desk, visitor: httpx2.AsyncClient
) -> None:
    await publish(desk)
    for words in ("r", "ref", "refun", "refund", "refund c", "refund card", "refund"):
        await visitor.get("/help/search", params={"q": words}, headers={"x-fragment": "found"})
    assert await searches(desk) == [("refund card", 1, False)]
    await visitor.get("/help/search", params={"q": "xylophone"})
    assert await searches(desk) == [("refund card", 1, False), ("xylophone", 0, False)]


async def test_robots_leave_no_searches(desk: Desk, visitor: httpx2.AsyncClient) -> None:
    robot = {"user-agent": "Mozilla/5.0 (compatible; Examplebot/2.1)"}
    await visitor.get("/help/search?q=refund", headers=robot)
    assert await searches(desk) == []


async def test_two_readers_search_apart(cast: Cast, desk: Desk, site: str) -> None:
    for name in ("finn", "cora"):
        async with await cast.browser(site, name, headers={"user-agent": AGENT}) as browser:
            await browser.get("/help/search?q=refund")
    assert [words for words, _, _ in await searches(desk)] == ["refund", "refund"]


async def test_opening_a_result_is_remembered_with_the_search(
    desk: Desk, visitor: httpx2.AsyncClient, site: str
) -> None:
    await publish(desk)
    await visitor.get("/help/search?q=refund")
    await visitor.get(ARTICLE)  # by another way
    assert await searches(desk) == [("refund", 1, False)]
    await visitor.get(ARTICLE, headers={"referer": f"{site}/help/search?q=refund"})
    assert await searches(desk) == [("refund", 1, True)]


async def test_a_reader_has_one_opinion_and_may_change_it(
    desk: Desk, visitor: httpx2.AsyncClient
) -> None:
    await publish(desk)
    first = await visitor.post(f"{ARTICLE}/verdict", data={"verdict": "solved"})
    assert first.headers["location"] == f"{ARTICLE}#verdict"
    assert "visitor" in first.headers["set-cookie"]
    visitor.headers["cookie"] = first.headers["set-cookie"].partition(";")[0]
    page = await visitor.get(ARTICLE)
    assert "Good to know it is solved" in page.text
    await visitor.post(f"{ARTICLE}/verdict", data={"verdict": "solved", "comment": "Thank you"})
    await visitor.post(f"{ARTICLE}/verdict", data={"verdict": "solved"})
    assert await verdicts(desk) == [("solved", "Thank you")]
    again = await visitor.post(
        f"{ARTICLE}/verdict", data={"verdict": "not_helpful", "comment": "It came back"}
    )
    assert "set-cookie" not in again.headers
    assert await verdicts(desk) == [("not_helpful", "It came back")]


async def test_people_with_an_account_need_no_cookie(cast: Cast, desk: Desk, site: str) -> None:
    await publish(desk)
    async with await cast.browser(site, "finn") as finn:
        answer = await finn.post(f"{ARTICLE}/verdict", data={"verdict": "helpful"})
    assert "set-cookie" not in answer.headers
    assert await verdicts(desk) == [("helpful", "")]


@pytest.mark.parametrize(
    "form",
    [{}, {"verdict": "maybe"}, {"verdict": "solved", "comment": "x" * 1_001},
     {"verdict": "solved", "comment": "a\0b"}],
)  # fmt: skip
async def test_a_forged_verdict_counts_nothing(
    desk: Desk, visitor: httpx2.AsyncClient, form: dict[str, str]
) -> None:
    await publish(desk)
    answer = await visitor.post(f"{ARTICLE}/verdict", data=form)
    assert answer.status_code == 422
    assert await verdicts(desk) == []


async def test_nobody_votes_all_day_from_one_place(desk: Desk, visitor: httpx2.AsyncClient) -> None:
    await publish(desk)
    answers = [
        await visitor.post(f"{ARTICLE}/verdict", data={"verdict": "solved"}) for _ in range(62)
    ]
    assert answers[-1].status_code == 429
    assert len(await verdicts(desk)) == 60  # without the cookie each is another browser


async def test_the_sitemap_names_what_is_public(
    desk: Desk, visitor: httpx2.AsyncClient, site: str
) -> None:
    article = await publish(desk)
    await publish_in(desk, article, "es", "Reembolsos", "Cuándo.", "El dinero vuelve.")
    await put_away(desk, await publish(desk, "old", "Old", "Old.", "Old."))
    answer = await visitor.get("/sitemap.xml")
    assert answer.headers["content-type"].startswith("application/xml")
    places = {
        element.text for element in ElementTree.fromstring(answer.text).iter() if element.text
    }
    assert {f"{site}/help", f"{site}/help/topics/paying", site + ARTICLE} <= places
    assert f"{site}{ARTICLE}?language=es" in places
    assert not any("old" in place for place in places)
    robots = (await visitor.get("/robots.txt")).text
    assert f"Sitemap: {site}/sitemap.xml" in robots
    assert "Disallow: /help/search" in robots


async def test_programs_get_suggestions_with_slugs_and_scores(
    desk: Desk, visitor: httpx2.AsyncClient, site: str
) -> None:
    await publish(desk, types=["refund_to_card"])
    found = (await visitor.get("/api/v1/help/suggest?q=money+back&type=refund_to_card")).json()
    [article] = found["articles"]
    assert article["slug"] == "refunds-to-a-card"
    assert article["answer"].startswith("The money goes back")
    assert article["url"] == site + ARTICLE
    assert found["alerts"] == []
    found = (await visitor.get("/api/v1/help/search?q=crad+refund")).json()
    assert found["corrected"] == {"crad": "card"}
    [start, end] = found["articles"][0]["highlights"]["title"][0]
    assert found["articles"][0]["title"][start:end] == "Refunds"


@pytest.mark.parametrize(
    ("query", "field"),
    [("", "q"), ("q=", "q"), ("q=*", "q"), ("q=" + "x" * 10_000, "q"), ("q=a%00b", "q"),
     ("q=refund&limit=1000", "limit"), ("q=refund&limit=%C2%B2", "limit")],
)  # fmt: skip
async def test_programs_are_told_what_is_wrong(
    visitor: httpx2.AsyncClient, query: str, field: str
) -> None:
    for path in ("/api/v1/help/suggest", "/api/v1/help/search"):
        answer = await visitor.get(f"{path}?{query}")
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"
        assert [fault["field"] for fault in answer.json()["errors"]] == [field]


async def test_an_unknown_type_is_refused(visitor: httpx2.AsyncClient) -> None:
    answer = await visitor.get("/api/v1/help/suggest?q=refund&type=nothing")
    assert answer.status_code == 422
    described = (await visitor.get("/api/openapi.json")).json()
    assert "/api/v1/help/suggest" in described["paths"]
