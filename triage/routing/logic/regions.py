"""Whether conditions can hold together: tried on one value of every kind they tell apart.

Two values that no test tells apart are one region, so a handful of values stands for all. An
answer of False is certain; where there would be too many combinations there is none.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from math import prod

from .conditions import Group, Known, Test, holds, number_of, wanted_of
from .vocabulary import DAYS, SHAPES, UNKNOWN, About, Op

Key = tuple[About, str]
OTHER = "\0another"  # stands for every value that no test names
MOST_AT_ONCE = 4_000  # combinations tried for one question
SUBSETS_OF = 6  # kinds of words whose every combination is tried
MAY_LACK = {About.LANGUAGE, About.CONTRACT_ID, About.COMPANY, About.AMOUNT, About.OPEN,
            About.PREVIOUS_SEVERITY, About.PREVIOUS_DEPARTMENT, About.PREVIOUS_TYPE}  # fmt: skip
FIXED: Mapping[About, tuple[Known, ...]] = {
    About.SEVERITY: (1, 2, 3, 4),
    About.WEEKDAY: DAYS,
    About.HOUR: tuple(range(24)),
    About.OPEN: (True, False),
    About.RESTRICTED: (True, False),
    About.CONTRACT: (
        frozenset({"none"}),
        frozenset({"any", "running"}),
        frozenset({"any", "ended"}),
    ),
    About.ROLE: tuple(
        map(frozenset, ((), ("client",), ("freelancer",), ("client", "freelancer"), ("guest",)))
    ),
}
# What depends on the department the ticket is with, when no department is named.
OWN = {About.LOAD, About.OPEN, About.HOUR, About.WEEKDAY}


@dataclass
class Budget:
    """How much may still be tried, over all questions of one check."""

    left: int = 100_000

    def takes(self, amount: int) -> bool:
        self.left -= amount
        return not self.spent

    @property
    def spent(self) -> bool:
        return self.left < 0


@dataclass(frozen=True, slots=True)
class Claim:
    """That a condition holds, or does not, of a ticket in a department (any, when empty)."""

    condition: Group
    held: bool = True
    department: str = ""


def satisfiable(claims: Sequence[Claim], budget: Budget) -> bool | None:
    """Whether one ticket can meet all claims. None when there is too much to try."""
    found = worlds(claims, budget)
    return None if found is None else any(all(map(world.meets, claims)) for world in found)


@dataclass(frozen=True, slots=True)
class World:
    """One value for everything that is asked."""

    values: Mapping[Key, Known]

    def meets(self, claim: Claim) -> bool:
        def read(about: About, unit: str) -> Known:
            if about == About.DEPARTMENT and claim.department:
                return claim.department
            return self.values[key_of(about, unit, claim.department)]

        return holds(claim.condition, read) == claim.held


def worlds(claims: Sequence[Claim], budget: Budget) -> Iterator[World] | None:
    """Every kind of ticket the claims tell apart; None when there are too many."""
    if budget.spent:
        return None
    tests: dict[Key, list[Test]] = {}
    for claim in claims:
        for test in claim.condition.tests():
            if test.about != About.DEPARTMENT or not claim.department:
                tests.setdefault(key_of(test.about, test.unit, claim.department), []).append(test)
    domains = [regions(key[0], found) for key, found in tests.items()]
    known = [domain for domain in domains if domain is not None]
    amount = prod(map(len, known))
    if len(known) < len(domains) or amount > MOST_AT_ONCE:
        return None
    if not budget.takes(amount * len(claims)):
        return None
    return (World(dict(zip(tests, values, strict=True))) for values in product(*known))


def key_of(about: About, unit: str, department: str) -> Key:
    """What depends on the ticket's own department is another value in another one."""
    return about, department if about in OWN and not unit else unit


def regions(about: About, tests: Iterable[Test]) -> Sequence[Known] | None:
    """One value for each kind of answer the tests can give; None when there are too many."""
    lacking: tuple[Known, ...] = (None,) if about in MAY_LACK else ()
    if about in FIXED:
        return (*FIXED[about], *lacking)
    if SHAPES[about].ops[0] == Op.LEAST:
        limits = {number_of(test, test.values[0]) for test in tests}
        return (*sorted({n + d for n in limits for d in (-1, 0, 1) if n + d >= 0}), *lacking)
    named = told_apart([wanted_of(test) - {UNKNOWN} for test in tests])
    if SHAPES[about].several:
        return subsets(named) if len(named) <= SUBSETS_OF else None
    return (*named, OTHER, *lacking)


def told_apart(wanted: Sequence[frozenset[str]]) -> list[str]:
    """One value for all that stand in the same tests."""
    classes: dict[tuple[bool, ...], str] = {}
    for value in sorted(frozenset().union(*wanted)):
        classes.setdefault(tuple(value in some for some in wanted), value)
    return list(classes.values())


def subsets(named: Sequence[str]) -> list[Known]:
    found: Iterator[frozenset[str]] = (
        frozenset(some) for size in range(len(named) + 1) for some in combinations(named, size)
    )
    return list(found)
