"""Files by the SHA-256 of their content, in a directory or an S3-compatible bucket.

What arrives is first written to a file of its own beside the store, where nothing can ask for
it; only what was found good is kept, complete and under its final name at once.
"""

import asyncio
import hashlib
import os
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fcntl import LOCK_EX, LOCK_NB, flock
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import obstore
from obstore.store import LocalStore, S3Store

from helpdesk.core.settings import Settings

BLOCK = 1024 * 1024  # bytes read or written at a time
AT_ONCE = 32  # operations of one process; a bucket takes its time
PARTS_AT_ONCE = 2  # of one file on its way to a bucket; each is 5 MB in memory


class StorageError(Exception):
    """The setting cannot be used; the text says why."""


@dataclass(frozen=True)
class Stored:
    sha256: bytes
    size: int


class Incoming:
    """A file that is being received.

    It is locked while somebody writes it: what a killed process left behind is not.
    """

    def __init__(self, directory: Path) -> None:
        self.size = 0
        self.hash = hashlib.sha256()
        while True:
            self.path = directory / secrets.token_hex(16)
            self.file = open(self.path, "xb", buffering=0, opener=private)  # noqa: SIM115
            flock(self.file, LOCK_EX)
            if self.path.exists():  # else it was taken for abandoned before it was locked
                break
            self.file.close()

    def write(self, block: bytes) -> None:
        view = memoryview(block)
        while view:
            view = view[self.file.write(view) :]
        self.hash.update(block)
        self.size += len(block)

    def read_back(self) -> None:
        """Count and hash what somebody else wrote into the file."""
        self.size, self.hash = 0, hashlib.sha256()
        with open(self.path, "rb") as file:
            while block := file.read(BLOCK):
                self.hash.update(block)
                self.size += len(block)

    @property
    def stored(self) -> Stored:
        return Stored(self.hash.digest(), self.size)


class Storage:
    def __init__(self, store: LocalStore | S3Store, root: Path | None, incoming: Path) -> None:
        self.store = store
        self.root = root  # of a directory store
        self.incoming_home = incoming
        private_directory(incoming)
        self.threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="storage")

    async def run(self, operation: Callable[..., Any], *given: Any, **named: Any) -> Any:
        """On a thread of ours, which Python waits for when it ends.

        obstore's own threads would answer a loop that may be gone by then: a short command
        that has just touched a file was now and then aborted while it left.
        """
        call = partial(operation, self.store, *given, **named)
        return await asyncio.get_running_loop().run_in_executor(self.threads, call)

    @contextmanager
    def incoming(self) -> Iterator[Incoming]:
        """A new file to write to; gone afterwards, unless it was kept."""
        received = Incoming(self.incoming_home)
        try:
            yield received
        finally:
            received.path.unlink(missing_ok=True)
            received.file.close()

    async def keep(self, received: Incoming) -> Stored:
        """Make it a stored file. The same content again changes nothing."""
        stored = received.stored
        if await self.exists(stored.sha256):
            return stored
        await asyncio.to_thread(os.fsync, received.file.fileno())
        if self.root is not None:
            await asyncio.to_thread(place, received.path, self.root / key(stored.sha256))
        else:
            await self.run(
                obstore.put,
                key(stored.sha256),
                received.path,
                max_concurrency=PARTS_AT_ONCE,
            )
        return stored

    async def put(self, chunks: AsyncIterator[bytes]) -> Stored:
        with self.incoming() as received:
            async for chunk in chunks:
                await asyncio.to_thread(received.write, chunk)
            return await self.keep(received)

    async def exists(self, sha256: bytes) -> bool:
        try:
            await self.run(obstore.head, key(sha256))
        except FileNotFoundError:
            return False
        return True

    async def read(self, sha256: bytes, start: int, end: int) -> bytes:
        """The bytes from `start` up to `end`; fewer where the file ends."""
        if end <= start:
            return b""
        found = await self.run(obstore.get_range, key(sha256), start=start, end=end)
        return bytes(found)

    async def stream(self, sha256: bytes, start: int, end: int) -> AsyncIterator[bytes]:
        """In pieces, each asked for on its own: a slow reader holds nothing open."""
        while start < end:
            piece = await self.read(sha256, start, min(start + BLOCK, end))
            if not piece:
                return
            start += len(piece)
            yield piece

    async def delete(self, sha256: bytes) -> None:
        with suppress(FileNotFoundError):
            await self.run(obstore.delete, key(sha256))

    def drop_abandoned(self) -> int:
        """Remove what killed processes were receiving; how many there were."""
        dropped = 0
        for path in self.incoming_home.iterdir():
            with suppress(OSError), open(path, "rb") as file:
                flock(file, LOCK_EX | LOCK_NB)
                path.unlink()
                dropped += 1
        return dropped


def open_storage(settings: Settings) -> Storage:
    address = settings.storage_url
    url = urlsplit(address)
    if url.scheme == "s3":
        home = settings.data_dir.resolve()
        return Storage(bucket(url.netloc, url.path.strip("/")), None, home / "incoming")
    if address and url.scheme != "file":
        raise StorageError(
            f"HELPDESK_STORAGE_URL is {address!r}. It must be s3://bucket/prefix, "
            "file:///directory, or empty for a directory below the data directory."
        )
    root = Path(unquote(url.path)) if address else settings.data_dir.resolve() / "files"
    private_directory(root)
    return Storage(LocalStore(root), root, root / "incoming")


def bucket(name: str, prefix: str) -> S3Store:
    """Keys, region and endpoint come from the AWS_… variables."""
    if not name:
        raise StorageError("HELPDESK_STORAGE_URL names no bucket. It must be s3://bucket/prefix.")
    endpoint = os.environ.get("AWS_ENDPOINT_URL", "")
    return S3Store(
        name,
        prefix=prefix or None,
        client_options={"allow_http": endpoint.startswith("http://"), "timeout": "60s"},
    )


def key(sha256: bytes) -> str:
    digest = sha256.hex()
    return f"{digest[:2]}/{digest}"


def place(source: Path, target: Path) -> None:
    private_directory(target.parent)
    try:
        os.link(source, target)
    except FileExistsError:
        return
    except OSError:  # a file system without hard links
        os.replace(source, target)
    for directory in (target.parent, target.parent.parent):
        handle = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(handle)  # else a power cut may forget the name
        finally:
            os.close(handle)


def private_directory(path: Path) -> None:
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)


def private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
