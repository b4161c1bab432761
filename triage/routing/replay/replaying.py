"""Going through what happened again, under other rules. Pure: history in, differences out.

Each set of rules has its own course through the same happenings: where a ticket would have
been, and how many were open in each department because of it. What people did is taken as it
was; what rules did is done again.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from helpdesk.calendars.hours import Hours
from triage.routing.logic.engine import Outcome, run
from triage.routing.logic.facts import Facts
from triage.routing.logic.rules import Rule
from triage.routing.logic.vocabulary import LEVELS, Moment

DAYS = (30, 90)


def period(now: datetime, days: int) -> tuple[datetime, datetime]:
    return now - timedelta(days=days), now


@dataclass(slots=True)
class Still:
    """A ticket as it stood when the replay first meets it."""

    same: Mapping[str, Any]  # what never changes, as fields of Facts
    type: str
    department: str
    severity: int
    follow_ups: int = 0
    moves: int = 0
    tags: frozenset[str] = frozenset()
    is_open: bool = False  # already there when the period begins


@dataclass(frozen=True, slots=True)
class Happening:
    at: datetime
    event_id: int
    ticket_id: int
    moment: Moment | None  # None: it was solved, closed or opened again
    now: Mapping[str, str] = field(default_factory=dict)
    is_open: bool = True
    recorded: Mapping[str, Any] | None = None  # what the published rules really did


@dataclass
class State:
    type: str
    department: str
    severity: int
    follow_ups: int
    moves: int
    tags: frozenset[str]
    is_open: bool


class Course:
    """One set of rules on its way through history."""

    def __init__(
        self, rules: Sequence[Rule], tickets: Mapping[int, Still],
        hours: Mapping[str, Hours],
    ) -> None:  # fmt: skip
        self.rules, self.tickets, self.hours = rules, tickets, hours
        self.states: dict[int, State] = {}
        self.load: Counter[str] = Counter()
        for id, ticket in tickets.items():
            if ticket.is_open:
                self.begin(id, ticket)

    def begin(self, id: int, ticket: Still) -> State:
        state = State(
            ticket.type,
            ticket.department,
            ticket.severity,
            ticket.follow_ups,
            ticket.moves,
            ticket.tags,
            is_open=True,
        )
        self.states[id] = state
        self.load[state.department] += 1
        return state

    def step(self, happening: Happening) -> Outcome | None:
        """What the rules do at this moment; None when they are not read."""
        state = self.states.get(happening.ticket_id)
        if happening.moment == Moment.FILED:
            state = self.begin(happening.ticket_id, self.tickets[happening.ticket_id])
        if state is None:
            return None
        if happening.moment is None:
            self.load[state.department] += happening.is_open - state.is_open
            state.is_open = happening.is_open
            return None
        previous = self.people_did(happening, state)
        if previous is None:
            return Outcome(state.department, state.severity)
        outcome = run(self.rules, self.facts(happening, happening.moment, state, previous))
        state.moves += outcome.department != state.department
        self.move(state, outcome.department)
        state.severity = outcome.severity
        state.tags |= frozenset(outcome.tags)
        return outcome

    def people_did(self, happening: Happening, state: State) -> dict[str, str] | None:
        """What was there before; None for a change to what it is already, which is none."""
        previous: dict[str, str] = {}
        if department := happening.now.get("department"):
            previous["department"] = state.department
            if department == state.department:
                return None
            self.move(state, department)
            state.moves = 0
        if type := happening.now.get("type"):
            previous["type"] = state.type
            state.type = type
        if level := happening.now.get("severity"):
            previous["severity"] = LEVELS[state.severity - 1]
            if level == previous["severity"]:
                return None
            state.severity = LEVELS.index(level) + 1
        state.follow_ups += happening.moment == Moment.FOLLOW_UP
        return previous

    def move(self, state: State, department: str) -> None:
        if state.is_open:
            self.load[state.department] -= 1
            self.load[department] += 1
        state.department = department

    def facts(
        self, happening: Happening, moment: Moment, state: State, previous: Mapping[str, str]
    ) -> Facts:
        load = dict(self.load)
        if state.is_open:  # a ticket does not count itself
            load[state.department] -= 1
        return Facts(
            moment=moment,
            at=happening.at,
            type=state.type,
            severity=state.severity,
            department=state.department,
            follow_ups=state.follow_ups,
            moves=state.moves,
            tags=state.tags,
            previous=previous,
            load=load,
            hours=self.hours,
            **self.tickets[happening.ticket_id].same,
        )


@dataclass
class Move:
    """A moment at which the tested rules do something else."""

    happening: Happening
    was: Outcome
    becomes: Outcome


@dataclass
class Tally:
    """What a replay found so far."""

    moments: int = 0
    filed: int = 0
    changed: int = 0
    matrix: Counter[tuple[str, str]] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    hours: Counter[int] = field(default_factory=Counter)
    checked: int = 0  # moments at which today's rules really ran …
    agreed: int = 0  # … and did what the replay says they do

    def add(self, happening: Happening, was: Outcome, becomes: Outcome) -> Move | None:
        self.moments += 1
        self.filed += happening.moment == Moment.FILED
        if happening.recorded is not None:
            self.checked += 1
            self.agreed += document(was) == happening.recorded
        found = kinds_of(was, becomes)
        if not found:
            return None
        self.changed += 1
        self.kinds.update(found)
        if "department" in found:
            self.matrix[was.department, becomes.department] += 1
            self.hours[happening.at.hour] += 1
        return Move(happening, was, becomes)

    def result(self) -> dict[str, Any]:
        return {
            "moments": self.moments,
            "filed": self.filed,
            "changed": self.changed,
            "matrix": [[*way, count] for way, count in sorted(self.matrix.items())],
            "kinds": dict(sorted(self.kinds.items())),
            "hours": [self.hours[hour] for hour in range(24)],
            "checked": self.checked,
            "agreed": self.agreed,
        }


def kinds_of(was: Outcome, becomes: Outcome) -> list[str]:
    """In what two outcomes differ; by which rules does not matter."""
    names = ("department", "severity", "agent", "skills", "tags", "others")
    return [name for name in names if getattr(was, name) != getattr(becomes, name)]


def document(outcome: Outcome) -> dict[str, Any]:
    """An outcome as it is stored, with what a replay compares."""
    return {
        "department": outcome.department,
        "severity": outcome.severity,
        "agent": outcome.agent,
        "skills": list(outcome.skills),
        "tags": list(outcome.tags),
        "others": [action.model_dump(mode="json") for action in outcome.others],
    }


def go_through(
    happenings: Iterable[Happening], today: Course, tested: Course, tally: Tally
) -> list[Move]:
    """Some of the happenings, in the order of time."""
    moves = []
    for happening in happenings:
        was, becomes = today.step(happening), tested.step(happening)
        if was is not None and becomes is not None:
            move = tally.add(happening, was, becomes)
            moves += [move] if move else []
    return moves
