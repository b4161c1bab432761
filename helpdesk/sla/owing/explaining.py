"""“Why this deadline?”: how the time was counted, line by line, on the department's clock. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from helpdesk.calendars.hours import Hours
from helpdesk.sla.policy import Clock, Kind
from helpdesk.sla.sentences import STATES, TITLES, Names, sentence, span_words, time_words
from helpdesk.sla.states import State

from .counting import ALWAYS, Calendars, hours_for, used_of
from .history import Stretch
from .obligations import Obligation

DaysOff = Mapping[str, Mapping[date, str]]  # by department: what its days off are called
MOST_PIECES = 8  # working times shown one by one
BEGAN = {
    Kind.FIRST_RESPONSE: "It was filed",
    Kind.NEXT_RESPONSE: "They wrote, and wait for an answer",
    Kind.PERIODIC_UPDATE: "We wrote last",
    Kind.RESOLUTION: "It was filed",
    Kind.TAKEOVER: "It was handed over",
}
ENDED = {
    State.MET: "Done in time",
    State.LATE: "Done, too late",
    State.DROPPED: "Nobody waits for it any more",
}


@dataclass(frozen=True, slots=True)
class Line:
    """`counted` is the time that a line adds; empty where it adds none."""

    when: str
    said: str
    counted: str = ""
    tone: str = ""  # "", open, closed, paused, due


@dataclass(frozen=True, slots=True)
class Explained:
    kind: Kind
    began_by: int
    title: str
    rule: str
    policy: int
    total: str  # the time there is
    lines: tuple[Line, ...]
    state: State
    due_at: datetime | None
    used: str
    left: str


def explain(
    one: Obligation, hours: Calendars, days_off: DaysOff, names: Names, now: datetime
) -> Explained:
    writer = Writer(one, hours, days_off, names)
    seen = one.ended_at or max(now, one.started_at)
    used = used_of(one.stretches, seen, one.clock, one.target.pauses, hours)
    left = one.length - used
    lines = tuple(writer.lines(now))
    return Explained(
        one.kind,
        one.began_by,
        TITLES[one.kind],
        sentence(one.target, names),
        one.policy,
        time_words(one.length, one.clock),
        lines,
        one.state,
        one.due_at,
        span_words(used),
        span_words(left) if left > timedelta() else "",
    )


@dataclass(frozen=True, slots=True)
class Writer:
    one: Obligation
    hours: Calendars
    days_off: DaysOff
    names: Names

    def lines(self, now: datetime) -> Iterator[Line]:
        one = self.one
        first = one.stretches[0]
        yield Line(self.at(one.started_at, first), BEGAN[one.kind], tone="open")
        if one.extended is not None and one.extended.until is not None:
            said = f"The date was moved to {self.at(one.extended.until, first)}"
            yield Line(self.at(one.extended.at, first), f"{said}; all hours count", tone="due")
        end = one.due_at if one.is_live or one.state == State.LATE else one.ended_at
        before = first.department
        for stretch in one.stretches:
            if end is not None and stretch.since >= end:
                break
            if stretch.department != before:
                department = self.names.groups.get(stretch.department, stretch.department)
                yield Line(self.at(stretch.since, stretch), f"It went to {department}")
                before = stretch.department
            yield from self.stretch(stretch, end, now)
        last = one.stretches[-1]
        if one.due_at is not None:
            total = time_words(one.length, one.clock)
            are = "is" if total.startswith("1 ") and " h " not in total else "are"
            yield Line(self.at(one.due_at, last), f"Due: {total} {are} counted", tone="due")
        if one.ended_at is not None:
            yield Line(self.at(one.ended_at, last), ENDED[one.state], tone="open")

    def stretch(self, stretch: Stretch, end: datetime | None, now: datetime) -> Iterator[Line]:
        if stretch.status in self.one.target.pauses:
            until = stretch.until
            length = f" for {span_words(until - stretch.since)}" if until else " until they answer"
            if stretch.status == "on_hold" and not until:
                length = ""
            said = f"Paused{length}: {STATES[stretch.status]}"
            yield Line(self.at(stretch.since, stretch), said, tone="paused")
            return
        ends = [at for at in (stretch.until, end) if at is not None]
        until = min(ends) if ends else now
        if until > stretch.since:
            yield from self.counted(stretch, until)

    def counted(self, stretch: Stretch, until: datetime) -> Iterator[Line]:
        counting = hours_for(stretch, self.one.clock, self.hours)
        pieces = counting.pieces(stretch.since, until)
        if self.one.clock == Clock.CALENDAR or not pieces:
            yield from self.all_hours(stretch, until, bool(pieces))
            return
        at = stretch.since
        skipped = pieces[MOST_PIECES - 2 : -2] if len(pieces) > MOST_PIECES else []
        for begin, close in pieces:
            if skipped and skipped[0][0] <= begin <= skipped[-1][0]:
                if begin == skipped[0][0]:
                    yield self.folded(skipped, stretch)
                at = close
                continue
            if begin > at:
                yield self.closed(at, begin, stretch)
            clock = f"{self.at(begin, stretch)}–{begin_end(close, self.zone(stretch, close))}"
            yield Line(clock, "Open", span_words(close - begin), "open")
            at = close
        if until > at and stretch.until is not None:
            yield self.closed(at, until, stretch)

    def all_hours(self, stretch: Stretch, until: datetime, is_open: bool) -> Iterator[Line]:
        """Counted around the clock, or not at all."""
        when = f"{self.at(stretch.since, stretch)} – {self.at(until, stretch)}"
        if is_open:
            yield Line(when, "All hours count", span_words(until - stretch.since), "open")
        else:
            yield Line(when, "Closed", tone="closed")

    def folded(self, pieces: Sequence[tuple[datetime, datetime]], stretch: Stretch) -> Line:
        total = sum((end - begin for begin, end in pieces), timedelta())
        when = f"{self.at(pieces[0][0], stretch)} – {self.at(pieces[-1][1], stretch)}"
        return Line(when, f"{len(pieces)} more working times", span_words(total), "open")

    def closed(self, since: datetime, until: datetime, stretch: Stretch) -> Line:
        zone = self.zone(stretch, since)
        first, last = since.astimezone(zone).date(), until.astimezone(zone).date()
        known = self.days_off.get(stretch.department, {})
        off = [name for day, name in sorted(known.items()) if first <= day <= last and name]
        because = f": {', '.join(dict.fromkeys(off))}" if off else ""
        return Line(
            self.at(since, stretch),
            f"Closed until {self.at(until, stretch)}{because}",
            "",
            "closed",
        )

    def zone(self, stretch: Stretch, at: datetime) -> tzinfo:
        return self.calendar(stretch).zone_at(at)

    def calendar(self, stretch: Stretch) -> Hours:
        return self.hours.get(stretch.department, ALWAYS)

    def at(self, at: datetime, stretch: Stretch) -> str:
        """`Fri 20 Nov 16:40 New York`."""
        zone = self.zone(stretch, at)
        local = at.astimezone(zone)
        return f"{local:%a} {local.day} {local:%b %H:%M} {city(zone)}"


def city(zone: tzinfo) -> str:
    name = getattr(zone, "key", None) or str(zone)
    return str(name).rsplit("/", 1)[-1].replace("_", " ")


def begin_end(at: datetime, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%H:%M}"
