"""Who is looking at a case, over all processes. Nothing of it is stored."""

import asyncio
import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import orjson

from helpdesk.cases.queries import View
from helpdesk.core.live import Envelope

if TYPE_CHECKING:
    from .hub import Hub

log = logging.getLogger("helpdesk.live")

# A visitor learns of those who talk with them, and of nobody else who opens their chat.
TALKING = """
SELECT c.case_id, array_agg(DISTINCT t.person_id) AS people
FROM conversations c
CROSS JOIN LATERAL (
    SELECT c.agent_id AS person_id
    UNION ALL
    SELECT k.person_id FROM chat_colleagues k
    WHERE k.conversation_id = c.id AND k.left_at IS NULL AND NOT k.watching
) t
WHERE c.case_id = ANY($1) AND c.status = 'active' AND t.person_id IS NOT NULL
GROUP BY c.case_id
"""
STALE = 40.0  # seconds after which another process is no longer believed

Someone = list[Any]  # id, name, staff, sides


class Presence:
    def __init__(self, hub: "Hub") -> None:
        self.hub = hub
        self.elsewhere: dict[int, dict[str, tuple[float, list[Someone]]]] = {}  # by case, process
        self.told: dict[int, list[Someone]] = {}  # what the followers of a case were last told
        self.touched: dict[int, bool] = {}  # True: also ask the other processes
        self.talking: dict[int, frozenset[int]] = {}  # by case, who of the desk is in a chat there

    def touch(self, case_id: int, ask: bool = False) -> None:
        self.touched[case_id] = self.touched.get(case_id, False) or ask

    def hear_line(self, envelope: Envelope) -> None:
        """Somebody took a chat, joined it or left it: its visitor is told who is here now."""
        case_id = envelope.frame.get("case")
        if case_id in self.hub.streams.open:
            self.touch(case_id)
            self.told.pop(case_id, None)
            self.hub.settle()

    def looks_on(self, case_id: int, person_id: int) -> bool:
        """Of somebody of the desk: others talk with the visitor, and they do not."""
        talking = self.talking.get(case_id)
        return bool(talking) and person_id not in (talking or ())

    async def learn(self, cases: list[int]) -> None:
        try:
            rows = await self.hub.desk.pool.fetch(TALKING, cases)
        except Exception as fault:  # until the next change, visitors see less than they could
            log.warning("who talks with whom is not known: %s", type(fault).__name__)
            return
        found = {row["case_id"]: frozenset(row["people"]) for row in rows}
        self.talking |= {case_id: found.get(case_id, frozenset()) for case_id in cases}

    async def announce(self) -> None:
        touched, self.touched = self.touched, {}
        if touched:
            await self.learn(list(touched))
        self.publish(touched)
        for case_id, newcomer in touched.items():
            if newcomer:
                self.told.pop(case_id, None)
            self.show(case_id)

    def repeat(self, cases: Iterable[int]) -> None:
        """At every beat: other processes forget what is not repeated, and so do we."""
        self.publish(dict.fromkeys(cases, False))
        for case_id in cases:
            if case_id in self.elsewhere:
                self.show(case_id)

    def publish(self, cases: dict[int, bool]) -> None:
        if not cases:
            return
        me = self.hub.desk.live.me
        told = [[case_id, self.here(case_id), ask] for case_id, ask in cases.items()]
        self.hub.desk.live.deliver([Envelope("presence:here", 0, {}, {"from": me, "cases": told})])

    def here(self, case_id: int) -> list[Someone]:
        """Everybody who follows the case on this process."""
        stream = self.hub.streams.open.get(case_id)
        found: dict[int, Someone] = {}
        for following in stream.followers if stream else ():
            actor, view = following.actor, following.view
            if following.live and view is not None:
                found[actor.id] = [actor.id, actor.name, actor.is_staff, sorted(view.side_ids)]
        return [found[person] for person in sorted(found)]

    def hear(self, envelope: Envelope) -> None:
        """Another process says who is there."""
        sender: str = envelope.frame["from"]
        if sender == self.hub.desk.live.me:
            return
        now = asyncio.get_running_loop().time()
        for case_id, people, ask in envelope.frame["cases"]:
            if case_id not in self.hub.streams.open:
                continue
            self.elsewhere.setdefault(case_id, {})[sender] = (now, people)
            self.show(case_id)
            if ask:
                self.touch(case_id)
                self.hub.settle()

    def everybody(self, case_id: int) -> list[Someone]:
        found = {person[0]: person for person in self.here(case_id)}
        too_old = asyncio.get_running_loop().time() - STALE
        others = self.elsewhere.get(case_id, {})
        for process, (heard_at, people) in tuple(others.items()):
            if heard_at < too_old or not people:
                del others[process]
            for person in people if heard_at >= too_old else ():
                found.setdefault(person[0], person)
        if not others:
            self.elsewhere.pop(case_id, None)
        return [found[person] for person in sorted(found)]

    def show(self, case_id: int) -> None:
        """Tell the followers on this process, when there is something new."""
        stream = self.hub.streams.open.get(case_id)
        if stream is None:
            self.told.pop(case_id, None)
            self.elsewhere.pop(case_id, None)
            self.talking.pop(case_id, None)
            return
        people = self.everybody(case_id)
        if self.told.get(case_id) == people:
            return
        self.told[case_id] = people
        texts: dict[View, str] = {}
        for following in tuple(stream.followers):
            view = following.view
            if not following.live or view is None:
                continue
            if view not in texts:
                texts[view] = frame(case_id, people, view, self.talking.get(case_id, frozenset()))
            following.reader.push(texts[view])


def frame(case_id: int, people: list[Someone], view: View, talking: frozenset[int]) -> str:
    """The two sides of a case do not learn of each other, nor of staff who only look on."""
    who = [
        {"id": person, "name": name, "staff": staff}
        for person, name, staff, sides in people
        if view.staff or person in talking or not view.side_ids.isdisjoint(sides)
    ]
    return orjson.dumps({"t": "presence", "s": f"case:{case_id}", "who": who}).decode()
