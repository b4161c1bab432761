"""Styles, scripts and icons, served from memory under one folder named after their contents."""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

STATIC = Path(__file__).resolve().parent.parent / "static"
WORTH_PACKING = 512  # bytes; below that gzip only adds
FOREVER = "public, max-age=31536000, immutable"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}


@dataclass(frozen=True, slots=True)
class Asset:
    content: bytes
    packed: bytes  # gzip; empty when it would not be smaller
    media_type: str
    etag: str


class Assets:
    """Everything below a folder. A request can only name what was read at the start."""

    def __init__(self, root: Path) -> None:
        paths = sorted(p for p in root.rglob("*") if p.is_file() and not p.name.startswith("."))
        self.files = {p.relative_to(root).as_posix(): read(p) for p in paths}
        names = "".join(f"{name} {asset.etag}\n" for name, asset in self.files.items())
        self.build = hashlib.sha256(names.encode()).hexdigest()[:10]

    def url(self, path: str) -> str:
        if path not in self.files:
            raise LookupError(f"no such static file: {path}")
        return f"/static/{self.build}/{path}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.answer(scope)(scope, receive, send)

    def answer(self, scope: Scope) -> Response:
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            return PlainTextResponse("Method not allowed", 405, {"Allow": "GET, HEAD"})
        below = scope["path"].removeprefix(scope.get("root_path", ""))
        build, _, name = below.lstrip("/").partition("/")
        asset = self.files.get(name)
        if asset is None:
            return PlainTextResponse("Not found", 404, {"X-Content-Type-Options": "nosniff"})
        asked = dict(scope["headers"])
        headers = {
            # A page of an older build may still ask: it gets today's file, not kept.
            "Cache-Control": FOREVER if build == self.build else "no-cache",
            "ETag": asset.etag,
            "Vary": "Accept-Encoding",
            "X-Content-Type-Options": "nosniff",
        }
        if asset.etag in asked.get(b"if-none-match", b"").decode("latin-1"):
            return Response(status_code=304, headers=headers)
        if asset.packed and accepts_gzip(asked.get(b"accept-encoding", b"").decode("latin-1")):
            headers["Content-Encoding"] = "gzip"
            return Response(asset.packed, headers=headers, media_type=asset.media_type)
        return Response(asset.content, headers=headers, media_type=asset.media_type)


def read(path: Path) -> Asset:
    kind = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0]
    return pack(path.read_bytes(), kind or "application/octet-stream")


def pack(content: bytes, media_type: str) -> Asset:
    packed = gzip.compress(content, 9, mtime=0) if len(content) >= WORTH_PACKING else b""
    if len(packed) >= len(content):
        packed = b""
    digest = hashlib.sha256(content).hexdigest()[:20]
    # Weak: the packed and the plain body share it.
    return Asset(content, packed, media_type, f'W/"{digest}"')


def accepts_gzip(header: str) -> bool:
    for offer in header.lower().split(","):
        coding, _, weight = offer.partition(";")
        if coding.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


@cache
def assets() -> Assets:
    return Assets(STATIC)


def asset(path: str) -> str:
    """The address of a static file; it changes whenever any static file changes."""
    return assets().url(path)


async def static_app(scope: Scope, receive: Receive, send: Send) -> None:
    """Mount at /static."""
    await assets()(scope, receive, send)
