"""What another policy, or other hours, would do to open tickets; nothing is stored."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import text

from helpdesk.calendars.hours import Hours
from helpdesk.desk import Desk

from .owing.counting import Calendars
from .owing.gathering import Departments, Gathered, departments_in, gather, hours_for
from .owing.obligations import Obligation, Policies, Version, obligations
from .policy import Kind, Policy
from .queries import policies_in
from .sentences import TITLES
from .states import State

MOST = 2_000  # tickets that are looked at, those that are due first
AT_ONCE = 250  # read together
EXAMPLES = 5  # of each kind
OPEN = text("""
SELECT t.id FROM tickets t
WHERE t.due_at IS NOT NULL AND (CAST(:group AS bigint) IS NULL OR t.group_id = :group)
ORDER BY t.due_at, t.id LIMIT :most
""")

Dates = Mapping[tuple[Kind, int], Obligation]


@dataclass(frozen=True, slots=True)
class Example:
    """`old` or `new` is None where nothing of the kind is owed."""

    reference: str
    subject: str
    what: str
    old: datetime | None
    new: datetime | None


@dataclass
class Effect:
    """Each ticket is counted once, by the strongest of what happens to it."""

    looked_at: int = 0
    is_all: bool = True  # else only the tickets that are due first were looked at
    at_once: list[Example] = field(default_factory=list)  # late from the moment it holds
    saved: list[Example] = field(default_factory=list)  # late now, and then not
    earlier: list[Example] = field(default_factory=list)
    later: list[Example] = field(default_factory=list)

    @property
    def parts(self) -> Sequence[tuple[str, str, Sequence[Example]]]:
        """Words for one and for many, and the tickets; without the empty ones."""
        found = (
            ("breaches at once", "breach at once", self.at_once),
            ("gets an earlier date", "get an earlier date", self.earlier),
            ("gets a later date", "get a later date", self.later),
            ("is no longer late", "are no longer late", self.saved),
        )
        return [part for part in found if part[2]]

    @property
    def sentence(self) -> str:
        """`18 get an earlier date, 3 breach at once`."""
        said = [f"{len(many)} {one if len(many) == 1 else more}" for one, more, many in self.parts]
        return ", ".join(said) or "No open ticket gets another date"


async def effect_of(desk: Desk, group_id: int, new_hours: Hours) -> Effect:
    """Of other hours of one department."""
    async with desk.reading() as db:
        departments = await departments_in(db)
    keys = [key for key, id in departments.ids.items() if id == group_id]
    return await _effect(desk, departments, None, dict.fromkeys(keys, new_hours), group_id)


async def effect_of_policy(desk: Desk, policy: Policy) -> Effect:
    async with desk.reading() as db:
        departments = await departments_in(db)
    return await _effect(desk, departments, policy, {}, None)


async def _effect(
    desk: Desk,
    departments: Departments,
    policy: Policy | None,
    hours: Calendars,
    group_id: int | None,
) -> Effect:
    now, effect = desk.clock.now(), Effect()
    async with desk.reading() as db:
        named = {"group": group_id, "most": MOST + 1}
        ids = list((await (await db.connection()).execute(OPEN, named)).scalars())
        effect.is_all, ids = len(ids) <= MOST, ids[:MOST]
        effect.looked_at = len(ids)
        old_policies = await policies_in(db)
        new_policies = old_policies if policy is None else _after(old_policies, policy, now)
        for first in range(0, len(ids), AT_ONCE):
            tickets = await gather(db, ids[first : first + AT_ONCE], departments)
            old_hours = await hours_for(db, [one.history for one in tickets], departments)
            new_hours = {key: hours.get(key, old_hours[key]) for key in old_hours}
            for at, ticket in enumerate(tickets):
                old = _dates(obligations(ticket.history, old_policies, old_hours))
                new = _dates(obligations(ticket.history, new_policies, new_hours))
                _count(effect, ticket, old, new, now)
                if at % 20 == 0:
                    await asyncio.sleep(0)  # others are served meanwhile
    return effect


def _after(policies: Policies, policy: Policy, now: datetime) -> Policies:
    number = policies.at(None).number + 1
    return Policies((*policies.versions, Version(number, now, policy)))


def _dates(owed: Sequence[Obligation]) -> Dates:
    return {(one.kind, one.began_by): one for one in owed if one.state == State.RUNNING}


def _count(effect: Effect, ticket: Gathered, old: Dates, new: Dates, now: datetime) -> None:
    found: dict[str, Example] = {}
    for key in sorted({*old, *new}):
        before = old[key].due_at if key in old else None
        after = new[key].due_at if key in new else None
        is_late = before is not None and after is not None and max(before, after) <= now
        if before == after or is_late:
            continue
        example = Example(ticket.reference, ticket.subject, TITLES[key[0]], before, after)
        found.setdefault(_what(before, after, now), example)
    for kind in ("at_once", "earlier", "later", "saved"):
        if kind in found:
            getattr(effect, kind).append(found[kind])
            return


def _what(before: datetime | None, after: datetime | None, now: datetime) -> str:
    was_late = before is not None and before <= now
    is_late = after is not None and after <= now
    if is_late and not was_late:
        return "at_once"
    if was_late and not is_late:
        return "saved"
    if before is None or (after is not None and after < before):
        return "earlier"
    return "later"
