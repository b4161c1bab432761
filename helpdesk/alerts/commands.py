"""What happens to alerts, each in one transaction. Open pages hear that something changed."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, delete, select, update

from helpdesk.core.live import Envelope
from helpdesk.desk import Transaction

from .area import keys_of
from .models import Alert, AlertFollower, AlertUpdate, Level, Stage
from .queries import STREAM

BEGUN = "It has begun as planned."
ENDED = "It has ended as planned."
SOLVED = "This is solved."


class NoSuchAlert(LookupError):
    pass


class NotPossible(Exception):
    """Its words are for the person who tried."""


@dataclass(frozen=True, kw_only=True)
class Details:
    """What an alert is about and whom it is for; may be put right at any time."""

    title: str
    area: str = ""
    level: Level = Level.DEGRADED
    words: tuple[str, ...] = ()
    type_keys: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    app_versions: tuple[str, ...] = ()
    starts_at: datetime | None = None  # None: now, or as it is
    ends_at: datetime | None = None


async def post_alert(
    tx: Transaction, once: UUID, details: Details, body: str, next_update_at: datetime | None = None
) -> Alert:
    """Say it once, before everybody reports it. The same `once` again is the same alert."""
    starts_at = details.starts_at or tx.now
    stage = Stage.SCHEDULED if starts_at > tx.now else first_stage(details.level)
    alert = Alert(
        once=once,
        title=details.title,
        area=details.area,
        stage=stage,
        starts_at=starts_at,
        updated_at=tx.now,
        changed_at=tx.now,
        created_at=tx.now,
        author_id=tx.actor.id or None,
    )
    row = alert.model_dump(exclude={"id"})
    made = await tx.db.exec(
        insert(Alert)
        .values(row)
        .on_conflict_do_nothing(index_elements=["once"])
        .returning(col(Alert.id))
    )
    if (first := made.first()) is None:
        return (await tx.db.exec(select(Alert).where(Alert.once == once))).one()
    alert = await hold_alert(tx, first[0])
    fill(alert, details)
    add_update(tx, alert, once, stage, body, next_update_at)
    return alert


def first_stage(level: Level) -> Stage:
    planned = level in (Level.MAINTENANCE, Level.NOTICE)
    return Stage.UNDER_WAY if planned else Stage.INVESTIGATING


async def hold_alert(tx: Transaction, id: int) -> Alert:
    query = select(Alert).where(Alert.id == id).with_for_update()
    alert = (await tx.db.exec(query)).one_or_none() if 0 < id < 2**63 else None
    if alert is None:
        raise NoSuchAlert
    return alert


def fill(alert: Alert, details: Details) -> None:
    alert.title, alert.area, alert.level = details.title, details.area, details.level
    alert.words, alert.type_keys = list(details.words), list(details.type_keys)
    alert.countries, alert.roles = list(details.countries), list(details.roles)
    alert.app_versions = list(details.app_versions)
    alert.starts_at = details.starts_at or alert.starts_at
    alert.ends_at = details.ends_at


def changed(tx: Transaction, alert: Alert) -> None:
    alert.changed_at = tx.now
    tx.outgoing.append(alerts_changed)


def alerts_changed() -> Envelope:
    """No word of any alert: a page asks for what its own reader may see."""
    return Envelope(STREAM, 0, {}, {"t": "changed", "s": STREAM, "ids": []})


def add_update(
    tx: Transaction,
    alert: Alert,
    once: UUID,
    stage: Stage,
    body: str,
    next_update_at: datetime | None,
) -> None:
    alert.last_number += 1
    alert.stage, alert.updated_at = stage, tx.now
    alert.next_update_at, alert.reminded_at = next_update_at, None
    first = alert.last_number == 1
    row = AlertUpdate(
        alert_id=alert.id,
        number=alert.last_number,
        once=once,
        stage=stage,
        body=body,
        author_id=tx.actor.id or None,
        at=tx.now,
        told_at=tx.now if first else None,  # nobody follows it yet
    )
    tx.db.add(row)
    changed(tx, alert)
    tx.has_work = True  # followers are told by the worker


async def is_repeat(tx: Transaction, once: UUID) -> bool:
    query = select(AlertUpdate.id).where(AlertUpdate.once == once)
    return (await tx.db.exec(query)).first() is not None


async def update_alert(
    tx: Transaction,
    id: int,
    once: UUID,
    body: str,
    stage: Stage | None = None,
    next_update_at: datetime | None = None,
) -> Alert:
    alert = await hold_alert(tx, id)
    if await is_repeat(tx, once):
        return alert
    refuse_solved(alert)
    planned = alert.starts_at > tx.now
    add_update(
        tx, alert, once, Stage.SCHEDULED if planned else stage or alert.stage, body, next_update_at
    )
    return alert


def refuse_solved(alert: Alert) -> None:
    if alert.resolved_at is not None:
        raise NotPossible(
            "This alert is solved, so nothing was posted. Your text is kept below: "
            "reopen the alert with it, or post a new one."
        )


async def resolve_alert(tx: Transaction, id: int, once: UUID, body: str = SOLVED) -> Alert:
    alert = await hold_alert(tx, id)
    if await is_repeat(tx, once):
        return alert
    if alert.resolved_at is not None:
        raise NotPossible("This alert is solved already. Nothing was posted; your text is kept.")
    alert.resolved_at = tx.now
    add_update(tx, alert, once, Stage.RESOLVED, body or SOLVED, None)
    return alert


async def reopen_alert(
    tx: Transaction, id: int, once: UUID, body: str, next_update_at: datetime | None
) -> Alert:
    """It came back. An end that has passed must not close it again."""
    alert = await hold_alert(tx, id)
    if await is_repeat(tx, once):
        return alert
    if alert.resolved_at is None:
        raise NotPossible("This alert is open already. Post your text as an update.")
    alert.resolved_at = None
    if alert.ends_at is not None and alert.ends_at <= tx.now:
        alert.ends_at = None
    planned = alert.starts_at > tx.now
    stage = Stage.SCHEDULED if planned else first_stage(alert.level)
    add_update(tx, alert, once, stage, body, next_update_at)
    return alert


async def edit_alert(tx: Transaction, id: int, details: Details) -> Alert:
    alert = await hold_alert(tx, id)
    refuse_solved(alert)
    fill(alert, details)
    if alert.starts_at > tx.now:
        alert.stage = Stage.SCHEDULED
    elif alert.stage == Stage.SCHEDULED:
        alert.stage = first_stage(alert.level)
    changed(tx, alert)
    return alert


# As time passes


async def begin_planned(tx: Transaction, id: int) -> bool:
    alert = await hold_alert(tx, id)
    due = alert.stage == Stage.SCHEDULED and alert.starts_at <= tx.now
    if not due or alert.resolved_at is not None:
        return False
    add_update(tx, alert, uuid4(), Stage.UNDER_WAY, BEGUN, alert.next_update_at)
    return True


async def end_planned(tx: Transaction, id: int) -> bool:
    alert = await hold_alert(tx, id)
    if alert.resolved_at is not None or alert.ends_at is None or alert.ends_at > tx.now:
        return False
    alert.resolved_at = alert.ends_at
    add_update(tx, alert, uuid4(), Stage.RESOLVED, ENDED, None)
    return True


# Whom it hits


async def affects_me(
    tx: Transaction, id: int, token: str = "", email: str = "", app_version: str = ""
) -> bool:
    """Count the reader once, by account or by browser; whether this was the first time.

    A person is mailed at their own address. `email` is a visitor's, and gets one mail.
    """
    keys = keys_of(tx.actor, token)
    if not keys:
        raise NotPossible("Your browser keeps no cookies, so you cannot be counted.")
    query = select(Alert.resolved_at).where(Alert.id == id)
    found = (await tx.db.exec(query)).all()
    if not found:
        raise NoSuchAlert
    if found[0] is not None:
        raise NotPossible("This is solved already, so there is nothing to wait for.")
    known = await followers(tx, id, keys)
    if known:
        await know_better(tx, known, keys[0], email)
        return False
    row = {
        "alert_id": id,
        "reader": keys[0],
        "person_id": tx.actor.id or None,
        "email": "" if tx.actor.id else email,
        "app_version": app_version,
        "at": tx.now,
    }
    added = await tx.db.exec(
        insert(AlertFollower)
        .values(row)
        .on_conflict_do_nothing(index_elements=["alert_id", "reader"])
        .returning(col(AlertFollower.id))
    )
    if added.first() is None:
        return False
    await count(tx, id, 1)
    return True


async def followers(tx: Transaction, id: int, keys: list[bytes]) -> list[AlertFollower]:
    query = select(AlertFollower).where(
        AlertFollower.alert_id == id, col(AlertFollower.reader).in_(keys)
    )
    return list((await tx.db.exec(query)).all())


async def know_better(tx: Transaction, known: list[AlertFollower], key: bytes, email: str) -> None:
    """Whoever was counted as a visitor and has signed in since stays one of the counted."""
    own = next((one for one in known if one.reader == key), None)
    if own is None:
        own = known[0]
        own.reader, own.person_id, own.email = key, tx.actor.id, ""
    elif email and not tx.actor.id:
        own.email = email
    await tx.db.flush()


async def count(tx: Transaction, id: int, more: int) -> None:
    await tx.db.exec(
        update(Alert)
        .where(col(Alert.id) == id)
        .values(affected=Alert.affected + more)
        .execution_options(synchronize_session=False)
    )


async def unfollow(tx: Transaction, id: int, token: str = "") -> None:
    """Not affected after all, or not interested: neither counted nor told."""
    keys = keys_of(tx.actor, token)
    await drop(tx, (col(AlertFollower.alert_id) == id) & col(AlertFollower.reader).in_(keys))


async def stop_telling(tx: Transaction, follower_id: int) -> None:
    """By the link in a mail."""
    await drop(tx, col(AlertFollower.id) == follower_id)


async def drop(tx: Transaction, which: ColumnElement[bool]) -> None:
    gone = await tx.db.exec(
        delete(AlertFollower).where(which).returning(col(AlertFollower.alert_id))
    )
    for (alert_id,) in gone.all():
        await count(tx, alert_id, -1)
