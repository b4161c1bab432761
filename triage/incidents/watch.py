"""What a process knows of the last reports of every area, and what it makes of a new one. Pure."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from triage.engine.words import STOP_WORDS, stem

from .clusters import BY_MEANING, LATELY, Area, Closeness, Cluster
from .reports import Seen

DAY = 86_400.0
MOST_WORDS = 6
LEAST_TELLERS = 3  # people who must use a word before it stands for the cluster
TELLERS = 0.4  # and which part of them
RARE = 0.02  # part of an area's reports with a word that tells
OF_TYPE = 0.5  # part of a type's reports that must be of the cluster
REMEMBERED = 4_000  # ticket ids


class State(StrEnum):
    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"
    RESOLVED = "resolved"


LIVE = (State.PROPOSED, State.CONFIRMED)
SILENT = {State.DISMISSED: DAY, State.RESOLVED: LATELY}  # seconds after the decision


@dataclass(frozen=True, slots=True)
class Known:
    """An incident there is. Times are seconds since 1970."""

    state: State
    decided_at: float = 0.0
    area: str = ""
    words: frozenset[str] = frozenset()  # their stems
    first_at: float = 0.0
    last_at: float = 0.0

    def goes_on(self, now: float) -> bool:
        return self.state in LIVE and now - self.last_at <= LATELY

    def is_silent(self, now: float) -> bool:
        return now - self.decided_at < SILENT.get(self.state, 0.0)


@dataclass(frozen=True, slots=True)
class Finding:
    """A burst nobody knows of, or one more report of an incident."""

    area: str
    cluster: Cluster
    incident_id: int | None = None
    words: tuple[str, ...] = ()
    type_keys: tuple[str, ...] = ()

    @property
    def newest(self) -> Seen:
        return self.cluster.members[-1]


@dataclass
class Watch:
    closeness: Closeness = BY_MEANING
    areas: dict[str, Area] = field(default_factory=dict)
    incidents: Mapping[int, Known] = field(default_factory=dict)
    ids: dict[int, None] = field(default_factory=dict)  # seen lately, in order

    def area(self, key: str) -> Area:
        if key not in self.areas:
            self.areas[key] = Area(self.closeness)
        return self.areas[key]

    def knows(self, ticket_id: int) -> bool:
        return ticket_id in self.ids

    def take(self, key: str, reports: Sequence[Seen], note: bool = True) -> None:
        """Earlier ones, about which nothing is to be decided."""
        self.area(key).take(reports, note)
        self.remember([report.ticket_id for report in reports])

    def feed(self, key: str, report: Seen) -> Finding | None:
        a_week = sum(area.usual.a_week for area in self.areas.values())
        cluster = self.area(key).feed(report, a_week)
        self.remember([report.ticket_id])
        if report.incident_id is not None:
            return None
        for id in (cluster.incident_id, cluster.earlier_id):
            known = self.incidents.get(id) if id is not None else None
            if known is None:
                continue
            if known.state in LIVE and (id == cluster.incident_id or cluster.is_burst):
                return Finding(key, replace(cluster, members=(report,)), id)
            if known.is_silent(report.at):
                return None
        if not cluster.is_burst:
            return None
        words = self.words_of(cluster)
        told_so = self.said_of(key, report.at, words)
        if told_so is not None:
            is_open = self.incidents[told_so].state in LIVE
            return Finding(key, cluster, told_so) if is_open else None
        return Finding(key, cluster, None, words, self.types_of(key, cluster))

    def mark(self, key: str, ticket_ids: Collection[int], incident_id: int) -> None:
        self.area(key).mark(ticket_ids, incident_id)

    def words_of(self, cluster: Cluster) -> tuple[str, ...]:
        """Words that several of these people use in their subjects. Nobody's alone."""
        tellers: Counter[str] = Counter()
        spelt: dict[str, Counter[str]] = {}
        people = {one.person_id: one for one in cluster.members if one.told}
        for one in people.values():
            for root, word in {stem(word): word for word in sorted(one.words)}.items():
                tellers[root] += 1
                spelt.setdefault(root, Counter())[word] += 1
        least = max(LEAST_TELLERS, TELLERS * len(people))
        shared = [root for root, many in tellers.most_common() if many >= least]
        return tuple(spelt[root].most_common(1)[0][0] for root in shared[:MOST_WORDS])

    def said_of(self, key: str, now: float, words: tuple[str, ...]) -> int | None:
        """The incident of these hours, or dismissed within a day, that is told of with the same
        word, one that is rare in this area: it is that one in other words."""
        stems = {stem(word) for word in words}
        for id, known in self.incidents.items():
            if known.area != key or not (known.goes_on(now) or known.is_silent(now)):
                continue
            if any(self.is_rare(key, word, known.first_at) for word in stems & known.words):
                return id
        return None

    def is_rare(self, key: str, root: str, until: float) -> bool:
        """Among the reports before it began."""
        before = [one for one in self.area(key).reports if one.at < until]
        many = sum(any(stem(word) == root for word in one.words) for one in before)
        return many <= RARE * max(len(before), 20)

    def types_of(self, key: str, cluster: Cluster) -> tuple[str, ...]:
        """Types whose reports of these hours are mostly of this cluster."""
        since = cluster.members[0].at
        mine = Counter(one.type_key for one in cluster.members)
        all = Counter(
            one.type_key for one in reversed(self.area(key).reports[-500:]) if one.at >= since
        )
        return tuple(sorted(type for type, many in mine.items() if many > OF_TYPE * all[type]))

    def remember(self, ticket_ids: Sequence[int]) -> None:
        self.ids.update(dict.fromkeys(ticket_ids))
        if len(self.ids) > 2 * REMEMBERED:
            self.ids = dict.fromkeys(list(self.ids)[-REMEMBERED:])


def subject_words(subject: str) -> frozenset[str]:
    """Of a subject, in small letters; what has digits may be somebody's."""
    words = "".join(c if c.isalpha() else " " for c in subject[:200].casefold()).split()
    return frozenset(word for word in words if 3 <= len(word) <= 30 and word not in STOP_WORDS)
