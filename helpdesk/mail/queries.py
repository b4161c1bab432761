"""The mailbox: what went out, waits, or was kept here."""

from collections.abc import Sequence

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from .models import Mail

PAGE = 50


async def newest_mails(db: AsyncSession, before: int | None = None) -> Sequence[Mail]:
    """One more than a page holds, so that the reader knows whether there is a next one."""
    query = select(Mail).order_by(col(Mail.id).desc()).limit(PAGE + 1)
    if before is not None:
        query = query.where(col(Mail.id) < before)
    return (await db.exec(query)).all()


async def find_mail(db: AsyncSession, mail_id: int) -> Mail | None:
    return (await db.exec(select(Mail).where(Mail.id == mail_id))).one_or_none()
