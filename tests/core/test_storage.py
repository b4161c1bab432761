"""The same tests on a directory and on a real S3 server."""

import asyncio
import hashlib
import os
import stat
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from helpdesk.core.settings import Settings
from helpdesk.core.storage import Storage, StorageError, key, open_storage
from tests.s3 import s3_bucket, s3_server  # noqa: F401


async def pieces(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


@pytest.fixture(params=["directory", "s3"])
def storage(request: Any, tmp_path: Path) -> Storage:
    settings = Settings(data_dir=tmp_path)
    if request.param == "s3":
        address = request.getfixturevalue("s3_bucket")
        settings = Settings(data_dir=tmp_path, storage_url=address)
    return open_storage(settings)


async def test_what_is_put_is_found_under_its_hash(storage: Storage) -> None:
    stored = await storage.put(pieces(b"hello ", b"world"))
    assert stored.sha256 == hashlib.sha256(b"hello world").digest()
    assert stored.size == 11
    assert await storage.exists(stored.sha256)
    assert await storage.read(stored.sha256, 0, 11) == b"hello world"


async def test_a_part_is_read_without_the_rest(storage: Storage) -> None:
    stored = await storage.put(pieces(b"0123456789"))
    assert await storage.read(stored.sha256, 3, 6) == b"345"
    assert await storage.read(stored.sha256, 8, 100) == b"89"
    assert await storage.read(stored.sha256, 4, 4) == b""


async def test_a_large_file_arrives_whole_in_small_pieces(storage: Storage) -> None:
    block = os.urandom(1_000_000)
    stored = await storage.put(pieces(*[block] * 12))
    assert stored.size == 12_000_000
    sizes = []
    digest = hashlib.sha256()
    async for piece in storage.stream(stored.sha256, 0, stored.size):
        sizes.append(len(piece))
        digest.update(piece)
    assert digest.digest() == stored.sha256
    assert max(sizes) <= 1024 * 1024


async def test_the_same_content_is_stored_once(storage: Storage) -> None:
    first, second = await asyncio.gather(
        storage.put(pieces(b"twice")), storage.put(pieces(b"tw", b"ice"))
    )
    assert first == second
    await storage.delete(first.sha256)
    assert not await storage.exists(first.sha256)


async def test_a_deleted_file_can_be_deleted_again(storage: Storage) -> None:
    stored = await storage.put(pieces(b"short lived"))
    await storage.delete(stored.sha256)
    await storage.delete(stored.sha256)
    with pytest.raises(FileNotFoundError):
        await storage.read(stored.sha256, 0, 1)


async def test_a_broken_upload_leaves_nothing(storage: Storage) -> None:
    async def breaks() -> AsyncIterator[bytes]:
        yield b"half"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await storage.put(breaks())
    assert list(storage.incoming_home.iterdir()) == []
    assert not await storage.exists(hashlib.sha256(b"half").digest())


async def test_what_a_killed_process_left_is_dropped_and_what_is_written_now_stays(
    storage: Storage,
) -> None:
    abandoned = storage.incoming_home / "of-a-killed-process"
    abandoned.write_bytes(b"half")
    with storage.incoming() as received:
        received.write(b"still coming")
        assert storage.drop_abandoned() == 1
        assert received.path.exists()
        assert not abandoned.exists()


async def test_files_and_directories_are_closed_to_other_accounts(tmp_path: Path) -> None:
    storage = open_storage(SimpleNamespace(storage_url="", data_dir=tmp_path))  # type: ignore[arg-type]
    stored = await storage.put(pieces(b"private"))
    assert storage.root is not None
    file = storage.root / key(stored.sha256)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    for directory in (storage.root, file.parent, storage.incoming_home):
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_another_kind_of_address_is_refused_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="s3://bucket/prefix"):
        open_storage(Settings(data_dir=tmp_path, storage_url="ftp://example.com/files"))
    with pytest.raises(StorageError, match="names no bucket"):
        open_storage(Settings(data_dir=tmp_path, storage_url="s3:///files"))


TOUCH_AND_LEAVE = """
import asyncio, sys
from helpdesk.core.settings import Settings
from helpdesk.core.storage import open_storage

async def main():
    storage = open_storage(Settings(data_dir=sys.argv[1]))
    async def pieces():
        yield sys.argv[2].encode()
    stored = await storage.put(pieces())
    await storage.read(stored.sha256, 0, 1)
    await storage.delete(stored.sha256)

asyncio.run(main())
"""


async def test_a_command_that_leaves_right_after_touching_a_file_ends_well(tmp_path: Path) -> None:
    """It was aborted once in some fifteen times: so a few dozen, some at a time."""
    at_once = asyncio.Semaphore(4)

    async def leave(number: int) -> int | None:
        async with at_once:
            arguments = ("-c", TOUCH_AND_LEAVE, str(tmp_path), str(number))
            child = await asyncio.create_subprocess_exec(sys.executable, *arguments)
            return await child.wait()

    assert set(await asyncio.gather(*(leave(number) for number in range(32)))) == {0}
