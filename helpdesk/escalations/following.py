"""Doing what rules say, to a ticket that is held."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from helpdesk.cases.events import record
from helpdesk.cases.models import Case
from helpdesk.desk import Transaction
from helpdesk.tickets.assigning import assign_to
from helpdesk.tickets.commands import change_severity
from helpdesk.tickets.models import Ticket, reference
from helpdesk.tickets.queries import note_reach, staff_audience
from helpdesk.tickets.states import UNSOLVED, Severity

from .queries import rules_in
from .raising import Raising, raise_held
from .rules import Do, Facts, Rule, When, matching
from .states import Cause

CAUSES = {When.FOLLOW_UPS: Cause.FOLLOW_UPS, When.MONEY: Cause.MONEY}
# As everybody reads it: what a rule asks exactly is for staff.
SAID = {
    When.WARNED: "the time for an answer runs out",
    When.BREACHED: "the time for an answer has passed",
    When.AT_LEVEL: "it has waited long",
    When.FOLLOW_UPS: "news was asked for several times",
    When.MONEY: "much money is at stake",
    When.ABSENT: "whoever had it is out of office",
}
WAITED = "Requests that wait as long as this one are handled with more urgency."
# Colleagues of the department who are here, those with the fewest open tickets first.
FREE = text("""
SELECT p.id, p.name FROM memberships m JOIN people p ON p.id = m.person_id
WHERE m.group_id = :group AND p.deactivated_at IS NULL
    AND p.id IS DISTINCT FROM CAST(:but AS bigint)
    AND p.roles && ARRAY['agent', 'mediator', 'arbitrator']
    AND NOT EXISTS (SELECT FROM absences a WHERE a.person_id = p.id AND a.withdrawn_at IS NULL
        AND a.begins_at <= :now AND a.ends_at > :now)
ORDER BY (SELECT count(*) FROM (SELECT FROM tickets t WHERE t.assignee_id = p.id
    AND t.status IN ('new', 'open', 'waiting_on_user', 'on_hold') LIMIT 200) few), p.id
LIMIT 1
""")


@dataclass(frozen=True)
class Place:
    tx: Transaction
    case: Case
    ticket: Ticket
    version: int  # of the rules


async def follow(
    tx: Transaction, case: Case, ticket: Ticket, facts: Facts, done: Sequence[str] = ()
) -> list[str]:
    """Keys of the rules that were followed."""
    if ticket.status not in UNSOLVED:
        return []
    in_use = await rules_in(tx)
    place = Place(tx, case, ticket, in_use.number)
    found = matching(in_use.rules, facts, done)
    for rule in found:
        for do in Do:
            if do in rule.do:
                await ACTIONS[do](place, rule)
    return [rule.key for rule in found]


async def remind(place: Place, rule: Rule) -> None:
    attention(place, rule, {})


async def tell_managers(place: Place, rule: Rule) -> None:
    attention(place, rule, {"whom": "managers"})


def attention(place: Place, rule: Rule, more: dict[str, Any]) -> None:
    ticket = place.ticket
    told = {"because": f"{rule.condition}.", "reason": f"rule:{rule.key}"} | more
    record(
        place.tx, place.case, "ticket.attention_raised", staff_audience(ticket),
        ticket_id=ticket.id, reference=reference(ticket.id), **told, **note_reach(ticket),
    )  # fmt: skip


async def reassign(place: Place, rule: Rule) -> None:
    await pass_on(place.tx, place.case, place.ticket, f"{rule.condition}, so it moves on.", rule)


async def pass_on(tx: Transaction, case: Case, ticket: Ticket, words: str, rule: Rule) -> None:
    """To whoever has the least to do, who is told why; without anybody, back to the queue."""
    await tx.db.flush()
    named = {"group": ticket.group_id, "but": ticket.assignee_id, "now": tx.now}
    row = (await (await tx.db.connection()).execute(FREE, named)).one_or_none()
    assign_to(tx, case, ticket, row.id if row else None, row.name if row else "")
    place = Place(tx, case, ticket, 0)
    attention(place, rule, {"because": words})


async def raise_severity(place: Place, rule: Rule) -> None:
    if place.ticket.severity < Severity.URGENT:
        higher = Severity(place.ticket.severity + 1)
        await change_severity(place.tx, place.ticket.id, higher, WAITED)


async def raise_level(place: Place, rule: Rule) -> None:
    cause = CAUSES.get(rule.when, Cause.TIME)
    raising = Raising(cause, rule.to, SAID[rule.when], rule=rule, version=place.version)
    await raise_held(place.tx, place.case, place.ticket, raising)


ACTIONS = {
    Do.REMIND: remind,
    Do.REASSIGN: reassign,
    Do.SEVERITY: raise_severity,
    Do.LEVEL: raise_level,
    Do.MANAGERS: tell_managers,
}
