"""A desk's days replayed: an outage is proposed soon, and hardly anything else ever."""

import random
from collections.abc import Iterable

from triage.engine.words import stem
from triage.incidents.clusters import BY_WORDS, KEPT
from triage.incidents.reports import Seen
from triage.incidents.watch import DAY as SILENT_FOR
from triage.incidents.watch import Finding, Known, State, Watch

from .texts import DAY, MONDAY, Told, outage, seen, usual


def replay(
    watch: Watch, told: Iterable[Told], first: int = 0, person: int | None = None
) -> list[tuple[int, Told, Finding]]:
    """What was proposed, and at which report. Each proposal stays open."""
    proposed = []
    for number, one in enumerate(told, first):
        finding = watch.feed(one.area, seen(number, one, person))
        if finding is None:
            continue
        if finding.incident_id is not None:
            watch.mark(one.area, [finding.newest.ticket_id], finding.incident_id)
            continue
        proposed.append((number, one, finding))
        id = len(watch.incidents) + 1
        watch.incidents = {**watch.incidents, id: known(finding)}
        watch.mark(one.area, [member.ticket_id for member in finding.cluster.members], id)
    return proposed


def known(finding: Finding, state: State = State.PROPOSED, decided_at: float = 0.0) -> Known:
    words = frozenset(map(stem, finding.words))
    return Known(
        state, decided_at, finding.area, words, finding.cluster.members[0].at, finding.newest.at
    )


def learnt(seed: int = 1, a_day: int = 500) -> tuple[Watch, random.Random]:
    """As a worker that starts: two weeks of counts, and the last reports of each area."""
    rng, watch = random.Random(seed), Watch(BY_WORDS)
    known: dict[str, list[Seen]] = {}
    for number, one in enumerate(usual(rng, 14, a_day, MONDAY - 14 * DAY)):
        watch.area(one.area).usual.note(one.at)
        if one.at > MONDAY - 2_400 / a_day * DAY:
            known.setdefault(one.area, []).append(seen(number - 1_000_000, one))
    for area, reports in known.items():
        watch.take(area, reports, note=False)
    return watch, rng


def test_an_outage_in_a_day_of_5000_is_proposed_within_ten_reports() -> None:
    watch, rng = learnt(a_day=5_000)
    start = MONDAY + 14 * 3_600
    day = sorted(
        [*usual(rng, 1, 4_940), *outage(rng, start, 60, minutes=50)], key=lambda one: one.at
    )
    assert len(day) > 4_500
    proposed = replay(watch, day)
    outages = [finding for _, one, finding in proposed if one.outage]
    assert len(outages) == len(proposed) == 1
    assert sum(one.outage for one in day[: proposed[0][0] + 1]) <= 10
    assert "login" in outages[0].words


def test_a_usual_week_has_at_most_one_false_alarm() -> None:
    watch, rng = learnt()
    assert len(replay(watch, usual(rng, 7, 500))) <= 1


def test_a_busy_monday_is_no_incident() -> None:
    """Everything comes three times as often as the weeks before."""
    watch, rng = learnt()
    assert len(replay(watch, usual(rng, 1, 1_500))) <= 1


def test_one_person_reporting_again_and_again_is_none() -> None:
    watch, rng = learnt()
    day = sorted([*usual(rng, 1, 500)], key=lambda one: one.at)
    noisy = outage(rng, day[-1].at, 60, minutes=30)
    replay(watch, day)
    assert replay(watch, noisy, first=50_000, person=7) == []


def test_what_was_dismissed_is_not_proposed_again_within_a_day() -> None:
    watch, rng = learnt()
    first = replay(watch, outage(rng, MONDAY + 10 * 3_600, 20, minutes=30))
    assert len(first) == 1
    at = MONDAY + 11 * 3_600
    dismissed = known(first[0][2], State.DISMISSED, at)
    watch.incidents = {1: dismissed}
    again = outage(rng, at + 4 * 3_600, 20, minutes=30)
    assert replay(watch, again, first=1_000) == []
    later = outage(rng, at + SILENT_FOR + 3_600, 20, minutes=30)
    watch.incidents = {1: dismissed}
    assert len(replay(watch, later, first=2_000)) == 1


def test_later_reports_join_what_is_open() -> None:
    watch, rng = learnt()
    start = MONDAY + 10 * 3_600
    told = outage(rng, start, 40, minutes=40)
    joined = 0
    for number, one in enumerate(told):
        finding = watch.feed(one.area, seen(number, one))
        if finding is None:
            continue
        if finding.incident_id is None:
            watch.incidents = {5: Known(State.CONFIRMED)}
            watch.mark(one.area, [member.ticket_id for member in finding.cluster.members], 5)
        else:
            assert finding.incident_id == 5
            watch.mark(one.area, [finding.newest.ticket_id], 5)
            joined += 1
    assert joined >= 15


def test_words_of_a_cluster_are_nobodys_alone() -> None:
    watch, _ = learnt()
    told = [
        Told("account", MONDAY + 36_000 + 30 * n, f"Login shows error for canary{'abcdefghij'[n]}")
        for n in range(10)
    ]
    proposed = replay(watch, told)
    assert proposed
    words = proposed[0][2].words
    assert {"login", "error"} <= set(words)
    assert not [word for word in words if word.startswith("canary")]


def test_memory_is_bounded() -> None:
    watch = Watch(BY_WORDS)
    rng = random.Random(3)
    day = [one for one in usual(rng, 1, 8_000) if one.area == "payments"]
    assert len(day) > 2 * KEPT
    replay(watch, day)
    assert len(watch.area("payments")) <= 2 * KEPT
    assert len(watch.ids) <= 8_000
