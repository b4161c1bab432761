"""A promise in words, on the clock of whoever reads it."""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from helpdesk.calendars.hours import Hours
from helpdesk.calendars.said import WEEKDAYS, city
from helpdesk.core.formats import local_clock, local_day, local_time, localised

from .estimate import Basis, Estimate

Pair = tuple[datetime, datetime]
LINE_STANDS = timedelta(hours=1)  # how many wait is old news after that
ROUGH = 36 * 3600  # seconds of open time, beyond which days are named, not hours


@dataclass(frozen=True, slots=True)
class Told:
    """`when`: short, for a heading. `range`: how sure that is. `why`: what it comes from."""

    when: str
    range: str
    why: str
    late: bool = False


def told(one: Estimate, department: str, hours: Hours, reader: str, now: datetime) -> Told:
    """`reader`: their time zone."""
    opening = opens(one, department, hours, reader, now)
    if one.basis == Basis.CLOSED:
        return Told(
            "We cannot say when",
            f"The {department} team has no working hours at present. "
            "Your request is kept, and we tell you as soon as somebody works on it.",
            "",
        )
    if one.basis == Basis.AIM or one.half is None or one.most is None or one.usual is None:
        if one.aim_at and one.aim_at < now:
            return Told(
                f"Our aim was {moment(one.aim_at, reader, now)}",
                f"We aimed to answer within {one.aim_hours:g} working hours, and did not.",
                "",
                late=True,
            )
        by = f", by {moment(one.aim_at, reader, now)}" if one.aim_at else ""
        return Told(
            f"Our aim: by {moment(one.aim_at, reader, now)}" if one.aim_at else "We do not know",
            f"We cannot say how long it takes: {few(one.counted)} lately. "
            f"We aim to answer within {one.aim_hours:g} working hours{by}.",
            opening,
        )
    low, high = one.usual
    later = one.starts_at is not None and one.starts_at > max(one.at, now)
    line = one.ahead if now - one.at < LINE_STANDS else 0
    why = [
        opening,
        f"Typical answer {length(low, high)} {'after' if later else 'of working time'},",
        f"from the last {one.counted} answers.",
        f"{line} {'waits' if line == 1 else 'wait'} for one there." if line else "",
    ]
    return Told(
        *likely(one.half, one.most, reader, now),
        " ".join(part for part in why if part),
        late=now > one.most[1],
    )


def likely(half: Pair, most: Pair, reader: str, now: datetime) -> tuple[str, str]:
    """What of the two ranges is still to come; when both are over, as it was said."""
    by, latest = moment(half[1], reader, now), moment(most[1], reader, now)
    if half[1] < now <= most[1]:
        return (
            f"Most likely by {latest}",
            f"It takes longer than usual: half of all answers are there by {by}; "
            f"nine of ten by {latest}.",
        )
    if half[0] < now <= most[1]:
        return f"Most likely by {by}", f"Half of all answers come by then; nine of ten by {latest}."
    return (
        f"Most likely {span(*half, reader, now)}",
        f"Half of all answers come in this time; nine of ten come {span(*most, reader, now)}.",
    )


def dated(one: Estimate, department: str, reader: str) -> str:
    """For what is read later: with dates, and whose clock it is."""
    clock = "UTC" if reader == "UTC" else f"{city(reader)} time"
    if one.half and one.most:
        first, last = (local_time(at, reader) for at in one.half)
        return (
            f"{department} most likely answers between {first} and {last} ({clock}); nine of ten "
            f"answers are there by {local_time(one.most[1], reader)}"
        )
    if one.aim_at:
        return f"{department} aims to answer by {local_time(one.aim_at, reader)} ({clock})"
    return f"{department} has no working hours at present, so we cannot say when it answers"


def opens(one: Estimate, department: str, hours: Hours, reader: str, now: datetime) -> str:
    """At `now`, which may be long after it was promised."""
    starts_at = hours.starts_at(now) if now > one.at else one.starts_at
    if one.starts_at is None or starts_at is None:
        return ""
    if starts_at <= now:
        return f"{department} is open now."
    return f"{department} opens {theirs(starts_at, hours.zone_at(starts_at), reader, now)}."


def opening_words(hours: Hours, now: datetime, reader: str) -> str:
    """`opens Monday 09:00 New York (15:00 your time)`; "" while it is open."""
    if hours.is_open(now):
        return ""
    at = hours.next_opening(now)
    if at is None:
        return "has no working hours at present"
    return f"opens {theirs(at, hours.zone_at(at), reader, now)}"


def theirs(at: datetime, zone: tzinfo, reader: str, now: datetime) -> str:
    """On their clock, and on the reader's where that is another."""
    local = at.astimezone(zone)
    day = WEEKDAYS[local.weekday()]
    if (at - now).days >= 6:
        day += f" {local.day} {local:%b}"
    said = f"{day} {local:%H:%M} {city(zone)}"
    own = localised(at, reader)
    if own.utcoffset() == local.utcoffset():
        return said
    other_day = "" if own.date() == local.date() else f"{WEEKDAYS[own.weekday()]} "
    return f"{said} ({other_day}{own:%H:%M} your time)"


def moment(at: datetime | None, reader: str, now: datetime) -> str:
    if at is None:
        return ""
    return f"{day_of(at, reader, now)}{local_clock(at, reader)}"


def span(first: datetime, last: datetime, reader: str, now: datetime) -> str:
    """`today 14:00–16:00`, `between Mon 23 Nov, 15:00 and Tue 24 Nov, 11:00`."""
    if localised(first, reader).date() == localised(last, reader).date():
        return (
            f"{day_of(first, reader, now)}{local_clock(first, reader)}–{local_clock(last, reader)}"
        )
    return f"between {moment(first, reader, now)} and {moment(last, reader, now)}"


def day_of(at: datetime, reader: str, now: datetime) -> str:
    day = local_day(at, reader, now)
    return f"{day.lower()} " if day in ("Today", "Tomorrow", "Yesterday") else f"{day}, "


def length(low: int, high: int) -> str:
    """`20 to 45 minutes`, `3 to 5 hours`: the upper bound is never said smaller than it is."""
    if high < 90 * 60:
        first, last, unit = max(1, low // 60), max(1, -(-high // 60)), "minute"
    elif high < ROUGH:
        first, last, unit = max(1, low // 3600), -(-high // 3600), "hour"
        if low < 3600:
            return f"{max(1, low // 60)} minutes to {last} hours"
    else:
        first, last, unit = low // 3600, -(-high // 3600), "working hour"
    return (
        f"{last} {unit}{'' if last == 1 else 's'}"
        if first == last
        else f"{first} to {last} {unit}s"
    )


def few(counted: int) -> str:
    return "nothing like it was answered" if counted == 0 else "too few like it were answered"
