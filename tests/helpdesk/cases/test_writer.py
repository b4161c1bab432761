"""The hot path of a message: one commit for many, numbers without gaps, no message twice."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import asyncpg
import pytest

from chat.commands import end
from chat.live.hub import OPEN_CONVERSATION
from chat.models import Conversation
from helpdesk.cases.commands import post_message
from helpdesk.cases.models import Audience, Event, Message
from helpdesk.cases.queries import hold_case
from helpdesk.cases.timeline import read_page
from helpdesk.cases.writer import Outcome, Send, Writer
from helpdesk.core.live import Envelope
from helpdesk.desk import Desk
from helpdesk.permissions import SYSTEM, Actor
from tests.chat.live import begin_chat
from tests.people import Cast

Answered = asyncio.Future[tuple[Outcome, int]]


@pytest.fixture
async def writer(desk: Desk) -> AsyncIterator[Writer]:
    writer = Writer(desk, OPEN_CONVERSATION)
    running = asyncio.create_task(writer.run())
    yield writer
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def post(
    writer: Writer,
    chat: Conversation,
    author: Actor,
    body: str,
    cid: UUID | None = None,
    note: bool = False,
) -> Answered:
    answered: Answered = asyncio.get_running_loop().create_future()

    def tell(outcome: Outcome, seq: int) -> None:
        answered.set_result((outcome, seq))

    writer.add(
        Send(
            chat.case_id, chat.id, chat.side_id, author, cid or uuid4(), body, note, [tell]
        )
    )  # fmt: skip
    return answered


async def stored(desk: Desk, chat: Conversation) -> list[tuple[int, str]]:
    page = await read_page(desk.pool, SYSTEM, chat.case_id)
    assert page is not None
    assert [entry.seq for entry in page.entries] == list(range(1, page.head + 1))
    return [(e.seq, e.frame["body"]) for e in page.entries if "body" in e.frame]


async def test_many_messages_share_a_commit_and_keep_their_order(
    desk: Desk, cast: Cast, writer: Writer
) -> None:
    chats = [await begin_chat(desk, cast) for _ in range(3)]
    nina = await cast.actor("nina")
    before = await desk.pool.fetchval("SELECT pg_current_xact_id()::text::bigint")
    answers = [post(writer, chats[n % 3], nina, f"message {n}") for n in range(60)]
    outcomes = await asyncio.gather(*answers)
    after = await desk.pool.fetchval("SELECT pg_current_xact_id()::text::bigint")
    assert {outcome for outcome, _ in outcomes} == {Outcome.STORED}
    assert after - before <= 6
    for place, chat in enumerate(chats):
        said = await stored(desk, chat)
        assert [body for _, body in said][1:] == [f"message {n}" for n in range(place, 60, 3)]
        numbers = [seq for _, seq in outcomes[place::3]]
        assert numbers == [seq for seq, _ in said][1:]


async def test_a_held_case_waits_and_the_others_do_not(
    desk: Desk, cast: Cast, writer: Writer
) -> None:
    held, free = await begin_chat(desk, cast), await begin_chat(desk, cast, visitor="omar")
    nina, omar = await cast.actor("nina"), await cast.actor("omar")
    async with desk.transaction(SYSTEM) as tx:
        case = await hold_case(tx, held.case_id)
        waiting = post(writer, held, nina, "has to wait")
        outcome, _ = await asyncio.wait_for(post(writer, free, omar, "need not wait"), 30)
        assert outcome is Outcome.STORED
        assert not waiting.done()
        await post_message(tx, case, "by the command", Audience.SIDE, side_id=held.side_id)
    outcome, seq = await asyncio.wait_for(waiting, 30)
    assert outcome is Outcome.STORED
    assert await stored(desk, held) == [(2, "Hello"), (4, "by the command"), (seq, "has to wait")]
    assert seq == 5


async def test_two_writers_on_one_case_number_without_gaps(
    desk: Desk, cast: Cast, writer: Writer
) -> None:
    """Two processes: the same client id goes to both, and is one message."""
    other = Writer(desk, OPEN_CONVERSATION)
    running = asyncio.create_task(other.run())
    chat = await begin_chat(desk, cast)
    nina, pete = await cast.actor("nina"), await cast.actor("pete")
    cids = [uuid4() for _ in range(40)]
    answers = []
    for number, cid in enumerate(cids):
        answers.append(post(writer, chat, nina, f"n{number}", cid))
        answers.append(post(other, chat, nina, f"n{number}", cid))
        answers.append(post(other, chat, pete, f"p{number}"))
        if number % 7 == 0:
            await asyncio.sleep(0.003)
    outcomes = await asyncio.gather(*answers)
    running.cancel()
    assert {outcome for outcome, _ in outcomes} == {Outcome.STORED}
    assert [seq for _, seq in outcomes[0::3]] == [seq for _, seq in outcomes[1::3]]
    bodies = [body for _, body in await stored(desk, chat)]
    assert [body for body in bodies if body[0] == "n"] == [f"n{n}" for n in range(40)]
    assert [body for body in bodies if body[0] == "p"] == [f"p{n}" for n in range(40)]


async def test_after_the_end_nothing_is_stored(desk: Desk, cast: Cast, writer: Writer) -> None:
    chat = await begin_chat(desk, cast)
    nina = await cast.actor("nina")
    async with desk.transaction(await cast.actor("pete")) as tx:
        await end(tx, chat.id)
        late = post(writer, chat, nina, "while it ends")
        await asyncio.sleep(0.1)
    assert (await late)[0] is Outcome.CLOSED
    assert (await post(writer, chat, nina, "too late"))[0] is Outcome.CLOSED
    assert [body for _, body in await stored(desk, chat)] == ["Hello"]


async def test_a_message_that_cannot_be_stored_keeps_no_other_out(
    desk: Desk, cast: Cast, writer: Writer
) -> None:
    chat = await begin_chat(desk, cast)
    nina = await cast.actor("nina")
    answers = [
        post(writer, chat, nina, "before"),
        post(writer, chat, nina, "PostgreSQL takes no \0"),
        post(writer, chat, nina, "after"),
    ]
    outcomes = [outcome for outcome, _ in await asyncio.gather(*answers)]
    assert outcomes == [Outcome.STORED, Outcome.FOREIGN, Outcome.STORED]
    assert [body for _, body in await stored(desk, chat)] == ["Hello", "before", "after"]


async def test_it_survives_a_lost_connection(desk: Desk, cast: Cast, writer: Writer) -> None:
    chat = await begin_chat(desk, cast)
    nina = await cast.actor("nina")
    await post(writer, chat, nina, "warm")
    for number in range(3):
        await desk.pool.fetch(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE query LIKE '%judged AS MATERIALIZED%' AND pid <> pg_backend_pid()"
        )
        outcome, _ = await asyncio.wait_for(post(writer, chat, nina, f"after {number}"), 30)
        assert outcome is Outcome.STORED
    assert [body for _, body in await stored(desk, chat)][1:] == [
        "warm", "after 0", "after 1", "after 2",
    ]  # fmt: skip


async def test_it_stops_when_told_even_if_its_connection_was_lost_while_idle(
    desk: Desk, cast: Cast
) -> None:
    writer = Writer(desk, OPEN_CONVERSATION)
    running = asyncio.create_task(writer.run())
    chat = await begin_chat(desk, cast)
    await post(writer, chat, await cast.actor("nina"), "warm")
    for holder in list(desk.pool._holders):
        if holder._con is not None and holder._in_use:
            holder._con.terminate()
    running.cancel()
    done, _ = await asyncio.wait([running], timeout=2)
    running.cancel()
    assert done


async def test_without_a_database_the_sender_is_told_to_try_again(
    desk: Desk, cast: Cast, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat = await begin_chat(desk, cast)
    monkeypatch.setattr("helpdesk.cases.writer.PATIENCE", 0.3)
    blocker = await asyncpg.connect(desk.settings.database_url.replace("+asyncpg", ""))
    nina = await cast.actor("nina")
    cid = uuid4()
    async with blocker.transaction():
        await blocker.execute("SELECT FROM cases WHERE id = $1 FOR UPDATE", chat.case_id)
        outcome, _ = await asyncio.wait_for(post(writer, chat, nina, "later", cid), 30)
        assert outcome is Outcome.UNKNOWN
    await blocker.close()
    assert (await post(writer, chat, nina, "later", cid))[0] is Outcome.STORED
    assert [body for _, body in await stored(desk, chat)] == ["Hello", "later"]


async def test_what_is_delivered_is_what_is_read_later(
    desk: Desk, cast: Cast, writer: Writer
) -> None:
    chat = await begin_chat(desk, cast)
    heard: list[Envelope] = []
    unfollow = desk.live.follow(f"case:{chat.case_id}", heard.append)
    await post(writer, chat, await cast.actor("nina"), "by nina")
    await post(writer, chat, await cast.actor("pete"), "by pete")
    await post(writer, chat, await cast.actor("pete"), "a note", note=True)
    async with desk.transaction(await cast.actor("pete")) as tx:
        await post_message(
            tx, await hold_case(tx, chat.case_id), "by command", Audience.SIDE,
            side_id=chat.side_id, conversation_id=chat.id,
        )  # fmt: skip
        await end(tx, chat.id)
    unfollow()
    page = await read_page(desk.pool, SYSTEM, chat.case_id, 3)
    assert page is not None
    told = [one for one in heard if one.seq]
    assert [(one.seq, dict(one.reach), one.frame) for one in told] == [
        (entry.seq, entry.reach, entry.frame) for entry in page.entries
    ]


async def test_the_hot_path_and_the_command_write_the_same_rows(
    desk: Desk, cast: Cast, writer: Writer
) -> None:
    chat = await begin_chat(desk, cast)
    pete = await cast.actor("pete")
    await post(writer, chat, pete, "same words")
    async with desk.transaction(pete) as tx:
        await post_message(
            tx, await hold_case(tx, chat.case_id), "same words", Audience.SIDE,
            side_id=chat.side_id, conversation_id=chat.id,
        )  # fmt: skip
    for table in (Message, Event):
        rows = await desk.pool.fetch(
            f"SELECT * FROM {table.__tablename__} WHERE case_id = $1 ORDER BY id DESC LIMIT 2",
            chat.case_id,
        )
        first, second = (dict(row) for row in rows)
        differing = {name for name in first if first[name] != second[name]}
        # On the hot path nobody waits for a message: whoever talks is looking.
        assert differing <= {"id", "client_id", "seq", "message_id", "relayed_at"}
