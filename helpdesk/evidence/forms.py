"""Files that come with an ordinary form: without script, or uploaded before by it."""

from collections.abc import Collection, Iterator
from typing import Any
from uuid import UUID, uuid4, uuid5

from starlette.datastructures import FormData, UploadFile

from helpdesk.security import client_address
from helpdesk.web import WebRequest

from .intake import pieces_of, receive
from .models import Upload
from .queries import own_upload
from .sniff import Refused, told_of

MOST_FILES = 100  # read of one form: that they are too many is said of each, in words
ANY_LINE = "evidence.other"
GONE = "A file you added is no longer there. Add it again."


async def received_files(
    request: WebRequest, form: FormData, *, case_id: int, before: Collection[int] = ()
) -> tuple[list[Upload], dict[str, str]]:
    """The uploads of a form for a case, and what was refused, by field.

    `before`: the cases of what was merged into this one, for which files may have been sent.
    """
    uploads, refused = await earlier_uploads(request, form, {case_id, *before})
    once = read_id(form.get("once")) or uuid4()
    for field, file in files_of(form):
        key = field.partition(".")[2]
        # The same form sent twice brings the same file twice: stored and attached once.
        about = f"{field}:{file.filename}:{file.size}"
        try:
            upload = await receive(
                request.state["desk"],
                upload_id=uuid5(once, about),
                owner=request.state["actor"],
                case_id=case_id,
                evidence_key="" if key == "other" else key,
                name=file.filename or "",
                chunks=pieces_of(file),
                address=client_address(request),
            )
        except Refused as reason:
            refused[field] = told_of(file.filename or "", reason)
        else:
            uploads.append(upload)
    return uploads, refused


async def earlier_uploads(
    request: WebRequest, form: FormData, case_ids: Collection[int]
) -> tuple[list[Upload], dict[str, str]]:
    """What the page's script uploaded; the form only names it."""
    found: list[Upload] = []
    named = [value for value in form.getlist("uploads") if isinstance(value, str)]
    async with request.state["desk"].reading() as db:
        for value in named[:50]:
            id = read_id(value)
            upload = await own_upload(db, id, request.state["actor"]) if id else None
            if upload is None or upload.case_id not in (None, *case_ids):
                return found, {ANY_LINE: GONE}
            found.append(upload)
    return found, {}


def files_of(form: FormData) -> Iterator[tuple[str, UploadFile]]:
    """Fields named `files` or `evidence.…` that bring a file."""
    for field, value in form.multi_items():
        if isinstance(value, UploadFile) and value.filename:
            yield (field if field.startswith("evidence.") else ANY_LINE), value


def read_id(text: Any) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None
