"""How far each person has read a case: told at once, stored a little later, many at a time."""

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from helpdesk.cases.models import Audience
from helpdesk.cases.stream import Following, stream_of
from helpdesk.core.live import Envelope
from helpdesk.permissions import STAFF

if TYPE_CHECKING:
    from .hub import Hub

log = logging.getLogger("helpdesk.live")

SAVE_AFTER = 1.0  # seconds

SAVE = """
INSERT INTO read_marks (case_id, person_id, seq, at)
SELECT c, p, n, $4 FROM unnest($1::bigint[], $2::bigint[], $3::integer[]) AS m(c, p, n)
WHERE EXISTS (SELECT FROM cases WHERE id = c) AND EXISTS (SELECT FROM people WHERE id = p)
ON CONFLICT (case_id, person_id) DO UPDATE
SET seq = greatest(read_marks.seq, excluded.seq), at = excluded.at
"""
MARKS = """
SELECT r.case_id, r.person_id, r.seq, p.name, p.roles
FROM read_marks r JOIN people p ON p.id = r.person_id WHERE r.case_id = ANY($1)
"""


class ReadMarks:
    def __init__(self, hub: "Hub") -> None:
        self.hub = hub
        self.unsaved: dict[tuple[int, int], int] = {}
        self.saving: asyncio.Task[None] | None = None

    def set(self, following: Following, n: int) -> None:
        actor, view, case_id = following.actor, following.view, following.stream.case_id
        key = (case_id, actor.id)
        if view is None or n <= self.unsaved.get(key, 0):
            return
        self.unsaved[key] = n
        reach: dict[str, Any] = {"audience": Audience.EVERYONE}
        if actor.is_staff and self.hub.presence.looks_on(case_id, actor.id):
            reach = {"audience": Audience.STAFF, "side_id": None}
        elif not actor.is_staff:
            reach = {"audience": Audience.SIDE, "side_id": min(view.side_ids)}
        by = {"id": actor.id, "name": actor.name, "staff": actor.is_staff}
        stream = stream_of(case_id)
        shown = {"t": "read", "s": stream, "by": by, "n": n}
        self.hub.desk.live.deliver([Envelope(stream, 0, reach, shown)])
        if self.saving is None:
            self.saving = asyncio.ensure_future(self.save_soon())

    async def save_soon(self) -> None:
        await asyncio.sleep(SAVE_AFTER)
        self.saving = None
        await self.save()

    async def finish(self) -> None:
        if self.saving is not None:
            self.saving.cancel()
            self.saving = None
        await self.save()

    async def save(self) -> None:
        marks, self.unsaved = self.unsaved, {}
        if not marks:
            return
        cases, people = [case for case, _ in marks], [person for _, person in marks]
        desk = self.hub.desk
        try:
            await desk.pool.execute(SAVE, cases, people, list(marks.values()), desk.clock.now())
        except Exception as fault:  # a later mark says as much
            log.warning("read marks were not saved: %s", type(fault).__name__)

    async def greet(self, newcomers: list[Following]) -> None:
        """Tell who has just come how far the others have read."""
        cases = list({following.stream.case_id for following in newcomers})
        rows = await self.hub.desk.pool.fetch(MARKS, cases)
        by_case: dict[int, list[Any]] = {}
        for row in rows:
            by_case.setdefault(row["case_id"], []).append(row)
        for following in newcomers:
            for row in by_case.get(following.stream.case_id, ()):
                self.tell(following, row)

    def tell(self, following: Following, row: Any) -> None:
        stream, view = following.stream, following.view
        if row["person_id"] == following.actor.id or view is None:
            return
        staff = not STAFF.isdisjoint(row["roles"])
        shown_to_all = staff and not self.hub.presence.looks_on(stream.case_id, row["person_id"])
        sides = {side for side, person, _ in stream.parties if person == row["person_id"]}
        if view.staff or shown_to_all or not view.side_ids.isdisjoint(sides):
            name = stream_of(stream.case_id)
            by = {"id": row["person_id"], "name": row["name"], "staff": staff}
            shown = {"t": "read", "s": name, "by": by, "n": row["seq"]}
            following.reader.push(Envelope(name, 0, {}, shown).text)
