"""Files that come with an ordinary form; and the same desk on a bucket."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from helpdesk.core.settings import Settings
from helpdesk.core.storage import open_storage
from helpdesk.evidence.intake import receive, storage_of
from helpdesk.evidence.logs import Log
from helpdesk.evidence.models import File
from tests.build import a_ticket
from tests.people import Cast
from tests.s3 import s3_bucket, s3_server  # noqa: F401

from . import samples
from .build import send


async def test_a_form_without_script_brings_its_files_once_however_often_it_is_sent(
    cast: Cast, site: str
) -> None:
    ticket = await a_ticket(cast, "finn")
    form = {"body": "Two files", "once": str(uuid4())}
    files = [
        ("evidence.other", ("team.log", samples.LOG)),
        ("evidence.other", ("shot.png", samples.png())),
    ]
    async with await cast.browser(site, "finn") as finn:
        for _ in range(2):
            answer = await finn.post(
                f"/requests/{ticket.reference}/messages", data=form, files=files
            )
            assert answer.status_code == 303
    rows = await cast.desk.pool.fetch("SELECT name, ticket_id FROM evidence ORDER BY name")
    assert [row["name"] for row in rows] == ["shot.png", "team.log"]
    assert {row["ticket_id"] for row in rows} == {ticket.ticket_id}


async def test_a_refused_file_is_named_and_what_was_typed_stays(cast: Cast, site: str) -> None:
    ticket = await a_ticket(cast, "finn")
    async with await cast.browser(site, "finn") as finn:
        answer = await finn.post(
            f"/requests/{ticket.reference}/messages",
            data={"body": "My own words", "once": str(uuid4())},
            files={"evidence.other": ("a.log", samples.EXE)},
        )
    assert answer.status_code == 422
    assert "looks like a Windows program" in answer.text
    assert "My own words" in answer.text
    assert await cast.desk.pool.fetchval("SELECT count(*) FROM evidence") == 0


async def test_an_upload_of_somebody_else_is_not_taken_along(cast: Cast, site: str) -> None:
    ticket = await a_ticket(cast, "finn")
    async with await cast.browser(site, "finn") as finn, await cast.browser(site, "otto") as otto:
        told = (await send(otto, "a.log", samples.LOG, draft=uuid4())).json()
        answer = await finn.post(
            f"/requests/{ticket.reference}/messages",
            data={"body": "Hello", "once": str(uuid4()), "uploads": told["id"]},
        )
    assert answer.status_code == 422
    assert "no longer there" in answer.text


async def test_a_bucket_serves_as_well_as_a_directory(
    cast: Cast,
    tmp_path: Path,
    s3_bucket: str,  # noqa: F811
) -> None:
    desk = replace(cast.desk, parts=dict(cast.desk.parts))
    desk.parts["storage"] = open_storage(Settings(data_dir=tmp_path, storage_url=s3_bucket))

    async def chunks(content: bytes) -> AsyncIterator[bytes]:
        yield content

    owner = await cast.actor("finn")
    picture = await receive(
        desk, upload_id=uuid4(), owner=owner, name="a.jpg", chunks=chunks(samples.jpeg_with_place())
    )
    log = await receive(
        desk, upload_id=uuid4(), owner=owner, name="a.log", chunks=chunks(samples.LOG * 50)
    )
    async with desk.reading() as db:
        files = {id: await db.get_one(File, id) for id in (picture.file_id, log.file_id)}
    shown = files[picture.file_id]
    assert b"SECRET" not in await storage_of(desk).read(shown.sha256, 0, shown.size)
    stored = files[log.file_id]
    pages = Log.of(storage_of(desk), stored.sha256, stored.size, log.details)
    assert (await pages.page(99_999))[0].text.endswith("line 1999")
    assert len((await pages.search("line 1999")).hits) == 50
