"""Following a case: in order, once, whatever arrives late, twice, mixed up or not at all."""

import asyncio
import random
from collections.abc import AsyncIterator

import orjson
import pytest

from chat.models import Conversation
from helpdesk.cases.commands import join_side, post_message
from helpdesk.cases.models import Audience
from helpdesk.cases.queries import hold_case
from helpdesk.cases.stream import Following, Streams, hint, stream_of
from helpdesk.core.live import Envelope
from helpdesk.desk import Desk
from helpdesk.permissions import SYSTEM
from tests.chat.live import begin_chat
from tests.people import Cast


class Screen:
    """Shows what it was given."""

    def __init__(self) -> None:
        self.frames: list[dict[str, object]] = []

    def push(self, text: str) -> None:
        self.frames.append(orjson.loads(text))

    async def room(self) -> None:
        await asyncio.sleep(0)

    @property
    def numbers(self) -> list[object]:
        return [frame["n"] for frame in self.frames if frame["t"] == "event"]


@pytest.fixture
async def streams(desk: Desk) -> AsyncIterator[Streams]:
    streams = Streams(desk)
    yield streams
    streams.close()


async def follow(
    streams: Streams, cast: Cast, name: str, chat: Conversation, after: int = 0
) -> tuple[Screen, Following]:
    screen = Screen()
    following = await streams.follow(screen, await cast.actor(name), chat.case_id, after)
    assert following is not None
    await streams.catch_up(following)
    return screen, following


async def write(desk: Desk, cast: Cast, chat: Conversation, body: str, note: bool = False) -> None:
    async with desk.transaction(await cast.actor("pete")) as tx:
        case = await hold_case(tx, chat.case_id)
        if note:
            await post_message(tx, case, body, Audience.STAFF, type="note.added")
        else:
            await post_message(
                tx, case, body, Audience.SIDE, side_id=chat.side_id, conversation_id=chat.id
            )


async def settle() -> None:
    await asyncio.sleep(0.1)


async def test_it_resumes_after_a_number_and_goes_on_live(
    desk: Desk, cast: Cast, streams: Streams
) -> None:
    chat = await begin_chat(desk, cast)
    await write(desk, cast, chat, "four")
    screen, _ = await follow(streams, cast, "nina", chat, 2)
    assert screen.numbers == [3, 4]
    await write(desk, cast, chat, "five")
    await settle()
    assert screen.numbers == [3, 4, 5]


async def test_many_pages_of_missed_events_arrive_in_order(
    desk: Desk, cast: Cast, streams: Streams
) -> None:
    chat = await begin_chat(desk, cast)
    async with desk.transaction(await cast.actor("pete")) as tx:
        case = await hold_case(tx, chat.case_id)
        for number in range(450):
            audience = Audience.STAFF if number % 3 == 0 else Audience.SIDE
            await post_message(
                tx, case, f"{number}", audience, side_id=chat.side_id, conversation_id=chat.id
            )
    screen, following = await follow(streams, cast, "nina", chat)
    assert screen.numbers == [1, 2, 3, *(n + 4 for n in range(450) if n % 3)]
    assert following.position == 453


async def test_what_is_mixed_up_doubled_or_lost_on_the_way_is_shown_once_in_order(
    desk: Desk, cast: Cast, streams: Streams
) -> None:
    chat = await begin_chat(desk, cast)
    screen, _ = await follow(streams, cast, "nina", chat, 3)
    sent: list[Envelope] = []
    stream = streams.open[chat.case_id]
    unfollow = desk.live.follow(stream_of(chat.case_id), sent.append)
    real, stream_hear = stream.hear, stream.hear
    desk.live.followers[stream_of(chat.case_id)].discard(real)  # nothing arrives by itself
    for number in range(30):
        await write(desk, cast, chat, str(number))
    chance = random.Random(5)
    arriving = [envelope for envelope in sent if envelope.seq and chance.random() > 0.3] * 2
    chance.shuffle(arriving)
    for envelope in arriving:
        stream_hear(envelope)
        if chance.random() < 0.3:
            await asyncio.sleep(0.002)
    stream_hear(hint(chat.case_id, 33))
    await settle()
    assert screen.numbers == list(range(4, 34))
    unfollow()


async def test_a_lost_publication_is_noticed_at_the_next_check(
    desk: Desk, cast: Cast, streams: Streams
) -> None:
    chat = await begin_chat(desk, cast)
    screen, _ = await follow(streams, cast, "nina", chat, 3)
    desk.live.followers[stream_of(chat.case_id)].clear()
    await write(desk, cast, chat, "lost on the way")
    assert screen.numbers == []
    await streams.check([chat.case_id])
    await settle()
    assert screen.numbers == [4]


async def test_a_note_passes_no_visitor_by_any_path(
    desk: Desk, cast: Cast, streams: Streams
) -> None:
    chat = await begin_chat(desk, cast)
    await write(desk, cast, chat, "canary-1", note=True)
    nina, _ = await follow(streams, cast, "nina", chat)
    pete, _ = await follow(streams, cast, "pete", chat)
    await write(desk, cast, chat, "canary-2", note=True)
    desk.live.followers[stream_of(chat.case_id)].clear()
    await write(desk, cast, chat, "canary-3", note=True)
    await streams.check([chat.case_id])
    await settle()
    assert "canary" not in str(nina.frames)
    assert all(f"canary-{number}" in str(pete.frames) for number in (1, 2, 3))


async def test_one_reader_serves_all_followers(desk: Desk, cast: Cast, streams: Streams) -> None:
    chat = await begin_chat(desk, cast)
    screens = [await follow(streams, cast, "nina", chat, 3) for _ in range(5)]
    assert len(streams.open) == 1
    assert len(desk.live.followers[stream_of(chat.case_id)]) == 1
    await write(desk, cast, chat, "to all")
    assert [screen.numbers for screen, _ in screens] == [[4]] * 5
    for _, following in screens:
        following.end()
    assert not streams.open
    assert stream_of(chat.case_id) not in desk.live.followers


async def test_a_colleague_who_joins_is_heard_at_once_by_who_is_there(
    desk: Desk, cast: Cast, streams: Streams
) -> None:
    """A new side of the same company: rows for it are for both."""
    chat = await begin_chat(desk, cast, visitor="cora")
    cora, _ = await follow(streams, cast, "cora", chat, 3)
    async with desk.transaction(SYSTEM) as tx:
        case = await hold_case(tx, chat.case_id)
        side = await join_side(tx, case, await cast.actor("dora"), "client")
        await post_message(tx, case, "for the company", Audience.SIDE, side_id=side.id)
    await settle()
    assert cora.numbers == [4]


async def test_others_cannot_follow(desk: Desk, cast: Cast, streams: Streams) -> None:
    chat = await begin_chat(desk, cast)
    screen = Screen()
    for name in ("omar", "cora", "otto"):
        assert await streams.follow(screen, await cast.actor(name), chat.case_id, 0) is None
    assert not streams.open


async def test_who_is_no_party_any_more_is_told_and_hears_no_more(
    desk: Desk, cast: Cast, streams: Streams
) -> None:
    chat = await begin_chat(desk, cast)
    screen, following = await follow(streams, cast, "nina", chat, 3)
    await desk.pool.execute(
        "UPDATE sides SET person_id = $1 WHERE id = $2", cast.otto.id, chat.side_id
    )
    await streams.check([chat.case_id])
    assert screen.frames == [{"t": "revoked", "s": f"case:{chat.case_id}"}]
    await write(desk, cast, chat, "not for nina")
    await settle()
    assert screen.numbers == []
    assert not following.live
