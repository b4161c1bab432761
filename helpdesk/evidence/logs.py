"""Text of any length, read in pages and searched, without ever holding all of it."""

import asyncio
import re
import unicodedata
from bisect import bisect_right
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from helpdesk.core.storage import Storage
from helpdesk.core.text import MARKS_PER_CHARACTER

STEP = 64 * 1024  # bytes between two places whose line number is known
READ = 192 * 1024  # bytes of such a stretch that are looked at; the rest is one long line
LINES = 200  # on a page
SHOWN = 2_000  # characters of a line
BLOCK = 1024 * 1024  # bytes searched at a time
SLICE = 0.6  # seconds of searching per answer
HITS = 100
BEFORE, AFTER = 150, 350  # bytes around a hit
LONGEST_QUERY = 200

_ANSI = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]{0,500}(\x07|\x1b\\)|[@-Z\\-_])")
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e0fff]"
)


@dataclass
class LineIndex:
    """Built while a file comes in: how many lines, and where some of them begin."""

    size: int = 0
    breaks: int = 0
    last: bytes = b""
    marks: list[tuple[int, int]] = field(default_factory=lambda: [(0, 0)])  # (line, offset)

    def feed(self, block: bytes) -> None:
        at = 0
        while True:
            wanted = max(at, self.marks[-1][1] + STEP - self.size)
            end = block.find(b"\n", wanted)
            if end < 0:
                break
            self.breaks += block.count(b"\n", at, end + 1)
            self.marks.append((self.breaks, self.size + end + 1))
            at = end + 1
        self.breaks += block.count(b"\n", at)
        self.size += len(block)
        self.last = block[-1:] or self.last

    @property
    def details(self) -> dict[str, Any]:
        if self.marks[-1][1] == self.size and len(self.marks) > 1:
            self.marks.pop()  # nothing begins at the end
        lines = self.breaks + (self.last != b"\n")
        return {"lines": lines, "marks": [list(mark) for mark in self.marks]}


@dataclass(frozen=True, slots=True)
class Line:
    number: int  # from 1
    text: str
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Log:
    """A stored text and what is known of it."""

    storage: Storage
    sha256: bytes
    size: int
    lines: int
    marks: list[list[int]]
    encoding: str = "utf-8"

    @classmethod
    def of(cls, storage: Storage, sha256: bytes, size: int, details: dict[str, Any]) -> "Log":
        encoding = details.get("encoding", "utf-8")
        marks = details.get("marks") or [[0, 0]]
        return cls(storage, sha256, size, details.get("lines", 0), marks, encoding)

    async def page(self, first: int, count: int = LINES) -> list[Line]:
        """Lines from number `first` on."""
        first = max(1, min(first, self.lines))
        found: list[Line] = []
        mark = bisect_right(self.marks, first - 1, key=lambda mark: mark[0]) - 1
        for at in range(mark, len(self.marks)):
            number, start = self.marks[at]
            end = self.marks[at + 1][1] if at + 1 < len(self.marks) else self.size
            stretch = await self.storage.read(self.sha256, start, min(end, start + READ))
            whole = start + len(stretch) >= end
            pieces = stretch.removesuffix(b"\n").split(b"\n") if stretch else []
            for offset, piece in enumerate(pieces):
                if number + offset >= first - 1 and len(found) < count:
                    unfinished = not whole and offset == len(pieces) - 1
                    found.append(self.line(number + offset + 1, piece, unfinished))
            if len(found) >= count:
                break
        return found

    def line(self, number: int, piece: bytes, unfinished: bool) -> Line:
        text = harmless(piece[: SHOWN * 4].decode(self.encoding, "replace"))
        return Line(number, text[:SHOWN], unfinished or len(text) > SHOWN or len(piece) > SHOWN * 4)

    async def search(self, words: str, start: int = 0, line: int = 0) -> "Search":
        """Lines that hold the words, from a place on, for as long as an answer may take."""
        needle = words.encode(self.encoding, "replace").lower()
        search = Search()
        if not needle:
            return search
        clock = asyncio.get_running_loop().time
        until = clock() + SLICE
        seeker = Seeker(self, needle, search, max(0, start), max(0, line))
        async for block in self.blocks(seeker.start):
            seeker.look_through(block)
            if len(search.hits) >= HITS or clock() > until:
                break
        if seeker.at < self.size:
            search.next_start, search.next_line = seeker.at, seeker.breaks
        search.searched = seeker.at
        return search

    async def blocks(self, start: int) -> AsyncIterator[bytes]:
        while start < self.size:
            block = await self.storage.read(self.sha256, start, min(start + BLOCK, self.size))
            if not block:
                return
            start += len(block)
            yield block


@dataclass
class Search:
    hits: list[Line] = field(default_factory=list)
    next_start: int | None = None  # where to go on, when the end was not reached
    next_line: int = 0
    searched: int = 0  # bytes from the beginning


class Seeker:
    """Goes through blocks of a file; remembers just enough of the last one."""

    def __init__(self, log: Log, needle: bytes, found: Search, start: int, breaks: int) -> None:
        self.log = log
        self.needle = needle
        self.found = found
        self.start = self.at = start
        self.breaks = breaks  # line breaks before `at`
        self.tail = b""  # the last bytes before `at`: a hit may lie across two blocks
        self.skipping = False  # the line under way has been shown

    def look_through(self, block: bytes) -> None:
        text = self.tail + block
        low = text.lower()
        # Breaks before the tail: those in it are counted again below.
        line = self.breaks - self.tail.count(b"\n")
        counted = 0
        place = 0
        if self.skipping:
            end = low.find(b"\n", len(self.tail))
            place = len(low) if end < 0 else end
            self.skipping = end < 0
        while (hit := low.find(self.needle, place)) >= 0:
            line += low.count(b"\n", counted, hit)
            counted = hit
            self.show(text, hit, line + 1)
            end = low.find(b"\n", hit + len(self.needle))
            if end < 0:
                self.skipping = True
                break
            if len(self.found.hits) >= HITS:  # go on behind this line another time
                self.at += end + 1 - len(self.tail)
                self.breaks, self.tail = line + 1, b""
                return
            place = end
        self.at += len(block)
        self.breaks += block.count(b"\n")
        keep = max(len(self.needle) - 1, 0)
        self.tail = text[-keep:] if keep and not self.skipping else b""

    def show(self, text: bytes, hit: int, number: int) -> None:
        begin = text.rfind(b"\n", 0, hit) + 1
        end = text.find(b"\n", hit)
        end = len(text) if end < 0 else end
        left, right = max(begin, hit - BEFORE), min(end, hit + len(self.needle) + AFTER)
        shown = harmless(text[left:right].decode(self.log.encoding, "replace"))
        if left > begin:
            shown = "…" + shown
        self.found.hits.append(Line(number, shown, right < end))


def harmless(text: str) -> str:
    """Colour codes go; what cannot be seen, or turns text around, becomes visible."""
    text = _UNSEEN.sub(_visible, _ANSI.sub("", text.rstrip("\r")))
    return text if text.isascii() else _few_marks(text)


def _visible(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 32:
        return chr(0x2400 + code)
    return "\u2421" if code == 127 else f"⟨U+{code:04X}⟩"


def _few_marks(text: str) -> str:
    kept, marks = [], 0
    for character in text:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= MARKS_PER_CHARACTER:
            kept.append(character)
    return "".join(kept)
