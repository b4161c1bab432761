"""Reports of one area as they come, and the cluster that each new one falls into.

A report lies where it and its nearest earlier ones lie together (its own place counts once, theirs
BORROWED times), after what all reports of the area share was taken away: whoever tells of the same
lands close by, whatever the words. Those close by within a window are compared with how many of
all earlier reports were as close, at the usual rate of these hours. Memory is bounded: the newest
`kept` reports.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from triage.engine.embedders import DIMENSIONS
from triage.engine.report import Vector, Vectors

from .burst import HALF, HOUR, UsualRate, chance
from .reports import Seen

Indices = NDArray[np.intp]

WINDOWS = (300.0, 1_200.0, HOUR, 2 * HOUR)  # seconds
LATELY = max(WINDOWS)
LEAST_PEOPLE = 3
A_WEEK = 5_000
NEAREST = 6
BORROWED = 2.0
ENOUGH = 200  # earlier reports from which an area is known
KEPT = 1_000


@dataclass(frozen=True, slots=True)
class Cluster:
    """Like reports of different people, the newest last. `expected` of them usually come."""

    members: tuple[Seen, ...]
    people: int
    expected: float
    chance: float
    incident_id: int | None = None  # that reports of the last hours like it belong to
    earlier_id: int | None = None  # the same of those before
    is_burst: bool = False


@dataclass(frozen=True, slots=True)
class Closeness:
    """Cosines: the degrees that are tried, and from which on a report seems to belong to an
    incident. A burst is told when it is less likely than `told_below`, on a desk with A_WEEK
    reports a week; a busier one is stricter, so that it has no more false alarms a week."""

    degrees: tuple[float, ...]
    same: float
    told_below: float


BY_MEANING = Closeness((0.7, 0.8, 0.9), 0.75, 1e-5)
BY_WORDS = Closeness((0.5, 0.6, 0.7), 0.4, 1e-7)


class Area:
    def __init__(self, closeness: Closeness = BY_MEANING, kept: int = KEPT) -> None:
        self.usual = UsualRate()
        self.reports: list[Seen] = []
        self.times: list[float] = []
        self._closeness = closeness
        self._kept = kept
        self._places = np.zeros((2 * kept, DIMENSIONS), np.float32)  # as they came
        self._near = np.zeros((2 * kept, DIMENSIONS), np.float32)  # beside their neighbours
        self._centre: Vector = np.zeros(DIMENSIONS, np.float32)
        self._settle_at = ENOUGH

    def __len__(self) -> int:
        return len(self.reports)

    def feed(self, report: Seen, a_week: float = 0.0) -> Cluster:
        """Its cluster, from what came before, on a desk with so many reports a week.

        Reports come in the order of their times, nearly.
        """
        place = self._centred(report.vector)
        near = self._beside(place, len(self))
        self.usual.pass_to(int(report.at // HOUR))
        found = self._cluster(report, near, a_week)
        self._keep(report, place, near)
        return found

    def take(self, reports: Sequence[Seen], note: bool = True) -> None:
        """Earlier ones, without asking which cluster they fall into."""
        for report in reports[-self._kept :]:
            place = self._centred(report.vector)
            self._keep(report, place, self._beside(place, len(self)), note)
        if len(reports) >= ENOUGH:
            self._settle()

    def mark(self, ticket_ids: Collection[int], incident_id: int | None) -> None:
        """They belong to an incident, or to none any more."""
        wanted = set(ticket_ids)
        for number, report in enumerate(self.reports):
            if report.ticket_id in wanted:
                self.reports[number] = replace(report, incident_id=incident_id)

    # How close

    def _cluster(self, report: Seen, near: Vector, a_week: float) -> Cluster:
        closeness = self._near[: len(self)] @ near
        for number in self._naming(report.codes):
            closeness[number] = 1.0
        recent = bisect_right(self.times, report.at - LATELY)
        incident = self._incident_of(closeness[recent:], recent)
        earlier = self._incident_of(closeness[:recent], 0)
        alone = Cluster((report,), 1, 0.0, 1.0, incident, earlier)
        if recent < ENOUGH // 2 or len(self) - recent < LEAST_PEOPLE - 1:
            return alone
        best = alone
        for least in self._closeness.degrees:
            close = np.flatnonzero(closeness[recent:] >= least) + recent
            if len(close) < LEAST_PEOPLE - 1:
                break
            before = int(np.count_nonzero(closeness[:recent] >= least))
            for window in WINDOWS:
                found = self._tried(report, close, before, recent, window)
                if found is not None and found.chance < best.chance:
                    best = found
        marks = (one.incident_id for one in best.members if one.incident_id is not None)
        if best.people >= LEAST_PEOPLE and best.chance < self._told_below(a_week):
            best = replace(best, is_burst=True, members=self._all_like(best, closeness, recent))
        return replace(
            best,
            incident_id=incident or next(marks, None),
            earlier_id=earlier,
        )

    def _tried(
        self, report: Seen, close: Indices, before: int, recent: int, window: float
    ) -> Cluster | None:
        since = report.at - window
        members = [self.reports[n] for n in close if self.times[n] > since]
        people = len({one.person_id for one in members} | {report.person_id})
        if people < LEAST_PEOPLE:
            return None
        first = bisect_right(self.times, since)
        share = (before + HALF) / (recent + 1)
        others = len(self) - first - len(members)
        # When everything comes more often than usual, each matter does.
        area = max(self.usual.expected(since, report.at), others / (1 - min(share, 0.9)))
        likely = chance(people, before, (recent + 1) / max(area, 1e-3))
        return Cluster((*members, report), people, share * area, likely)

    def _told_below(self, a_week: float) -> float:
        """Twice the reports are four times the pairs that may be alike by chance."""
        return self._closeness.told_below * min(1.0, A_WEEK / max(a_week, 1.0)) ** 2

    def _all_like(self, burst: Cluster, closeness: Vector, recent: int) -> tuple[Seen, ...]:
        """Its members, and whoever else of these hours is as close as those that join later."""
        like = np.flatnonzero(closeness[recent:] >= self._closeness.same) + recent
        found = {self.reports[n].ticket_id: self.reports[n] for n in like}
        found |= {one.ticket_id: one for one in burst.members}
        return tuple(sorted(found.values(), key=lambda one: (one.at, one.ticket_id)))

    def _naming(self, codes: frozenset[str]) -> Iterator[int]:
        """Who named one of these error codes."""
        if codes:
            yield from (n for n, other in enumerate(self.reports) if codes & other.codes)

    def _incident_of(self, closeness: Vector, first: int) -> int | None:
        """The incident that most of the close reports belong to. The first of them is `first`."""
        close = np.flatnonzero(closeness >= self._closeness.same) + first
        marks = Counter(mark for n in close if (mark := self.reports[n].incident_id) is not None)
        return marks.most_common(1)[0][0] if marks else None

    # Where they lie

    def _centred(self, vector: Vector) -> Vector:
        moved = vector - self._centre
        found: Vector = moved / max(float(np.linalg.norm(moved)), 1e-9)
        return found

    def _beside(self, place: Vector, among: int) -> Vector:
        """Together with its nearest of the first `among`."""
        if among < ENOUGH:
            return place
        closeness = self._places[:among] @ place
        nearest = np.argpartition(closeness, -NEAREST)[-NEAREST:]
        weights = np.maximum(closeness[nearest], 0) ** 2
        total = float(weights.sum())
        if total < 1e-6:
            return place
        moved = place + BORROWED * (weights @ self._places[nearest]) / total
        found: Vector = (moved / np.linalg.norm(moved)).astype(np.float32)
        return found

    def _keep(self, report: Seen, place: Vector, near: Vector, note: bool = True) -> None:
        if len(self) == len(self._places):
            self._forget()
        number = len(self)
        self._places[number], self._near[number] = place, near
        self.reports.append(report)
        self.times.append(max(report.at, self.times[-1] if self.times else report.at))
        if note:
            self.usual.note(report.at)
        if len(self) >= self._settle_at:
            self._settle()

    def _forget(self) -> None:
        """The older half."""
        gone = len(self) - self._kept
        self._places[: self._kept] = self._places[gone : len(self)]
        self._near[: self._kept] = self._near[gone : len(self)]
        del self.reports[:gone], self.times[:gone]

    def _settle(self) -> None:
        """Find out anew what all have in common; at each doubling, as it moves ever less."""
        many = len(self)
        while self._settle_at <= many:
            self._settle_at = 2 * self._settle_at
        if many < ENOUGH:
            return
        vectors: Vectors = np.stack([report.vector for report in self.reports])
        self._centre = vectors.mean(axis=0)
        places = vectors - self._centre
        places /= np.maximum(np.linalg.norm(places, axis=1, keepdims=True), 1e-9)
        self._places[:many] = places
        for number in range(many):
            self._near[number] = self._beside(places[number], number)
