"""Pictures of articles over HTTP: a script of the editor sends them, everybody may see them."""

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response, StreamingResponse

from helpdesk.evidence.intake import storage_of
from helpdesk.evidence.multipart import UploadForm
from helpdesk.evidence.sniff import Refused
from helpdesk.permissions import Can
from helpdesk.security import client_address
from helpdesk.web import Problem, WebRequest, api, page

from .editing import LARGEST_FORM
from .images import FIND, take_image

SEALED = {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "public, max-age=31536000, immutable",  # the address is the content
}


async def upload(request: WebRequest) -> Response:
    form = UploadForm(request)
    await form.open()
    desk, actor = request.state["desk"], request.state["actor"]
    try:
        kept = await take_image(desk, actor, form.name, form.chunks(), client_address(request))
    except Refused as reason:
        raise Problem(reason.status, "Picture refused", str(reason)) from None
    found = {"address": kept.address, "width": kept.width, "height": kept.height}
    return JSONResponse(found, 201)


async def image(request: WebRequest) -> Response:
    try:
        sha256 = bytes.fromhex(request.path_params["id"])
    except ValueError:
        raise HTTPException(404) from None
    desk = request.state["desk"]
    row = await desk.pool.fetchrow(FIND, sha256) if len(sha256) == 32 else None
    if row is None:
        raise HTTPException(404)
    tag = f'"{sha256.hex()}"'
    headers = SEALED | {"ETag": tag}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return StreamingResponse(
        storage_of(desk).stream(sha256, 0, row["size"]),
        headers=headers | {"Content-Length": str(row["size"]), "Content-Disposition": "inline"},
        media_type=row["media_type"],
    )


routes = [
    api("/desk/help/images", upload, can=Can.WRITE_ARTICLES, method="POST", max_body=LARGEST_FORM),
    page("/help/images/{id}", image, can=Can.VISIT),
]
