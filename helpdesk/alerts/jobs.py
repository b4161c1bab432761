"""What the worker does for alerts: begins and ends planned work, tells followers, reminds."""

import hashlib
from collections.abc import Sequence

from sqlalchemy import text
from sqlmodel import col, select

from helpdesk.core.tokens import Signer
from helpdesk.desk import Desk, Transaction
from helpdesk.mail.commands import send_mail
from helpdesk.people.models import Person
from helpdesk.permissions import STAFF, SYSTEM, Role
from helpdesk.security import canonical_url

from . import letters
from .commands import begin_planned, changed, end_planned, hold_alert
from .models import Alert, AlertFollower, AlertUpdate, Stage
from .shown import Reader, reaches

BATCH = 200  # followers per transaction
STOP = "alert-unfollow"

DUE = """
SELECT id, ends_at IS NOT NULL AND ends_at <= $1 AS over FROM alerts
WHERE resolved_at IS NULL AND (ends_at <= $1 OR (stage = 'scheduled' AND starts_at <= $1))
"""
OVERDUE = """
SELECT id FROM alerts
WHERE resolved_at IS NULL AND next_update_at <= $1 AND reminded_at IS NULL
"""
# Whoever has an open request linked to the incident is told there, and asked whether it is solved.
TOLD_ON_REQUEST = text("""
SELECT EXISTS (
    SELECT FROM incidents i JOIN incident_tickets l ON l.incident_id = i.id AND l.linked
    JOIN tickets t ON t.id = l.ticket_id
    WHERE i.alert_id = :alert AND t.requester_id = :person
    AND t.status IN ('new', 'open', 'waiting_on_user', 'on_hold'))
""")


async def sweep_alerts(desk: Desk) -> int:
    return await move_on(desk) + await remind(desk) + await tell_followers(desk)


async def move_on(desk: Desk) -> int:
    """Planned work begins and ends by itself."""
    done = 0
    for id, over in await desk.pool.fetch(DUE, desk.clock.now()):
        async with desk.transaction(SYSTEM) as tx:
            done += await (end_planned if over else begin_planned)(tx, id)
    return done


async def remind(desk: Desk) -> int:
    """Its author, once per promise; open pages say that the update was due."""
    done = 0
    for (id,) in await desk.pool.fetch(OVERDUE, desk.clock.now()):
        async with desk.transaction(SYSTEM) as tx:
            done += await remind_author(desk, tx, id)
    return done


async def remind_author(desk: Desk, tx: Transaction, id: int) -> bool:
    alert = await hold_alert(tx, id)
    due = alert.next_update_at
    if alert.reminded_at or alert.resolved_at or due is None or due > tx.now:
        return False
    alert.reminded_at = tx.now
    changed(tx, alert)
    query = select(AlertUpdate.author_id).where(
        AlertUpdate.alert_id == id, AlertUpdate.number == alert.last_number
    )
    author_id = (await tx.db.exec(query)).one() or alert.author_id
    author = await tx.db.get(Person, author_id) if author_id else None
    if author is not None and author.deactivated_at is None:
        link = canonical_url(desk.settings, f"/desk/alerts/{id}")
        subject, body = letters.reminder(alert, author.time_zone, link)
        key = f"alert-reminder:{id}:{alert.last_number}:{int(due.timestamp())}"
        await send_mail(tx, key, author.name, author.email, subject, body)
        tx.has_work = True
    return True


# Followers


async def tell_followers(desk: Desk) -> int:
    done = 0
    while told := await tell_some(desk):
        done += told
    return done


async def tell_some(desk: Desk) -> int:
    """The next followers of the oldest update that not all of them know."""
    async with desk.transaction(SYSTEM) as tx:
        query = (
            select(AlertUpdate)
            .where(col(AlertUpdate.told_at).is_(None))
            .order_by(col(AlertUpdate.id))
            .limit(1)
            .with_for_update()  # another worker waits: mails of one alert keep their order
        )
        update = (await tx.db.exec(query)).first()
        if update is None:
            return 0
        alert = await tx.db.get_one(Alert, update.alert_id)
        batch = await next_followers(tx, update)
        for follower, person in batch:
            await tell(desk, tx, alert, update, follower, person)
            update.told_up_to = follower.id
        if len(batch) < BATCH:
            update.told_at = tx.now
        tx.has_work = bool(batch)
        return len(batch) + 1


async def next_followers(
    tx: Transaction, update: AlertUpdate
) -> Sequence[tuple[AlertFollower, Person | None]]:
    query = (
        select(AlertFollower, Person)
        .outerjoin(Person, col(Person.id) == col(AlertFollower.person_id))
        .where(
            AlertFollower.alert_id == update.alert_id,
            AlertFollower.id > update.told_up_to,
            AlertFollower.at <= update.at,  # who came later has read it
        )
        .order_by(col(AlertFollower.id))
        .limit(BATCH)
    )
    return (await tx.db.exec(query)).all()


async def tell(
    desk: Desk,
    tx: Transaction,
    alert: Alert,
    update: AlertUpdate,
    follower: AlertFollower,
    person: Person | None,
) -> None:
    """Whoever is outside its audience by now hears nothing more."""
    if not reaches(alert, reader_behind(follower, person)):
        return
    link = canonical_url(desk.settings, f"/alerts/{alert.id}")
    stop = canonical_url(desk.settings, f"/alerts/stop/{stop_token(desk, follower.id)}")
    if person is not None:
        told = {"alert": alert.id, "person": person.id}
        elsewhere = (await (await tx.db.connection()).execute(TOLD_ON_REQUEST, told)).scalar_one()
        if may_be_mailed(person) and not elsewhere:
            subject, body = letters.news(alert, update, person.time_zone, link, stop)
            key = f"alert-update:{update.id}:{person.id}"
            await send_mail(tx, key, person.name, person.email, subject, body)
    elif follower.email and update.stage == Stage.RESOLVED:
        subject, body = letters.solved(alert, update, link, stop)
        address = hashlib.sha256(follower.email.casefold().encode()).hexdigest()[:32]
        # One mail per alert and address, however many visitors named it.
        await send_mail(tx, f"alert-solved:{alert.id}:{address}", "", follower.email, subject, body)


def reader_behind(follower: AlertFollower, person: Person | None) -> Reader:
    if person is None:
        return Reader(app_version=follower.app_version)
    roles = frozenset(person.roles)
    staff = not roles.isdisjoint(STAFF)
    return Reader(person.country, roles, follower.app_version, staff)


def may_be_mailed(person: Person) -> bool:
    guest = Role.GUEST in person.roles and person.email_confirmed_at is None
    return person.deactivated_at is None and not guest


def stop_token(desk: Desk, follower_id: int) -> str:
    return Signer(desk.settings.secret_key, STOP).sign(str(follower_id))


def follower_of(desk: Desk, token: str) -> int | None:
    """Whom the link of a mail belongs to."""
    number = Signer(desk.settings.secret_key, STOP).unsign(token[:200])
    return int(number) if number and number.isdigit() else None
