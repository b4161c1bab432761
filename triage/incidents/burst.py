"""How usual it is that so many reports come: the rate of each hour of the week, and the chance of
what was seen. Pure; times are seconds since 1970, UTC.

A window is tested against the number of reports it usually brings. Several windows and degrees of
likeness are tried and the least likely one counts, as in the prospective scan statistic of
Kulldorff (2001), "Prospective time periodic geographical disease surveillance using a scan
statistic", JRSS A 164(1), 61-72; instead of simulating, the level at which a burst is told is set
so low that trying several does no harm.
"""

import math
from dataclasses import dataclass, field

HOUR = 3600.0
WEEK = 168  # hours
NEIGHBOURS = 0.25  # what an hour counts for the one before and after it
HALF = 0.5  # of a report: as if seen of everything
PRIOR = 2.0  # weeks for which what is known of the day and of all hours counts


@dataclass
class UsualRate:
    """Reports per hour, for each hour of the week. Hours are noted as time goes on; the one that
    goes on counts when it is over."""

    counts: list[float] = field(default_factory=lambda: [0.0] * WEEK)
    seen: list[float] = field(default_factory=lambda: [0.0] * WEEK)  # how often each hour was
    hour: int | None = None  # that goes on, since 1970
    going_on: float = 0.0  # its reports so far
    _rates: list[float] = field(default_factory=list)

    def note(self, at: float, many: int = 1) -> None:
        """So many reports at this time."""
        self.pass_to(int(at // HOUR))
        self.going_on += many

    def pass_to(self, hour: int) -> None:
        """Every hour until this one is over."""
        if self.hour is None:
            self.hour = hour
        if hour <= self.hour:
            return
        self.counts[slot(self.hour)] += self.going_on
        for passed in range(max(self.hour, hour - 8 * WEEK), hour):
            self.seen[slot(passed)] += 1
        self.hour, self.going_on, self._rates = hour, 0.0, []

    def expected(self, start: float, end: float) -> float:
        """How many reports usually come in this time."""
        if not self._rates:
            self._rates = self.smoothed()
        total, at = 0.0, start
        while at < end:
            upto = min(end, (at // HOUR + 1) * HOUR)
            total += self._rates[slot(int(at // HOUR))] * (upto - at) / HOUR
            at = upto
        return total

    @property
    def a_week(self) -> float:
        """How many reports usually come in a week."""
        if not self._rates:
            self._rates = self.smoothed()
        return sum(self._rates)

    def smoothed(self) -> list[float]:
        """Each hour leans on its neighbours, on the same hour of other days, and on all hours, the
        more the less often it was seen (shrinkage towards the mean of a Gamma prior)."""
        passed = sum(self.seen)
        overall = sum(self.counts) / passed if passed else 0.0
        days = [
            (sum(self.counts[h::24]) + PRIOR * overall) / (sum(self.seen[h::24]) + PRIOR)
            for h in range(24)
        ]
        return [
            (around(self.counts, h) + PRIOR * days[h % 24]) / (around(self.seen, h) + PRIOR)
            for h in range(WEEK)
        ]


def slot(hour: int) -> int:
    return hour % WEEK


def around(values: list[float], hour: int) -> float:
    before, after = values[(hour - 1) % WEEK], values[(hour + 1) % WEEK]
    return values[hour] + NEIGHBOURS * (before + after)


def chance(many: int, seen: float, parts: float) -> float:
    """That at least so many come now, where `seen` came in a time `parts` times as large.

    Reports come as a Poisson process whose rate is known only from what was seen; with the prior of
    Jeffreys, half a report, the number to come has a negative binomial distribution (Gelman et al.
    2013, Bayesian Data Analysis, 2.6). Its upper tail is summed from its largest term, so that it
    is exact far below 1e-16. With much seen it is that of the Poisson distribution.
    """
    if many <= 0:
        return 1.0
    shape, odds = seen + HALF, 1 / (1 + parts)
    if many <= shape / parts:
        return min(
            1.0, max(0.0, 1.0 - sum(math.exp(log_part(n, shape, odds)) for n in range(many)))
        )
    term = math.exp(log_part(many, shape, odds))
    total, n = term, many
    while term > total * 1e-12:
        term *= odds * (n + shape) / (n + 1)
        total += term
        n += 1
    return min(1.0, total)


def log_part(many: int, shape: float, odds: float) -> float:
    """Logarithm of the chance of exactly so many."""
    ways = math.lgamma(many + shape) - math.lgamma(shape) - math.lgamma(many + 1)
    return ways + shape * math.log1p(-odds) + many * math.log(odds)
