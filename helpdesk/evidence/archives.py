"""ZIP files, and documents that are ZIP files: their lists are read, nothing is unpacked."""

import re
import struct
import zipfile
from pathlib import Path
from typing import Any

from .sniff import DOCX, ODT, XLSX, ZIP, ZIPPED, Refused

MOST_ENTRIES = 10_000
MOST_RATIO = 100  # unpacked to packed
LONGEST_LIST = 4 * 1024 * 1024  # bytes of the directory at the end of the file
SHOWN = 200  # entries that are named on the page

_END = b"PK\x05\x06"
_NESTED = re.compile(r"\.(zip|7z|rar|gz|tgz|bz2|xz|tar|jar|cab|iso|zst|lz4)$", re.IGNORECASE)
BROKEN = "This archive is damaged: its list of files cannot be read. Make it again."
PARTS = {
    DOCX: ("[Content_Types].xml", "word/"),
    XLSX: ("[Content_Types].xml", "xl/"),
    ODT: ("mimetype", "content.xml"),
}


def examine(path: Path, promised: str) -> tuple[str, dict[str, Any]]:
    """The exact type, and what to show of it. `promised` is what the name's ending stands for."""
    count = check_directory(path)
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, struct.error):
        raise Refused(BROKEN) from None
    if len(entries) != count:
        raise Refused(BROKEN)
    check_sizes(entries, path.stat().st_size)
    names = [entry.filename for entry in entries]
    kind = document_type(names)
    if promised in ZIPPED and promised not in (kind, ZIP):
        raise Refused("The name is that of a document, but the content is a plain ZIP archive.")
    if kind == ZIP:
        check_names(names)
    elif any("vbaproject" in name.lower() for name in names):
        raise Refused("This document holds macros, which are programs. Save it without them.")
    shown = [[entry.filename[:200], entry.file_size] for entry in entries[:SHOWN]]
    locked = any(entry.flag_bits & 1 for entry in entries)
    details = {"entries": len(entries), "list": shown, "password": locked} if kind == ZIP else {}
    return (promised if promised in ZIPPED else kind), details


def check_directory(path: Path) -> int:
    """How many entries the end of the file promises; looked at before anything is read."""
    size = path.stat().st_size
    with open(path, "rb") as file:
        file.seek(max(0, size - 65_557))
        tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < 22:
        raise Refused(BROKEN)
    count, length = struct.unpack("<HL", tail[at + 10 : at + 16])
    comment = struct.unpack("<H", tail[at + 20 : at + 22])[0]
    if count >= MOST_ENTRIES or length > LONGEST_LIST:
        raise Refused(f"This archive lists too many files. Up to {MOST_ENTRIES:,} are accepted.")
    if len(tail) - at - 22 != comment:
        raise Refused(BROKEN)
    return int(count)


def check_sizes(entries: list[zipfile.ZipInfo], size: int) -> None:
    unpacked = sum(entry.file_size for entry in entries)
    packed = min(size, sum(entry.compress_size for entry in entries))
    if unpacked > MOST_RATIO * max(packed, 1_000):
        raise Refused("This archive unpacks to far more than it should. It is not accepted.")


def check_names(names: list[str]) -> None:
    for name in names:
        parts = re.split(r"[\\/]", name)
        if ".." in parts or name.startswith(("/", "\\")) or re.match(r"^[a-zA-Z]:", name):
            raise Refused("This archive holds files with unsafe paths. Make it again.")
        if _NESTED.search(name):
            raise Refused("This archive holds other archives. Send them one by one.")


def document_type(names: list[str]) -> str:
    for kind, (first, second) in PARTS.items():
        if first in names and any(name.startswith(second) for name in names):
            return kind
    return ZIP


def is_appended(tail: bytes) -> bool:
    """Whether an archive hides behind another kind of file."""
    at = tail.rfind(_END)
    return at >= 0 and len(tail) - at >= 22 and b"PK\x01\x02" in tail[:at]
