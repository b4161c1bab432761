"""Opening one image and writing it anew. Runs as a process of its own, with little to lose.

Usage: picture.py SOURCE SHOWN THUMBNAIL. Prints what it found as JSON; status 2 is a refusal.
Imports nothing of the desk, so that it starts fast and holds no secrets.
"""

import json
import resource
import sys
import warnings
from pathlib import Path
from typing import Any

MEMORY = 512 * 1024 * 1024
SECONDS = 10
FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
MOST_PIXELS = 40_000_000  # of all frames of an animation together
MOST_FRAMES = 300
THUMBNAIL = 320  # pixels at most on either side
LARGE = 8_000_000  # pixels from which packing tightly takes too long


class Refusal(Exception):
    pass


def limit() -> None:
    for what, amount in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
    ):
        try:
            resource.setrlimit(what, (amount, amount))
        except (OSError, ValueError):  # a system without this limit; the clock still ends us
            continue


def main(source: str, shown: str, thumbnail: str) -> dict[str, Any]:
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    with Image.open(source, formats=FORMATS) as image:
        kind = str(image.format)
        if image.width * image.height > MOST_PIXELS:
            raise Refusal("bomb")
        frames = count_frames(image) if kind in ("GIF", "WEBP") else 1
        size = image.size
        if frames > 1 and frames * image.width * image.height <= MOST_PIXELS:
            save_animation(image, shown, kind)
            image.seek(0)
            still = plain(image.copy())
        else:
            image.load()
            ImageOps.exif_transpose(image, in_place=True)
            still, size = plain(image), image.size
            kind = save(still, shown, kind)
        small = still
        if still.width * still.height > LARGE:  # scaling well would need the memory twice
            small = still.resize(
                (max(1, still.width // 4), max(1, still.height // 4)), Image.Resampling.NEAREST
            )
        small.thumbnail((THUMBNAIL, THUMBNAIL))
        small.save(thumbnail, "WEBP", quality=80, method=2)
        return {"format": kind, "width": size[0], "height": size[1], "frames": frames}


def count_frames(image: Any) -> int:
    """Counted by walking, and no further than we would show."""
    frames = 1
    try:
        while frames <= MOST_FRAMES:
            image.seek(frames)
            frames += 1
    except EOFError:
        pass
    image.seek(0)
    return frames


def plain(image: Any) -> Any:
    """The pixels alone: no place, camera, comment, colour profile or anything else it carried."""
    clear = "A" in image.getbands() or "transparency" in image.info
    grey = image.mode in ("1", "L", "LA", "I;16")
    mode = "RGBA" if clear else "L" if grey else "RGB"
    copy = image if image.mode == mode else image.convert(mode)
    copy.info = {}
    return copy


def save(image: Any, target: str, kind: str) -> str:
    """The format it was written in: what is large or has few colours goes as JPEG or PNG."""
    large = image.width * image.height > LARGE
    if kind == "WEBP" and not large:
        image.save(target, "WEBP", quality=90, method=2)
        return "WEBP"
    if kind == "JPEG" or (kind == "WEBP" and image.mode != "RGBA"):
        image.save(target, "JPEG", quality=90)
        return "JPEG"
    image.save(target, "PNG", compress_level=1 if large else 6)
    return "PNG"


def save_animation(image: Any, target: str, kind: str) -> None:
    from PIL import ImageSequence

    frames, durations = [], []
    for frame in ImageSequence.Iterator(image):
        durations.append(min(60_000, max(20, int(frame.info.get("duration") or 100))))
        frames.append(plain(frame.copy()))
    frames[0].save(
        target, kind, save_all=True, append_images=frames[1:], duration=durations, loop=0
    )


if __name__ == "__main__":
    limit()
    try:
        found = main(*sys.argv[1:4])
        found["sizes"] = [Path(path).stat().st_size for path in sys.argv[2:4]]
        print(json.dumps(found))
    except MemoryError:
        print(json.dumps({"refused": "bomb"}))
        sys.exit(2)
    except Exception as fault:
        bomb = isinstance(fault, Refusal) or "DecompressionBomb" in type(fault).__name__
        print(json.dumps({"refused": "bomb" if bomb else "broken"}))
        sys.exit(2)
