"""Files that come with the form itself, when no script uploads them beforehand."""

from uuid import UUID, uuid5

from starlette.datastructures import FormData, UploadFile

from helpdesk.core.tokens import hash_token
from helpdesk.evidence.intake import pieces_of, receive
from helpdesk.evidence.sniff import Refused, told_of
from helpdesk.security import client_address

from .visits import Visit

BODY_LIMIT = 130 * 1024 * 1024  # all files of one form together
MOST_PARTS = 400
EVIDENCE = "evidence."


async def store_files(here: Visit, draft_id: UUID, form: FormData) -> dict[str, str]:
    """Each into the draft, for its line of the checklist. What was refused, by field."""
    refused: dict[str, str] = {}
    for field, file in form.multi_items():
        if not isinstance(file, UploadFile) or not file.filename:
            continue
        if field != "files" and not field.startswith(EVIDENCE):
            continue
        try:
            await receive(
                here.desk,
                upload_id=same_file(draft_id, field, file),
                owner=here.actor,
                draft_id=draft_id,
                draft_key=hash_token(here.token),
                evidence_key=field.removeprefix(EVIDENCE) if field != "files" else "",
                name=file.filename,
                chunks=pieces_of(file),
                address=client_address(here.request),
            )
        except Refused as refusal:
            refused.setdefault(field, told_of(file.filename, refusal))
    return refused


def same_file(draft_id: UUID, field: str, file: UploadFile) -> UUID:
    """A page that is sent again brings the same files: they are kept once."""
    name = (file.filename or "").encode("utf-8", "replace").decode()
    return uuid5(draft_id, f"{field}\n{file.size}\n{name}")
