"""Changing calendars. Each command holds the calendar's row and gives it another edition."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select

from helpdesk.core.text import BadText
from helpdesk.desk import Transaction
from helpdesk.people.models import Group

from .models import Calendar, DayOff, WorkingWeek
from .said import understood
from .week import Span

Minutes = tuple[int, int]  # of a day, from its midnight
OFFICE = tuple(Span(day, 9 * 60, 17 * 60) for day in range(5))
LONGEST_CLOSED = 60  # days in a row that one entry may close
SOONEST, LATEST = timedelta(days=1), timedelta(days=3 * 366)


class NoSuchCalendar(LookupError):
    pass


async def ensure_calendars(tx: Transaction) -> None:
    """Every department without one gets a calendar, read from the words of the catalogue."""
    query = (
        select(Group)
        .outerjoin(Calendar, col(Calendar.group_id) == col(Group.id))
        .where(col(Calendar.group_id).is_(None))
    )
    for group in (await tx.db.exec(query)).all():
        row = {"group_id": group.id, "edition": another(), "changed_at": tx.now}
        made = await tx.db.exec(
            insert(Calendar).values(row).on_conflict_do_nothing().returning(col(Calendar.group_id))
        )
        if made.scalar() is None:
            continue  # by another process, just now
        zone, spans = understood(group.hours) or ("UTC", OFFICE)
        tx.db.add(week_row(tx, group.id, zone, spans, None, ""))
    await tx.db.flush()


async def hold_calendar(tx: Transaction, group_id: int) -> Calendar:
    query = select(Calendar).where(Calendar.group_id == group_id).with_for_update()
    calendar = (await tx.db.exec(query)).one_or_none()
    if calendar is None:
        raise NoSuchCalendar(group_id)
    calendar.edition, calendar.changed_at = another(), tx.now
    return calendar


def another() -> int:
    return secrets.randbits(62) + 1


async def save_week(
    tx: Transaction, group_id: int, zone: str, spans: Sequence[Span], since: datetime, note: str
) -> WorkingWeek:
    """From a moment on, which is not in the past: what held stays as it was."""
    await hold_calendar(tx, group_id)
    row = week_row(tx, group_id, zone, spans, max(since, tx.now), note)
    tx.db.add(row)
    await tx.db.flush()
    return row


def week_row(
    tx: Transaction, group_id: int, zone: str, spans: Sequence[Span], since: datetime | None,
    note: str,
) -> WorkingWeek:  # fmt: skip
    offset = (since or tx.now).astimezone(ZoneInfo(zone)).utcoffset() or timedelta(0)
    return WorkingWeek(
        group_id=group_id,
        zone=zone,
        offset_minutes=int(offset.total_seconds() // 60),
        spans=[[one.day, one.begins, one.ends] for one in spans],
        since=since,
        note=note,
        saved_at=tx.now,
        saved_by_id=tx.actor.id or None,
    )


async def withdraw_week(tx: Transaction, group_id: int, week_id: int) -> None:
    """Of a week that has not begun; one that holds can only be followed by another."""
    await hold_calendar(tx, group_id)
    week = await tx.db.get(WorkingWeek, week_id)
    if week is None or week.group_id != group_id:
        raise NoSuchCalendar(week_id)
    if week.since is None or week.since <= tx.now:
        raise BadText("This week has begun. Save another that follows it instead.")
    week.withdrawn_at = week.withdrawn_at or tx.now


async def close_days(
    tx: Transaction, group_id: int, first: date, last: date, name: str, but: Minutes | None = None
) -> None:
    """By hand, wholly or `but` for some minutes. A day that is under way is closed from now on;
    what was said by hand of one of them before holds no longer. A shorter day is open for its
    part also where a source would close it."""
    await hold_calendar(tx, group_id)
    days = {first + timedelta(days=n): name for n in range((last - first).days + 1)}
    others = (
        col(DayOff.open_from).is_distinct_from(but[0] if but else None)
        | col(DayOff.open_until).is_distinct_from(but[1] if but else None)
        | (col(DayOff.name) != name)
    )
    by_hand = col(DayOff.source_id).is_(None)
    replaced = by_hand & others if but is None else ~by_hand | others
    await tx.db.exec(
        update(DayOff)
        .where(
            col(DayOff.group_id) == group_id, col(DayOff.day).in_(days), replaced,
            col(DayOff.withdrawn_at).is_(None),
        )
        .values(withdrawn_at=tx.now, opened_by_id=tx.actor.id or None)
    )  # fmt: skip
    await add_days(tx, group_id, days, None, but)


async def add_days(
    tx: Transaction, group_id: int, days: Mapping[date, str], source_id: int | None,
    but: Minutes | None = None,
) -> int:  # fmt: skip
    if not days:
        return 0
    rows = [
        {
            "group_id": group_id, "day": day, "name": name, "source_id": source_id,
            "known_from": tx.now, "added_by_id": tx.actor.id or None,
            "open_from": but[0] if but else None, "open_until": but[1] if but else None,
        }
        for day, name in days.items()
    ]  # fmt: skip
    added = await tx.db.exec(
        insert(DayOff).values(rows).on_conflict_do_nothing().returning(col(DayOff.id))
    )
    return len(added.all())


async def open_days(tx: Transaction, group_id: int, ids: Iterable[int]) -> None:
    """Taken back: a day that is under way is open from now on, an earlier one stays."""
    await hold_calendar(tx, group_id)
    query = select(DayOff).where(
        DayOff.group_id == group_id,
        col(DayOff.id).in_(list(ids)),
        col(DayOff.withdrawn_at).is_(None),
    )
    for row in (await tx.db.exec(query)).all():
        if row.day >= (tx.now - timedelta(days=2)).date():
            row.withdrawn_at, row.opened_by_id = tx.now, tx.actor.id or None


def near_enough(day: date, now: datetime) -> bool:
    """Whether somebody may still say something about this day."""
    return (now - SOONEST).date() <= day <= (now + LATEST).date()
