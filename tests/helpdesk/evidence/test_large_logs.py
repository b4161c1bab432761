"""A log of 100 MB through a server of its own, whose memory is watched."""

import asyncio
import os
import socket
import sys
import time
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import httpx2

from tests.build import a_ticket
from tests.people import Cast

from .build import attach_upload_of

MEGABYTE = 1024 * 1024
SERVER = """
import asyncio
from helpdesk.app import create_app
from helpdesk.core.settings import Settings
from helpdesk.server import guarded_server
settings = Settings()
asyncio.run(guarded_server(create_app(settings), settings).serve())
"""


@asynccontextmanager
async def server(cast: Cast) -> AsyncIterator[tuple[str, int]]:
    """A process of its own on the same database and the same files."""
    ours = cast.desk.settings
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    site = f"http://localhost:{port}"
    environment = os.environ | {
        "DATABASE_URL": ours.database_url,
        "REDIS_URL": ours.redis_url,
        "HELPDESK_DATA_DIR": str(ours.data_dir),
        "HELPDESK_SECRET_KEY": ours.secret_key,
        "HELPDESK_PORT": str(port),
        "HELPDESK_PUBLIC_URL": site,
        "HELPDESK_TEST_MODE": "true",
        "HELPDESK_TRIAGE_EMBEDDER": "none",  # it takes its memory when it comes to it
    }
    command = [sys.executable, "-c", SERVER]
    process = await asyncio.create_subprocess_exec(*command, env=environment, stderr=DEVNULL)
    try:
        async with httpx2.AsyncClient(base_url=site, headers={"origin": site}) as client:
            for _ in range(200):
                try:
                    now = {"now": cast.desk.clock.now().isoformat()}
                    assert (await client.post("/testing/clock", json=now)).status_code == 200
                    break
                except httpx2.TransportError:
                    await asyncio.sleep(0.1)
        yield site, process.pid
    finally:
        process.terminate()
        await process.wait()


def peak(pid: int) -> int:
    """The most memory a process has held, in megabytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) // 1024
    raise LookupError(pid)


def log_of(size: int) -> bytes:
    line = b"2026-06-02 10:00:00.000 tracker[42]: frame %09d captured, all is well\n"
    one = b"".join(line % number for number in range(MEGABYTE // 70))
    return (one * (size // len(one) + 1))[: size - 7] + b"\nNEEDLE"


async def body_of(content: bytes, boundary: bytes, fields: dict[str, str]) -> AsyncIterator[bytes]:
    for name, value in fields.items():
        yield b'--%b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n' % (
            boundary,
            name.encode(),
            value.encode(),
        )
    yield b'--%b\r\nContent-Disposition: form-data; name="file"; filename="big.log"\r\n\r\n' % (
        boundary
    )
    for at in range(0, len(content), 256 * 1024):
        yield content[at : at + 256 * 1024]
    yield b"\r\n--%b--\r\n" % boundary


async def upload(browser: httpx2.AsyncClient, content: bytes, case_id: int) -> httpx2.Response:
    fields = {"id": str(uuid4()), "case": str(case_id)}
    return await browser.post(
        "/uploads",
        content=body_of(content, b"xyz", fields),
        headers={
            "content-type": "multipart/form-data; boundary=xyz",
            "accept": "application/json",
        },
        timeout=60,
    )


async def test_a_hundred_megabytes_are_stored_shown_and_searched_in_little_memory(
    cast: Cast,
) -> None:
    ticket = await a_ticket(cast, "finn")
    content = log_of(100 * MEGABYTE)
    async with server(cast) as (site, pid), await cast.browser(site, "finn") as finn:
        assert (await finn.get("/evidence/1")).status_code == 404
        before = peak(pid)
        answer = await upload(finn, content, ticket.case_id)
        assert answer.status_code == 201, answer.text
        assert answer.json()["size"] == 100 * MEGABYTE

        piece = (await attach_upload_of(cast, ticket, answer.json()["id"], "Log")).id

        page = await finn.get(f"/evidence/{piece}/lines", params={"from": "1000000"})
        assert "all is well" in page.text

        query = {"q": "needle"}
        for _ in range(30):
            found = await finn.get(f"/evidence/{piece}/lines", params=query)
            if "1 line with" in found.text.replace("\u00a0", " "):
                break
            cursor = found.text.partition("after=")[2].partition('"')[0]
            query["after"] = cursor
        assert "NEEDLE" in found.text

        received = 0
        async with finn.stream("GET", f"/evidence/{piece}/download") as download:
            async for part in download.aiter_bytes():
                received += len(part)
        assert received == 100 * MEGABYTE
        assert peak(pid) - before < 50


async def test_more_than_the_limit_is_refused_and_not_kept(cast: Cast, site: str) -> None:
    ticket = await a_ticket(cast, "finn")
    async with await cast.browser(site, "finn") as finn:
        answer = await upload(finn, log_of(100 * MEGABYTE + 100), ticket.case_id)
    assert answer.status_code == 413
    assert "smaller than 100 MB" in answer.json()["detail"]
    assert await cast.desk.pool.fetchval("SELECT count(*) FROM uploads") == 0


async def test_other_people_are_served_while_large_files_arrive(cast: Cast, site: str) -> None:
    ticket = await a_ticket(cast, "finn")
    content = log_of(30 * MEGABYTE)
    waits: list[float] = []

    async with await cast.browser(site, "finn") as finn, await cast.browser(site) as other:
        sending = asyncio.gather(*(upload(finn, content, ticket.case_id) for _ in range(3)))
        while not sending.done():
            began = time.monotonic()
            await other.get("/healthz")
            waits.append(time.monotonic() - began)
            await asyncio.sleep(0.01)
        assert {answer.status_code for answer in await sending} == {201}
    assert sorted(waits)[len(waits) // 2] < 2
