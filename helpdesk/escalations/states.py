"""The life of an escalation, as pure steps from one standing to the next.

open → owned → decided | returned. Whatever happens, what is over stays over, the level never
falls, and at the level of managers only they own and decide.
"""

from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum

from helpdesk.tickets.states import NotAllowed


class State(StrEnum):
    OPEN = "open"  # nobody has taken it
    OWNED = "owned"  # somebody decides
    DECIDED = "decided"  # with reasons, told to the requester
    RETURNED = "returned"  # something is missing; it went back


class Level(IntEnum):
    L1 = 1  # a colleague of the department
    L2 = 2  # an experienced one
    MANAGER = 3


class Cause(StrEnum):
    USER = "user"  # said that it is not resolved
    FOLLOW_UPS = "follow_ups"  # asked again and again
    AGENT = "agent"
    TIME = "time"  # a rule, at a moment of a deadline
    MONEY = "money"  # a rule, for the amount at stake
    ROUTING = "routing"  # a rule that reads tickets


class Outcome(StrEnum):
    GRANTED = "granted"
    PARTLY = "partly"
    KEPT = "kept"  # the answer before was right
    SETTLED = "settled"  # it ended without a decision: solved, or part of another request


CHOSEN = (Outcome.GRANTED, Outcome.PARTLY, Outcome.KEPT)
LIVE = (State.OPEN, State.OWNED)


@dataclass(frozen=True, slots=True)
class Person:
    id: int
    is_manager: bool


@dataclass(frozen=True, slots=True)
class Standing:
    state: State
    level: Level
    owner_id: int | None = None
    outcome: Outcome | None = None

    @property
    def is_live(self) -> bool:
        return self.state in LIVE


def own(now: Standing, who: Person) -> Standing:
    """`who` decides from now on, also when somebody else had it."""
    _still_live(now)
    if now.level == Level.MANAGER and not who.is_manager:
        raise NotAllowed("Only a manager takes what is at the level of managers.")
    return replace(now, state=State.OWNED, owner_id=who.id)


def release(now: Standing) -> Standing:
    _still_live(now)
    return replace(now, state=State.OPEN, owner_id=None)


def lift(now: Standing, level: Level, owner_is_manager: bool = False) -> Standing:
    """To a higher level. Whoever may not own it there gives it up."""
    _still_live(now)
    if level <= now.level:
        raise NotAllowed(f"It is at {WORDS[now.level]} already, and a level never falls.")
    if now.owner_id is None or (level == Level.MANAGER and not owner_is_manager):
        return replace(now, state=State.OPEN, owner_id=None, level=level)
    return replace(now, level=level)


def decide(now: Standing, who: Person, outcome: Outcome) -> Standing:
    _in_hand(now, who)
    return replace(now, state=State.DECIDED, outcome=outcome)


def give_back(now: Standing, who: Person) -> Standing:
    _in_hand(now, who)
    return replace(now, state=State.RETURNED)


def settle(now: Standing) -> Standing:
    """There is nothing left to decide."""
    _still_live(now)
    return replace(now, state=State.DECIDED, outcome=Outcome.SETTLED)


def resume(now: Standing) -> Standing:
    """What a merge ended goes on as it was, because the merge was undone."""
    if now.outcome != Outcome.SETTLED:
        raise NotAllowed("This was decided already.")
    return replace(now, state=State.OWNED if now.owner_id else State.OPEN, outcome=None)


WORDS = {Level.L1: "level 1", Level.L2: "level 2", Level.MANAGER: "the managers"}


def _still_live(now: Standing) -> None:
    if now.state == State.DECIDED:
        raise NotAllowed("This was decided already.")
    if now.state == State.RETURNED:
        raise NotAllowed("This went back already. Escalate it again if it must be.")


def _in_hand(now: Standing, who: Person) -> None:
    """Decided by its owner alone, so that two never decide the same."""
    _still_live(now)
    if now.state != State.OWNED:
        raise NotAllowed("Take it first; then decide.")
    if now.owner_id != who.id:
        raise NotAllowed("Somebody else has it. Take it over first.")
    if now.level == Level.MANAGER and not who.is_manager:
        raise NotAllowed("Only a manager decides what is at the level of managers.")
