"""Putting mail into the outbox, in the transaction of what it tells about."""

import re
from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, delete, select

from helpdesk.desk import Transaction

from .models import Mail

LONGEST_NAME, LONGEST_ADDRESS, LONGEST_SUBJECT, LONGEST_BODY = 120, 254, 250, 100_000

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_CONTROL_IN_BODY = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


async def send_mail(
    tx: Transaction,
    dedupe_key: str,
    to_name: str,
    to_address: str,
    subject: str,
    body: str,
    due_at: datetime | None = None,
) -> None:
    """Queue one mail. The same `dedupe_key` again sends nothing: one mail per effect."""
    row = {
        "dedupe_key": dedupe_key[:200],
        "to_name": one_line(to_name, LONGEST_NAME),
        "to_address": one_line(to_address, LONGEST_ADDRESS),
        "subject": one_line(subject, LONGEST_SUBJECT),
        "body": _CONTROL_IN_BODY.sub("", body.replace("\r\n", "\n"))[:LONGEST_BODY],
        "created_at": tx.now,
        "due_at": due_at or tx.now,
        "tries": 0,
        "kept_locally": False,
        "error": "",
    }
    await tx.db.exec(insert(Mail).values(row).on_conflict_do_nothing(index_elements=["dedupe_key"]))


async def recall_mail(tx: Transaction, dedupe_key: str) -> bool:
    """Take back what still waits. False: it has gone, or is going now."""
    waiting = (
        col(Mail.sent_at).is_(None)
        & col(Mail.dead_at).is_(None)
        & (col(Mail.lease_until).is_(None) | (col(Mail.lease_until) <= tx.now))
    )
    await tx.db.exec(delete(Mail).where(col(Mail.dedupe_key) == dedupe_key, waiting))
    query = select(Mail.id).where(Mail.dedupe_key == dedupe_key)
    return (await tx.db.exec(query)).first() is None


def one_line(text: str, longest: int) -> str:
    """Nothing that could begin another header."""
    return _CONTROL.sub(" ", text).strip()[:longest]
