"""The hot path of a chat message: stored before it is acknowledged, many in one commit.

Messages that arrive while a commit is under way go together into one statement. It takes the
cases nobody holds, numbers the messages case by case and inserts messages and events. A case
that a longer command holds is left out and goes with the next round, so it holds up nobody else.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any
from uuid import UUID

import asyncpg

from helpdesk.core.live import Envelope
from helpdesk.desk import Desk
from helpdesk.permissions import Actor

from .events import face, frame
from .models import Audience
from .stream import hint

log = logging.getLogger("helpdesk.cases")

LANES = 2  # statements under way at once; a case always uses the same lane, which keeps its order
BATCH = 500
PATIENCE = 8.0  # seconds a message may wait before its sender is told to try again
STATEMENT_SECONDS = 10.0
HELD_PAUSE = 0.004  # seconds before a held case is asked for again


class Outcome(Enum):
    STORED = auto()
    CLOSED = auto()  # the conversation has ended
    FOREIGN = auto()  # somebody else used this client id on this case
    UNKNOWN = auto()  # not confirmed: send it again with the same client id


Answer = Callable[[Outcome, int], None]


@dataclass(slots=True)
class Send:
    """A checked message of somebody who may write here."""

    case_id: int
    conversation_id: int
    side_id: int
    author: Actor
    client_id: UUID
    body: str
    note: bool
    answers: list[Answer]
    since: float = 0.0  # on the loop's clock


# Whoever changes a case while holding it also raises last_seq. `seen` reads the statement's
# snapshot, `held` the newest row: where the two agree, nothing else that was read is out of date.
# Subqueries for a value, not EXISTS: those might be answered by reading whole tables.
STORE = """
WITH sent AS MATERIALIZED (
    SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::uuid[],
        $6::boolean[], $7::text[])
    WITH ORDINALITY AS s(case_id, conversation_id, side_id, author_id, client_id, note, body, place)
), seen AS MATERIALIZED (
    SELECT id, last_seq FROM cases WHERE id = ANY($8)
), held AS MATERIALIZED (
    SELECT id, last_seq FROM cases WHERE id = ANY($8) FOR NO KEY UPDATE SKIP LOCKED
), judged AS MATERIALIZED (
    SELECT s.*, held.last_seq, CASE
        WHEN seen.id IS NULL THEN 'closed'
        WHEN held.id IS NULL OR held.last_seq <> seen.last_seq THEN 'held'
        WHEN (
            SELECT m.id FROM messages m WHERE m.case_id = s.case_id AND m.client_id = s.client_id
        ) IS NOT NULL THEN 'repeat'
        WHEN ({open_face}) IS NOT TRUE THEN 'closed'
        ELSE 'stored' END AS state
    FROM sent s
    LEFT JOIN seen ON seen.id = s.case_id
    LEFT JOIN held ON held.id = s.case_id
), numbered AS MATERIALIZED (
    SELECT j.*, nextval('messages_id_seq') AS message_id,
        (last_seq + row_number() OVER (PARTITION BY case_id ORDER BY place))::integer AS seq,
        CASE WHEN note THEN 'staff' ELSE 'side' END AS audience,
        CASE WHEN note THEN 'note.added' ELSE 'message.posted' END AS type
    FROM judged j WHERE state = 'stored'
), new_messages AS (
    INSERT INTO messages (
        id, case_id, client_id, author_id, audience, side_id, conversation_id, body, posted_at)
    SELECT message_id, case_id, client_id, author_id, audience,
        CASE WHEN note THEN NULL ELSE side_id END, conversation_id, body, $9
    FROM numbered
), new_events AS (
    INSERT INTO events (
        case_id, seq, type, audience, side_id, actor_id, conversation_id, message_id, data,
        occurred_at, relayed_at)
    SELECT case_id, seq, type, audience, CASE WHEN note THEN NULL ELSE side_id END, author_id,
        conversation_id, message_id, '{{}}', $9, CASE WHEN note AND $10 THEN NULL ELSE $9 END
    FROM numbered ORDER BY message_id
), counted AS (
    UPDATE cases SET last_seq = top.seq
    FROM (SELECT case_id, max(seq) AS seq FROM numbered GROUP BY case_id) top
    WHERE cases.id = top.case_id
)
SELECT j.state, n.seq FROM judged j LEFT JOIN numbered n USING (place) ORDER BY place
"""

# One plan for batches of any size and tables of any size: everything is looked up by index.
PLAN = (
    "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_hashjoin = off"
)

FIRST_NUMBERS = """
SELECT m.author_id, e.seq FROM messages m
JOIN events e ON e.case_id = m.case_id AND e.message_id = m.id
WHERE m.case_id = $1 AND m.client_id = $2 ORDER BY e.seq LIMIT 1
"""


@dataclass(slots=True)
class Lane:
    """The messages of some of the cases, in the order they came."""

    waiting: dict[tuple[int, UUID], Send] = field(default_factory=dict)
    wake: asyncio.Event = field(default_factory=asyncio.Event)


class Writer:
    """One per process. `open_face` is an SQL query: whether the conversation of `s` takes more."""

    def __init__(self, desk: Desk, open_face: str) -> None:
        self.desk = desk
        self.statement = STORE.format(open_face=open_face)
        # Chats are read live: no job waits for their messages, perhaps one for their notes.
        self.notes_relayed = "note.added" in desk.relayed
        self.lanes = [Lane() for _ in range(LANES)]

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            for lane in self.lanes:
                tasks.create_task(self.serve(lane))

    def add(self, send: Send) -> None:
        """Every answer is called once: after the commit, or when there will be none."""
        lane = self.lanes[send.case_id % LANES]
        key = (send.case_id, send.client_id)
        if (same := lane.waiting.get(key)) and same.author.id == send.author.id:
            same.answers += send.answers
            return
        send.since = asyncio.get_running_loop().time()
        if same:
            answer(send, Outcome.FOREIGN)
            return
        lane.waiting[key] = send
        lane.wake.set()

    async def finish(self) -> None:
        """Return when every message has its answer: only as a process leaves."""
        while any(lane.waiting for lane in self.lanes):  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    async def serve(self, lane: Lane) -> None:
        """Keep a connection; after any fault but a plain SQL one, take a new one."""
        while True:
            await lane.wake.wait()
            try:
                async with self.desk.pool.acquire(timeout=STATEMENT_SECONDS) as connection:
                    await self.rounds(connection, lane)
            except Exception as fault:  # whatever it was, the writer goes on
                log.warning("message writer starts again: %s", type(fault).__name__)
            self.give_up_late(lane)
            await asyncio.sleep(0.2)

    async def rounds(self, connection: asyncpg.Connection, lane: Lane) -> None:
        try:
            await connection.execute(PLAN)
            statement = await connection.prepare(self.statement)
            while True:
                await lane.wake.wait()
                await self.round(connection, statement, lane)
        finally:
            # Whatever happened, nobody else gets a connection like this. A lost one is gone.
            with suppress(asyncpg.InterfaceError):
                connection.terminate()

    async def round(
        self,
        connection: asyncpg.Connection,
        statement: asyncpg.prepared_stmt.PreparedStatement,
        lane: Lane,
    ) -> None:
        batch = take(lane)
        try:
            moved = await self.commit(connection, statement, lane, batch)
        except (asyncpg.UniqueViolationError, asyncpg.DeadlockDetectedError):
            moved = False  # another process stored one of them meanwhile: the next round sees it
        except (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError):
            moved = await self.one_by_one(connection, statement, lane, batch)
        if not lane.waiting:
            lane.wake.clear()
        elif not moved:
            self.give_up_late(lane)
            await asyncio.sleep(HELD_PAUSE)

    async def one_by_one(
        self,
        connection: asyncpg.Connection,
        statement: asyncpg.prepared_stmt.PreparedStatement,
        lane: Lane,
        batch: list[Send],
    ) -> bool:
        """One of them cannot be stored and must not keep the others out."""
        for send in batch:
            try:
                await self.commit(connection, statement, lane, [send])
            except (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError):
                leave(lane, send, Outcome.FOREIGN)
        return True

    async def commit(
        self,
        connection: asyncpg.Connection,
        statement: asyncpg.prepared_stmt.PreparedStatement,
        lane: Lane,
        batch: list[Send],
    ) -> bool:
        """Whether anything was decided; what was not stays in the lane."""
        now = self.desk.clock.now()
        rows = await statement.fetch(
            [send.case_id for send in batch],
            [send.conversation_id for send in batch],
            [send.side_id for send in batch],
            [send.author.id for send in batch],
            [send.client_id for send in batch],
            [send.note for send in batch],
            [send.body for send in batch],
            list({send.case_id for send in batch}),
            now,
            self.notes_relayed,
            timeout=STATEMENT_SECONDS,
        )
        envelopes: list[Envelope] = []
        decided = 0
        for send, (state, seq) in zip(batch, rows, strict=True):
            if state == "held":
                continue
            decided += 1
            if state == "stored":
                leave(lane, send, Outcome.STORED, seq)
                envelopes.append(envelope(send, seq, now))
            elif state == "closed":
                leave(lane, send, Outcome.CLOSED)
            else:
                envelopes += await self.repeat(connection, lane, send)
        self.desk.live.deliver(envelopes)
        return decided > 0

    async def repeat(
        self, connection: asyncpg.Connection, lane: Lane, send: Send
    ) -> list[Envelope]:
        """The first number again. Perhaps its commit was never heard of: then nobody was told."""
        first = await connection.fetchrow(FIRST_NUMBERS, send.case_id, send.client_id)
        if first is None or first["author_id"] != send.author.id:
            leave(lane, send, Outcome.FOREIGN)
            return []
        leave(lane, send, Outcome.STORED, first["seq"])
        return [hint(send.case_id, first["seq"])]

    def give_up_late(self, lane: Lane) -> None:
        late = asyncio.get_running_loop().time() - PATIENCE
        for send in [send for send in lane.waiting.values() if send.since < late]:
            leave(lane, send, Outcome.UNKNOWN)
        if not lane.waiting:
            lane.wake.clear()


def take(lane: Lane) -> list[Send]:
    """The oldest; they stay in the lane until they are answered."""
    if len(lane.waiting) <= BATCH:
        return list(lane.waiting.values())
    return [send for send, _ in zip(lane.waiting.values(), range(BATCH), strict=False)]


def leave(lane: Lane, send: Send, outcome: Outcome, seq: int = 0) -> None:
    lane.waiting.pop((send.case_id, send.client_id), None)
    answer(send, outcome, seq)


def answer(send: Send, outcome: Outcome, seq: int = 0) -> None:
    for tell in send.answers:
        tell(outcome, seq)


def envelope(send: Send, seq: int, at: Any) -> Envelope:
    audience = Audience.STAFF if send.note else Audience.SIDE
    author = send.author
    side_id = None if send.note else send.side_id
    shown = frame(
        send.case_id,
        seq,
        "note.added" if send.note else "message.posted",
        at,
        audience.value,
        {"id": author.id, "name": author.name or "Helpdesk", "staff": author.is_staff},
        {},
        side_id=side_id,
        body=send.body,
        client_id=str(send.client_id),
        face=face(None, send.conversation_id),
    )
    reach = {"audience": audience.value, "side_id": side_id, "group_id": None, "owner_id": None}
    return Envelope(f"case:{send.case_id}", seq, reach, shown)
