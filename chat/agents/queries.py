"""What the console shows of agents: one's own state, what is held out to one, who may help."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from helpdesk.core.formats import iso
from helpdesk.desk import Desk

from .loads import AgentNow, agents_now
from .presence import CAPACITY, REASONS, State


@dataclass(frozen=True, slots=True)
class Mine:
    """An agent's own state, as the switch of the console shows it."""

    available: bool
    state: State
    reason: str  # a key of REASONS
    since: datetime | None
    load: int  # chats that count, and those held out
    capacity: int

    @property
    def words(self) -> str:
        return "Available" if self.available else REASONS.get(self.reason, "Away")

    @property
    def is_full(self) -> bool:
        return self.load >= self.capacity

    def shown(self) -> dict[str, Any]:
        return {
            "available": self.available,
            "state": self.state.value,
            "reason": self.reason,
            "words": self.words,
            "since": iso(self.since) if self.since else None,
            "load": self.load,
            "capacity": self.capacity,
        }


async def own_state(desk: Desk, person_id: int) -> Mine:
    found = await agents_now(desk.pool, desk.clock.now(), [person_id])
    if not found:
        return Mine(False, State.AWAY, "", None, 0, CAPACITY)
    (me,) = found
    available = me.state in (State.AVAILABLE, State.GONE)
    state = State.AVAILABLE if available else me.state
    return Mine(available, state, me.reason, me.since, me.load, me.capacity)


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A chat offered to this agent, until a moment."""

    id: int
    visitor: str
    subject: str
    group: str
    opened_at: datetime
    expires_at: datetime


HELD_OUT = """
SELECT c.id, v.name AS visitor, c.subject, g.name AS "group", c.opened_at, o.expires_at
FROM chat_offers o
JOIN conversations c ON c.id = o.conversation_id
JOIN people v ON v.id = c.visitor_id
JOIN groups g ON g.id = c.group_id
WHERE o.agent_id = $1 AND o.answer IS NULL AND c.status = 'waiting'
ORDER BY o.id
"""


async def own_offers(desk: Desk, agent_id: int) -> list[HeldOut]:
    """What is held out to the agent now, the first first."""
    return [HeldOut(**row) for row in await desk.pool.fetch(HELD_OUT, agent_id)]


async def colleagues_there(desk: Desk, but: int) -> Sequence[AgentNow]:
    """To whom a chat can be handed now, those with the most room first."""
    found = await agents_now(desk.pool, desk.clock.now())
    there = [one for one in found if one.id != but and one.free]
    return sorted(there, key=lambda one: (-one.free, one.name))


@dataclass(frozen=True, slots=True)
class InChat:
    """A colleague in a chat besides the one who has it."""

    id: int
    name: str
    watching: bool


IN_CHAT = """
SELECT p.id, p.name, k.watching FROM chat_colleagues k JOIN people p ON p.id = k.person_id
WHERE k.conversation_id = $1 AND k.left_at IS NULL ORDER BY k.joined_at, k.id
"""


async def colleagues_in(desk: Desk, conversation_id: int) -> list[InChat]:
    return [InChat(**row) for row in await desk.pool.fetch(IN_CHAT, conversation_id)]
