"""Feeds: what they say is taken, and whatever they do is contained."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import date
from ipaddress import ip_network

import pytest

from helpdesk.calendars.ical import BadFeed, read_days
from helpdesk.core import outgoing
from helpdesk.core.outgoing import Unreachable, fetch

FIRST, LAST = date(2026, 1, 1), date(2028, 12, 31)
HERE = (ip_network("127.0.0.0/8"),)


def feed(*events: str) -> str:
    inside = "\r\n".join(f"BEGIN:VEVENT\r\n{event}\r\nEND:VEVENT" for event in events)
    return f"BEGIN:VCALENDAR\r\n{inside}\r\nEND:VCALENDAR\r\n"


@pytest.mark.parametrize(
    ("event", "days"),
    [
        ("DTSTART;VALUE=DATE:20260703\nSUMMARY:Observed", ["2026-07-03"]),
        ("DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261227",
         ["2026-12-24", "2026-12-25", "2026-12-26"]),
        ("DTSTART;VALUE=DATE:20200101\nRRULE:FREQ=YEARLY",
         ["2026-01-01", "2027-01-01", "2028-01-01"]),
        ("DTSTART;VALUE=DATE:20201126\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH",
         ["2026-11-26", "2027-11-25", "2028-11-23"]),
        ("DTSTART;VALUE=DATE:20260525\nRRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO;COUNT=2",
         ["2026-05-25", "2027-05-31"]),
        ("DTSTART;VALUE=DATE:20260105\nRRULE:FREQ=WEEKLY;INTERVAL=2;UNTIL=20260202\n"
         "EXDATE;VALUE=DATE:20260119", ["2026-01-05", "2026-02-02"]),
        ("DTSTART:20260601T000000\nDTEND:20260602T000000", ["2026-06-01"]),
        ("DTSTART:20260601T140000Z\nDTEND:20260601T160000Z", []),  # not a whole day
        ("DTSTART;VALUE=DATE:20260601\nDTEND;VALUE=DATE:20270801", []),  # fourteen months
        ("DTSTART;VALUE=DATE:20260601\nRRULE:FREQ=SECONDLY;COUNT=999999999", []),
        ("DTSTART;VALUE=DATE:20260230", []),
        ("DTSTART;VALUE=DATE:20260601\nSTATUS:CANCELLED", []),
    ],
)  # fmt: skip
def test_days_off_are_read_and_all_else_is_left_out(event: str, days: list[str]) -> None:
    assert sorted(day.isoformat() for day in read_days(feed(event), FIRST, LAST).days) == days


def test_a_hostile_feed_costs_little_and_says_why() -> None:
    with pytest.raises(BadFeed, match="not a calendar"):
        read_days("<html>", FIRST, LAST)
    with pytest.raises(BadFeed, match="more than"):
        read_days(feed(*["DTSTART;VALUE=DATE:20260101"] * 2_001), FIRST, LAST)
    never = "DTSTART;VALUE=DATE:20010101\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=9"
    assert not read_days(feed(*[never] * 20), FIRST, LAST).days
    read_days("BEGIN:VCALENDAR\nBEGIN:VEVENT\nBEGIN:VALARM\nDTSTART:" + "9" * 10_000, FIRST, LAST)


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(answer: Serve) -> AsyncIterator[str]:
    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        try:
            await answer(reader, writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(one, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/days.ics"


async def test_an_answer_is_taken_within_size_and_time_and_never_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def good(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nBEG\r\n2\r\nIN\r\n0\r\n\r\n"
        )
        await writer.drain()

    async def huge(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    async def slow(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async def moved(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:6379/\r\n\r\n")
        await writer.drain()

    async def nonsense(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 smtp ready\r\n" * 10)
        await writer.drain()

    async with serving(good) as url:
        assert await fetch(url, HERE) == b"BEGIN"
    monkeypatch.setattr(outgoing, "LONGEST", 0.5)
    for answer, words in (
        (huge, "larger"), (slow, "longer than"), (moved, "302"), (nonsense, "not HTTP"),
    ):  # fmt: skip
        async with serving(answer) as url:
            with pytest.raises(Unreachable, match=words):
                await fetch(url, HERE)
    with pytest.raises(Unreachable, match="reached"):
        await fetch(url, HERE)  # gone


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "localhost", "localhost.", "2130706433", "0x7f.1", "0177.0.0.1", "0",
        "[::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1]",
        "[fd00::1]", "10.0.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1",
    ],
)  # fmt: skip
async def test_an_address_never_leads_inside(host: str) -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raise AssertionError("reached")

    async with serving(answer) as url:
        port = url.rpartition(":")[2].partition("/")[0]
        for where in (f"http://{host}:{port}/", f"http://{host}/", f"https://{host}/"):
            with pytest.raises(Unreachable):
                await fetch(where)


@pytest.mark.parametrize(
    "address",
    ["file:///etc/passwd", "gopher://example.com/", "https://a:b@example.com/", "https://",
     "http://example.com:22/", "http://exa mple.com/", "http://example.com/\r\nX: 1", "http://[::1"],
)  # fmt: skip
async def test_only_plain_addresses_of_the_web_are_asked(address: str) -> None:
    with pytest.raises(Unreachable):
        await fetch(address)
