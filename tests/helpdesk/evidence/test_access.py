"""Who may know of a piece, who may open it, and what a browser is told to do with it."""

import asyncio
from typing import Any

import httpx2
import pytest

from helpdesk.catalogue.document import Sensitivity
from helpdesk.evidence.models import Evidence
from tests.build import a_ticket
from tests.people import Cast

from . import samples
from .build import attach

EVERYBODY = ["", "finn", "cora", "dora", "otto", "amy", "pete", "tess", "max"]
# Finn's ticket is about his contract with Cora; Dora is of her company. It belongs to TECH.
EXPECTED: dict[Sensitivity, dict[str, int]] = {
    Sensitivity.SHARED: {"": 303, "otto": 404},
    Sensitivity.SUPPORT: {"": 303, "otto": 404, "cora": 404, "dora": 404},
    Sensitivity.PRIVATE: {
        "": 303,
        "otto": 404,
        "cora": 404,
        "dora": 404,
        "amy": 403,
        "pete": 403,
    },
    Sensitivity.RESTRICTED: {
        "": 303,
        "otto": 404,
        "cora": 404,
        "dora": 404,
        "amy": 403,
        "pete": 403,
    },
}


async def two_sided(cast: Cast) -> Any:
    """Finn's ticket, on a case on which Cora has one too."""
    contract = cast.contracts["C-1001"].id
    ticket = await a_ticket(
        cast, "finn", contract_id=contract, type_key="team_app_bug", group_key="TECH"
    )
    hers = await a_ticket(cast, "cora", contract_id=contract)
    assert hers.case_id == ticket.case_id
    return ticket


@pytest.mark.parametrize("sensitivity", list(Sensitivity))
async def test_everybody_gets_what_the_sensitivity_says(
    cast: Cast, site: str, sensitivity: Sensitivity
) -> None:
    ticket = await two_sided(cast)
    picture = await attach(cast, site, ticket, "a.png", samples.png(), sensitivity)
    log = await attach(cast, site, ticket, "a.log", samples.LOG, sensitivity)
    addresses = [
        f"/evidence/{picture.id}",
        f"/evidence/{picture.id}/download",
        f"/evidence/{picture.id}/image",
        f"/evidence/{log.id}",
        f"/evidence/{log.id}/lines?from=5",
        f"/evidence/{log.id}/download",
    ]
    for who in EVERYBODY:
        expected = EXPECTED[sensitivity].get(who, 200)
        async with await cast.browser(site, who) as browser:
            for address in addresses:
                answer = await browser.get(address)
                assert answer.status_code == expected, (who, address)


async def test_the_original_is_for_staff_who_may_open_the_piece(cast: Cast, site: str) -> None:
    ticket = await two_sided(cast)
    content = samples.jpeg_with_place()
    piece = await attach(cast, site, ticket, "a.jpg", content, Sensitivity.PRIVATE)
    expected = {"finn": 403, "otto": 403, "amy": 403, "tess": 200, "max": 200}
    for who, status in expected.items():
        async with await cast.browser(site, who) as browser:
            answer = await browser.get(f"/evidence/{piece.id}/original")
            assert answer.status_code == status, who
            if status == 200:
                assert answer.content == content
                assert answer.headers["content-type"] == "application/octet-stream"


async def test_what_finn_downloads_has_lost_its_hidden_data(cast: Cast, site: str) -> None:
    ticket = await two_sided(cast)
    piece = await attach(cast, site, ticket, "a.jpg", samples.jpeg_with_place())
    async with await cast.browser(site, "finn") as finn:
        answer = await finn.get(f"/evidence/{piece.id}/download")
    assert b"SECRETCAMERA" not in answer.content
    assert answer.headers["content-type"] == "image/jpeg"


async def test_a_hidden_piece_and_an_absent_one_look_the_same(cast: Cast, site: str) -> None:
    ticket = await two_sided(cast)
    piece = await attach(cast, site, ticket, "a.log", samples.LOG)
    async with await cast.browser(site, "otto") as otto:
        for path in ("", "/download", "/lines", "/thumbnail", "/image"):
            hidden = await otto.get(f"/evidence/{piece.id}{path}")
            absent = await otto.get(f"/evidence/{piece.id + 10_000}{path}")
            assert hidden.status_code == absent.status_code == 404
            assert without_ids(hidden) == without_ids(absent)
        for id in ("0", str(10**18), str(10**30)):
            assert (await otto.get(f"/evidence/{id}")).status_code == 404


def without_ids(answer: httpx2.Response) -> str:
    return answer.text.replace(answer.headers["x-request-id"], "")


async def test_reading_a_private_piece_is_recorded_and_shown_to_staff(
    cast: Cast, site: str
) -> None:
    ticket = await two_sided(cast)
    piece = await attach(cast, site, ticket, "team.log", samples.LOG, Sensitivity.PRIVATE)
    for who, path in (("amy", "/download"), ("tess", ""), ("tess", "/download")):
        async with await cast.browser(site, who) as browser:
            await browser.get(f"/evidence/{piece.id}{path}")
    rows = await cast.desk.pool.fetch("SELECT person_id, what FROM evidence_reads ORDER BY id")
    assert [(row["person_id"], row["what"]) for row in rows] == [
        (cast.amy.id, "refused"),
        (cast.tess.id, "view"),
        (cast.tess.id, "download"),
    ]
    async with await cast.browser(site, "tess") as tess, await cast.browser(site, "finn") as finn:
        page = (await tess.get(f"/evidence/{piece.id}")).text
        assert "Refused to" in page
        assert "Downloaded by" in page
        assert "Refused to" not in (await finn.get(f"/evidence/{piece.id}")).text


async def test_the_small_picture_of_a_restricted_piece_is_not_shown_in_passing(
    cast: Cast, site: str
) -> None:
    ticket = await two_sided(cast)
    private = await attach(cast, site, ticket, "a.png", samples.png(), Sensitivity.PRIVATE)
    locked = await attach(cast, site, ticket, "b.png", samples.png(9, 9), Sensitivity.RESTRICTED)
    expected = {"finn": (200, 404), "tess": (200, 404), "amy": (403, 403), "otto": (404, 404)}
    for who, statuses in expected.items():
        async with await cast.browser(site, who) as browser:
            for piece, status in zip((private, locked), statuses, strict=True):
                answer = await browser.get(f"/evidence/{piece.id}/thumbnail")
                assert answer.status_code == status, who


async def test_a_page_and_its_picture_are_one_view(cast: Cast, site: str) -> None:
    ticket = await two_sided(cast)
    piece = await attach(cast, site, ticket, "a.png", samples.png(), Sensitivity.RESTRICTED)
    async with await cast.browser(site, "tess") as tess:
        await tess.get(f"/evidence/{piece.id}/image")
        await tess.get(f"/evidence/{piece.id}")
    rows = await cast.desk.pool.fetch("SELECT person_id, what FROM evidence_reads")
    assert [tuple(row) for row in rows] == [(cast.tess.id, "view")]


async def test_reading_what_is_not_private_is_not_recorded(cast: Cast, site: str) -> None:
    ticket = await two_sided(cast)
    piece = await attach(cast, site, ticket, "a.log", samples.LOG)
    async with await cast.browser(site, "amy") as amy:
        await amy.get(f"/evidence/{piece.id}/download")
    assert await cast.desk.pool.fetchval("SELECT count(*) FROM evidence_reads") == 0


async def test_an_agent_of_another_department_sees_that_there_is_something_locked(
    cast: Cast, site: str
) -> None:
    from helpdesk.evidence.queries import listing

    ticket = await two_sided(cast)
    await attach(cast, site, ticket, "canary.log", samples.LOG, Sensitivity.PRIVATE)
    async with cast.desk.reading() as db:
        (for_amy,) = await listing(db, await cast.actor("amy"), ticket.case_id)
        (for_tess,) = await listing(db, await cast.actor("tess"), ticket.case_id)
        for_cora = await listing(db, await cast.actor("cora"), ticket.case_id)
    assert (for_amy.locked, for_amy.name, for_amy.sha256) == (True, "", "")
    assert for_amy.group_name == "Technical"
    assert (for_tess.locked, for_tess.name) == (False, "canary.log")
    assert len(for_tess.sha256) == 64
    assert for_cora == []


async def test_of_a_restricted_ticket_other_departments_see_no_evidence_at_all(
    cast: Cast, site: str
) -> None:
    from helpdesk.evidence.queries import listing

    shared = await two_sided(cast)
    secret = await a_ticket(
        cast,
        "cora",
        type_key="fraud_account",
        group_key="TAS",
        restricted=True,
        case_id=shared.case_id,
    )
    piece = await attach(cast, site, secret, "canary.log", samples.LOG, who="cora", restricted=True)
    pages = {}
    for who in ("amy", "sam", "max", "cora"):
        actor = await cast.actor(who)
        async with cast.desk.reading() as db:
            pages[who] = [one.id for one in await listing(db, actor, shared.case_id)]
        async with await cast.browser(site, who) as browser:
            answer = await browser.get(f"/evidence/{piece.id}")
        assert (answer.status_code == 200) == (piece.id in pages[who])
        assert answer.status_code in (200, 404)
    assert pages == {"amy": [], "sam": [piece.id], "max": [piece.id], "cora": [piece.id]}


async def test_a_download_is_saved_and_never_run(cast: Cast, site: str) -> None:
    ticket = await two_sided(cast)
    piece = await attach(cast, site, ticket, 'a"; x="\r\nSet-Cookie: a=b.log', samples.LOG)
    async with await cast.browser(site, "finn") as finn:
        answer = await finn.get(f"/evidence/{piece.id}/download")
    headers = answer.headers
    assert headers["content-disposition"].startswith("attachment; filename*=UTF-8''")
    assert headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "private, no-store"
    assert "set-cookie" not in headers
    assert answer.content == samples.LOG


@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [
        ("bytes=0-9", 206, slice(0, 10)),
        ("bytes=10-", 206, slice(10, None)),
        ("bytes=-5", 206, slice(-5, None)),
        ("bytes=0-0", 206, slice(0, 1)),
        ("bytes=5-100000000", 206, slice(5, None)),
        ("bytes=99999999-", 416, slice(0, 0)),
        ("bytes=-0", 416, slice(0, 0)),
        ("bytes=9-3", 200, slice(None)),
        ("bytes=0-1,5-6", 200, slice(None)),
        ("lines=0-1", 200, slice(None)),
        ("bytes=" + ",".join(f"{n}-{n}" for n in range(1_500)), 200, slice(None)),
    ],
)
async def test_one_range_is_served_and_more_are_not(
    cast: Cast, site: str, asked: str, status: int, part: slice
) -> None:
    ticket = await two_sided(cast)
    piece = await attach(cast, site, ticket, "a.log", samples.LOG)
    async with await cast.browser(site, "finn") as finn:
        answer = await finn.get(f"/evidence/{piece.id}/download", headers={"range": asked})
    assert answer.status_code == status
    if status != 416:
        assert answer.content == samples.LOG[part]
        assert answer.headers["content-length"] == str(len(answer.content))


async def test_a_small_picture_is_asked_for_again_and_not_sent_again(cast: Cast, site: str) -> None:
    ticket = await two_sided(cast)
    piece = await attach(cast, site, ticket, "a.png", samples.png())
    async with await cast.browser(site, "finn") as finn:
        first = await finn.get(f"/evidence/{piece.id}/thumbnail")
        etag = {"if-none-match": first.headers["etag"]}
        assert (await finn.get(f"/evidence/{piece.id}/thumbnail", headers=etag)).status_code == 304
    async with await cast.browser(site, "otto") as otto:
        assert (await otto.get(f"/evidence/{piece.id}/thumbnail", headers=etag)).status_code == 404


async def test_a_log_is_read_in_pages_and_searched_without_a_script(cast: Cast, site: str) -> None:
    ticket = await two_sided(cast)
    content = samples.LOG + b"\x1b[31m<script>alert(1)</script>\x1b[0m boom\n"
    piece = await attach(cast, site, ticket, "team.log", content)
    here = f"/evidence/{piece.id}/lines"
    async with await cast.browser(site, "finn") as finn:
        first = (await finn.get(f"/evidence/{piece.id}")).text
        assert "tracker: line 1<" in first
        assert "tracker: line 201<" not in first
        assert "Lines 1 to 200 of 2001" in first
        assert "tracker: line 901<" in (await finn.get(here, params={"from": "901"})).text
        found = (await finn.get(here, params={"q": "BOOM"})).text
        assert "2001" in found
        assert "&lt;script&gt;alert(1)" in found
        assert "\x1b" not in found
        none = (await finn.get(here, params={"q": "<svg onload=x>"})).text
        assert "is not in this file" in none
        assert "<svg onload" not in none
        for odd in ("from=-1", "from=99999999999999999999", "from=abc", "q=%00", "q=a&after=9-x"):
            assert (await finn.get(f"{here}?{odd}")).status_code == 200


async def test_a_piece_shows_who_when_size_and_hash(cast: Cast, site: str) -> None:
    ticket = await two_sided(cast)
    picture: Evidence = await attach(cast, site, ticket, "a.png", samples.png())
    zipped = await attach(cast, site, ticket, "a.zip", samples.archive(("<b>inside</b>.txt", b"x")))
    async with await cast.browser(site, "finn") as finn:
        page, listed = await asyncio.gather(
            finn.get(f"/evidence/{picture.id}"), finn.get(f"/evidence/{zipped.id}")
        )
    from hashlib import sha256

    for word in ("Finn", "2 Jun 2026", "SHA-256", sha256(samples.png()).hexdigest()):
        assert word in page.text
    assert f"/evidence/{picture.id}/image" in page.text
    assert "&lt;b&gt;inside&lt;/b&gt;.txt" in listed.text
