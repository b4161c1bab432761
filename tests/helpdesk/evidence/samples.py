"""Files good and hostile, made by code."""

import io
import struct
import zipfile
import zlib
from typing import Any

from PIL import Image

PIXELS = (255, 80, 0)


def png(width: int = 40, height: int = 30) -> bytes:
    return encoded(Image.new("RGB", (width, height), PIXELS), "PNG")


def jpeg_with_place() -> bytes:
    """A photo that says where it was taken, and lies on its side."""
    image = Image.new("RGB", (60, 40), PIXELS)
    exif = Image.Exif()
    exif[0x0112] = 6  # turned
    exif[0x010F] = "SECRETCAMERA"
    exif.get_ifd(0x8825).update({1: "N", 2: (38.0, 42.0, 0.0), 3: "W", 4: (9.0, 8.0, 0.0)})
    return encoded(image, "JPEG", exif=exif, comment=b"SECRETCOMMENT")


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def animation(frames: int = 3) -> bytes:
    images = [Image.new("RGB", (20, 20), (index * 60, 0, 0)) for index in range(frames)]
    return encoded(images[0], "GIF", save_all=True, append_images=images[1:], duration=100)


def png_that_claims(width: int, height: int) -> bytes:
    """A few bytes whose header promises a huge picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + checksum

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 100_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def gif_that_claims(width: int, height: int, frames: int = 1) -> bytes:
    head = b"GIF89a" + struct.pack("<HH", width, height) + b"\x80\0\0" + b"\0\0\0\xff\xff\xff"
    frame = b"\x2c" + struct.pack("<HHHH", 0, 0, width, height) + b"\0\x02\x02\x44\x01\0"
    return head + frame * frames + b"\x3b"


def archive(*entries: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in entries:
            made.writestr(name, content)
    return out.getvalue()


def archive_bomb() -> bytes:
    return archive(("zeros", b"\0" * 20_000_000))


def archive_of_many(count: int) -> bytes:
    return archive(*((f"{index}", b"") for index in range(count)))


def document(folder: str, *more: tuple[str, bytes]) -> bytes:
    return archive(("[Content_Types].xml", b"<Types/>"), (f"{folder}/main.xml", b"<x/>"), *more)


PDF = b"%PDF-1.7\n1 0 obj <<>> endobj\ntrailer <<>>\n%%EOF\n"
EXE = b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0" + b"\0" * 200 + b"This program cannot be run"
ELF = b"\x7fELF\x02\x01\x01" + b"\0" * 100
MACH_O = b"\xcf\xfa\xed\xfe" + b"\0" * 100
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
HTML = b"<!doctype html><script>alert(1)</script>"
LOG = b"".join(b"2026-06-02 10:%02d:00 tracker: line %d\n" % (n % 60, n) for n in range(1, 2_001))
MAIL = (
    b"From: cora@example.com\r\nSubject: Hello\r\n"
    b"Date: Tue, 2 Jun 2026 10:00:00 +0000\r\n\r\nHi\r\n"
)
