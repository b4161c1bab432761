"""From the outbox to the mail server, at least once and with the same Message-ID each time.

A row is leased to one process, sent outside of any transaction, then marked. Whoever dies in
between lets the lease run out, and the next process sends it again.
"""

import asyncio
import random
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from logging import WARNING
from uuid import UUID, uuid4

from aiosmtplib import SMTP, SMTPException
from sqlmodel import col, select, update

from helpdesk.core.logs import log
from helpdesk.desk import Desk
from helpdesk.permissions import SYSTEM

from .message import BadAddress, as_message, deliverable, sender_of
from .models import Mail
from .smtp import MailServer, Unencrypted, connected

AT_ONCE = 20
LEASE = timedelta(seconds=60)
ENOUGH = 30.0  # seconds of sending in one lease
MOST_TRIES = 15
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=5), timedelta(hours=6)
FAULTS = (SMTPException, OSError, TimeoutError, Unencrypted, ValueError)


async def deliver_due(desk: Desk) -> int:
    """Send what is due, some at a time; how many were taken care of."""
    if not desk.settings.smtp_url:
        return await keep_locally(desk)
    token = uuid4()
    leased = await lease(desk, token)
    if not leased:
        return 0
    async with AsyncExitStack() as stack:
        try:
            server = MailServer.of(desk.settings.smtp_url)
            client = await stack.enter_async_context(connected(server))
        except FAULTS as fault:
            for mail in leased:
                await postpone(desk, mail, token, fault)
            return len(leased)
        loop = asyncio.get_running_loop()
        began = loop.time()
        for mail in leased:
            if loop.time() - began < ENOUGH:
                await deliver(desk, client, mail, token)
            else:  # somebody else may have it before our lease ends under our hands
                await mark(desk, mail, token, tries=mail.tries - 1)
    return len(leased)


async def keep_locally(desk: Desk) -> int:
    """Without a mail server, mail is read at /admin/mailbox."""
    async with desk.transaction(SYSTEM) as tx:
        waiting = col(Mail.sent_at).is_(None) & col(Mail.dead_at).is_(None)
        statement = (
            update(Mail)
            .where(waiting, col(Mail.due_at) <= tx.now)
            .values(sent_at=tx.now, kept_locally=True)
        )
        return len((await tx.db.exec(statement.returning(col(Mail.id)))).all())


async def lease(desk: Desk, token: UUID) -> Sequence[Mail]:
    async with desk.transaction(SYSTEM) as tx:
        free = col(Mail.lease_until).is_(None) | (col(Mail.lease_until) <= tx.now)
        query = (
            select(Mail)
            .where(
                col(Mail.sent_at).is_(None),
                col(Mail.dead_at).is_(None),
                Mail.due_at <= tx.now,
                free,
            )
            .order_by(col(Mail.due_at), col(Mail.id))
            .limit(AT_ONCE)
            .with_for_update(skip_locked=True)
        )
        mails = (await tx.db.exec(query)).all()
        for mail in mails:
            mail.lease_until, mail.lease_token = tx.now + LEASE, token
            mail.tries += 1
        return mails


async def deliver(desk: Desk, client: SMTP, mail: Mail, token: UUID) -> None:
    try:
        await client.send_message(
            as_message(mail, desk.settings),
            sender=sender_of(desk.settings),
            recipients=[deliverable(mail.to_address)],
        )
    except BadAddress as fault:
        await bury(desk, mail, token, fault)
    except FAULTS as fault:
        await postpone(desk, mail, token, fault)
    else:
        await mark(desk, mail, token, sent_at=desk.clock.now(), error="")
        log("mail.sent", mail_id=mail.id, tries=mail.tries)


async def postpone(desk: Desk, mail: Mail, token: UUID, fault: Exception) -> None:
    if mail.tries >= MOST_TRIES:
        return await bury(desk, mail, token, fault)
    log("mail.postponed", WARNING, mail_id=mail.id, tries=mail.tries, error=type(fault).__name__)
    due = desk.clock.now() + wait_after(mail.tries)
    await mark(desk, mail, token, due_at=due, error=words(fault))


async def bury(desk: Desk, mail: Mail, token: UUID, fault: Exception) -> None:
    log("mail.dead", WARNING, mail_id=mail.id, tries=mail.tries, error=type(fault).__name__)
    await mark(desk, mail, token, dead_at=desk.clock.now(), error=words(fault))


async def mark(desk: Desk, mail: Mail, token: UUID, **values: datetime | str | int) -> None:
    """Only while the lease is ours: a late answer must not undo what the next holder did."""
    ours = (col(Mail.id) == mail.id) & (col(Mail.lease_token) == token)
    async with desk.transaction(SYSTEM) as tx:
        free = {"lease_until": None, "lease_token": None}
        await tx.db.exec(update(Mail).where(ours).values(**values, **free))


def wait_after(tries: int) -> timedelta:
    """Twice as long each time, and not all at the same moment."""
    doubled: timedelta = FIRST_WAIT * 2 ** (tries - 1)
    return min(doubled, LONGEST_WAIT) * random.uniform(0.8, 1.2)


def words(fault: Exception) -> str:
    return f"{type(fault).__name__}: {fault}"[:300]
