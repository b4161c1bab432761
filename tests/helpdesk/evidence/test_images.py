"""Pictures are opened in a process with limits and shown only as written anew."""

import asyncio
from pathlib import Path

import pytest
from PIL import Image

from helpdesk.evidence.images import Picture, rewrite
from helpdesk.evidence.sniff import Refused

from . import samples


async def write_anew(home: Path, content: bytes) -> tuple[Picture, Image.Image, Image.Image, bytes]:
    source, shown, small = home / "source", home / "shown", home / "small"
    source.write_bytes(content)
    picture = await rewrite(source, shown, small)
    return picture, Image.open(shown), Image.open(small), shown.read_bytes()


async def test_place_camera_and_comment_are_gone_and_the_picture_stands_upright(
    tmp_path: Path,
) -> None:
    content = samples.jpeg_with_place()
    assert b"SECRETCAMERA" in content
    picture, shown, small, data = await write_anew(tmp_path, content)
    assert (picture.width, picture.height) == (40, 60) == shown.size
    assert not shown.getexif()
    assert b"SECRET" not in data
    assert b"Exif" not in data
    assert small.format == "WEBP"


async def test_what_hides_behind_a_picture_is_gone(tmp_path: Path) -> None:
    content = samples.png() + samples.archive(("evil.sh", b"#!/bin/sh"))
    _, _, _, data = await write_anew(tmp_path, content)
    assert b"PK" not in data
    assert b"evil" not in data


async def test_text_of_a_png_is_gone(tmp_path: Path) -> None:
    from PIL.PngImagePlugin import PngInfo

    words = PngInfo()
    words.add_itxt("note", "<script>SECRET</script>")
    profile = b"SECRETPROFILE" * 20
    content = samples.encoded(Image.new("RGB", (9, 9)), "PNG", pnginfo=words, icc_profile=profile)
    _, shown, _, data = await write_anew(tmp_path, content)
    assert b"SECRET" not in data
    assert not shown.info


async def test_an_animation_keeps_moving(tmp_path: Path) -> None:
    picture, shown, _, _ = await write_anew(tmp_path, samples.animation(3))
    assert picture.frames == 3
    assert getattr(shown, "n_frames", 1) == 3


async def test_a_thumbnail_is_small(tmp_path: Path) -> None:
    _, shown, small, _ = await write_anew(tmp_path, samples.png(1600, 900))
    assert shown.size == (1600, 900)
    assert small.size == (320, 180)


@pytest.mark.parametrize(
    "content",
    [
        samples.png_that_claims(50_000, 50_000),
        samples.png_that_claims(2_000_000_000, 2),
        samples.gif_that_claims(65_535, 65_535, 1_000),
        samples.png()[:60],
        samples.jpeg_with_place()[:200],
        samples.png(400, 400)[:-40],
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff" + b"\0" * 2_000,
        b"RIFF\xff\xff\xff\xffWEBPVP8 " + b"\0" * 500,
        b"%PDF-1.4 not a picture",
        samples.encoded(Image.new("RGB", (9, 9)), "TIFF"),
        samples.encoded(Image.new("RGB", (16, 16)), "ICO"),
    ],
)
async def test_bombs_broken_pictures_and_other_formats_are_refused_soon(
    tmp_path: Path, content: bytes
) -> None:
    async with asyncio.timeout(60):
        with pytest.raises(Refused, match="picture"):
            await write_anew(tmp_path, content)


async def test_forty_million_pixels_are_still_opened(tmp_path: Path) -> None:
    picture, _, small, _ = await write_anew(tmp_path, samples.png(6_300, 6_300))
    assert picture.width == 6_300
    assert max(small.size) <= 320


async def test_several_at_once_wait_for_their_turn(tmp_path: Path) -> None:
    homes = [tmp_path / str(number) for number in range(6)]
    for home in homes:
        home.mkdir()
    done = await asyncio.gather(*(write_anew(home, samples.png()) for home in homes))
    assert len(done) == 6
