"""What is owed on a ticket, computed from its history: the same history, the same answer. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from helpdesk.sla.policy import Clock, Kind, Policy, Target
from helpdesk.sla.states import LIVE, State

from .counting import Calendars, due_of, from_, until_
from .history import History, Moment, Stretch, What

DONE = ("solved", "closed", "merged")
TO_THEM = (Kind.FIRST_RESPONSE, Kind.NEXT_RESPONSE)  # met by an answer


@dataclass(frozen=True, slots=True)
class Version:
    number: int
    since: datetime
    policy: Policy


@dataclass(frozen=True)
class Policies:
    """In order. What is over is judged by the version of its time, what is open by the newest."""

    versions: tuple[Version, ...]

    def at(self, end: datetime | None) -> Version:
        if end is None:
            return self.versions[-1]
        before = [one for one in self.versions if one.since <= end]
        return before[-1] if before else self.versions[0]


@dataclass(frozen=True, slots=True)
class Obligation:
    kind: Kind
    began_by: int  # the event
    state: State
    department: str  # that owes it
    severity: int
    policy: int
    target: Target
    length: timedelta  # the time there is
    clock: Clock
    started_at: datetime
    due_at: datetime | None
    warnings: tuple[tuple[int, datetime], ...]  # per cent, and when that much has passed
    paused_at: datetime | None
    ended_at: datetime | None
    stretches: tuple[Stretch, ...]
    extended: Moment | None

    @property
    def is_live(self) -> bool:
        return self.state in LIVE


@dataclass(slots=True)
class Owed:
    """While the history is read."""

    kind: Kind
    began_by: int
    started_at: datetime
    extended: Moment | None = None
    ended_at: datetime | None = None
    kept: bool = False  # it ended because it was done
    severity: int = 0
    type: str = ""
    department: str = ""


def obligations(history: History, policies: Policies, hours: Calendars) -> list[Obligation]:
    reading = Reading(history)
    for moment in history.moments:
        reading.take(moment)
    reading.close_books()
    computed = (_computed(owed, reading.stretches, policies, hours) for owed in reading.all)
    return [one for one in computed if one is not None]


def _computed(
    owed: Owed, stretches: Sequence[Stretch], policies: Policies, hours: Calendars
) -> Obligation | None:
    version = policies.at(owed.ended_at)
    target = version.policy.target(owed.kind, owed.severity, owed.type, owed.department)
    if target is None:
        return None
    length, clock, start = target.length, target.clock, owed.started_at
    if owed.extended is not None and owed.extended.until is not None:
        length, clock = owed.extended.until - owed.extended.at, Clock.CALENDAR
        start = owed.extended.at
    own = until_(from_(stretches, start), owed.ended_at)
    due = due_of(own, length, clock, target.pauses, hours)
    warnings = (
        (percent, due_of(own, length * percent / 100, clock, target.pauses, hours))
        for percent in sorted(target.warnings)
    )
    return Obligation(
        owed.kind,
        owed.began_by,
        _state(owed, own, target, due),
        owed.department,
        owed.severity,
        version.number,
        target,
        length,
        clock,
        owed.started_at,
        due,
        tuple((percent, at) for percent, at in warnings if at is not None),
        _paused_at(own, target) if owed.ended_at is None else None,
        owed.ended_at,
        tuple(own),
        owed.extended,
    )


def _state(owed: Owed, stretches: Sequence[Stretch], target: Target, due: datetime | None) -> State:
    if owed.ended_at is None:
        return State.PAUSED if _paused_at(stretches, target) else State.RUNNING
    if not owed.kept:
        return State.DROPPED
    return State.LATE if due is not None and due <= owed.ended_at else State.MET


def _paused_at(stretches: Sequence[Stretch], target: Target) -> datetime | None:
    """Since when nothing is counted."""
    since = None
    for stretch in reversed(stretches):
        if stretch.status not in target.pauses:
            break
        since = stretch.since
    return since


@dataclass(slots=True)
class Reading:
    """Who owes what after each moment, and the stretches of the ticket's life."""

    history: History
    all: list[Owed] = field(default_factory=list)
    live: dict[Kind, Owed] = field(default_factory=dict)
    stretches: list[Stretch] = field(default_factory=list)
    since: datetime | None = None  # the stretch that goes on
    last: datetime | None = None
    status: str = ""
    department: str = ""
    severity: int = 0
    type: str = ""
    answered: bool = False
    unanswered: bool = False  # their last word has no answer

    def __post_init__(self) -> None:
        begun = self.history
        self.status, self.department = begun.status, begun.department
        self.severity, self.type = begun.severity, begun.type

    def take(self, moment: Moment) -> None:
        at = self.last = max(moment.at, self.last or moment.at)  # the clock may have been set back
        match moment.what:
            case What.OPENED:
                self._opened(moment, at)
            case What.ASKED:
                self.unanswered = True
                if self.answered and self.status not in DONE:
                    self._begin(Kind.NEXT_RESPONSE, moment, at)
            case What.ANSWERED:
                self._answered(moment, at)
            case What.TAKEN:
                self._end(Kind.TAKEOVER, at)
            case What.STATUS:
                self._moved(moment, at)
            case What.SEVERITY:
                self.severity = int(moment.value)
            case What.TYPE:
                self.type = moment.value
            case What.SENT | What.HANDED_OVER:
                self._sent(moment, at)
            case What.EXTENDED:
                self._extended(moment)

    def close_books(self) -> None:
        if self.since is not None:
            self.stretches.append(Stretch(self.since, None, self.status, self.department))
        for owed in self.live.values():
            self._as_now(owed)

    def _opened(self, moment: Moment, at: datetime) -> None:
        if self.since is not None:  # another one was merged into it
            self.unanswered = True
            if self.answered and self.status not in DONE:
                self._begin(Kind.NEXT_RESPONSE, moment, at)
            return
        self.since, self.unanswered = at, True
        self._begin(Kind.FIRST_RESPONSE, moment, at)
        self._begin(Kind.RESOLUTION, moment, at)

    def _answered(self, moment: Moment, at: datetime) -> None:
        self.answered, self.unanswered = True, False
        for kind in (*TO_THEM, Kind.PERIODIC_UPDATE, Kind.TAKEOVER):
            self._end(kind, at)
        if self.status not in DONE:
            self._begin(Kind.PERIODIC_UPDATE, moment, at)

    def _moved(self, moment: Moment, at: datetime) -> None:
        was_done, is_done = self.status in DONE, moment.value in DONE
        self._turn(at, moment.value, self.department)
        if is_done and not was_done:
            self._end(Kind.RESOLUTION, at, kept=moment.value != "merged")
            for kind in list(self.live):
                self._end(kind, at, kept=False)
        elif was_done and not is_done:
            self._begin(Kind.RESOLUTION, moment, at)
            if not self.answered:
                self._begin(Kind.FIRST_RESPONSE, moment, at)
            elif self.unanswered:
                self._begin(Kind.NEXT_RESPONSE, moment, at)

    def _sent(self, moment: Moment, at: datetime) -> None:
        if moment.value == self.department:
            return
        self._end(Kind.TAKEOVER, at, kept=False)
        self._turn(at, self.status, moment.value)
        if moment.what == What.HANDED_OVER and self.status not in DONE:
            self._begin(Kind.TAKEOVER, moment, at)

    def _extended(self, moment: Moment) -> None:
        for owed in self.live.values():
            if f"{owed.kind}:{owed.began_by}" == moment.value:
                owed.extended = moment

    def _turn(self, at: datetime | None, status: str, department: str) -> None:
        """From `at` on, another status or department holds."""
        if at is not None and self.since is not None and at > self.since:
            self.stretches.append(Stretch(self.since, at, self.status, self.department))
            self.since = at
        self.status, self.department = status, department

    def _begin(self, kind: Kind, moment: Moment, at: datetime) -> None:
        if kind not in self.live:
            self.live[kind] = owed = Owed(kind, moment.event, at)
            self.all.append(owed)

    def _end(self, kind: Kind, at: datetime, kept: bool = True) -> None:
        if owed := self.live.pop(kind, None):
            owed.ended_at, owed.kept = at, kept
            self._as_now(owed)
            if not kept and owed.started_at == at:
                self.all.remove(owed)

    def _as_now(self, owed: Owed) -> None:
        owed.severity, owed.type, owed.department = self.severity, self.type, self.department
