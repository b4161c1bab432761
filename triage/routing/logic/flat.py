"""Conditions that are a plain list of tests, compared without trying values: most rules are."""

from dataclasses import dataclass

from .conditions import Group, Join, Test, number_of, wanted_of
from .vocabulary import SHAPES, About, Op

Key = tuple[About, str]


@dataclass(frozen=True, slots=True)
class Met:
    """What all tests about one value leave open."""

    among: frozenset[str] | None = None  # None: anything
    several: tuple[frozenset[str], ...] = ()  # one of each is needed
    least: int = -1
    most: int = 2**62
    tests: tuple[Test, ...] = ()  # of other kinds: implied only by the same test

    def implies(self, other: "Met") -> bool:
        if other.among is not None and (self.among is None or not self.among <= other.among):
            return False
        if self.least < other.least or self.most > other.most:
            return False
        for one in other.several:
            if not any(own <= one for own in self.several):
                return False
        return all(any(same(own, test) for own in self.tests) for test in other.tests)

    @property
    def is_plain(self) -> bool:
        """`never` says all there is to say."""
        return len(self.several) < 2 and len(self.tests) < 2

    @property
    def never(self) -> bool:
        answers = {test.values for test in self.tests if test.op == Op.IS}
        return self.among == frozenset() or self.least > self.most or len(answers) > 1


def same(one: Test, other: Test) -> bool:
    return (one.op, one.values) == (other.op, other.values)


@dataclass(frozen=True, slots=True)
class Flat:
    met: dict[Key, Met]

    def implies(self, other: "Flat") -> bool:
        """Every ticket that meets this meets the other."""
        mine = self.met
        for key, one in other.met.items():
            if key not in mine or not mine[key].implies(one):
                return False
        return True

    @property
    def is_plain(self) -> bool:
        return all(one.is_plain for one in self.met.values())

    @property
    def never(self) -> bool:
        return any(one.never for one in self.met.values())


def flat_of(condition: Group) -> Flat | None:
    """None for a condition with groups in it, or another join than `all`."""
    tests = [part for part in condition.of if isinstance(part, Test)]
    if len(tests) < len(condition.of) or (condition.join != Join.ALL and len(tests) != 1):
        return None
    if condition.join == Join.NONE:
        return None
    by_key: dict[Key, list[Test]] = {}
    for test in tests:
        by_key.setdefault((test.about, test.unit), []).append(test)
    return Flat({key: met_by(some) for key, some in by_key.items()})


def met_by(tests: list[Test]) -> Met:
    among, several, others = None, [], []
    least, most = -1, 2**62
    for test in tests:
        if test.op == Op.AMONG:
            wanted = wanted_of(test)
            if SHAPES[test.about].several or test.about == About.CONTRACT:
                several.append(wanted)
            else:
                among = wanted if among is None else among & wanted
        elif test.op == Op.LEAST:
            least = max(least, number_of(test, test.values[0]))
        elif test.op == Op.MOST:
            most = min(most, number_of(test, test.values[0]))
        else:
            others.append(test)
    return Met(among, tuple(several), least, most, tuple(others))
