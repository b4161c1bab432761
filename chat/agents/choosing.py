"""Who is offered a waiting chat. Pure: no clock, no I/O."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

PATIENCE = timedelta(seconds=30)  # a chat waits so long for somebody who speaks its language


@dataclass(frozen=True, slots=True)
class Candidate:
    """An agent as they are now."""

    id: int
    groups: frozenset[int]
    languages: frozenset[str]
    skills: frozenset[str]
    takes_chats: bool  # available, connected, and not absent
    load: int  # chats that count, and those held out to them
    capacity: int
    rested_since: datetime | None  # the last chat they got; None: none yet

    @property
    def room(self) -> int:
        return max(0, self.capacity - self.load)

    def busier(self, by: int) -> "Candidate":
        return replace(self, load=self.load + by)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A chat nobody has."""

    group_id: int
    language: str  # two letters, or nothing
    skills: frozenset[str]  # what it is about: a type of the catalogue, and its service
    waited: timedelta
    passed: frozenset[int] = frozenset()  # agents who did not want it a moment ago
    before: int | None = None  # who had it until the connection was lost


def choose(agents: Iterable[Candidate], chat: Waiting) -> Candidate | None:
    """The agent of its department with room for it who knows it best: who had it before, who
    speaks its language, who has its skill, then the least loaded, then who rested longest."""
    there = [one for one in agents if one.takes_chats and chat.group_id in one.groups]
    able = [one for one in there if one.room and one.id not in chat.passed]
    if waits_for_language(there, able, chat):
        return None
    return min(able, key=lambda one: rank(one, chat), default=None)


def waits_for_language(there: list[Candidate], able: list[Candidate], chat: Waiting) -> bool:
    """Those who speak it are here but have no room: that may change soon."""
    speaks = [one for one in there if speaks_it(one, chat)]
    if not speaks or chat.waited >= PATIENCE:
        return False
    return not any(speaks_it(one, chat) for one in able)


def speaks_it(agent: Candidate, chat: Waiting) -> bool:
    return not chat.language or chat.language in agent.languages


def rank(agent: Candidate, chat: Waiting) -> tuple[bool, bool, bool, float, bool, float, int]:
    rested = agent.rested_since
    return (
        agent.id != chat.before,
        not speaks_it(agent, chat),
        chat.skills.isdisjoint(agent.skills),
        agent.load / agent.capacity,
        rested is not None,
        rested.timestamp() if rested else 0.0,
        agent.id,
    )
