"""Replies that cross, drafts that survive a change of browser, files that stay with a note."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest

from helpdesk.core.clock import FrozenClock
from tests.build import a_ticket
from tests.helpdesk.evidence import samples
from tests.helpdesk.evidence.build import send
from tests.people import Cast

from .build import desk_of, do, say


@asynccontextmanager
async def browsers(cast: Cast, site: str, *names: str) -> AsyncIterator[list[httpx2.AsyncClient]]:
    opened = [await cast.browser(site, name) for name in names]
    yield opened
    for browser in opened:
        await browser.aclose()


def seen_on(page: str) -> str:
    found = re.search(r'name="seen" value="(\d+)"', page)
    assert found
    return found[1]


def written_in(page: str) -> str:
    found = re.search(r'<textarea class="composer-text"[^>]*>\n?([^<]*)</textarea>', page)
    assert found
    return found[1]


async def test_a_reply_that_crosses_another_one_is_asked_about_with_its_text_kept(
    cast: Cast, site: str, clock: FrozenClock
) -> None:
    filed = await a_ticket(cast)
    async with browsers(cast, site, "amy", "pete", "finn") as (amy, pete, finn):
        seen = seen_on((await amy.get(desk_of(filed.reference))).text)
        await say(pete, filed.reference, "Pete was faster")
        clock.advance(seconds=20)
        asked = await say(amy, filed.reference, "Amy was slower", seen=seen)
        assert asked.status_code == 409
        assert "Pete answered 20\u00a0s ago" in asked.text
        assert "Pete was faster" in asked.text
        assert "Send anyway" in asked.text
        assert written_in(asked.text) == "Amy was slower"
        assert "Amy was slower" not in (await finn.get(f"/requests/{filed.reference}")).text
        sent = await say(amy, filed.reference, "Amy was slower", seen=seen_on(asked.text))
        assert sent.status_code == 303
        assert "Amy was slower" in (await finn.get(f"/requests/{filed.reference}")).text


async def test_a_program_is_told_what_to_have_read(cast: Cast, site: str) -> None:
    filed = await a_ticket(cast)
    async with browsers(cast, site, "amy", "finn") as (amy, finn):
        seen = seen_on((await amy.get(desk_of(filed.reference))).text)
        url = f"/requests/{filed.reference}/messages"
        once = "5f0c1a52-14f4-4bb3-8a3e-7f1d8c1b7a01"
        assert (await finn.post(url, data={"once": once, "body": "Solved"})).status_code == 303
        fields = {"once": "5f0c1a52-14f4-4bb3-8a3e-7f1d8c1b7a02", "body": "Try this"}
        fields |= {"mode": "reply", "seen": seen}
        messages = f"{desk_of(filed.reference)}/messages"
        json = {"accept": "application/json"}
        answer = await amy.post(messages, data=fields, headers=json)
        assert answer.status_code == 409
        assert answer.json()["errors"]["answered"].startswith("Finn wrote")
        fields["seen"] = str(answer.json()["seen"])
        for _ in range(2):  # also a repeat of what was stored
            assert (await amy.post(messages, data=fields, headers=json)).status_code == 200
            fields["seen"] = seen


@pytest.mark.parametrize("mode", ["reply", "note"])
async def test_nothing_is_asked_when_only_notes_or_own_words_came_since(
    cast: Cast, site: str, mode: str
) -> None:
    filed = await a_ticket(cast)
    async with browsers(cast, site, "amy", "pete") as (amy, pete):
        seen = seen_on((await amy.get(desk_of(filed.reference))).text)
        await say(pete, filed.reference, "A note of Pete's", "note")
        await say(amy, filed.reference, "First of Amy's")
        assert (await say(amy, filed.reference, "Second", mode, seen=seen)).status_code == 303


async def test_a_draft_is_there_in_the_next_browser_and_for_its_author_alone(
    cast: Cast, site: str
) -> None:
    filed = await a_ticket(cast)
    here = desk_of(filed.reference)
    async with browsers(cast, site, "amy", "amy", "pete") as (amy, elsewhere, pete):
        kept = await do(amy, filed.reference, "draft", kind="note", body="Half a note, <b>and</b>")
        assert (kept.status_code, bool(kept.json()["saved"])) == (200, True)
        page = (await elsewhere.get(here)).text
        assert written_in(page) == "Half a note, &lt;b&gt;and&lt;/b&gt;"
        assert re.search(r'value="note" checked', page)
        assert written_in((await pete.get(here)).text) == ""
        await say(elsewhere, filed.reference, "A whole note", "note")
        assert written_in((await amy.get(here)).text) == ""
        await do(amy, filed.reference, "draft", kind="reply", body="Half a reply")
        emptied = await do(amy, filed.reference, "draft", kind="reply", body="  ")
        assert emptied.json() == {"saved": None}
        assert written_in((await elsewhere.get(here)).text) == ""


async def test_a_draft_that_is_no_text_is_refused(cast: Cast, site: str) -> None:
    filed = await a_ticket(cast)
    async with browsers(cast, site, "amy") as (amy,):
        for fields in ({"kind": "letter"}, {"kind": "reply", "body": "x" * 10_001}):
            answer = await do(amy, filed.reference, "draft", **{"body": "Hello"} | fields)
            assert answer.status_code == 422


@pytest.mark.parametrize("restricted", [False, True])
async def test_a_file_of_a_note_is_for_colleagues_and_one_of_a_reply_for_both(
    cast: Cast, site: str, restricted: bool
) -> None:
    filed = await a_ticket(cast, restricted=restricted)
    async with browsers(cast, site, "amy", "finn", "pete") as (amy, finn, pete):
        for name, more in (("canarynote.log", {"note": "1"}), ("shared.log", {})):
            sent = await send(amy, name, samples.LOG, case=filed.case_id)
            fields = {"upload": sent.json()["id"]} | more
            added = await amy.post(f"{desk_of(filed.reference)}/evidence", data=fields)
            assert added.status_code == 201
        rows = await cast.desk.pool.fetch("SELECT id, name, audience FROM evidence ORDER BY id")
        note, shared = (row["id"] for row in rows)
        assert rows[0]["audience"] == ("private" if restricted else "staff")
        theirs = (await finn.get(f"/requests/{filed.reference}")).text
        assert "canarynote" not in theirs
        assert "shared.log" in theirs
        assert (await finn.get(f"/evidence/{note}")).status_code == 404
        assert (await finn.get(f"/evidence/{shared}")).status_code == 200
        assert (await pete.get(f"/evidence/{note}")).status_code == (404 if restricted else 200)
        desk = (await amy.get(desk_of(filed.reference))).text
    bubble = desk[: desk.index("canarynote.log")].rsplit("<li ", 1)[1]
    assert 'data-kind="note"' in bubble
