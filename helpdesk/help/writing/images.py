"""Pictures of articles: written anew, without what they carried, and named by their content."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import uuid4

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select, update

from helpdesk.desk import Desk, Transaction
from helpdesk.evidence.intake import receive
from helpdesk.evidence.models import File, Upload
from helpdesk.evidence.sniff import Refused
from helpdesk.help.models import ArticleImage
from helpdesk.permissions import Actor

from .commands import check_writer

NOT_A_PICTURE = "This is not a picture. Choose a PNG, JPEG, GIF or WebP file."


@dataclass(frozen=True, slots=True)
class Kept:
    """A picture that articles may show."""

    address: str
    width: int
    height: int


async def take_image(
    desk: Desk, actor: Actor, name: str, chunks: AsyncIterator[bytes], address: str = ""
) -> Kept:
    """Receive one picture. The same picture again has the same address. Raises Refused."""
    received = await receive(
        desk, upload_id=uuid4(), owner=actor, name=name, chunks=chunks, address=address
    )
    async with desk.transaction(actor) as tx:
        return await keep_image(tx, received)


async def keep_image(tx: Transaction, received: Upload) -> Kept:
    check_writer(tx)
    file = await tx.db.get_one(File, received.file_id)
    if not file.media_type.startswith("image/") or "width" not in received.details:
        raise Refused(NOT_A_PICTURE, 415)
    width, height = int(received.details["width"]), int(received.details["height"])
    row = {
        "sha256": file.sha256,
        "upload_id": received.id,
        "size": file.size,
        "media_type": file.media_type,
        "width": width,
        "height": height,
        "added_by_id": tx.actor.id or None,
        "added_at": tx.now,
    }
    await tx.db.exec(insert(ArticleImage).values(row).on_conflict_do_nothing())
    kept = await tx.db.exec(
        select(ArticleImage.upload_id).where(ArticleImage.sha256 == file.sha256)
    )
    if kept.one() == received.id:
        attached = update(Upload).where(col(Upload.id) == received.id)
        await tx.db.exec(attached.values(attached_at=tx.now))
    return Kept(f"/help/images/{file.sha256.hex()}", width, height)


FIND = "SELECT size, media_type FROM article_images WHERE sha256 = $1"
