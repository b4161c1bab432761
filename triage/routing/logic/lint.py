"""What is wrong with a set of rules, before it is published.

Errors stop a publication: rules that fight, and rules that name what is gone. Warnings are
certain too, but harm nobody: rules that are never reached.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from .actions import Action, Do
from .conditions import Join
from .fights import fights
from .flat import Flat, flat_of
from .regions import OWN, Budget, Claim, satisfiable
from .rules import Mode, Rule
from .sentences import Names, listed
from .vocabulary import UNKNOWN, About, Moment

MOST_FOUND = 60
# What rules change, with the action that changes it.
CHANGED_BY = {
    Do.DEPARTMENT: {About.DEPARTMENT, *OWN},
    Do.SEVERITY: {About.SEVERITY},
    Do.TAG: {About.TAG},
    Do.ESCALATE: {About.TAG},
}


class Level(StrEnum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    level: Level
    rules: tuple[str, ...]  # keys, the one to look at first
    text: str


def lint(rules: Sequence[Rule], names: Names) -> list[Finding]:
    """In the order of the rules; the first `MOST_FOUND`, errors before warnings."""
    live = [rule for rule in rules if rule.on]
    found = [*gone(rules, names), *fighting(live, names, Budget())]
    found += [*contradictions(live, Budget()), *unreachable(live, Budget()), *twice(rules)]
    found.sort(key=lambda one: one.level != Level.ERROR)
    return found[:MOST_FOUND]


# What is gone


def gone(rules: Sequence[Rule], names: Names) -> Iterator[Finding]:
    for rule in rules:
        missing = list(dict.fromkeys([*missing_in(rule, names), *missing_to(rule, names)]))
        if missing:
            level = Level.ERROR if rule.on else Level.WARNING
            text = f"“{rule.name}” names {listed(missing, ' and ')}, which is gone."
            yield Finding(level, (str(rule.key),), text)


def missing_in(rule: Rule, names: Names) -> Iterator[str]:
    known = {
        About.TYPE: ("the type", names.types),
        About.PREVIOUS_TYPE: ("the type", names.types),
        About.DEPARTMENT: ("the department", names.departments),
        About.PREVIOUS_DEPARTMENT: ("the department", names.departments),
    }
    for test in rule.when.condition.tests():
        what, there = known.get(test.about, ("", None))
        if there is not None:
            for value in test.values:
                if value not in there and value != UNKNOWN:
                    yield f"{what} “{value}”"
        named = test.unit if test.about in OWN and not is_clock(test.unit) else ""
        if named and named not in names.departments:
            yield f"the department “{named}”"


def is_clock(unit: str) -> bool:
    return "/" in unit or unit == "UTC"


def missing_to(rule: Rule, names: Names) -> Iterator[str]:
    for action in rule.then:
        yield from missing_of(action, names)


def missing_of(action: Action, names: Names) -> Iterator[str]:
    kind, _, whom = action.value.partition(":")
    person = whom if action.do == Do.NOTIFY and kind == "person" else action.value
    if action.do == Do.DEPARTMENT and action.value not in names.departments:
        yield f"the department “{action.value}”"
    elif action.do == Do.NOTIFY and kind == "department" and whom not in names.departments:
        yield f"the department “{whom}”"
    elif action.do in (Do.AGENT, Do.NOTIFY) and person.isdigit() and person not in names.people:
        yield "an agent who has left"
    elif action.do == Do.ASK and action.value not in names.evidence:
        yield f"the kind of evidence “{action.value}”"


# Rules against rules


def fighting(rules: Sequence[Rule], names: Names, budget: Budget) -> Iterator[Finding]:
    for fight in fights(rules, sorted(names.departments), budget):
        named = listed([f"“{rule.name}”" for rule in fight.rules], " and ")
        way = " to ".join(names.of(names.departments, key) for key in fight.way)
        text = f"{named} undo each other: a ticket would be sent from {way}."
        yield Finding(Level.ERROR, tuple(str(rule.key) for rule in fight.rules), text)


def contradictions(rules: Sequence[Rule], budget: Budget) -> Iterator[Finding]:
    for rule in rules:
        flat = flat_of(rule.when.condition)
        never = flat.never if flat else False
        if not never and not (flat and flat.is_plain):
            never = satisfiable([Claim(rule.when.condition)], budget) is False
        if never:
            text = f"“{rule.name}” never matches: its conditions cannot all hold."
            yield Finding(Level.WARNING, (str(rule.key),), text)


@dataclass(frozen=True, slots=True)
class Placed:
    """A rule with what is asked of it again and again."""

    at: int
    rule: Rule
    flat: Flat | None
    keys: frozenset[tuple[About, str]]
    moments: frozenset[Moment]


def unreachable(rules: Sequence[Rule], budget: Budget) -> Iterator[Finding]:
    """A later rule whose every ticket an earlier one stops at."""
    changes = changed_up_to(rules)
    stops: dict[frozenset[tuple[About, str]], list[Placed]] = {}
    for at, rule in enumerate(rules):
        condition = rule.when.condition
        keys = frozenset((test.about, test.unit) for test in condition.tests())
        here = Placed(at, rule, flat_of(condition), keys, frozenset(rule.when.moments))
        above = (one for known, some in stops.items() if known <= keys for one in some)
        for other in above:
            if covers(other, here, budget) and not changed_between(changes, other, at):
                text = (
                    f"“{rule.name}” is never reached: “{other.rule.name}” stops at every such "
                    "ticket."
                )
                yield Finding(Level.WARNING, (str(rule.key), str(other.rule.key)), text)
                break
        if rule.mode == Mode.STOP:
            stops.setdefault(keys, []).append(here)


def covers(first: Placed, then: Placed, budget: Budget) -> bool:
    """Whether every ticket of the second rule is one of the first."""
    if not then.moments <= first.moments:
        return False
    if first.flat is not None and then.flat is not None:
        return then.flat.implies(first.flat)
    if budget.spent:
        return False
    claims = [Claim(then.rule.when.condition), Claim(first.rule.when.condition, held=False)]
    return satisfiable(claims, budget) is False


def changed_up_to(rules: Sequence[Rule]) -> list[Counter[About]]:
    """How often each value was changed by the rules before each place."""
    so_far: Counter[About] = Counter()
    found = [so_far.copy()]
    for rule in rules:
        for action in rule.then:
            so_far.update(CHANGED_BY.get(action.do, ()))
        found.append(so_far.copy())
    return found


def changed_between(changes: list[Counter[About]], first: Placed, then: int) -> bool:
    """Something the first rule asks about may be another by the time the second is read."""
    before, after = changes[first.at], changes[then]
    return any(after[about] > before[about] for about, _ in first.keys)


def twice(rules: Sequence[Rule]) -> Iterator[Finding]:
    """The same rule, word for word, is there again."""
    seen: dict[str, Rule] = {}
    for rule in rules:
        said = rule.model_dump_json(include={"when", "then"})
        if said in seen and rule.on and seen[said].on and rule.when.condition.join != Join.NONE:
            text = f"“{rule.name}” says the same as “{seen[said].name}”."
            yield Finding(Level.WARNING, (str(rule.key), str(seen[said].key)), text)
        seen.setdefault(said, rule)
