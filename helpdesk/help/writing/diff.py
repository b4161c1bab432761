"""What changed between two texts: line by line, and word by word where a line was reworded."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

CONTEXT = 2  # unchanged lines shown around a change
MOST_LINES = 4_000  # of both texts together that are compared line by line
LONGEST_PAIR = 4_000  # characters of two lines that are compared word by word
MOST_WORDS = 40_000  # characters compared word by word in all

_PIECES = re.compile(r"\w+|\s+|[^\w\s]")


class Kind(StrEnum):
    SAME = "same"
    OLD = "old"
    NEW = "new"
    GAP = "gap"  # unchanged lines that are not shown


@dataclass(frozen=True, slots=True)
class Piece:
    text: str
    changed: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    kind: Kind
    pieces: tuple[Piece, ...] = ()
    count: int = 0  # of a gap


def compare(old: str, new: str) -> tuple[Line, ...]:
    """The lines of both in reading order; empty when the texts are equal."""
    if old == new:
        return ()
    before, after = old.split("\n"), new.split("\n")
    if len(before) + len(after) > MOST_LINES:
        return (*plain(Kind.OLD, before), *plain(Kind.NEW, after))
    return tuple(folded(list(lines_of(before, after))))


def lines_of(before: Sequence[str], after: Sequence[str]) -> Iterator[Line]:
    left = MOST_WORDS
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for change, a, b, c, d in matcher.get_opcodes():
        if change == "equal":
            yield from plain(Kind.SAME, before[a:b])
            continue
        olds, news = before[a:b], after[c:d]
        if len(olds) == len(news):  # reworded line by line
            for old, new in zip(olds, news, strict=True):
                left -= len(old) + len(new)
                yield from reworded(old, new) if left > 0 else apart(old, new)
        else:
            yield from plain(Kind.OLD, olds)
            yield from plain(Kind.NEW, news)


def plain(kind: Kind, lines: Sequence[str]) -> tuple[Line, ...]:
    return tuple(Line(kind, (Piece(line),)) for line in lines)


def apart(old: str, new: str) -> tuple[Line, Line]:
    return Line(Kind.OLD, (Piece(old),)), Line(Kind.NEW, (Piece(new),))


def reworded(old: str, new: str) -> tuple[Line, Line]:
    if len(old) + len(new) > LONGEST_PAIR:
        return apart(old, new)
    words, others = _PIECES.findall(old), _PIECES.findall(new)
    matcher = SequenceMatcher(None, words, others, autojunk=False)
    if matcher.ratio() < 0.3:  # another sentence altogether
        return apart(old, new)
    was, became = [], []
    for change, a, b, c, d in matcher.get_opcodes():
        if a < b:
            was.append(Piece("".join(words[a:b]), change != "equal"))
        if c < d:
            became.append(Piece("".join(others[c:d]), change != "equal"))
    return Line(Kind.OLD, tuple(was)), Line(Kind.NEW, tuple(became))


def folded(lines: Sequence[Line]) -> Iterator[Line]:
    """Long unchanged stretches become a gap."""
    changed = [at for at, line in enumerate(lines) if line.kind != Kind.SAME]
    shown = {
        near
        for at in changed
        for near in range(max(0, at - CONTEXT), min(len(lines), at + CONTEXT + 1))
    }
    hidden = 0
    for at, line in enumerate(lines):
        if at not in shown:
            hidden += 1
            continue
        if hidden:
            yield Line(Kind.GAP, count=hidden)
            hidden = 0
        yield line
    if hidden:
        yield Line(Kind.GAP, count=hidden)
