"""From what happened to when something is due: time is counted stretch by stretch. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from helpdesk.calendars.hours import Hours, NoOpenTime, around_the_clock
from helpdesk.sla.policy import Clock

from .history import Stretch

ALWAYS = around_the_clock()
Calendars = Mapping[str, Hours]  # by the key of the department


def due_of(
    stretches: Sequence[Stretch],
    length: timedelta,
    clock: Clock,
    pauses: Sequence[str],
    hours: Calendars,
) -> datetime | None:
    """When `length` has been counted; None while nothing is counted and some of it is left."""
    left = length
    for stretch in stretches:
        if stretch.status in pauses:
            continue
        counting = hours_for(stretch, clock, hours)
        if stretch.until is not None:
            used = counting.elapsed(stretch.since, stretch.until)
            if used < left:
                left -= used
                continue
        return reached(counting, stretch.since, left)
    return None


def used_of(
    stretches: Sequence[Stretch],
    until: datetime,
    clock: Clock,
    pauses: Sequence[str],
    hours: Calendars,
) -> timedelta:
    """What was counted before `until`."""
    counted = (
        hours_for(one, clock, hours).elapsed(one.since, min(one.until or until, until))
        for one in stretches
        if one.status not in pauses
    )
    return sum(counted, timedelta())


def hours_for(stretch: Stretch, clock: Clock, hours: Calendars) -> Hours:
    if clock == Clock.CALENDAR:
        return ALWAYS
    return hours.get(stretch.department, ALWAYS)


def reached(hours: Hours, since: datetime, left: timedelta) -> datetime:
    """A department that never opens again must not make a deadline vanish: all hours count."""
    try:
        return hours.due_at(since, left)
    except NoOpenTime:
        return ALWAYS.due_at(since, left)


def from_(stretches: Sequence[Stretch], start: datetime) -> list[Stretch]:
    """What of them is after `start`."""
    return [
        Stretch(max(one.since, start), one.until, one.status, one.department)
        for one in stretches
        if one.until is None or one.until > start
    ]


def until_(stretches: Sequence[Stretch], end: datetime | None) -> list[Stretch]:
    """What of them is before `end`, as it looked then: the last one is still going on."""
    if end is None:
        return list(stretches)
    kept = [one for one in stretches if one.since < end] or list(stretches[:1])
    if kept:
        last = kept[-1]
        kept[-1] = Stretch(last.since, None, last.status, last.department)
    return kept
