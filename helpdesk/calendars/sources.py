"""Days off that come by themselves: of a country, or from a feed the worker fetches."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import date, timedelta

from sqlmodel import col, select

from helpdesk.core.outgoing import Unreachable, check_address
from helpdesk.core.text import BadText
from helpdesk.desk import Transaction
from helpdesk.people.models import Group

from .commands import NoSuchCalendar, add_days, hold_calendar
from .models import DayOff, HolidaySource, SourceKind, WorkingWeek
from .national import days_of, supported

AHEAD = 2  # years after this one that are filled in
MOST = 10  # sources of a calendar
LONGEST = 2_000  # characters of an address
COUNTRY_AGAIN = timedelta(days=30)
FEED_AGAIN = timedelta(hours=6)
LONGEST_REST = timedelta(days=1)
COUNTRY_OF = {"America/New_York": "US", "Europe/London": "GB", "Europe/Berlin": "DE"}


class BadSource(BadText):
    """`field`: what is wrong."""

    def __init__(self, field: str, said: str) -> None:
        super().__init__(said)
        self.field = field


def horizon(tx: Transaction) -> tuple[date, date]:
    today = tx.now.date()
    return today - timedelta(days=1), date(today.year + AHEAD, 12, 31)


async def add_country(tx: Transaction, group_id: int, country: str, part: str) -> HolidaySource:
    if country not in supported():
        raise BadSource("country", "Choose a country from the list.")
    if part and part not in supported()[country]:
        known = ", ".join(supported()[country][:60]) or "none"
        raise BadSource("part", f"No such part of this country. Known ones: {known}.")
    source = HolidaySource(
        group_id=group_id, kind=SourceKind.COUNTRY, country=country, part=part, added_at=tx.now,
        added_by_id=tx.actor.id or None, next_look_at=tx.now + COUNTRY_AGAIN,
    )  # fmt: skip
    await add_source(tx, source)
    await take_days(tx, source, days_of(country, part, *horizon(tx)))
    return source


async def add_feed(tx: Transaction, group_id: int, address: str) -> HolidaySource:
    """The worker fetches it, at once and then four times a day."""
    if len(address) > LONGEST:
        raise BadSource("address", f"An address has at most {LONGEST:,} characters.")
    try:
        check_address(address)
    except Unreachable as fault:
        raise BadSource("address", str(fault)) from None
    source = HolidaySource(
        group_id=group_id, kind=SourceKind.FEED, address=address.strip(), added_at=tx.now,
        added_by_id=tx.actor.id or None, next_look_at=tx.now,
    )  # fmt: skip
    await add_source(tx, source)
    tx.has_work = True
    return source


async def add_source(tx: Transaction, source: HolidaySource) -> None:
    await hold_calendar(tx, source.group_id)
    query = select(HolidaySource).where(
        HolidaySource.group_id == source.group_id, col(HolidaySource.removed_at).is_(None)
    )
    there = (await tx.db.exec(query)).all()
    field = "address" if source.kind == SourceKind.FEED else "country"
    if len(there) >= MOST:
        raise BadSource(field, f"A calendar has at most {MOST} sources.")
    known = {(one.country, one.part, one.address) for one in there}
    if (source.country, source.part, source.address) in known:
        raise BadSource(field, "This one is there already.")
    tx.db.add(source)
    await tx.db.flush()


async def remove_source(tx: Transaction, group_id: int, source_id: int) -> None:
    """Its days to come go with it."""
    await hold_calendar(tx, group_id)
    source = await tx.db.get(HolidaySource, source_id)
    if source is None or source.group_id != group_id:
        raise NoSuchCalendar(source_id)
    if source.removed_at is None:
        await take_days(tx, source, {})
        source.removed_at = tx.now


async def take_days(tx: Transaction, source: HolidaySource, days: Mapping[date, str]) -> bool:
    """What the source says of the days to come. Days that were stay as they were known, and
    those somebody opened by hand, wholly or for a part, stay open."""
    await hold_calendar(tx, source.group_id)
    first, last = horizon(tx)
    query = select(DayOff).where(
        DayOff.source_id == source.id,
        col(DayOff.withdrawn_at).is_(None) | col(DayOff.opened_by_id).is_not(None),
        col(DayOff.day).between(first, last),
    )
    rows = (await tx.db.exec(query)).all()
    there = {row.day: row for row in rows if row.withdrawn_at is None}
    kept = {row.day for row in rows} | await shortened(tx, source.group_id)
    for day, row in there.items():
        if day not in days:
            row.withdrawn_at = tx.now
    new = {day: name for day, name in days.items() if day not in kept and first <= day <= last}
    await tx.db.flush()
    added = await add_days(tx, source.group_id, new, source.id)
    source.looked_at = source.worked_at = tx.now
    source.tries = 0
    return bool(added) or any(day not in days for day in there)


async def shortened(tx: Transaction, group_id: int) -> set[date]:
    query = select(col(DayOff.day)).where(
        DayOff.group_id == group_id,
        col(DayOff.open_from).is_not(None),
        col(DayOff.withdrawn_at).is_(None),
    )
    return set((await tx.db.exec(query)).all())


async def ensure_bank_holidays(tx: Transaction) -> None:
    """A department whose words say that it keeps bank holidays gets those of its zone's country."""
    query = (
        select(Group.id, WorkingWeek.zone)
        .join(WorkingWeek, col(WorkingWeek.group_id) == col(Group.id))
        .outerjoin(HolidaySource, col(HolidaySource.group_id) == col(Group.id))
        .where(col(Group.hours).contains("bank holidays"), col(HolidaySource.id).is_(None))
        .where(col(WorkingWeek.since).is_(None))
    )
    for group_id, zone in (await tx.db.exec(query)).all():
        if country := COUNTRY_OF.get(zone):
            with suppress(BadSource):  # another process, starting too, was first
                await add_country(tx, group_id, country, "")
