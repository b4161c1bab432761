"""Following cases live: one reader per case and process, however many sockets follow it.

An event that is the next number is delivered at once. At a gap, at the start, after a silence
of Valkey, or when the table turns out to be ahead, the reader reads the table. Every frame
passes the rule of who sees what for every follower, whichever way it came.
"""

import asyncio
import logging
from collections.abc import Mapping
from functools import partial
from typing import Any, Protocol

from helpdesk.core.live import Envelope
from helpdesk.desk import Desk
from helpdesk.permissions import SYSTEM, Actor

from .queries import View, view_for
from .timeline import Page, Wish, read_page, read_pages

MOST_AT_ONCE = 100  # first pages in one statement

log = logging.getLogger("helpdesk.cases")
Parties = tuple[tuple[int, int, int], ...]


def stream_of(case_id: int) -> str:
    return f"case:{case_id}"


def hint(case_id: int, seq: int) -> Envelope:
    """The case has come at least this far: whoever has not should read."""
    return Envelope(stream_of(case_id), seq, {}, {})


class Reader(Protocol):
    """Where frames go: a socket."""

    def push(self, text: str) -> None:
        """Take it now; never waits."""

    async def room(self) -> None:
        """Return when there is room for much more."""


def sides_of(actor: Actor, parties: Parties) -> frozenset[int]:
    """The sides that are the person, or the person's company (own_side, in memory)."""
    return frozenset(
        side
        for side, person, company in parties
        if person == actor.id or (company and company == actor.company_id)
    )


class Following:
    """One reader of one case."""

    __slots__ = ("actor", "live", "newest", "page", "position", "reader", "stream", "view")

    def __init__(self, stream: "CaseStream", reader: Reader, actor: Actor) -> None:
        self.stream, self.reader, self.actor = stream, reader, actor
        self.view: View | None = None  # not known yet
        self.page: Page | None = None  # what was missed, until it is sent
        self.position = 0  # everything up to here was sent, or is not for this reader
        self.newest = 0  # the last number this reader may see
        self.live = False  # after the missed part: takes events as they come

    def sees(self, reach: Mapping[str, Any]) -> bool:
        return self.view is not None and self.view.sees(reach)

    def turn(self, page: Page | None) -> None:
        self.page = page
        if page is not None:
            self.view = page.view
            self.newest = max(self.newest, page.newest)

    def offer(self, seq: int, reach: Mapping[str, Any], text: str) -> None:
        if not self.live or seq <= self.position:
            return
        self.position = seq
        if self.sees(reach):
            self.newest = seq
            self.reader.push(text)

    def end(self) -> None:
        self.stream.drop(self)


class CaseStream:
    __slots__ = (
        "case_id",
        "desk",
        "followers",
        "forget",
        "newest",
        "parties",
        "position",
        "reading",
        "unsure",
    )

    def __init__(self, desk: Desk, case_id: int, forget: Any) -> None:
        self.desk, self.case_id, self.forget = desk, case_id, forget
        self.followers: set[Following] = set()
        self.position: int | None = None  # all live followers were offered everything up to here
        self.newest = 0  # the last number anybody spoke of
        self.parties: Parties = ()
        self.reading: asyncio.Task[None] | None = None
        self.unsure = False  # who the parties are may have changed

    def hear(self, envelope: Envelope) -> None:
        reach = envelope.reach
        if not envelope.seq:
            for following in tuple(self.followers):
                if following.live and following.sees(reach):
                    following.reader.push(envelope.text)
            return
        self.newest = max(self.newest, envelope.seq)
        if self.position is None or self.reading is not None:
            return
        if envelope.seq == self.position + 1 and "audience" in reach and self.knows(reach):
            self.offer(envelope.seq, reach, envelope.text)
        elif envelope.seq > self.position:
            self.read()

    def knows(self, reach: Mapping[str, Any]) -> bool:
        """A side that joined just now may be somebody's who follows already."""
        side_id = reach["side_id"]
        return side_id is None or any(side_id == party[0] for party in self.parties)

    def offer(self, seq: int, reach: Mapping[str, Any], text: str) -> None:
        self.position = seq
        for following in tuple(self.followers):
            following.offer(seq, reach, text)

    def read(self, unsure: bool = False) -> None:
        """Read the table from where we are, unless that is under way."""
        self.unsure = self.unsure or unsure
        if self.reading is None and self.position is not None:
            self.reading = asyncio.ensure_future(self.read_on())

    async def read_on(self) -> None:
        try:
            while self.followers and (self.unsure or self.behind):
                self.unsure = False
                try:
                    page = await read_page(self.desk.pool, SYSTEM, self.case_id, self.position or 0)
                except Exception as fault:  # the table is away: it will come back
                    log.warning("reading a case again in a second: %s", type(fault).__name__)
                    self.unsure = True
                    await asyncio.sleep(1)
                    continue
                if page is None:
                    break
                self.know(page.parties)
                for entry in page.entries:
                    self.offer(entry.seq, entry.reach, entry.text)
                self.position = max(self.position or 0, page.reaches)
                self.newest = max(self.newest, page.head)
        finally:
            self.reading = None

    @property
    def behind(self) -> bool:
        return self.position is not None and self.newest > self.position

    def know(self, parties: Parties) -> None:
        """Who sees what follows from who the parties are; somebody may be none any more."""
        if parties == self.parties:
            return
        self.parties = parties
        for following in tuple(self.followers):
            self.look_again(following)

    def look_again(self, following: Following) -> bool:
        """Judge the reader's rights anew. False: there are none left, and they were told."""
        if following.view is None:
            return True
        following.view = view_for(following.actor, sides_of(following.actor, self.parties))
        if not following.view.empty:
            return True
        self.drop(following)
        following.reader.push(f'{{"t":"revoked","s":"case:{self.case_id}"}}')
        return False

    def drop(self, following: Following) -> None:
        following.live = False
        self.followers.discard(following)
        if not self.followers:
            if self.reading is not None:
                self.reading.cancel()
            self.forget()


class SharedReads:
    """Readers who come while others are being served share the next statement."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.waiting: list[tuple[Wish, asyncio.Future[Page | None]]] = []
        self.running: asyncio.Task[None] | None = None

    async def find(self, wish: Wish) -> Page | None:
        answer: asyncio.Future[Page | None] = asyncio.get_running_loop().create_future()
        self.waiting.append((wish, answer))
        if self.running is None:
            self.running = asyncio.ensure_future(self.serve())
        return await answer

    async def serve(self) -> None:
        try:
            while self.waiting:
                batch, self.waiting = self.waiting[:MOST_AT_ONCE], self.waiting[MOST_AT_ONCE:]
                try:
                    pages = await read_pages(self.desk.pool, [wish for wish, _ in batch])
                except Exception as fault:
                    for _, answer in batch:
                        if not answer.done():
                            answer.set_exception(NotRead(type(fault).__name__))
                    continue
                for (_, answer), page in zip(batch, pages, strict=True):
                    if not answer.done():
                        answer.set_result(page)
        finally:
            self.running = None


class NotRead(Exception):
    """The database did not answer."""


class Streams:
    """The cases that this process follows."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.open: dict[int, CaseStream] = {}
        self.first_pages = SharedReads(desk)
        desk.live.reconnected.add(self.read_all)

    def close(self) -> None:
        self.desk.live.reconnected.discard(self.read_all)
        if self.first_pages.running is not None:
            self.first_pages.running.cancel()
        for stream in tuple(self.open.values()):
            for following in tuple(stream.followers):
                following.end()

    def read_all(self) -> None:
        for stream in self.open.values():
            stream.read(unsure=True)

    def stream(self, case_id: int) -> CaseStream:
        if stream := self.open.get(case_id):
            return stream
        stream = CaseStream(self.desk, case_id, None)
        unfollow = self.desk.live.follow(stream_of(case_id), stream.hear)
        stream.forget = partial(self.forget, case_id, unfollow)
        self.open[case_id] = stream
        return stream

    def forget(self, case_id: int, unfollow: Any) -> None:
        unfollow()
        self.open.pop(case_id, None)

    async def follow(
        self, reader: Reader, actor: Actor, case_id: int, after: int
    ) -> Following | None:
        """Begin: the first page is read, nothing is sent yet. None: not for this person."""
        stream = self.stream(case_id)
        following = Following(stream, reader, actor)
        stream.followers.add(following)  # before reading: from here on nothing passes unheard
        try:
            page = await self.first_pages.find(Wish(actor, case_id, after))
        except BaseException:
            following.end()
            raise
        if page is None or page.view.empty:
            following.end()
            return None
        if stream.position is None:
            stream.parties = page.parties
        following.turn(page)
        following.position = min(after, page.head)
        return following

    async def catch_up(self, following: Following) -> None:
        """Send what was missed, page by page, and then go live without a gap."""
        stream = following.stream
        while following in stream.followers and (page := following.page):
            for entry in page.entries:
                if following.sees(entry.reach):
                    following.reader.push(entry.text)
                    await following.reader.room()
            following.position = max(following.position, page.reaches)
            following.turn(None)
            if page.full or following.position < (stream.position or 0):
                following.turn(
                    await read_page(
                        self.desk.pool, following.actor, stream.case_id, following.position
                    )
                )
        if following in stream.followers:
            following.live = True
            if stream.position is None:
                stream.position = following.position
            if stream.behind:
                stream.read()

    async def check(self, case_ids: list[int]) -> None:
        """Did anything pass us by? One query for all of these cases."""
        rows = await self.desk.pool.fetch(HEADS, case_ids)
        for case_id, head, parties in rows:
            if stream := self.open.get(case_id):
                stream.know(tuple(sorted((side, who, company) for side, who, company in parties)))
                stream.newest = max(stream.newest, head)
                if stream.behind:
                    stream.read()


HEADS = """
SELECT k.id, k.last_seq, coalesce(array_agg(ARRAY[s.id, s.person_id, coalesce(s.company_id, 0)])
    FILTER (WHERE s.id IS NOT NULL), '{}')
FROM cases k LEFT JOIN sides s ON s.case_id = k.id WHERE k.id = ANY($1) GROUP BY k.id
"""
