"""What suggestions were worth: how many were answered, how many of those were right, and whether
what was said to be likely was. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

BINS = 10
FEW = 10  # answered suggestions below which a share says little


@dataclass(frozen=True, slots=True)
class Tally:
    """Suggestions of one kind, week and degree of sureness. `place` is the bin of the probability,
    None where no probability was said; `said` is the sum of the probabilities of the answered, and
    `so` how many of them turned out to be what the probability is of."""

    kind: str
    week: date
    place: int | None
    made: int
    unsure: int  # of them said that they do not know
    answered: int
    right: int
    said: float = 0.0
    so: int = 0


@dataclass(frozen=True, slots=True)
class Share:
    part: int
    whole: int

    @property
    def percent(self) -> int:
        return round(100 * self.part / self.whole) if self.whole else 0

    @property
    def is_telling(self) -> bool:
        return self.whole >= FEW


@dataclass(frozen=True, slots=True)
class Bin:
    """Answered suggestions of about the same probability. All figures are percents."""

    start: int
    end: int
    many: int
    said: int
    so: int


@dataclass(frozen=True, slots=True)
class Worth:
    """Of some suggestions."""

    made: int
    sure: Share  # said something, of all
    answered: Share  # by somebody, of those that said something
    right: Share  # as answered, of the answered
    bins: tuple[Bin, ...] = ()
    error: float | None = None  # expected calibration error; None without probabilities


def worth(tallies: Iterable[Tally]) -> Worth:
    some = list(tallies)
    made = sum(one.made for one in some)
    sure = made - sum(one.unsure for one in some)
    answered = sum(one.answered for one in some)
    return Worth(
        made,
        Share(sure, made),
        Share(answered, sure),
        Share(sum(one.right for one in some), answered),
        *calibration(some),
    )


def calibration(tallies: Sequence[Tally]) -> tuple[tuple[Bin, ...], float | None]:
    """The bins of a reliability diagram, and how far, on average, what was said is from what was so
    (Naeini, Cooper and Hauskrecht 2015, "Obtaining well calibrated probabilities using Bayesian
    binning")."""
    sums: list[list[float]] = [[0.0, 0, 0] for _ in range(BINS)]
    for one in tallies:
        if one.place is not None:
            cell = sums[min(one.place, BINS - 1)]
            cell[0] += one.said
            cell[1] += one.answered
            cell[2] += one.so
    whole = sum(cell[1] for cell in sums)
    if not whole:
        return (), None
    bins = tuple(
        Bin(10 * n, 10 * (n + 1), int(many), round(100 * said / many), round(100 * so / many))
        for n, (said, many, so) in enumerate(sums)
        if many
    )
    return bins, sum(abs(said - so) for said, _, so in sums) / whole


def by_week(tallies: Iterable[Tally]) -> list[tuple[date, Worth]]:
    """The newest first."""
    weeks: dict[date, list[Tally]] = {}
    for one in tallies:
        weeks.setdefault(one.week, []).append(one)
    return [(week, worth(weeks[week])) for week in sorted(weeks, reverse=True)]
