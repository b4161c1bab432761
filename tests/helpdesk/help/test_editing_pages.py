"""The editor over HTTP, as a browser without scripts uses it."""

import html
import io
import re
from typing import Any

import httpx2
from PIL import Image

from helpdesk.help.models import Synonym
from helpdesk.help.writing.markdown import MOST_LINES
from tests.helpdesk.evidence import samples
from tests.people import Cast

from .writing import BODY, a_draft, a_review, details, published, text_of, versions


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return html.unescape(found[1])


async def fields(cast: Cast, browser: httpx2.AsyncClient, path: str) -> dict[str, Any]:
    """What the form holds when it is opened, ready to be sent."""
    page = (await browser.get(path)).text
    category = (await details(cast)).category_id
    return {
        "edition": hidden(page, "edition"),
        "details_edition": hidden(page, "details_edition"),
        "title": "When will my withdrawal arrive?",
        "summary": "How long it takes.",
        "body": BODY,
        "keywords": "payout, cash out",
        "change": "",
        "slug": "",
        "category": str(category),
        "group": str(cast.groups["PAY"].id),
        "check_every_days": "180",
        "related": "",
        "types": ["withdrawal_not_received"],
    }


async def test_from_an_empty_page_to_readers(cast: Cast, site: str) -> None:
    async with await cast.browser(site, "sam") as sam, await cast.browser(site, "lena") as lena:
        form = await fields(cast, sam, "/desk/help/new")
        form |= {"group": str(cast.groups["TAS"].id), "do": "review"}
        made = await sam.post("/desk/help/new", data=form)
        assert made.status_code == 303, made.text
        place = made.headers["location"].partition("?")[0]
        assert "In review" in (await sam.get(place)).text
        own = (await sam.get(f"{place}/review")).text
        assert "Somebody else of your department publishes it." in own
        assert 'value="publish"' not in own
        listed = (await lena.get("/desk/help?show=review")).text
        assert "When will my withdrawal arrive?" in listed
        page = (await lena.get(f"{place}/review")).text
        assert "When it is late</h2>" in page
        edition = hidden(page, "edition")
        done = await lena.post(f"{place}/review", data={"do": "publish", "edition": edition})
        assert done.status_code == 303
        assert "Readers see it now" in (await lena.get(done.headers["location"])).text
    async with await cast.browser(site) as reader:
        page = await reader.get("/help/articles/when-will-my-withdrawal-arrive")
    assert page.status_code == 200
    assert "two to five working days" in page.text


async def test_two_who_save_at_once_see_both_and_lose_nothing(cast: Cast, site: str) -> None:
    text = await a_draft(cast)
    place = f"/desk/help/{text.article_id}"
    async with await cast.browser(site, "tess") as tess, await cast.browser(site, "pete") as pete:
        hers, his = await fields(cast, tess, place), await fields(cast, pete, place)
        hers |= {"body": "Tess says three days.", "slug": "when-will-my-withdrawal-arrive"}
        his |= {"body": "Pete says four days.", "slug": "when-will-my-withdrawal-arrive"}
        del hers["types"], his["types"]
        stored = await text_of(cast, text.article_id)
        category = await cast.desk.pool.fetchval("SELECT category_id FROM articles")
        for form in (hers, his):
            form |= {"category": str(category), "types": ["withdrawal_not_received"]}
        assert (await tess.post(place, data=hers)).status_code == 303
        refused = await pete.post(place, data=his)
        assert refused.status_code == 409
        assert "Tess says three days." in refused.text
        assert "Pete says four days." in refused.text
        assert re.search(r"<del>.*<mark>.*</del>", refused.text)
        assert re.search(r"<textarea[^>]*id=\"body\"[^>]*>\s*Pete says four days.", refused.text)
        his["edition"] = hidden(refused.text, "edition")
        assert int(his["edition"]) == stored.edition + 1
        took = await pete.post(place, data=his | {"do": "take:body", "clash": "1"})
        assert took.status_code == 200
        assert re.search(r"<textarea[^>]*id=\"body\"[^>]*>\s*Tess says three days.", took.text)
        assert (await pete.post(place, data=his)).status_code == 303
    assert [version.body for version in await versions(cast, text)] == ["Pete says four days."]


async def test_what_is_wrong_is_said_beside_the_field_and_nothing_typed_is_lost(
    cast: Cast, site: str
) -> None:
    async with await cast.browser(site, "pete") as pete:
        form = await fields(cast, pete, "/desk/help/new")
        wrong = {"title": " ", "category": "", "slug": "Not So!", "related": "no-such-article"}
        page = await pete.post("/desk/help/new", data=form | wrong)
        assert page.status_code == 422
        for words in (
            "Give the article a title.",
            "Choose a category.",
            "Use small letters",
            "There is no article “no-such-article”.",
        ):
            assert words in page.text
        assert "two to five working days" in page.text
        assert 'value="withdrawal_not_received" checked' in page.text


async def test_ten_thousand_lines_come_back_with_the_limit(cast: Cast, site: str) -> None:
    long = "\n".join(f"Line {number} of a very long text" for number in range(10_000))
    text = await a_draft(cast)
    async with await cast.browser(site, "pete") as pete:
        for place in ("/desk/help/new", f"/desk/help/{text.article_id}"):
            form = await fields(cast, pete, place)
            page = await pete.post(place, data=form | {"body": long})
            assert page.status_code == 422
            assert "too long" in page.text
            assert "Line 9999 of a very long text" in page.text
        short = "\n\n".join(f"Line {number}" for number in range(MOST_LINES // 2))
        page = await pete.post("/desk/help/new", data=form | {"body": short})
        assert page.status_code == 303


async def test_hostile_text_is_harmless_in_the_preview(cast: Cast, site: str) -> None:
    hostile = "<script>alert(1)</script> [a](javascript:x) ![b](https://evil.example/x.png)"
    async with await cast.browser(site, "pete") as pete:
        page = await pete.post("/desk/help/preview", data={"body": hostile, "language": "en"})
        assert page.status_code == 200
        shown = page.text[page.text.index('id="preview"') :]
        assert "<script>alert" not in shown
        assert "evil.example" not in shown
        assert 'href="javascript' not in shown
        form = await fields(cast, pete, "/desk/help/new")
        page = await pete.post("/desk/help/new", data=form | {"body": hostile, "do": "preview"})
        assert page.status_code == 200
        assert "&lt;script&gt;" in page.text


async def test_a_picture_loses_its_place_and_keeps_its_address(cast: Cast, site: str) -> None:
    carried = samples.jpeg_with_place()
    async with await cast.browser(site, "pete") as pete, await cast.browser(site) as reader:
        files = {"image": ("beach.jpg", carried)}
        first = (await pete.post("/desk/help/images", files=files)).json()
        again = (await pete.post("/desk/help/images", files=files)).json()
        assert first == again
        assert first["address"].startswith("/help/images/")
        shown = await reader.get(first["address"])
        assert shown.status_code == 200
        assert shown.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert shown.headers["x-content-type-options"] == "nosniff"
        assert b"Exif" not in shown.content
        assert b"Exif" in carried
        assert Image.open(io.BytesIO(shown.content)).size == (first["width"], first["height"])
        same = await reader.get(first["address"], headers={"if-none-match": shown.headers["etag"]})
        assert same.status_code == 304
        for strange in ("ab" * 32, "x" * 64, "ab"):
            assert (await reader.get(f"/help/images/{strange}")).status_code == 404
        text = await published(cast, body=f"![The beach]({first['address']})")
    assert f'width="{first["width"]}" height="{first["height"]}"' in text.html


async def test_what_is_no_picture_is_refused(cast: Cast, site: str) -> None:
    async with await cast.browser(site, "pete") as pete:
        for name, content in (
            ("a.png", b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>"),
            ("a.log", b"2026-01-01 a line of a log\n" * 20),
        ):
            files = {"image": (name, content)}
            asked = {"accept": "application/json"}
            refused = await pete.post("/desk/help/images", files=files, headers=asked)
            assert refused.status_code in (415, 422)
            assert refused.json()["title"] == "Picture refused"
            form = await fields(cast, pete, "/desk/help/new")
            page = await pete.post("/desk/help/new", data=form | {"do": "image"}, files=files)
            assert page.status_code == refused.status_code
            assert "two to five working days" in page.text
    assert await cast.desk.pool.fetchval("SELECT count(*) FROM article_images") == 0


async def test_without_script_a_picture_stands_at_the_end_of_the_text(
    cast: Cast, site: str
) -> None:
    async with await cast.browser(site, "pete") as pete:
        form = await fields(cast, pete, "/desk/help/new")
        files = {"image": ("a.png", samples.png())}
        page = await pete.post("/desk/help/new", data=form | {"do": "image"}, files=files)
    assert page.status_code == 200
    assert re.search(r"!\[What the picture shows\]\(/help/images/[0-9a-f]{64}\)", page.text)


async def test_versions_are_compared_line_by_line(cast: Cast, site: str) -> None:
    text = await published(cast)
    place = f"/desk/help/{text.article_id}"
    async with await cast.browser(site, "pete") as pete:
        form = await fields(cast, pete, place)
        current = dict(await cast.desk.pool.fetchrow("SELECT * FROM articles"))
        form |= {"slug": current["slug"], "category": str(current["category_id"])}
        form |= {"body": BODY.replace("five", "seven"), "change": "A week"}
        assert (await pete.post(place, data=form)).status_code == 303
        page = (await pete.get(f"{place}/versions")).text
        assert "From version 1 to version 2" in page
        assert "A week" in page
        assert re.search(r"<del>.*<mark>five</mark>.*</del>", page)
        assert re.search(r"<ins>.*<mark>seven</mark>.*</ins>", page)
        back = (await pete.get(f"{place}/versions?from=2&to=1")).text
        assert re.search(r"<ins>.*<mark>five</mark>.*</ins>", back)
        assert (await pete.get(f"{place}/versions?from=9")).status_code == 404


async def test_sending_back_needs_a_word_and_the_author_reads_it(cast: Cast, site: str) -> None:
    text = await a_review(cast, "sam", "TAS")
    place = f"/desk/help/{text.article_id}"
    async with await cast.browser(site, "lena") as lena, await cast.browser(site, "sam") as sam:
        empty = await lena.post(f"{place}/review", data={"do": "back", "note": " "})
        assert empty.status_code == 422
        assert "Say what should be changed." in empty.text
        sent = await lena.post(f"{place}/review", data={"do": "back", "note": "How long <b>?"})
        assert sent.status_code == 303
        assert "How long &lt;b&gt;?" in (await sam.get(place)).text
        late = await lena.post(f"{place}/review", data={"do": "publish", "edition": "2"})
        assert late.status_code == 409
        assert "Read it again first" in late.text


async def test_old_articles_are_flagged_until_somebody_checks_them(cast: Cast, site: str) -> None:
    text = await published(cast)
    await cast.desk.pool.execute("UPDATE articles SET checked_at = checked_at - interval '1 year'")
    async with await cast.browser(site, "pete") as pete:
        assert "Check it" in (await pete.get("/desk/help?show=old")).text
        data = {"do": "checked"}
        done = await pete.post(f"/desk/help/{text.article_id}/state", data=data)
        assert done.status_code == 303
        assert "Nothing here" in (await pete.get("/desk/help?show=old")).text
        foreign = await pete.post(f"/desk/help/{text.article_id}/state", data={"do": "explode"})
        assert foreign.status_code == 422
    async with await cast.browser(site, "tess") as tess:
        data = {"do": "archived"}
        refused = await tess.post(f"/desk/help/{text.article_id}/state", data=data)
        assert refused.status_code == 409
        assert "or a manager, archives it" in refused.text


async def test_the_list_gives_every_article_once_page_by_page(cast: Cast, site: str) -> None:
    for number in range(3):
        await a_draft(cast, slug=f"article-{number}", title=f"Article {number}")
    await cast.desk.pool.execute(
        "INSERT INTO articles (slug, category_id, type_keys, related, position, created_at,"
        " checked_at, check_every_days, edition)"
        " SELECT 'copy-' || n, category_id, type_keys, related, position, created_at, checked_at,"
        " check_every_days, 0 FROM articles, generate_series(1, 60) n WHERE slug = 'article-0'"
    )
    await cast.desk.pool.execute(
        "INSERT INTO article_texts (article_id, language, title, summary, keywords, html, plain,"
        " edition) SELECT id, 'en', '', '', '{}', '', '', 1 FROM articles WHERE slug LIKE 'copy-%'"
    )
    await cast.desk.pool.execute(
        "INSERT INTO article_versions (text_id, number, state, title, summary, keywords, body,"
        " change, review_note, created_at, updated_at) SELECT t.id, 1, 'draft', slug, '', '{}', '',"
        " '', '', a.created_at, a.created_at FROM article_texts t JOIN articles a"
        " ON a.id = t.article_id WHERE slug LIKE 'copy-%'"
    )
    async with await cast.browser(site, "pete") as pete:
        seen: list[str] = []
        path = "/desk/help?show=drafts"
        while path:
            page = (await pete.get(path)).text
            seen += re.findall(r'<a href="/desk/help/(\d+)"', page)
            onward = re.search(r'rel="next" href="([^"]+)"', page)
            path = html.unescape(onward[1]) if onward else ""
        assert len(seen) == len(set(seen)) == 63
        found = (await pete.get("/desk/help?q=Article+1")).text
        assert "Article 1" in found
        assert "Article 2" not in found
        assert (await pete.get("/desk/help?q=%25&after=nonsense")).status_code == 200
        assert (await pete.get("/desk/help?show=nothing")).status_code == 404


async def test_managers_edit_synonyms_and_two_at_once_are_told(cast: Cast, site: str) -> None:
    await cast.desk.pool.execute("DELETE FROM help_synonyms")
    async with await cast.browser(site, "max") as max:
        seen = hidden((await max.get("/desk/help/synonyms")).text, "seen")
        first = {"words": "Refund, money  back\n\nlogin, sign in, login", "seen": seen}
        assert (await max.post("/desk/help/synonyms", data=first)).status_code == 303
        late = {"words": "other, words", "seen": seen}
        refused = await max.post("/desk/help/synonyms", data=late)
        assert refused.status_code == 409
        assert "other, words" in refused.text
        assert "refund, money back" in refused.text
        again = {"words": "other, words", "seen": hidden(refused.text, "seen")}
        assert (await max.post("/desk/help/synonyms", data=again)).status_code == 303
        alone = await max.post("/desk/help/synonyms", data={"words": "alone", "seen": seen})
        assert alone.status_code == 422
        assert "stands alone" in alone.text
    async with await cast.browser(site, "pete") as pete:
        assert (await pete.get("/desk/help/synonyms")).status_code == 403
    rows = await cast.desk.pool.fetch(f"SELECT words FROM {Synonym.__tablename__}")
    assert [row["words"] for row in rows] == [["other", "words"]]


async def test_a_language_is_begun_by_saving_it(cast: Cast, site: str) -> None:
    text = await published(cast)
    place = f"/desk/help/{text.article_id}"
    async with await cast.browser(site, "tess") as tess:
        form = await fields(cast, tess, f"{place}?language=es")
        current = dict(await cast.desk.pool.fetchrow("SELECT * FROM articles"))
        form |= {"slug": current["slug"], "category": str(current["category_id"])}
        form |= {"language": "es", "title": "¿Cuándo llega mi retiro?"}
        made = await tess.post(place, data=form)
        assert made.status_code == 303, made.text
        assert made.headers["location"] == f"{place}?language=es&done=saved"
        assert (await tess.get(f"{place}?language=xx")).status_code == 404
    assert (await text_of(cast, text.article_id, "es")).edition == 1
