"""The life of an escalation, whatever is tried in whatever order."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from helpdesk.escalations.states import (
    CHOSEN,
    LIVE,
    Level,
    Outcome,
    Person,
    Standing,
    State,
    decide,
    give_back,
    lift,
    own,
    release,
    settle,
)
from helpdesk.tickets.states import NotAllowed

PEOPLE = [Person(1, False), Person(2, False), Person(3, True), Person(4, True)]
MANAGERS = {3, 4}


class Life(RuleBasedStateMachine):
    @initialize(level=st.sampled_from(Level))
    def begin(self, level: Level) -> None:
        self.now = Standing(State.OPEN, level)
        self.over: Standing | None = None

    def step(self, change: object, *arguments: object) -> None:
        before = self.now
        try:
            self.now = change(before, *arguments)  # type: ignore[operator]
        except NotAllowed:
            return
        assert before.state in LIVE
        assert self.now.level >= before.level
        if change in (decide, give_back):
            [who, *_] = arguments
            assert before.owner_id == who.id  # type: ignore[attr-defined]
        if not self.now.is_live:
            self.over = self.now

    @rule(who=st.sampled_from(PEOPLE))
    def is_owned(self, who: Person) -> None:
        self.step(own, who)

    @rule()
    def is_released(self) -> None:
        self.step(release)

    @rule(level=st.sampled_from(Level), manager=st.booleans())
    def is_lifted(self, level: Level, manager: bool) -> None:
        self.step(lift, level, self.now.owner_id in MANAGERS)

    @rule(who=st.sampled_from(PEOPLE), outcome=st.sampled_from(CHOSEN))
    def is_decided(self, who: Person, outcome: Outcome) -> None:
        self.step(decide, who, outcome)

    @rule(who=st.sampled_from(PEOPLE))
    def is_returned(self, who: Person) -> None:
        self.step(give_back, who)

    @rule()
    def is_settled(self) -> None:
        self.step(settle)

    @invariant()
    def makes_sense(self) -> None:
        now = self.now
        if now.state == State.OPEN:
            assert now.owner_id is None
        if now.state in (State.OWNED, State.RETURNED):
            assert now.owner_id is not None
        if now.level == Level.MANAGER and now.owner_id is not None:
            assert now.owner_id in MANAGERS
        assert (now.outcome is not None) == (now.state == State.DECIDED)
        if self.over is not None:
            assert now == self.over


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=60, stateful_step_count=12)


def test_the_straight_way_is_open() -> None:
    now = own(Standing(State.OPEN, Level.MANAGER), PEOPLE[2])
    assert decide(now, PEOPLE[2], Outcome.GRANTED).state == State.DECIDED
    assert give_back(now, PEOPLE[2]).state == State.RETURNED
