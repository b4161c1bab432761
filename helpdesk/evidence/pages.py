"""Uploading, looking at evidence, taking it along. Nothing of a user's file runs here."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response, StreamingResponse

from helpdesk.core.tokens import hash_token
from helpdesk.people.visitors import visitor_token
from helpdesk.permissions import Can
from helpdesk.security import client_address
from helpdesk.web import Problem, WebRequest, api, page, reading, render

from . import queries
from .forms import read_id
from .intake import MEGABYTE, receive, storage_of
from .logs import LINES, LONGEST_QUERY, Log
from .models import File, Upload
from .multipart import UploadForm
from .names import clean_key, extension_of
from .queries import Piece
from .ranges import Part, asked_part
from .sniff import ACCEPTED, Refused

LARGEST_BODY = 101 * MEGABYTE  # the largest log, and the form around it
ONE_VIEW = timedelta(minutes=1)
LARGEST_ID = 2**63 - 1
SEALED = {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, no-store",
}
REVALIDATED = "private, no-cache"  # kept by the browser, asked for again each time


async def upload(request: WebRequest) -> Response:
    """One file, streamed. The same id again gets the first answer."""
    form = UploadForm(request)
    await form.open()
    id = read_id(form.fields.get("id"))
    draft_id = read_id(form.fields.get("draft")) if form.fields.get("draft") else None
    case = form.fields.get("case", "")
    if id is None or (form.fields.get("draft") and draft_id is None):
        raise Problem(422, "Upload refused", "The id of this upload is missing.")
    if case and not (case.isascii() and case.isdigit() and len(case) < 18):
        raise Problem(404, "Not found")
    try:
        stored = await receive(
            request.state["desk"],
            upload_id=id,
            owner=request.state["actor"],
            draft_id=draft_id,
            draft_key=visitor_key(request),
            case_id=int(case) if case else None,
            evidence_key=form.fields.get("evidence_key", ""),
            name=form.name,
            chunks=form.chunks(),
            address=client_address(request),
        )
    except Refused as reason:
        raise Problem(reason.status, "Upload refused", str(reason)) from None
    return JSONResponse(shown(stored), 201)


def shown(upload: Upload) -> dict[str, Any]:
    thumbnail = f"/uploads/{upload.id}/thumbnail" if upload.thumbnail_id else None
    return {
        "id": str(upload.id),
        "name": upload.name,
        "size": upload.size,
        "media_type": upload.media_type,
        "evidence_key": upload.evidence_key,
        "thumb": thumbnail,
        "details": {k: v for k, v in upload.details.items() if k in ("width", "height", "lines")},
    }


def visitor_key(request: WebRequest) -> str:
    """What the browser of a visitor without account proves its drafts with."""
    token = visitor_token(request)
    return hash_token(token) if token else ""


async def own_upload(request: WebRequest) -> Upload:
    async with reading(request) as db:
        found = await queries.own_upload(
            db, request.path_params["id"], request.state["actor"], visitor_key(request)
        )
    if found is None:
        raise HTTPException(404)
    return found


async def upload_thumbnail(request: WebRequest) -> Response:
    found = await own_upload(request)
    if found.thumbnail_id is None:
        raise HTTPException(404)
    return await picture(request, found.thumbnail_id)


REMOVE = "DELETE FROM uploads WHERE id = $1 AND attached_at IS NULL"
TAG = "UPDATE uploads SET evidence_key = $2 WHERE id = $1 AND attached_at IS NULL"


async def remove_upload(request: WebRequest) -> Response:
    """Gone afterwards, whether it had arrived or not. Of somebody else's nothing is told."""
    id, key = request.path_params["id"], visitor_key(request)
    async with reading(request) as db:
        found = await queries.own_upload(db, id, request.state["actor"], key)
    if found is not None:
        await request.state["desk"].pool.execute(REMOVE, found.id)
    return JSONResponse({"removed": str(id)})


async def tag_upload(request: WebRequest) -> Response:
    """Say which line of the checklist the file is for."""
    found = await own_upload(request)
    form = await request.form()
    await request.state["desk"].pool.execute(TAG, found.id, clean_key(str(form.get("key", ""))))
    return JSONResponse({"id": str(found.id)})


async def find_piece(request: WebRequest, what: str) -> Piece:
    """404 for strangers, 403 for staff it is locked to; reading private pieces is recorded."""
    id = request.path_params["id"]
    async with reading(request) as db:
        piece = await queries.find(db, request.state["actor"], id) if id <= LARGEST_ID else None
    if piece is None:
        raise HTTPException(404)
    if piece.locked:
        await note_reading(request, piece, "refused")
        raise Problem(
            403, "This piece is private", f"Only {piece.group_name} and its owner may open it."
        )
    if what and piece.private:
        await note_reading(request, piece, what)
    return piece


async def note_reading(request: WebRequest, piece: Piece, what: str) -> None:
    """A page and the picture on it are one view."""
    desk, actor = request.state["desk"], request.state["actor"]
    now = desk.clock.now()
    await desk.pool.execute(NOTE, piece.id, actor.id or None, what, now, now - ONE_VIEW)


NOTE = """
INSERT INTO evidence_reads (evidence_id, person_id, what, at) SELECT $1, $2, $3::text, $4
WHERE $3::text <> 'view' OR NOT EXISTS (SELECT FROM evidence_reads
    WHERE evidence_id = $1 AND person_id = $2 AND what = 'view' AND at > $5)
"""


async def show(request: WebRequest) -> Response:
    piece = await find_piece(request, "view")
    if piece.is_log and not piece.is_image:
        return await lines_of(request, piece)
    return render(request, "evidence/show.html", piece=piece)


async def lines(request: WebRequest) -> Response:
    piece = await find_piece(request, "view")
    if not piece.is_log:
        raise HTTPException(404)
    return await lines_of(request, piece)


async def lines_of(request: WebRequest, piece: Piece) -> Response:
    asked = request.query_params
    words = asked.get("q", "").replace("\0", "")[:LONGEST_QUERY]
    first = number(asked.get("from", ""), 1)
    file = await file_of(request, piece.file_id)
    log = Log.of(storage_of(request.state["desk"]), file.sha256, file.size, piece.details)
    search = None
    if words.strip():
        start, _, line = asked.get("after", "").partition("-")
        search = await log.search(words, number(start, 0), number(line, 0))
    first = max(1, min(first, log.lines or 1))
    return render(
        request,
        "evidence/lines.html",
        piece=piece,
        log=log,
        words=words,
        search=search,
        first=first,
        count=LINES,
        lines=[] if search else await log.page(first),
    )


def number(text: str, default: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else default


async def download(request: WebRequest) -> Response:
    """What may be shown, as a file. Of a picture, the one without its hidden data."""
    piece = await find_piece(request, "download")
    file = await file_of(request, piece.file_id)
    media_type = file.media_type if piece.is_image else piece.media_type
    return attachment(request, file, media_type, saved_name(piece.name, media_type))


async def original(request: WebRequest) -> Response:
    """The very bytes that arrived, for staff."""
    piece = await find_piece(request, "original")
    file = await file_of(request, piece.original_id)
    return attachment(request, file, "application/octet-stream", piece.name)


async def image(request: WebRequest) -> Response:
    piece = await find_piece(request, "view")
    if not piece.is_image or piece.file_id is None:
        raise HTTPException(404)
    return await picture(request, piece.file_id)


async def thumbnail(request: WebRequest) -> Response:
    piece = await find_piece(request, "")
    if not piece.has_thumbnail or piece.thumbnail_id is None:
        raise HTTPException(404)
    return await picture(request, piece.thumbnail_id)


async def file_of(request: WebRequest, file_id: int | None) -> File:
    if file_id is None:
        raise HTTPException(404)
    async with reading(request) as db:
        return await queries.stored_file(db, file_id)


async def picture(request: WebRequest, file_id: int) -> Response:
    """Inline: only ever an image that we have written ourselves."""
    file = await file_of(request, file_id)
    if not file.media_type.startswith("image/"):
        raise HTTPException(404)
    headers = SEALED | {"ETag": f'"{file.sha256.hex()}"', "Cache-Control": REVALIDATED}
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return StreamingResponse(
        whole(request, file, Part(0, file.size)),
        headers=headers | {"Content-Length": str(file.size), "Content-Disposition": "inline"},
        media_type=file.media_type,
    )


def attachment(request: WebRequest, file: File, media_type: str, name: str) -> Response:
    part = asked_part(request.headers.get("range", ""), file.size)
    headers = SEALED | {
        "Accept-Ranges": "bytes",
        "ETag": f'"{file.sha256.hex()}"',
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
    }
    if part is None:
        headers["Content-Range"] = f"bytes */{file.size}"
        return Response(status_code=416, headers=headers)
    headers["Content-Length"] = str(part.end - part.start)
    if part.is_part:
        headers["Content-Range"] = f"bytes {part.start}-{part.end - 1}/{file.size}"
    return StreamingResponse(
        whole(request, file, part),
        206 if part.is_part else 200,
        headers=headers | {"Content-Type": media_type},
    )


def whole(request: WebRequest, file: File, part: Part) -> AsyncIterator[bytes]:
    return storage_of(request.state["desk"]).stream(file.sha256, part.start, part.end)


def saved_name(name: str, media_type: str) -> str:
    """With the ending of what it is now: a GIF may have become a PNG."""
    endings = ACCEPTED[media_type][1] if media_type in ACCEPTED else ()
    if not endings or extension_of(name) in endings or not media_type.startswith("image/"):
        return name
    return f"{name.rpartition('.')[0] or name}.{endings[0]}"


routes = [
    api("/uploads", upload, can=Can.VISIT, method="POST", max_body=LARGEST_BODY),
    api("/uploads/{id:uuid}/thumbnail", upload_thumbnail, can=Can.VISIT),
    api("/uploads/{id:uuid}/remove", remove_upload, can=Can.VISIT, method="POST"),
    api("/uploads/{id:uuid}/tag", tag_upload, can=Can.VISIT, method="POST"),
    api("/api/v1/uploads", upload, can=Can.USE_ACCOUNT, method="POST", max_body=LARGEST_BODY),
    page("/evidence/{id:int}", show, can=Can.READ_EVIDENCE),
    page("/evidence/{id:int}/lines", lines, can=Can.READ_EVIDENCE),
    page("/evidence/{id:int}/download", download, can=Can.READ_EVIDENCE),
    page("/evidence/{id:int}/image", image, can=Can.READ_EVIDENCE),
    page("/evidence/{id:int}/thumbnail", thumbnail, can=Can.READ_EVIDENCE),
    page("/evidence/{id:int}/original", original, can=Can.READ_ALL_CASES),
]
