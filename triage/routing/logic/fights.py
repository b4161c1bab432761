"""Rules that undo each other: because of one, another sends a ticket back.

Tried out on every kind of ticket the rules tell apart, in every department of a circle. There
is a fight when reading the rules again and again would never come to rest, or when a rule is
undone by a later one whenever it does something.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from .flat import flat_of
from .regions import OWN, Budget, Claim, World, worlds
from .rules import Mode, Rule
from .vocabulary import About, Moment

LONGEST = 4  # departments of a circle
MOST_BETWEEN = 25  # rules between the same two departments that are looked at
MOST_CHAINS = 4_000  # of rules, for one circle


@dataclass(frozen=True, slots=True)
class Step:
    place: int  # of the rule
    rule: Rule
    end: str
    minds: bool  # its answer may be another in another department


@dataclass(frozen=True, slots=True)
class Fight:
    rules: tuple[Rule, ...]
    way: tuple[str, ...]  # departments, the first again at the end


Steps = Mapping[str, Mapping[str, Sequence[Step]]]


def fights(rules: Sequence[Rule], departments: Sequence[str], budget: Budget) -> Iterator[Fight]:
    """The first of each circle of departments."""
    steps = steps_between(rules, departments)
    for start in departments:
        for way in circles(steps, start, ()):
            found = (one for one in chains(steps, start, way) if is_fight(one, way, budget))
            if fight := next(found, None):
                ordered = sorted(fight, key=lambda step: step.place)
                yield Fight(tuple(step.rule for step in ordered), (start, *way, start))


def steps_between(rules: Sequence[Rule], departments: Sequence[str]) -> Steps:
    """By the department a ticket is in, then by the one it is sent to."""
    steps: dict[str, dict[str, list[Step]]] = {}
    for place, rule in enumerate(rules):
        if not rule.departments:
            continue
        end, inside = rule.departments[-1], departments_asked(rule)
        step = Step(place, rule, end, minds(rule))
        for start in departments:
            if start != end and (inside is None or start in inside):
                steps.setdefault(start, {}).setdefault(end, []).append(step)
    return {start: {end: first(some) for end, some in to.items()} for start, to in steps.items()}


def first(steps: list[Step]) -> list[Step]:
    """Those that mind where the ticket is: without one of them nothing is undone."""
    return sorted(steps, key=lambda step: (not step.minds, step.place))[:MOST_BETWEEN]


def departments_asked(rule: Rule) -> frozenset[str] | None:
    """Those it asks for, when it says so plainly; None for any."""
    flat = flat_of(rule.when.condition)
    met = flat.met.get((About.DEPARTMENT, "")) if flat else None
    return met.among if met else None


def circles(steps: Steps, start: str, way: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The departments after the first; each circle once, from its first name on."""
    here = way[-1] if way else start
    for end in steps.get(here, {}):
        if end == start and way:
            yield way
        elif end > start and end not in way and len(way) < LONGEST - 1:
            yield from circles(steps, start, (*way, end))


def chains(steps: Steps, start: str, way: tuple[str, ...]) -> Iterator[tuple[Step, ...]]:
    """One rule for each step of the circle; two at least, one of which minds where it is."""

    def further(left: tuple[str, ...], chain: tuple[Step, ...]) -> Iterator[tuple[Step, ...]]:
        if len(left) == 1:
            yield chain
            return
        for step in steps[left[0]][left[1]]:
            yield from further(left[1:], (*chain, step))

    whole = (start, *way, start)
    if not any(step.minds for one, then in pairwise(whole) for step in steps[one][then]):
        return
    for chain in islice(further(whole, ()), MOST_CHAINS):
        apart = {step.rule.key for step in chain}
        if len(apart) == len(chain) and any(step.minds for step in chain):
            yield chain


def minds(rule: Rule) -> bool:
    tests = rule.when.condition.tests()
    return any(
        test.about == About.DEPARTMENT or (test.about in OWN and not test.unit) for test in tests
    )


def is_fight(chain: Sequence[Step], way: Sequence[str], budget: Budget) -> bool:
    """What cannot be decided here is stopped when it happens (engine.py)."""
    if budget.spent:
        return False
    moments = set(Moment).intersection(*(step.rule.when.moments for step in chain))
    if not moments:
        return False
    rules = [step.rule for step in sorted(chain, key=lambda step: step.place)]
    places = sorted({*way, *(step.end for step in chain)})
    claims = [
        Claim(rule.when.condition, department=department) for rule in rules for department in places
    ]
    found = worlds(claims, budget)
    return found is not None and quarrel(found, rules, places, moments != {Moment.FILED})


def quarrel(
    found: Iterable[World], rules: Sequence[Rule], places: Sequence[str], again: bool
) -> bool:
    """Never at rest in some world, or sent back in every world in which it is sent at all."""
    sent, undone = Counter[str](), Counter[str]()
    for world in found:
        held = {
            (at, place): world.meets(Claim(rule.when.condition, department=place))
            for at, rule in enumerate(rules)
            for place in places
        }
        ends = {}
        for start in places:
            ends[start], moved, back = read_once(held, rules, start)
            sent[start] += moved
            undone[start] += back
        if again and any(not comes_to_rest(ends, start) for start in places):
            return True
    return any(count == undone[place] for place, count in sent.items() if count)


def read_once(
    held: Mapping[tuple[int, str], bool], rules: Sequence[Rule], start: str
) -> tuple[str, bool, bool]:
    """Where the ticket ends, whether it was sent, and whether it was sent back only for that."""
    here, moved, back = start, False, False
    for at, rule in enumerate(rules):
        if not held[at, here]:
            continue
        end = rule.departments[-1]
        moved |= end != start
        back = end == start and here != start and not held[at, start]
        here = end
        if rule.mode == Mode.STOP:
            break
    return here, moved, back and here == start


def comes_to_rest(ends: Mapping[str, str], start: str) -> bool:
    for _ in ends:
        if ends[start] == start:
            return True
        start = ends[start]
    return False
