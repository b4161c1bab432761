"""From what a clock on the wall says to the moment it says it."""

from datetime import UTC, date, datetime, timedelta, tzinfo
from datetime import time as clock_time

DAY = 24 * 60  # minutes
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)


def ticks(at: datetime) -> int:
    """Microseconds since 1970; a whole number, so that sums are exact."""
    return length(at - EPOCH)


def length(of: timedelta) -> int:
    return (of.days * 86_400 + of.seconds) * 1_000_000 + of.microseconds


def moment(at: int) -> datetime:
    return EPOCH + timedelta(microseconds=at)


def instant(zone: tzinfo, day: date, minute: int) -> int:
    """When it is `minute` after midnight, in ticks.

    A time that comes twice, as the clock is set back, means the first; one that never comes
    means the moment the clock is set forward. So each time has one moment, later times never
    an earlier one, and an interval cut in two is the same open time.
    """
    wall = datetime.combine(day, clock_time(), zone) + timedelta(minutes=minute)
    offset, after = wall.utcoffset(), wall.replace(fold=1).utcoffset()
    assert offset is not None
    assert after is not None
    naive = wall.replace(tzinfo=UTC)
    if offset >= after:
        return ticks(naive) - length(offset)
    return change(zone, ticks(naive) - length(after), ticks(naive) - length(offset))


def change(zone: tzinfo, before: int, after: int) -> int:
    """The moment between the two at which the zone's offset changes."""
    old = moment(before).astimezone(zone).utcoffset()
    while after - before > 1_000_000:
        middle = (before + after) // 2_000_000 * 1_000_000
        if middle <= before:
            break
        if moment(middle).astimezone(zone).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after
