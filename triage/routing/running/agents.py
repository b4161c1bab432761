"""Who gets a ticket: a choice among a department's people, with the reason in words."""

from collections.abc import Sequence
from dataclasses import dataclass

CAPACITY = 30  # open tickets of one agent, until somebody says otherwise


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who might take it, as they are at this moment."""

    id: int
    name: str
    may_see: bool  # the ticket, once it is in its department
    languages: frozenset[str] = frozenset()
    skills: frozenset[str] = frozenset()
    open_tickets: int = 0
    capacity: int = CAPACITY
    present: bool = False  # at the desk now
    absent: bool = False  # on leave, ill, off today
    takes_work: bool = True  # given to them without their asking

    @property
    def has_room(self) -> bool:
        return self.open_tickets < self.capacity


@dataclass(frozen=True, slots=True)
class Need:
    department: str  # as people read it
    language: str | None = None  # of the ticket
    skills: frozenset[str] = frozenset()
    is_open: bool | None = None  # the department; None when its hours are not known
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Pick:
    agent: Candidate | None
    why: str


def pick_agent(candidates: Sequence[Candidate], need: Need) -> Pick:
    """Whoever may see it, is not away, has the skills and room; then by language, presence, load.

    A closed department is not handed work in the night, unless it is urgent: the ticket waits
    in its queue, where the first to come takes it.
    """
    if need.is_open is False and not need.urgent:
        return Pick(None, f"{need.department} is closed now, so it waits in the queue.")
    able = [one for one in candidates if one.may_see]
    if not able:
        return Pick(None, f"Nobody of {need.department} may see it.")
    for fits, missing in (
        (lambda one: not one.absent, "is away"),
        (lambda one: need.skills <= one.skills, f"knows {listed(need.skills)}"),
        (lambda one: one.has_room, "has room for another ticket"),
    ):
        left = [one for one in able if fits(one)]
        if not left:
            who = "Everybody" if missing == "is away" else "Nobody left"
            return Pick(None, f"{who} of {need.department} {missing}, so it waits in the queue.")
        able = left
    speakers = [one for one in able if need.language in one.languages]
    if need.language is not None and not speakers and need.language != "en":
        return Pick(None, f"Nobody free reads {need.language}, so it waits in the queue.")
    best = min(speakers or able, key=order)
    return Pick(best, reason(best, need, bool(speakers), len(able)))


def order(one: Candidate) -> tuple[bool, int, int]:
    """Those who are there first, then those with the least to do, then always the same."""
    return not one.present, one.open_tickets, one.id


def reason(best: Candidate, need: Need, speaks: bool, among: int) -> str:
    parts = [f"knows {listed(need.skills)}"] if need.skills else []
    parts += [f"reads {need.language}"] if speaks and need.language else []
    parts += ["is at the desk"] if best.present else []
    parts.append(f"has {best.open_tickets} open of {best.capacity}")
    others = f", out of {among} who could take it" if among > 1 else ""
    return f"{best.name} of {need.department} {', '.join(parts)}{others}."


def listed(words: frozenset[str]) -> str:
    return " and ".join(sorted(words))
