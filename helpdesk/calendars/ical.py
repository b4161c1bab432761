"""Days off in an iCalendar file (RFC 5545): whole days, once or again and again. Pure.

Whoever wrote the file may mean ill: every loop here has an end that does not depend on it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from .repeating import again, day_in, rule_of

MOST_EVENTS = 2_000
MOST_REPEATED = 200  # events with a rule; each is looked at day by day
LONGEST = 60  # days of one event


class BadFeed(ValueError):
    """Its words are for whoever added the feed."""


@dataclass
class Read:
    days: dict[date, str] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)  # why, once for each kind of event


def read_days(text: str, first: date, last: date) -> Read:
    """All days off from the first to the last. Raises BadFeed."""
    if "BEGIN:VCALENDAR" not in text[:2_000].upper():
        raise BadFeed("This is not a calendar: it does not begin with BEGIN:VCALENDAR.")
    read, repeated = Read(), 0
    for number, event in enumerate(events(text)):
        if number >= MOST_EVENTS:
            raise BadFeed(f"It has more than {MOST_EVENTS:,} events.")
        if event.get("STATUS", "").upper() == "CANCELLED":
            continue
        begins, length = span_of(event)
        if begins is None:
            leave_out(read, "events that do not last whole days")
            continue
        if length > LONGEST:
            leave_out(read, f"events longer than {LONGEST} days")
            continue
        starts: Iterator[date] | Sequence[date] = [begins]
        if "RRULE" in event:
            repeated += 1
            if repeated > MOST_REPEATED:
                raise BadFeed(f"It has more than {MOST_REPEATED} repeated events.")
            rule = rule_of(event["RRULE"])
            if rule is None:
                leave_out(read, "events repeated by a rule we do not know")
                continue
            starts = again(begins, rule, first - timedelta(days=length), last)
        without = {day for word in event.get("EXDATE", "").split(",") if (day := day_in(word))}
        for start in starts:
            if start in without:
                continue
            for n in range(length):
                day = start + timedelta(days=n)
                if first <= day <= last:
                    read.days.setdefault(day, name_of(event))
    return read


def leave_out(read: Read, why: str) -> None:
    if why not in read.left_out:
        read.left_out.append(why)


def events(text: str) -> Iterator[dict[str, str]]:
    """The properties of each event, without their parameters, but for VALUE and DURATION."""
    event: dict[str, str] | None = None
    inside = 0
    for line in re.sub(r"\r?\n[ \t]", "", text).splitlines():
        name, _, value = line.partition(":")
        name, _, parameters = name.strip().upper().partition(";")
        if name == "BEGIN" and value.strip().upper() == "VEVENT":
            event, inside = {}, 0
        elif name == "BEGIN" and event is not None:
            inside += 1
        elif name == "END" and value.strip().upper() == "VEVENT" and event is not None:
            yield event
            event = None
        elif name == "END" and inside:
            inside -= 1
        elif event is not None and not inside:
            joint = f"{event[name]}," if name == "EXDATE" and name in event else ""
            event[name] = (joint + value.strip())[:4_000]
            if "DATE-TIME" in parameters:
                event[f"{name} TIME"] = "yes"


def span_of(event: Mapping[str, str]) -> tuple[date | None, int]:
    """The first day, and how many; None for what does not last whole days."""
    begins, ends = event.get("DTSTART", ""), event.get("DTEND", "")
    first = day_in(begins)
    if first is None:
        return None, 0
    if "T" in begins:
        last = day_in(ends)
        whole = begins[9:15] == "000000" and ends[9:15] == "000000" and last and last > first
        return (first, (last - first).days) if whole and last else (None, 0)
    last = day_in(ends)
    if last is None:
        weeks_or_days = re.fullmatch(r"P(\d{1,3})([DW])", event.get("DURATION", "P1D"))
        if weeks_or_days is None:
            return None, 0
        return first, int(weeks_or_days[1]) * (7 if weeks_or_days[2] == "W" else 1)
    return first, max(1, (last - first).days)


def name_of(event: Mapping[str, str]) -> str:
    name = event.get("SUMMARY", "").replace("\\,", ",").replace("\\;", ";").replace("\\n", " ")
    return " ".join("".join(c for c in name if c.isprintable()).split())[:120]
