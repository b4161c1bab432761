"""What a socket does with everything a page would never send."""

import asyncio
import socket as plain
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import orjson
import pytest
import websockets
from websockets.asyncio.client import connect

from helpdesk.desk import Desk
from helpdesk.people.commands import deactivate
from helpdesk.people.sessions import end_sessions
from helpdesk.permissions import SYSTEM
from tests.people import Cast

from .live import begin_chat, open_tab, tab_of

ORIGINS = ["", "null", "http://evil.example", "https://app.evil", "http://localhostXexample"]


@pytest.mark.parametrize("origin", ORIGINS)
async def test_a_page_of_somebody_else_gets_no_socket(site: str, cast: Cast, origin: str) -> None:
    with pytest.raises(websockets.InvalidStatus) as refusal:
        await open_tab(site, await cast.session("amy"), origin=origin)
    assert refusal.value.response.status_code == 403


async def test_another_port_of_the_same_host_is_somebody_else(site: str, cast: Cast) -> None:
    with pytest.raises(websockets.InvalidStatus):
        await open_tab(site, await cast.session("amy"), origin="http://localhost:1")


@pytest.mark.parametrize("stream", ["case:1", "desk", "chat:queue", "alerts:1", "session:1"])
async def test_without_a_session_the_tab_is_told_to_sign_in(
    site: str, cast: Cast, stream: str
) -> None:
    tab = await open_tab(site, "nothing=here")
    await tab.tell(t="follow", streams={"alerts": 0, stream: 0})
    assert await tab.closed() == 4401


async def test_without_a_session_nothing_can_be_written(site: str, cast: Cast) -> None:
    for frame in (
        {"t": "send", "s": "case:1", "cid": str(uuid4()), "body": "x", "face": "chat:1"},
        {"t": "typing", "s": "case:1", "kind": "reply"},
        {"t": "read", "s": "case:1", "n": 1},
    ):
        tab = await open_tab(site, "nothing=here")
        await tab.tell(**frame)
        assert await tab.closed() == 4401


MALFORMED = [
    "",
    "{",
    "[]",
    "null",
    "17",
    '"follow"',
    "{}",
    '{"t":1}',
    '{"t":"shout"}',
    '{"t":["send"]}',
    '{"t":"follow"}',
    '{"t":"follow","streams":["case:1"]}',
    '{"t":"follow","streams":{"case:1":"0"}}',
    '{"t":"follow","streams":{"case:1":-1}}',
    '{"t":"follow","streams":{"case:1":1.5}}',
    '{"t":"follow","streams":{"case:1":9007199254740993}}',
    '{"t":"follow","streams":{"' + "x" * 10_000 + '":0}}',
    '{"t":"follow","streams":{"case:1":0},"more":1}',
    '{"t":"send"}',
    '{"t":"send",CASE,"face":"chat:1","cid":"1","body":"x"}',
    '{"t":"send",CASE,"face":"chat:1","cid":"CID"}',
    '{"t":"send",CASE,"face":"chat:1","cid":"CID","body":17}',
    '{"t":"send",CASE,"face":"chat:1","cid":"CID","body":"x","note":"yes"}',
    '{"t":"send",CASE,"face":"chat:0","cid":"CID","body":"x"}',
    '{"t":"send","s":"desk","face":"chat:1","cid":"CID","body":"x"}',
    '{"t":"send",CASE,"face":"chat:1","cid":"CID","body":"\\ud800"}',
    '{"t":"typing",CASE,"kind":"shouting"}',
    '{"t":"read",CASE,"n":"1"}',
    '{"t":"pong","t2":1}',
    "[" * 5_000,
    '{"t":' * 3_000,
]


@pytest.mark.parametrize("text", MALFORMED, ids=range(len(MALFORMED)))
async def test_a_malformed_frame_closes_with_1008(site: str, cast: Cast, text: str) -> None:
    tab = await open_tab(site, await cast.session("nina"))
    await tab.socket.send(text.replace("CASE", '"s":"case:1"').replace("CID", str(uuid4())))
    assert await tab.closed() == 1008


async def test_bytes_are_no_frames(site: str, cast: Cast) -> None:
    tab = await open_tab(site, await cast.session("nina"))
    await tab.socket.send(b"{}")
    assert await tab.closed() == 1008


async def test_an_oversized_frame_closes_with_1009(site: str, cast: Cast) -> None:
    tab = await open_tab(site, await cast.session("nina"))
    await tab.socket.send(orjson.dumps({"t": "pong", "x": "y" * 70_000}).decode())
    assert await tab.closed() == 1009


async def test_too_many_frames_close_with_4429(site: str, cast: Cast) -> None:
    tab = await open_tab(site, await cast.session("nina"))
    try:
        for _ in range(1_000):
            await tab.tell(t="pong")
    except websockets.ConnectionClosed:
        pass
    assert await tab.closed() == 4429


async def test_following_nothing_closes_with_4404(site: str, cast: Cast) -> None:
    tab = await open_tab(site, await cast.session("nina"))
    following = await tab.follow({"case:999999": 0, "desk": 0})
    assert following["refused"] == ["case:999999", "desk"]
    assert await tab.closed() == 4404


NAMES = ["case:%", "case:*", "case:_", "case:../1", "case:-1", "case:0", "case:1 OR 1=1", "CASE:1",
         "case:01", "case:99999999999999999999", "case:١", "rights:1", "session:1", "presence:here",
         "desk", "chat:queue", "%", "*", " ", "case:"]  # fmt: skip


async def test_other_peoples_streams_are_refused_and_silent(
    site: str, desk: Desk, cast: Cast
) -> None:
    hers, his = await begin_chat(desk, cast), await begin_chat(desk, cast, visitor="omar")
    other = f"case:{his.case_id}"
    omar = await tab_of(site, cast, "omar", his)
    nina = await open_tab(site, await cast.session("nina"))
    wanted = {f"case:{hers.case_id}": 0, other: 0} | dict.fromkeys(NAMES, 0)
    following = await nina.follow(wanted)
    assert list(following["streams"]) == [f"case:{hers.case_id}"]
    assert set(following["refused"]) == {other, *NAMES}

    cid = await nina.say(his, "let me in")
    assert (await nina.ack(cid))["code"] == "not_allowed"
    await nina.tell(t="send", s=f"case:{hers.case_id}", face=f"chat:{his.id}", cid=cid, body="x")
    await nina.tell(t="typing", s=other, kind="reply")
    await nina.tell(t="read", s=other, n=1)
    await omar.ack(await omar.say(his, "only mine"))
    await asyncio.sleep(0.5)
    assert "only mine" not in str(nina.frames)
    assert not omar.of("typing")
    assert not omar.of("read")
    assert omar.bodies() == ["Hello", "only mine"]
    await nina.leave()
    await omar.leave()


async def test_a_number_nobody_has_reached_misses_nothing_that_comes(
    site: str, desk: Desk, cast: Cast
) -> None:
    chat = await begin_chat(desk, cast)
    nina = await open_tab(site, await cast.session("nina"))
    following = await nina.follow({f"case:{chat.case_id}": 2**53 - 1})
    assert following["streams"] == {f"case:{chat.case_id}": 3}
    await nina.ack(await nina.say(chat, "four"))
    await nina.until(lambda frame: frame.get("body") == "four")
    assert nina.numbers() == [4]
    await nina.leave()


async def test_a_visitor_cannot_write_a_note(site: str, desk: Desk, cast: Cast) -> None:
    chat = await begin_chat(desk, cast)
    nina = await tab_of(site, cast, "nina", chat)
    refused = await nina.ack(await nina.say(chat, "psst", note=True))
    assert refused["code"] == "not_allowed"
    await nina.leave()


TEXTS: list[tuple[str, str]] = [
    ("", "empty"),
    (" \n\u200b", "empty"),
    ("x" * 10_001, "too_long"),
    ("a\0b", "bad_text"),
]


@pytest.mark.parametrize(("body", "code"), TEXTS)
async def test_text_that_cannot_be_sent_is_refused_in_words(
    site: str, desk: Desk, cast: Cast, body: str, code: str
) -> None:
    chat = await begin_chat(desk, cast)
    nina = await tab_of(site, cast, "nina", chat)
    refused = await nina.ack(await nina.say(chat, body))
    assert (refused["t"], refused["code"]) == ("refused", code)
    assert refused["why"]
    await nina.leave()


async def test_hostile_text_arrives_as_text(site: str, desk: Desk, cast: Cast) -> None:
    chat = await begin_chat(desk, cast)
    nina = await tab_of(site, cast, "nina", chat)
    for body in ("<script>alert(1)</script>", "{{ 7 * 7 }}", "'; DROP TABLE cases; --", "🙂 שלום"):
        await nina.ack(await nina.say(chat, body))
        await nina.until(lambda frame, body=body: frame.get("body") == body)
    await nina.ack(await nina.say(chat, "a\u202eb" + "\u0301" * 10_000))
    assert len(nina.bodies()[-1]) < 20
    await nina.leave()


async def test_more_than_a_burst_of_messages_is_refused_and_others_are_not(
    site: str, desk: Desk, cast: Cast
) -> None:
    chat = await begin_chat(desk, cast)
    nina, pete = await tab_of(site, cast, "nina", chat), await tab_of(site, cast, "pete", chat)
    cids = [await nina.say(chat, f"flood {number}") for number in range(30)]
    answers = [await nina.ack(cid) for cid in cids]
    refused = [answer for answer in answers if answer["t"] == "refused"]
    assert 5 <= len(refused) <= 10
    assert {answer["code"] for answer in refused} == {"too_fast"}
    assert all(answer["after"] > 0 for answer in refused)
    assert (await pete.ack(await pete.say(chat, "calm")))["t"] == "ack"
    await nina.leave()
    await pete.leave()


async def test_somebody_elses_client_id_is_refused(site: str, desk: Desk, cast: Cast) -> None:
    chat = await begin_chat(desk, cast)
    nina, pete = await tab_of(site, cast, "nina", chat), await tab_of(site, cast, "pete", chat)
    cid = await nina.say(chat, "mine")
    await nina.ack(cid)
    await pete.say(chat, "also mine", cid=cid)
    assert (await pete.ack(cid))["code"] == "not_allowed"
    await nina.leave()
    await pete.leave()


async def test_an_ended_session_closes_its_sockets_within_a_second(
    site: str, desk: Desk, cast: Cast
) -> None:
    chat = await begin_chat(desk, cast)
    nina, pete = await tab_of(site, cast, "nina", chat), await tab_of(site, cast, "pete", chat)
    async with desk.transaction(SYSTEM) as tx:
        await end_sessions(tx, cast.nina.id)
    assert await nina.closed(1) == 4401
    async with desk.transaction(SYSTEM) as tx:
        await deactivate(tx, cast.pete.id)
    assert await pete.closed(1) == 4401


async def test_an_ended_session_that_nobody_announced_is_found_out(
    site: str, desk: Desk, cast: Cast
) -> None:
    chat = await begin_chat(desk, cast)
    nina = await tab_of(site, cast, "nina", chat)
    await desk.pool.execute("DELETE FROM sessions WHERE person_id = $1", cast.nina.id)
    assert await nina.closed(7) == 4401


async def test_who_loses_a_role_loses_the_stream(site: str, desk: Desk, cast: Cast) -> None:
    chat = await begin_chat(desk, cast)
    amy = await tab_of(site, cast, "amy", chat)
    await desk.pool.execute("UPDATE people SET roles = '{client}' WHERE id = $1", cast.amy.id)
    revoked = await amy.until(lambda frame: frame["t"] == "revoked", 7)
    assert revoked["s"] == f"case:{chat.case_id}"
    nina = await tab_of(site, cast, "nina", chat)
    await nina.ack(await nina.say(chat, "after the fact"))
    await asyncio.sleep(0.3)
    assert "after the fact" not in amy.bodies()
    await amy.leave()
    await nina.leave()


async def test_who_does_not_read_is_cut_and_the_others_are_served(
    site: str, desk: Desk, cast: Cast
) -> None:
    chat = await begin_chat(desk, cast)
    deaf = await deaf_tab(site, cast, f"case:{chat.case_id}")
    tabs = [await tab_of(site, cast, "pete", chat) for _ in range(8)]
    sent = 0
    text = "語" * 9_900
    for tab in tabs:
        for _ in range(19):
            await tab.say(chat, text)
            sent += 1
    await tabs[0].until(lambda _: len(tabs[0].bodies()) > sent, 20)
    assert deaf.transport.is_closing() or await overflowed(deaf)
    for tab in tabs:
        await tab.leave()
    deaf.transport.abort()


async def deaf_tab(site: str, cast: Cast, stream: str) -> Any:
    """The kernel holds little for it, so that the desk soon has to."""
    cookie = await cast.session("nina")
    raw = plain.socket()
    raw.setsockopt(plain.SOL_SOCKET, plain.SO_RCVBUF, 4_096)
    raw.setblocking(False)
    await asyncio.get_running_loop().sock_connect(raw, ("127.0.0.1", urlsplit(site).port))
    socket = await connect(
        site.replace("http:", "ws:") + "/live",
        sock=raw,
        origin=websockets.Origin(site),
        additional_headers={"cookie": cookie},
        proxy=None,
        compression=None,
        max_queue=1,
    )
    await socket.send(orjson.dumps({"t": "follow", "streams": {stream: 0}}).decode())
    await asyncio.sleep(0.3)
    socket.transport.pause_reading()
    return socket


async def overflowed(socket: Any) -> bool:
    """Reading at last, it finds the close frame behind what was under way."""
    socket.transport.resume_reading()
    try:
        async with asyncio.timeout(30):
            while True:
                await socket.recv()
    except websockets.ConnectionClosed:
        return bool(socket.close_code == 4408)
