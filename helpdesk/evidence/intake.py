"""Receiving a file: streamed to disk, counted, looked at, stored by its hash, written down once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from starlette.datastructures import UploadFile

from helpdesk.catalogue import queries as catalogue
from helpdesk.catalogue.document import Limits
from helpdesk.core.storage import Incoming, Storage, open_storage
from helpdesk.desk import Desk
from helpdesk.permissions import Actor

from . import archives, images, sniff
from .doors import EARLIER, NOT_FOUND, check_door, count_bytes, count_upload
from .logs import LineIndex
from .models import Upload
from .names import clean_key, clean_name, extension_of
from .sniff import Family, Refused

MEGABYTE = 1024 * 1024
BLOCK = MEGABYTE
TAIL = 70_000  # bytes at the end in which an appended archive would show


@dataclass(frozen=True)
class Made:
    """A file that is ready to be stored."""

    file: Incoming
    media_type: str


@dataclass
class Good:
    """What was received and found good."""

    media_type: str
    original: Made
    shown: Made | None = None  # when it is not the original
    thumbnail: Made | None = None
    details: dict[str, Any] = field(default_factory=dict)


def storage_of(desk: Desk) -> Storage:
    if "storage" not in desk.parts:
        desk.parts["storage"] = open_storage(desk.settings)
    storage: Storage = desk.parts["storage"]
    return storage


async def receive(
    desk: Desk,
    *,
    upload_id: UUID,
    owner: Actor,
    evidence_key: str = "",
    name: str,
    chunks: AsyncIterator[bytes],
    draft_id: UUID | None = None,
    draft_key: str = "",
    case_id: int | None = None,
    address: str = "",
) -> Upload:
    """Store a file once, however often its sender repeats it. Raises Refused with a sentence."""
    storage = storage_of(desk)
    limits = (await catalogue.current(desk)).catalogue.limits
    name = clean_name(name)
    earlier = await check_door(desk, upload_id, owner, draft_id, draft_key, case_id)
    if earlier is not None:
        await drain(chunks)
        return earlier
    await count_upload(desk, owner, address)
    with ExitStack() as stack:
        try:
            received = stack.enter_context(storage.incoming())
            good = await take(storage, stack, received, name, chunks, limits)
        except Refused:
            await drain(chunks)
            raise
        await count_bytes(desk, owner, address, received.size)
        upload = Upload(
            id=upload_id,
            owner_id=owner.id or None,
            draft_id=draft_id,
            draft_key=draft_key,
            case_id=case_id,
            evidence_key=clean_key(evidence_key),
            name=name,
            size=received.size,
            media_type=good.media_type,
            file_id=0,
            original_id=0,
            details=good.details,
            created_at=desk.clock.now(),
        )
        return await store(desk, storage, upload, good, limits)


async def take(
    storage: Storage,
    stack: ExitStack,
    received: Incoming,
    name: str,
    chunks: AsyncIterator[bytes],
    limits: Limits,
) -> Good:
    """Write it down as it comes, and no more of it than is allowed."""
    kind, most = "", 0
    index, strange = LineIndex(), 0

    def write(block: bytes) -> None:
        nonlocal strange
        received.write(block)
        if sniff.family_of(kind) is Family.TEXT:
            index.feed(block)
            strange += sniff.strange_bytes(block)

    async for block in blocks_of(chunks):
        if not kind:
            kind = sniff.media_type_of(block[: sniff.HEAD], name)
            most = megabytes(limits, kind)
        if received.size + len(block) > most * MEGABYTE:
            raise Refused(f"“{name}” must be smaller than {most} MB.", 413)
        await asyncio.to_thread(write, block)
    if not received.size:
        raise Refused(f"“{name}” is empty. Choose another file.")
    original = Made(received, kind)
    match sniff.family_of(kind):
        case Family.IMAGE:
            return await take_image(storage, stack, original)
        case Family.TEXT:
            return await take_text(storage, stack, original, index, strange)
    return await take_other(original, name)


async def take_image(storage: Storage, stack: ExitStack, original: Made) -> Good:
    shown = stack.enter_context(storage.incoming())
    small = stack.enter_context(storage.incoming())
    picture = await images.rewrite(original.file.path, shown.path, small.path)
    await asyncio.to_thread(shown.read_back)
    await asyncio.to_thread(small.read_back)
    details = {"width": picture.width, "height": picture.height}
    if picture.frames > 1:
        details["frames"] = picture.frames
    return Good(
        original.media_type,
        original,
        Made(shown, picture.media_type),
        Made(small, "image/webp"),
        details,
    )


async def take_text(
    storage: Storage, stack: ExitStack, original: Made, index: LineIndex, strange: int
) -> Good:
    """UTF-16 is shown as UTF-8, so that lines can be found by their bytes."""
    start = await asyncio.to_thread(read_part, original.file.path, 0)
    encoding = sniff.encoding_of(start)
    if not encoding.startswith("utf-16"):
        if strange > original.file.size * sniff.MOST_CONTROLS:
            raise Refused("This is not text: it holds too many unprintable characters.")
        utf8 = await asyncio.to_thread(is_utf8, original.file.path)
        shown_as = "utf-8" if utf8 else "cp1252"
        return Good(original.media_type, original, details=index.details | {"encoding": shown_as})
    shown = stack.enter_context(storage.incoming())
    index = await asyncio.to_thread(to_utf8, original.file.path, encoding, shown)
    details = index.details | {"encoding": "utf-8"}
    return Good(original.media_type, original, Made(shown, original.media_type), None, details)


def read_part(path: Path, start: int) -> bytes:
    with open(path, "rb") as file:
        file.seek(start)
        return file.read(TAIL)


def is_utf8(path: Path) -> bool:
    try:
        with open(path, encoding="utf-8") as file:
            while file.read(BLOCK):
                pass
    except UnicodeDecodeError:
        return False
    return True


def to_utf8(path: Path, encoding: str, target: Incoming) -> LineIndex:
    index = LineIndex()
    with open(path, encoding=encoding, errors="replace", newline="") as file:
        while text := file.read(BLOCK):
            block = text.removeprefix("\ufeff").encode("utf-8", "replace")
            target.write(block)
            index.feed(block)
    return index


async def take_other(original: Made, name: str) -> Good:
    path = original.file.path
    if original.media_type == sniff.ZIP:
        promised = sniff.BY_EXTENSION.get(extension_of(name), "")
        kind, details = await asyncio.to_thread(archives.examine, path, promised)
        return Good(kind, Made(original.file, kind), details=details)
    end = await asyncio.to_thread(read_part, path, max(0, original.file.size - TAIL))
    if archives.is_appended(end):
        raise Refused("This file is two kinds of file in one: an archive is hidden in it.")
    return Good(original.media_type, original)


def megabytes(limits: Limits, kind: str) -> int:
    match sniff.family_of(kind):
        case Family.IMAGE:
            return limits.image_megabytes
        case Family.TEXT:
            return limits.log_megabytes
    return limits.other_megabytes


INSERT_FILE = """
INSERT INTO files (sha256, size, media_type, created_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (sha256) DO UPDATE SET size = files.size RETURNING id
"""
INSERT = """
INSERT INTO uploads (id, owner_id, draft_id, draft_key, case_id, evidence_key, name, size,
    media_type, file_id, original_id, thumbnail_id, details, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
ON CONFLICT (id) DO NOTHING RETURNING id
"""
PENDING = """
SELECT count(*) FROM uploads WHERE attached_at IS NULL AND CASE
    WHEN $1::uuid IS NOT NULL THEN draft_id = $1
    WHEN $2::bigint IS NOT NULL THEN case_id = $2 AND owner_id = $3
    ELSE draft_id IS NULL AND case_id IS NULL AND owner_id = $3 END
"""


async def store(desk: Desk, storage: Storage, upload: Upload, good: Good, limits: Limits) -> Upload:
    made = [one for one in (good.original, good.shown, good.thumbnail) if one is not None]
    for one in made:
        await storage.keep(one.file)
    async with desk.pool.acquire() as connection, connection.transaction():
        # Twenty at once count one after the other.
        place = str(upload.draft_id or upload.case_id or upload.owner_id)
        await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 7))", place)
        pending = (upload.draft_id, upload.case_id, upload.owner_id)
        if await connection.fetchval(PENDING, *pending) >= limits.files_per_request:
            if row := await connection.fetchrow(EARLIER, upload.id):
                return the_first(row, upload)
            raise Refused(
                f"{limits.files_per_request} files are the most for one request. "
                "Remove one, or put several into a ZIP archive.",
                429,
            )
        ids: dict[bytes, int] = {}
        for one in sorted(made, key=lambda one: one.file.stored.sha256):
            stored = one.file.stored
            ids[stored.sha256] = await connection.fetchval(
                INSERT_FILE, stored.sha256, stored.size, one.media_type, upload.created_at
            )
        original = ids[good.original.file.stored.sha256]
        upload.original_id = original
        upload.file_id = ids[good.shown.file.stored.sha256] if good.shown else original
        upload.thumbnail_id = ids[good.thumbnail.file.stored.sha256] if good.thumbnail else None
        inserted = await connection.fetchval(INSERT, *row_of(upload))
        if inserted is None:  # the same upload, sent twice at the same instant
            return the_first(await connection.fetchrow(EARLIER, upload.id), upload)
    for one in made:  # a sweep may have removed it between the two
        await storage.keep(one.file)
    return upload


def the_first(row: Any, again: Upload) -> Upload:
    first = Upload(**dict(row))
    if (first.owner_id, first.draft_key) != (again.owner_id, again.draft_key):
        raise Refused(NOT_FOUND, 404)
    return first


def row_of(upload: Upload) -> tuple[Any, ...]:
    return (
        upload.id,
        upload.owner_id,
        upload.draft_id,
        upload.draft_key,
        upload.case_id,
        upload.evidence_key,
        upload.name,
        upload.size,
        upload.media_type,
        upload.file_id,
        upload.original_id,
        upload.thumbnail_id,
        upload.details,
        upload.created_at,
    )


async def blocks_of(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Few large blocks instead of many small ones. The first holds the whole head."""
    waiting = bytearray()
    async for chunk in chunks:
        waiting += chunk
        if len(waiting) >= BLOCK:
            yield bytes(waiting)
            waiting.clear()
    if waiting:
        yield bytes(waiting)


async def drain(chunks: AsyncIterator[bytes]) -> None:
    """A browser reads the answer only when it has sent everything."""
    async for _ in chunks:
        pass


async def pieces_of(file: UploadFile) -> AsyncIterator[bytes]:
    """What a form without script posted."""
    while piece := await file.read(BLOCK):
        yield piece
