"""Who may upload for what, how much, and what was uploaded under this id before."""

from datetime import timedelta
from uuid import UUID

from sqlmodel import select
from starlette.exceptions import HTTPException

from helpdesk.cases.models import Case
from helpdesk.cases.queries import visible_to
from helpdesk.core.addresses import neighbourhood
from helpdesk.desk import Desk
from helpdesk.people.throttle import Limit, count_try, key
from helpdesk.permissions import Actor

from .models import Upload
from .sniff import Refused

QUARTER = timedelta(minutes=15)
OWNER = Limit("upload:owner", 150, QUARTER)
ADDRESS = Limit("upload:address", 300, QUARTER)
MEGABYTES = Limit("upload:megabytes", 4_000, timedelta(hours=1))
NOT_FOUND = "What this file was for is no longer there. Reload the page and add it again."
NO_KEY = "Your browser did not send the key of this report. Allow cookies, and reload the page."

EARLIER = "SELECT * FROM uploads WHERE id = $1"
DRAFT = """
SELECT d.person_id, encode(d.token_hash, 'hex') AS key, d.sent_at IS NOT NULL AS sent
FROM drafts d WHERE d.id = $1
"""
OTHERS = """
SELECT EXISTS (SELECT FROM uploads WHERE draft_id = $1
    AND owner_id IS DISTINCT FROM $2 AND (draft_key = '' OR draft_key <> $3))
"""
WEIGH = """
INSERT INTO throttles AS t (key, window_start, tries) VALUES ($1, $2, $4)
ON CONFLICT (key) DO UPDATE SET
    tries = CASE WHEN t.window_start <= $3 THEN $4 ELSE t.tries + $4 END,
    window_start = CASE WHEN t.window_start <= $3 THEN $2 ELSE t.window_start END
"""
WEIGHT = "SELECT tries FROM throttles WHERE key = $1 AND window_start > $2"


async def check_door(
    desk: Desk,
    upload_id: UUID,
    owner: Actor,
    draft_id: UUID | None,
    draft_key: str,
    case_id: int | None,
) -> Upload | None:
    """What the id stands for already. Refused for the draft or case of somebody else."""
    row = await desk.pool.fetchrow(EARLIER, upload_id)
    if row is not None:
        upload = Upload(**dict(row))
        if not is_own(upload, owner, draft_key):
            raise Refused(NOT_FOUND, 404)
        return upload
    if draft_id is not None:
        await check_draft(desk, owner, draft_id, draft_key)
    elif case_id is not None:
        await check_case(desk, owner, case_id)
    elif not owner.id:
        raise Refused(NO_KEY, 403)
    return None


def is_own(upload: Upload, person: Actor, draft_key: str = "") -> bool:
    """Whether somebody uploaded it: the account, or the browser that holds the key."""
    if upload.owner_id is not None and upload.owner_id == person.id:
        return True
    return bool(draft_key) and upload.draft_key == draft_key


async def check_draft(desk: Desk, owner: Actor, draft_id: UUID, draft_key: str) -> None:
    if not owner.id and not draft_key:
        raise Refused(NO_KEY, 403)
    draft = await desk.pool.fetchrow(DRAFT, draft_id)
    if draft is not None:
        holds_key = bool(draft_key) and draft["key"] == draft_key
        own = draft["person_id"] is not None and draft["person_id"] == owner.id
        stranger = draft["person_id"] is not None and owner.is_signed_in
        if draft["sent"] or not (own or (holds_key and not stranger)):
            raise Refused(NOT_FOUND, 404)
    elif await desk.pool.fetchval(OTHERS, draft_id, owner.id or None, draft_key):
        raise Refused(NOT_FOUND, 404)


async def check_case(desk: Desk, owner: Actor, case_id: int) -> None:
    async with desk.reading() as db:
        query = select(Case.id).where(Case.id == case_id, visible_to(owner))
        if (await db.exec(query)).one_or_none() is None:
            raise Refused(NOT_FOUND, 404)


async def count_upload(desk: Desk, owner: Actor, address: str) -> None:
    """One more; 429 when it is one too many, or when too much has come already."""
    since = desk.clock.now() - MEGABYTES.window
    try:
        if address:
            await count_try(desk, ADDRESS, neighbourhood(address))
        if owner.id:
            await count_try(desk, OWNER, str(owner.id))
    except HTTPException as fault:
        raise Refused(fault.detail.replace("tries", "files"), 429) from None
    weight = await desk.pool.fetchval(WEIGHT, key(MEGABYTES, whose(owner, address)), since)
    if weight is not None and weight >= MEGABYTES.tries:
        raise Refused("You have sent very much in the last hour. Try again later.", 429)


async def count_bytes(desk: Desk, owner: Actor, address: str, size: int) -> None:
    now = desk.clock.now()
    subject = key(MEGABYTES, whose(owner, address))
    await desk.pool.execute(WEIGH, subject, now, now - MEGABYTES.window, 1 + size // 1_000_000)


def whose(owner: Actor, address: str) -> str:
    return f"person:{owner.id}" if owner.id else neighbourhood(address)
