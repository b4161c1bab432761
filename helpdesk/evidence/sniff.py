"""What a file is, found in its content. Its name may only agree."""

import re
from enum import StrEnum

import puremagic

from .names import extension_of

HEAD = 64 * 1024  # bytes that are looked at

TEXT = "text/plain"
MAIL = "message/rfc822"
ZIP = "application/zip"
PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ODT = "application/vnd.oasis.opendocument.text"


def told_of(name: str, refusal: "Refused") -> str:
    """Among several files, which one it is about."""
    return str(refusal) if name in str(refusal) else f"“{name}”: {refusal}"


class Refused(Exception):
    """A file is not accepted; the text says why, to the person who chose it."""

    def __init__(self, message: str, status: int = 422) -> None:
        super().__init__(message)
        self.status = status


class Family(StrEnum):
    """Which limit holds, and how a file is looked at."""

    IMAGE = "image"
    TEXT = "text"
    OTHER = "other"


# What is accepted: media type → its name, and the endings that go with it.
ACCEPTED: dict[str, tuple[str, tuple[str, ...]]] = {
    "image/png": ("a PNG picture", ("png",)),
    "image/jpeg": ("a JPEG picture", ("jpg", "jpeg", "jfif", "jpe")),
    "image/gif": ("a GIF picture", ("gif",)),
    "image/webp": ("a WEBP picture", ("webp",)),
    PDF: ("a PDF", ("pdf",)),
    ZIP: ("a ZIP archive", ("zip",)),
    DOCX: ("a Word document", ("docx",)),
    XLSX: ("an Excel sheet", ("xlsx",)),
    ODT: ("an OpenDocument text", ("odt",)),
    MAIL: ("an e-mail", ("eml",)),
    TEXT: ("text", ("txt", "log", "md", "out", "err", "trace", "text")),
    "text/csv": ("text", ("csv", "tsv")),
    "application/json": ("text", ("json", "jsonl", "ndjson")),
}
BY_EXTENSION = {ending: kind for kind, (_, endings) in ACCEPTED.items() for ending in endings}
WRITTEN = frozenset({TEXT, MAIL, "text/csv", "application/json"})  # all of it is text
ZIPPED = frozenset({ZIP, DOCX, XLSX, ODT})

MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (0, b"%PDF-", PDF),
    (0, b"PK\x03\x04", ZIP),
    (0, b"PK\x05\x06", ZIP),
)
PROGRAMS: tuple[tuple[bytes, str], ...] = (
    (b"MZ", "a Windows program"),
    (b"\x7fELF", "a Linux program"),
    (b"\xfe\xed\xfa\xce", "a macOS program"),
    (b"\xfe\xed\xfa\xcf", "a macOS program"),
    (b"\xce\xfa\xed\xfe", "a macOS program"),
    (b"\xcf\xfa\xed\xfe", "a macOS program"),
    (b"\xca\xfe\xba\xbe", "a program"),
    (b"\xca\xfe\xba\xbf", "a macOS program"),
    (b"dex\n", "an Android program"),
    (b"\0asm", "a WebAssembly program"),
    (b"L\0\0\0\x01\x14\x02\0", "a Windows shortcut"),
    (b"#!", "a script"),
    (b"<?php", "a script"),
)
OTHERS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (0, b"Rar!\x1a\x07", "a RAR archive"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"BZh", "a bzip2 archive"),
    (0, b"\xfd7zXZ\0", "an xz archive"),
    (257, b"ustar", "a tar archive"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document or installer"),
    (0, b"{\\rtf", "a rich text document"),
    (0, b"BM", "a BMP picture"),
    (0, b"II*\0", "a TIFF picture"),
    (0, b"MM\0*", "a TIFF picture"),
    (0, b"8BPS", "a Photoshop picture"),
    (0, b"\0\0\x01\0", "an icon"),
    (0, b"\0\0\0\x0cjP  ", "a JPEG 2000 picture"),
    (0, b"%!PS", "a PostScript document"),
    (4, b"ftypheic", "a HEIC photo"),
    (4, b"ftypheix", "a HEIC photo"),
    (4, b"ftypmif1", "a HEIC photo"),
    (4, b"ftypavif", "an AVIF picture"),
    (4, b"ftyp", "a video"),
    (0, b"\x1aE\xdf\xa3", "a video"),
)
BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
CONTROLS = bytes({*range(32), 127} - {*b"\t\n\r\f\b\x1b"})  # logs do hold tabs and colours
MOST_CONTROLS = 0.01  # of a text: a crash leaves some NULs in a log

_MARKUP = re.compile(
    r"\s*<(!doctype|!--|!\[cdata|\?xml|\?php|\?=|%|/?(html|head|body|svg|script|iframe|math|style"
    r"|meta|link|title|table|object|embed|form|img|div|xsl:\w+|rss|feed)\b)",
    re.IGNORECASE,
)
_HEADER_LINE = re.compile(
    rb"(received|from|to|subject|date|message-id|mime-version|return-path|delivered-to"
    rb"|dkim-signature|x-[\w-]+|arc-[\w-]+):[ \t]",
    re.IGNORECASE,
)
GOOD_ENDINGS = "PNG, JPEG, GIF, WEBP, PDF, TXT, LOG, CSV, JSON, EML, DOCX, XLSX, ODT and ZIP"


def media_type_of(head: bytes, name: str) -> str:
    """The type of a file with this beginning; Refused when it is not accepted.

    A ZIP stays a ZIP here, whatever its name says: only its list of entries tells more.
    """
    found = by_magic(head)
    if found is None:
        found = text_type(head, name)
    check_name(name, found)
    return found


def by_magic(head: bytes) -> str | None:
    for magic, what in PROGRAMS:
        if head.startswith(magic):
            raise Refused(f"This looks like {what}. Programs and scripts are not accepted.")
    for offset, magic, kind in MAGIC:
        if head.startswith(magic, offset):
            return kind
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "image/webp"
    for offset, magic, what in OTHERS:
        if head.startswith(magic, offset) and (len(magic) > 2 or not is_text(head)):
            raise Refused(f"This is {what}. Send it as one of these: {GOOD_ENDINGS}.")
    return None


def text_type(head: bytes, name: str) -> str:
    if not is_text(head):
        raise Refused(f"{second_opinion(head)} Accepted are {GOOD_ENDINGS}.")
    start = decoded(head[:2_000])
    if _MARKUP.match(start):
        raise Refused(
            "This is a web page, a drawing or XML. Send a screenshot of it, or save it as PDF."
        )
    kind = BY_EXTENSION.get(extension_of(name), TEXT)
    if kind == MAIL:
        return MAIL if _HEADER_LINE.match(head.lstrip(b"\xef\xbb\xbf\r\n")) else TEXT
    return kind if kind in WRITTEN else TEXT


def is_text(head: bytes) -> bool:
    if encoding_of(head).startswith("utf-16"):
        text = decoded(head)
        strange = sum((c < " " and c not in "\t\n\r\f\b\x1b") or c == "\ufffd" for c in text)
        return strange <= len(text) * MOST_CONTROLS + 1
    return strange_bytes(head) <= len(head) * MOST_CONTROLS


def strange_bytes(block: bytes) -> int:
    """Bytes that text does not have."""
    return len(block) - len(block.translate(None, CONTROLS))


def encoding_of(head: bytes) -> str:
    for bom, encoding in BOMS:
        if head.startswith(bom):
            return encoding
    return "utf-8"


def decoded(head: bytes) -> str:
    return head.decode(encoding_of(head), "replace").removeprefix("\ufeff")


def second_opinion(head: bytes) -> str:
    """What a larger table of signatures makes of a file that ours does not know."""
    try:
        best = max(puremagic.magic_string(head), key=lambda match: match.confidence)
    except (puremagic.PureError, ValueError):
        return "We do not know what kind of file this is."
    if best.confidence < 0.5 or not best.name:
        return "We do not know what kind of file this is."
    return f"This file looks like “{best.name}”, which is not accepted."


def check_name(name: str, found: str) -> None:
    """The ending must go with the content; a name without an ending always does."""
    ending = extension_of(name)
    if not ending:
        return
    promised = BY_EXTENSION.get(ending)
    if promised is None:
        raise Refused(f"Files ending in .{ending} are not accepted. Accepted are {GOOD_ENDINGS}.")
    if promised == found or (promised in ZIPPED and found == ZIP):
        return
    raise Refused(
        f"The name ends in .{ending}, but the content is {ACCEPTED[found][0]}. "
        "Give it the right ending, or choose another file."
    )


def family_of(media_type: str) -> Family:
    if media_type.startswith("image/"):
        return Family.IMAGE
    return Family.TEXT if media_type in WRITTEN - {MAIL} else Family.OTHER
