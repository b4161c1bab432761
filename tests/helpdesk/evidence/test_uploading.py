"""Files arrive over HTTP: streamed, counted, looked at, stored once."""

import asyncio
import os
import secrets
from uuid import uuid4

import httpx2
import pytest

from helpdesk.core.tokens import hash_token
from helpdesk.evidence.intake import storage_of
from tests.people import Cast

from . import samples
from .build import send


async def count(cast: Cast, table: str) -> int:
    found: int = await cast.desk.pool.fetchval(f"SELECT count(*) FROM {table}")
    return found


def left_over(cast: Cast) -> list[str]:
    return [path.name for path in storage_of(cast.desk).incoming_home.iterdir()]


async def test_a_picture_is_stored_written_anew_and_with_a_small_one(cast: Cast, site: str) -> None:
    async with await cast.browser(site, "finn") as finn:
        answer = await send(finn, "photo.jpg", samples.jpeg_with_place(), draft=uuid4())
        assert answer.status_code == 201
        told = answer.json()
        assert told["name"] == "photo.jpg"
        assert told["media_type"] == "image/jpeg"
        assert told["size"] == len(samples.jpeg_with_place())
        small = await finn.get(told["thumb"])
        assert small.headers["content-type"] == "image/webp"
        assert "sandbox" in small.headers["content-security-policy"]
    row = await cast.desk.pool.fetchrow("SELECT * FROM uploads")
    assert row["file_id"] != row["original_id"]
    assert row["details"] == {"width": 40, "height": 60}
    assert left_over(cast) == []


async def test_a_retry_with_the_same_id_gets_the_first_answer_and_stores_once(
    cast: Cast, site: str
) -> None:
    id, draft = uuid4(), uuid4()
    async with await cast.browser(site, "finn") as finn:
        first = await send(finn, "team.log", samples.LOG, id=id, draft=draft)
        again = await send(finn, "other.log", b"something else\n", id=id, draft=draft)
    assert first.json() == again.json()
    assert await count(cast, "uploads") == 1
    assert await count(cast, "files") == 1


async def test_the_same_id_many_times_at_once_is_one_upload(cast: Cast, site: str) -> None:
    id, draft = uuid4(), uuid4()
    async with await cast.browser(site, "finn") as finn:
        answers = await asyncio.gather(
            *(send(finn, "photo.png", samples.png(), id=id, draft=draft) for _ in range(8))
        )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert await count(cast, "uploads") == 1
    assert left_over(cast) == []


async def test_an_id_of_somebody_else_is_not_answered(cast: Cast, site: str) -> None:
    id = uuid4()
    async with await cast.browser(site, "finn") as finn, await cast.browser(site, "otto") as otto:
        await send(finn, "secret.log", samples.LOG, id=id, draft=uuid4())
        answer = await send(otto, "mine.log", b"hello\n", id=id, draft=uuid4())
        assert answer.status_code == 404
        assert "secret" not in answer.text
        assert (await otto.get(f"/uploads/{id}/thumbnail")).status_code == 404
        assert (await otto.post(f"/uploads/{id}/remove")).status_code == 200
        assert (await otto.post(f"/uploads/{id}/tag", data={"key": "x"})).status_code == 404
    assert await count(cast, "uploads") == 1


@pytest.mark.parametrize(
    ("name", "content", "status", "words"),
    [
        ("a.log", samples.EXE, 422, "program"),
        ("a.png", samples.SVG, 422, "drawing"),
        ("a.html", samples.HTML, 422, "web page"),
        ("a.png", samples.png_that_claims(50_000, 50_000), 422, "too large to open"),
        ("a.png", samples.png()[:60], 422, "damaged"),
        ("a.zip", samples.archive_bomb(), 422, "far more"),
        ("a.pdf", samples.PDF + samples.archive(("a", b"a")), 422, "two kinds"),
        ("a.txt", b"", 422, "empty"),
        ("a.jpg", samples.png(), 422, "content is a PNG picture"),
        ("a.png", samples.png() + b"\0" * (25 * 1024 * 1024), 413, "smaller than 25 MB"),
    ],
)
async def test_hostile_files_are_refused_in_words_and_leave_nothing(
    cast: Cast, site: str, name: str, content: bytes, status: int, words: str
) -> None:
    async with await cast.browser(site, "finn") as finn:
        answer = await send(finn, name, content, draft=uuid4())
    assert answer.status_code == status
    assert words in answer.json()["detail"]
    assert await count(cast, "uploads") == 0
    assert await count(cast, "files") == 0
    assert left_over(cast) == []


async def test_a_polyglot_picture_is_defused(cast: Cast, site: str) -> None:
    content = samples.png() + samples.archive(("evil.sh", b"#!/bin/sh"))
    async with await cast.browser(site, "finn") as finn:
        answer = await send(finn, "a.png", content, draft=uuid4())
        assert answer.status_code == 201
    row = await cast.desk.pool.fetchrow(
        "SELECT f.sha256, f.size FROM uploads u JOIN files f ON f.id = u.file_id"
    )
    shown = await storage_of(cast.desk).read(row["sha256"], 0, row["size"])
    assert b"PK" not in shown


async def test_a_body_that_is_too_large_is_refused_from_its_head(cast: Cast, site: str) -> None:
    host = site.removeprefix("http://")
    head = (
        f"POST /uploads HTTP/1.1\r\nHost: {host}\r\nOrigin: {site}\r\n"
        f"Cookie: {await cast.session('finn')}\r\nContent-Length: 1000000000\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n"
    )
    reader, writer = await asyncio.open_connection("localhost", cast.desk.settings.port)
    writer.write(head.encode())
    answer = await asyncio.wait_for(reader.readline(), 20)
    writer.close()
    assert b"413" in answer


@pytest.mark.parametrize(
    ("type", "body"),
    [
        ("multipart/form-data; boundary=x", b"--x--\r\n"),
        ("multipart/form-data; boundary=x", b"not a form at all"),
        ("multipart/form-data", b"--x--\r\n"),
        ("application/json", b"{}"),
        ("multipart/form-data; boundary=x", b"--x\r\nA: b\r\n" * 50),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="id"\r\n\r\n' + b"9" * 5_000 + b"\r\n",
        ),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\nx\r\n--x--\r\n',
        ),
    ],
)
async def test_a_malformed_form_is_refused(cast: Cast, site: str, type: str, body: bytes) -> None:
    async with await cast.browser(site, "finn") as finn:
        answer = await finn.post("/uploads", content=body, headers={"content-type": type})
    assert answer.status_code == 422


async def test_twenty_files_are_the_most_for_a_draft_even_at_once(cast: Cast, site: str) -> None:
    draft = uuid4()
    async with await cast.browser(site, "finn") as finn:
        answers = await asyncio.gather(
            *(send(finn, f"{n}.txt", b"%d\n" % n, draft=draft) for n in range(26))
        )
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) == 6
    assert "20 files are the most" in refused[0].json()["detail"]
    assert await count(cast, "uploads") == 20


async def test_a_flood_is_stopped(cast: Cast, site: str) -> None:
    statuses = []
    async with await cast.browser(site, "finn") as finn:
        for number in range(160):
            draft = uuid4()
            answer = await send(finn, "a.txt", b"%d\n" % number, draft=draft)
            statuses.append(answer.status_code)
            if answer.status_code == 429:
                break
    assert statuses[:150] == [201] * 150
    assert statuses[150] == 429


async def test_a_visitor_uploads_with_the_key_of_the_browser_and_nobody_else_touches_it(
    cast: Cast, site: str
) -> None:
    draft = uuid4()
    key = secrets.token_urlsafe(32)
    name = "__Host-visitor" if cast.desk.settings.secure_cookies else "visitor"
    async with (
        await cast.browser(site, headers={"cookie": f"{name}={key}"}) as visitor,
        await cast.browser(site) as stranger,
        await cast.browser(site, "otto") as otto,
    ):
        answer = await send(visitor, "a.png", samples.png(), draft=draft)
        assert answer.status_code == 201
        assert (await visitor.get(answer.json()["thumb"])).status_code == 200
        assert (await stranger.get(answer.json()["thumb"])).status_code == 404
        assert (await send(stranger, "a.png", samples.png(), draft=draft)).status_code == 403
        assert (await send(otto, "b.png", samples.png(), draft=draft)).status_code == 404
    stored = await cast.desk.pool.fetchval("SELECT draft_key FROM uploads")
    assert stored == hash_token(key)


async def test_a_file_for_a_case_of_somebody_else_is_refused(cast: Cast, site: str) -> None:
    from tests.build import a_ticket

    ticket = await a_ticket(cast, "finn")
    async with await cast.browser(site, "otto") as otto:
        answer = await send(otto, "a.txt", b"hello\n", case=ticket.case_id)
        absent = await send(otto, "a.txt", b"hello\n", case=999_999)
    assert answer.status_code == absent.status_code == 404
    assert answer.json()["detail"] == absent.json()["detail"]


async def test_a_file_can_be_taken_away_and_tagged_until_it_is_sent(cast: Cast, site: str) -> None:
    async with await cast.browser(site, "finn") as finn:
        told = (await send(finn, "a.log", samples.LOG, draft=uuid4())).json()
        await finn.post(f"/uploads/{told['id']}/tag", data={"key": "team_log"})
        assert await cast.desk.pool.fetchval("SELECT evidence_key FROM uploads") == "team_log"
        assert (await finn.post(f"/uploads/{told['id']}/remove")).status_code == 200
    assert await count(cast, "uploads") == 0


async def test_a_cut_connection_leaves_nothing(cast: Cast, site: str) -> None:
    async def half() -> object:
        yield (
            b'--x\r\nContent-Disposition: form-data; name="id"\r\n\r\n'
            + str(uuid4()).encode()
            + b'\r\n--x\r\nContent-Disposition: form-data; name="f"; filename="a.log"\r\n\r\n'
        )
        yield os.urandom(100).hex().encode() * 20_000
        raise ConnectionResetError

    async with await cast.browser(site, "finn") as finn:
        with pytest.raises((ConnectionResetError, httpx2.HTTPError)):
            await finn.post(
                "/uploads",
                content=half(),  # type: ignore[arg-type]
                headers={"content-type": "multipart/form-data; boundary=x"},
            )
    for _ in range(300):
        if not left_over(cast):
            break
        await asyncio.sleep(0.1)
    assert left_over(cast) == []
    assert await count(cast, "uploads") == 0


async def test_a_text_of_two_bytes_a_letter_is_shown_as_utf8(cast: Cast, site: str) -> None:
    content = "Grüße\nzweite Zeile\n".encode("utf-16")
    async with await cast.browser(site, "finn") as finn:
        answer = await send(finn, "a.txt", content, draft=uuid4())
        assert answer.json()["details"] == {"lines": 2}
    row = await cast.desk.pool.fetchrow(
        "SELECT f.sha256, f.size FROM uploads u JOIN files f ON f.id = u.file_id"
    )
    shown = await storage_of(cast.desk).read(row["sha256"], 0, row["size"])
    assert shown.decode() == "Grüße\nzweite Zeile\n"
