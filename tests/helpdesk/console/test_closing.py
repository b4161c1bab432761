"""Closing says whether the help centre had the answer; articles and replies meet."""

from typing import Any
from uuid import uuid4

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.console.closing import slug_in
from helpdesk.console.masking import masked
from helpdesk.tickets import commands
from helpdesk.tickets.coverage import mark_coverage
from helpdesk.tickets.states import Coverage, Status
from tests.build import a_ticket
from tests.helpdesk.contact.offers import an_article
from tests.people import Cast

from .build import desk_of, do, say, ticket

WORDS = "Clear the cache. Then open the page again."


async def marks(cast: Cast) -> list[Any]:
    query = "SELECT * FROM events WHERE type = 'ticket.coverage_marked' ORDER BY id"
    return list(await cast.desk.pool.fetch(query))


@pytest.mark.parametrize("way", ["reply", "status"])
async def test_an_agent_who_solves_says_whether_an_article_has_the_answer(
    cast: Cast, site: str, way: str
) -> None:
    filed = await a_ticket(cast)

    async def solve(**more: Any) -> httpx2.Response:
        if way == "status":
            return await do(amy, filed.reference, "status", status="solved", **more)
        return await say(amy, filed.reference, "This is the answer", then="solved", **more)

    async with await cast.browser(site, "amy") as amy:
        for wrong, words in (
            ({}, "Say whether an article has the answer"),
            ({"coverage": "perhaps"}, "Say whether an article has the answer"),
            ({"coverage": "covered"}, "Choose the article"),
            ({"coverage": "covered", "article": "no-such-article"}, "Choose the article"),
        ):
            refused = await solve(**wrong)
            assert refused.status_code == 422
            assert words in refused.text
            assert way == "status" or "This is the answer" in refused.text
        assert (await ticket(cast, filed.ticket_id))["status"] == "new"
        assert (await solve(coverage="unique")).status_code == 303
    row = await ticket(cast, filed.ticket_id)
    assert (row["status"], row["coverage"], row["covered_by_id"]) == ("solved", "unique", None)
    [mark] = await marks(cast)
    assert (mark["audience"], mark["data"]["new"]) == ("staff", "unique")


async def test_programs_are_told_which_field_is_missing(cast: Cast, site: str) -> None:
    filed = await a_ticket(cast)
    fields = {"once": str(uuid4()), "body": "Done", "mode": "reply", "then": "solved"}
    async with await cast.browser(site, "amy") as amy:
        answer = await amy.post(
            f"{desk_of(filed.reference)}/messages",
            data=fields,
            headers={"accept": "application/json"},
        )
    assert answer.status_code == 422
    assert "coverage" in answer.json()["errors"]


async def test_a_covered_ticket_names_its_article_and_the_mark_can_change(
    cast: Cast, site: str
) -> None:
    article = await an_article(cast, "clear-the-cache", "Clear the cache", WORDS, ["level1_tech"])
    filed = await a_ticket(cast, seen={"articles": [article], "helped": False})
    async with await cast.browser(site, "amy") as amy:
        page = (await amy.get(desk_of(filed.reference))).text
        assert '<option value="clear-the-cache" selected>' in page, "it was there to be read"
        await say(amy, filed.reference, "See", then="solved", coverage="covered",
                  article="clear-the-cache")  # fmt: skip
        row = await ticket(cast, filed.ticket_id)
        assert (row["coverage"], row["covered_by_id"]) == ("covered", article)
        page = (await amy.get(desk_of(filed.reference))).text
        assert 'Covered by <a href="/help/articles/clear-the-cache"' in page
        changed = await do(amy, filed.reference, "coverage", coverage="unique")
        assert changed.status_code == 303
        assert (await do(amy, filed.reference, "coverage")).status_code == 422
        pasted = f"{site}/help/articles/clear-the-cache?language=en"
        again = await do(amy, filed.reference, "coverage", coverage="covered", article_slug=pasted)
        assert again.status_code == 303
    assert [mark["data"]["new"] for mark in await marks(cast)] == [
        "covered by clear-the-cache",
        "unique",
        "covered by clear-the-cache",
    ]


async def test_reopening_keeps_the_mark(cast: Cast, site: str) -> None:
    filed = await a_ticket(cast)
    async with await cast.browser(site, "amy") as amy:
        await do(amy, filed.reference, "status", status="solved", coverage="unique")
        await do(amy, filed.reference, "status", status="open")
        assert (await ticket(cast, filed.ticket_id))["coverage"] == "unique"
        assert (await do(amy, filed.reference, "status", status="solved")).status_code == 303
    assert len(await marks(cast)) == 1


async def test_programs_close_without_a_mark_and_requesters_cannot_mark(cast: Cast) -> None:
    filed = await a_ticket(cast)
    async with cast.desk.transaction(await cast.actor("amy")) as tx:
        await commands.change_status(tx, filed.ticket_id, Status.SOLVED)
    assert (await ticket(cast, filed.ticket_id))["coverage"] is None
    async with cast.desk.transaction(await cast.actor("finn")) as tx:
        with pytest.raises(commands.NotAllowed):
            await mark_coverage(tx, filed.ticket_id, Coverage.UNIQUE)


async def test_the_mark_of_a_restricted_ticket_stays_with_its_department(
    cast: Cast, site: str
) -> None:
    filed = await a_ticket(cast, "cora", restricted=True, group_key="TECH")
    async with await cast.browser(site, "amy") as amy, await cast.browser(site, "tess") as tess:
        assert (await do(amy, filed.reference, "coverage", coverage="unique")).status_code == 404
        assert (await do(tess, filed.reference, "coverage", coverage="unique")).status_code == 303
    [mark] = await marks(cast)
    assert (mark["audience"], mark["group_id"]) == ("private", cast.groups["TECH"].id)


# Articles for a reply


async def test_articles_are_found_for_a_reply_by_type_and_by_words(cast: Cast, site: str) -> None:
    await an_article(cast, "clear-the-cache", "Clear the cache", WORDS, ["level1_tech"])
    await an_article(cast, "a-draft", "Cache, unfinished", WORDS, ["level1_tech"], published=False)
    async with await cast.browser(site, "amy") as amy, await cast.browser(site, "finn") as finn:
        for asked in ("?type=level1_tech", "?q=cache", "?q=cashe"):
            page = (await amy.get(f"/desk/help/pick{asked}")).text
            assert 'data-title="Clear the cache"' in page, asked
            assert f'data-url="{site}/help/articles/clear-the-cache"' in page
            assert "unfinished" not in page
        told = await amy.get("/desk/help/pick?q=cache", headers={"accept": "application/json"})
        assert [one["slug"] for one in told.json()["articles"]] == ["clear-the-cache"]
        for odd in ("?q=%00", "?q=" + "x" * 5000, "?type=%00", "?q=the", "?q='--", ""):
            assert (await amy.get(f"/desk/help/pick{odd}")).status_code == 200, odd
        assert (await finn.get("/desk/help/pick?q=cache")).status_code == 403


async def test_without_a_script_the_chosen_article_stands_below_the_reply(
    cast: Cast, site: str
) -> None:
    # Articles of a type are kept for a moment: no other test may have asked for this one's.
    rare = "unsatisfactory_support"
    await an_article(cast, "clear-the-cache", "Clear the cache", WORDS, [rare])
    filed = await a_ticket(cast, type_key=rare)
    async with await cast.browser(site, "amy") as amy, await cast.browser(site, "finn") as finn:
        page = (await amy.get(desk_of(filed.reference))).text
        assert 'name="insert"' in page
        await say(amy, filed.reference, "Please read this", insert="clear-the-cache")
        await say(amy, filed.reference, "And nothing else", insert="no-such-article")
        shown = (await finn.get(f"/requests/{filed.reference}")).text
    assert f"Clear the cache\n{site}/help/articles/clear-the-cache" in shown
    assert "no-such-article" not in shown


# An answer becomes an article


async def answered(cast: Cast, body: str, who: str = "tess", **more: Any) -> tuple[Any, int]:
    filed = await a_ticket(cast, "cora", **more)
    async with cast.desk.transaction(await cast.actor(who)) as tx:
        message = await commands.reply(tx, filed.ticket_id, body, uuid4())
    return filed, message.id


async def test_an_own_answer_becomes_a_draft_without_what_tells_who_asked(
    cast: Cast, site: str
) -> None:
    body = (
        "Hello Cora,\n\nyour 1,250.00 USD for C-1001 went to cora@example.com. "
        "Call +351 912 345 678. The log is in Help, then Show log."
    )
    filed, message = await answered(cast, body, subject="Cora cannot find the log")
    async with await cast.browser(site, "tess") as tess:
        page = (await tess.get(desk_of(filed.reference))).text
        assert "Make an article of your answer" in page
        assert "Read it all the same" in page
        made = await do(tess, filed.reference, "article", message=message)
        assert made.status_code == 303
        editor = await tess.get(made.headers["location"])
        assert f'href="{desk_of(filed.reference)}"' in editor.text  # the ticket it began with
    assert editor.status_code == 200
    assert "then Show log" in editor.text
    version = await cast.desk.pool.fetchrow("SELECT title, body FROM article_versions")
    assert version["title"] == "[name] cannot find the log"
    for word in ("Cora", "1,250", "C-1001", "@", "912"):
        assert word not in version["body"], word
    article = await cast.desk.pool.fetchrow("SELECT * FROM articles")
    assert article["type_keys"] == ["level1_tech"]
    assert article["from_ticket_id"] == filed.ticket_id


async def test_only_own_answers_to_the_requester_become_articles(cast: Cast, site: str) -> None:
    filed, message = await answered(cast, "From Tess")
    restricted, _ = await answered(cast, "For one only", restricted=True, group_key="TECH")
    async with cast.desk.transaction(await cast.actor("amy")) as tx:
        note = await commands.add_note(tx, filed.ticket_id, "Only for us", uuid4())
    async with await cast.browser(site, "amy") as amy, await cast.browser(site, "tess") as tess:
        assert (await do(amy, filed.reference, "article", message=message)).status_code == 404
        assert (await do(amy, filed.reference, "article", message=note.id)).status_code == 404
        assert (await do(amy, filed.reference, "article", message="x")).status_code == 404
        nothing = await do(amy, filed.reference, "article")
        assert (nothing.status_code, "not answered" in nothing.text) == (409, True)
        assert (await do(amy, restricted.reference, "article")).status_code == 404
        private = await do(tess, restricted.reference, "article")
        assert (private.status_code, "restricted" in private.text) == (409, True)
        assert await cast.desk.pool.fetchval("SELECT count(*) FROM articles") == 0
        assert (await do(tess, filed.reference, "article", message=message)).status_code == 303
    for who, status in (("finn", 403), ("cora", 403), ("", 401)):
        async with await cast.browser(site, who) as browser:
            assert (await do(browser, filed.reference, "article")).status_code == status


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Hello Ana-Maria Núñez, hello ana-maria.", "Hello [name], hello [name]."),
        ("Write to a.b+c@mail.example.co.uk.", "Write to [e-mail]."),
        (
            "You paid $1,200.00. Then 30 EUR, or €5.",
            "You paid [amount]. Then [amount], or [amount].",
        ),
        ("HD-10482 and C-1001 are one matter.", "[reference] and [reference] are one matter."),
        ("Card 4111 1111 1111 1111 was charged.", "Card [number] was charged."),
        ("IBAN DE89 3704 0044 0532 0130 00, please.", "IBAN [number], please."),
        ("Your ID is U4K7M2Q9.", "Your ID is [number]."),
        ("See https://desk.test/requests/HD-10001 now.", "See [link] now."),
        ("Wait 14 days, then choose 3 of 5 files.", "Wait 14 days, then choose 3 of 5 files."),
        ("Version 3.4.2 of 2026 is out.", "Version 3.4.2 of 2026 is out."),
    ],
)
def test_what_tells_who_it_was_is_left_out(text: str, shown: str) -> None:
    assert masked(text, ["Ana-Maria Núñez", "U"]) == shown


@given(st.text(max_size=300), st.lists(st.text(max_size=12), max_size=3))
def test_any_text_can_be_masked_and_twice_is_no_more(text: str, names: list[str]) -> None:
    assert "@example.com" not in masked(f"{text} cora@example.com", names)


@given(st.text(max_size=400))
def test_an_address_of_an_article_is_its_slug(text: str) -> None:
    assert len(slug_in(text)) <= 100
    assert slug_in("https://desk.test/help/articles/get-paid/?language=es#top") == "get-paid"
