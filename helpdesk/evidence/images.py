"""Images are decoded by a process with limits, and shown only as written anew."""

import asyncio
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakKeyDictionary

import orjson

from .picture import MOST_PIXELS, SECONDS
from .sniff import Refused

AT_ONCE = 2
PROGRAM = Path(__file__).with_name("picture.py")
BROKEN = "This picture cannot be opened: it is damaged or cut off. Save it again and send that."
BOMB = f"This picture is too large to open: {MOST_PIXELS // 1_000_000} million pixels are the most."
SLOW = "This picture takes too long to open. Save it again, smaller, and send that."

_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


@dataclass(frozen=True)
class Picture:
    media_type: str
    width: int
    height: int
    frames: int


async def rewrite(source: Path, shown: Path, thumbnail: Path) -> Picture:
    """Write the image anew, and small. Raises Refused when it cannot be opened within limits."""
    loop = asyncio.get_running_loop()
    async with _turns.setdefault(loop, asyncio.Semaphore(AT_ONCE)):
        output = await run(source, shown, thumbnail)
    try:
        found = orjson.loads(output)
    except orjson.JSONDecodeError:
        raise Refused(BOMB) from None  # the kernel ended it
    if "refused" in found:
        raise Refused(BOMB if found["refused"] == "bomb" else BROKEN)
    kind = f"image/{found['format'].lower()}"
    return Picture(kind, found["width"], found["height"], found["frames"])


async def run(source: Path, shown: Path, thumbnail: Path) -> bytes:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        str(PROGRAM),
        str(source),
        str(shown),
        str(thumbnail),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={"PATH": os.defpath, "MALLOC_ARENA_MAX": "1"},
        cwd="/",
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), SECONDS)
    except TimeoutError:
        raise Refused(SLOW) from None
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    return output
