"""The part of a file that a download asks for. One part at most."""

import re
from dataclasses import dataclass

_ONE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
LONGEST = 100  # characters of a header worth reading


@dataclass(frozen=True)
class Part:
    start: int
    end: int
    is_part: bool = False


def asked_part(header: str, size: int) -> Part | None:
    """The whole file for no range, several, or nonsense; None for one that is not there."""
    whole = Part(0, size)
    match = _ONE.fullmatch(header.strip()) if 0 < len(header) <= LONGEST else None
    if match is None or not any(match.groups()):
        return whole
    first, last = match.groups()
    if not first:
        return Part(max(0, size - int(last)), size, True) if int(last) else None
    start = int(first)
    end = min(size, int(last) + 1) if last else size
    if last and int(last) < start:
        return whole
    return Part(start, end, True) if start < size else None
