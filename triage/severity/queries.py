"""The rules in use, what surrounds a ticket, and the traces that were kept."""

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from helpdesk.alerts.queries import Reader, alerts_now, for_reader, matching
from helpdesk.catalogue.document import TicketType
from helpdesk.desk import Desk

from .facts import Around, MilestoneFacts
from .rules import Rules, default_rules
from .weighing import TITLES, Line, line_from

FRESH = 5.0  # seconds until a process asks for a newer version, or counts again
TOGETHER = timedelta(minutes=15)  # reports within it are about one thing, perhaps

CURRENT = """
SELECT number, CASE WHEN number <> $1 THEN document END AS document
FROM severity_rules WHERE published_at IS NOT NULL ORDER BY number DESC LIMIT 1
"""
MONEY = """
SELECT c.currency, c.funding = 'escrow' AS in_escrow, m.amount_minor, m.state, m.due_on,
    m.state_since, m.id IS NOT DISTINCT FROM $2::bigint AS chosen
FROM contracts c LEFT JOIN milestones m ON m.contract_id = c.id
WHERE c.id = $1 ORDER BY m.position LIMIT 100
"""
REPORTERS = """
SELECT count(DISTINCT requester_id) FROM (
    SELECT requester_id FROM tickets
    WHERE opened_at > $2 AND opened_at <= $3 AND type_key = $1 LIMIT 200) few
"""
# Who the report is about is the other side of its contract.
SAME_NAMED = """
SELECT count(DISTINCT t.requester_id) FROM contracts mine
JOIN contracts c ON c.client_id = mine.client_id OR c.freelancer_id = mine.freelancer_id
JOIN cases k ON k.contract_id = c.id
JOIN tickets t ON t.case_id = k.id AND t.type_key = $2
WHERE mine.id = $1 AND ((mine.client_id = $3 AND c.freelancer_id = mine.freelancer_id)
    OR (mine.client_id <> $3 AND c.client_id = mine.client_id))
"""
EARLIER_SAME = """
SELECT count(*) FROM tickets
WHERE requester_id = $1 AND type_key = $2 AND answers ->> 'statement_reference' = $3
    AND id IS DISTINCT FROM $4::bigint
"""
# Of the newest weighing, what counted; the rest is on a page of its own.
WEIGHED = """(SELECT jsonb_build_object('cause', s.cause, 'rules_version', s.rules_version,
        'suggested', s.suggested, 'chosen', s.chosen, 'usual', s.trace -> 'usual', 'lines',
        jsonb_path_query_array(s.trace -> 'lines', '$[*] ? (@.on == true && @.holds == true)'))
    FROM severity_traces s WHERE s.ticket_id = t.id ORDER BY s.id DESC LIMIT 1)"""
ALL = """
SELECT jsonb_build_object('cause', s.cause, 'rules_version', s.rules_version,
    'suggested', s.suggested, 'chosen', s.chosen, 'usual', s.trace -> 'usual',
    'lines', s.trace -> 'lines') AS kept, s.at
FROM severity_traces s WHERE s.ticket_id = $1 ORDER BY s.id DESC LIMIT 20
"""


@dataclass
class _Shelf:
    number: int = 0
    rules: Rules = field(default_factory=default_rules)
    looked_at: float = float("-inf")
    reporters: dict[str, tuple[float, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class RulesInUse:
    number: int  # 0 before anything was stored: those we ship
    rules: Rules


async def rules_in_use(desk: Desk) -> RulesInUse:
    shelf = _shelf(desk)
    if time.monotonic() - shelf.looked_at >= FRESH:
        row = await desk.pool.fetchrow(CURRENT, shelf.number)
        if row is None:
            shelf.number, shelf.rules = 0, default_rules()
        elif row["document"] is not None:
            shelf.number, shelf.rules = row["number"], Rules.model_validate(row["document"])
        shelf.looked_at = time.monotonic()
    return RulesInUse(shelf.number, shelf.rules)


def look_again(desk: Desk) -> None:
    """The next question asks the database."""
    desk.parts["severity"] = _Shelf()


def _shelf(desk: Desk) -> _Shelf:
    shelf: _Shelf = desk.parts.setdefault("severity", _Shelf())
    return shelf


@dataclass(frozen=True)
class Matter:
    """Which report it is, for what the desk knows around it."""

    type: TicketType
    requester_id: int
    reader: Reader
    subject: str
    answers: Mapping[str, Any]
    contract_id: int | None = None
    milestone_id: int | None = None
    passed_alerts: Collection[int] = ()  # said to be about something else
    ticket_id: int | None = None  # once there is one
    follow_ups: int = 0
    reopenings: int = 0


async def around(desk: Desk, matter: Matter, rules: Rules, at: datetime) -> Around:
    """Only what the rules of this type ask for is looked up."""
    asked = rules.asked_about(matter.type.key)
    found = Around(
        at,
        on_contract=matter.contract_id is not None,
        follow_ups=matter.follow_ups,
        reopenings=matter.reopenings,
    )
    if matter.contract_id is not None:
        found = await _with_money(desk, found, matter.contract_id, matter.milestone_id)
    if "alert" in asked:
        there = for_reader(await alerts_now(desk), matter.reader)
        begun = [a for a in there if a.starts_at <= at and a.id not in matter.passed_alerts]
        if begun:
            subject = matter.subject[:300].replace("\0", " ")
            found = replace(found, alert=bool(matching(begun, subject, matter.type.key)))
    if "reporters" in asked:
        others = await _reporters(desk, matter, at)
        found = replace(found, reporters=others)
    if "same_named" in asked and matter.contract_id is not None:
        named = (matter.contract_id, matter.type.key, matter.requester_id)
        many = await desk.pool.fetchval(SAME_NAMED, *named)
        found = replace(found, same_named=many)
    reference = matter.answers.get("statement_reference")
    if "earlier_same" in asked and isinstance(reference, str) and "\0" not in reference:
        arguments = (matter.requester_id, matter.type.key, reference, matter.ticket_id)
        many = await desk.pool.fetchval(EARLIER_SAME, *arguments)
        found = replace(found, earlier_same=many)
    return found


async def _with_money(
    desk: Desk, found: Around, contract_id: int, milestone_id: int | None
) -> Around:
    rows = await desk.pool.fetch(MONEY, contract_id, milestone_id)
    if not rows:
        return found
    milestones = tuple(
        MilestoneFacts(
            row["amount_minor"], row["state"], row["due_on"], row["state_since"], row["chosen"]
        )
        for row in rows
        if row["amount_minor"] is not None
    )
    currency, in_escrow = rows[0]["currency"], rows[0]["in_escrow"]
    return replace(found, currency=currency, in_escrow=in_escrow, milestones=milestones)


async def _reporters(desk: Desk, matter: Matter, at: datetime) -> int:
    """Before it is filed a count of a few seconds ago will do, and one more for the writer."""
    kept, key = _shelf(desk).reporters, matter.type.key
    if matter.ticket_id is not None:
        return int(await desk.pool.fetchval(REPORTERS, key, at - TOGETHER, at))
    counted_at, many = kept.get(key, (float("-inf"), 0))
    if time.monotonic() - counted_at >= FRESH:
        many = int(await desk.pool.fetchval(REPORTERS, key, at - TOGETHER, at))
        kept[key] = (time.monotonic(), many)
    return many + 1


@dataclass(frozen=True)
class Kept:
    """One weighing of a ticket."""

    cause: str
    rules_version: int
    suggested: int
    chosen: int
    usual: int
    lines: tuple[Line, ...]
    at: datetime | None = None

    TITLES = TITLES

    @property
    def title(self) -> str:
        return TITLES[self.suggested]

    @property
    def counted(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.counts)

    @property
    def not_counted(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if not line.counts)


def kept_from(stored: dict[str, Any] | None, at: datetime | None = None) -> Kept | None:
    """As `WEIGHED` answers."""
    if stored is None:
        return None
    return Kept(**{**stored, "lines": tuple(map(line_from, stored["lines"]))}, at=at)


async def traces_of(desk: Desk, ticket_id: int) -> list[Kept]:
    """Of a ticket the reader was found to see; the newest first."""
    rows = await desk.pool.fetch(ALL, ticket_id)
    return [kept for row in rows if (kept := kept_from(row["kept"], row["at"]))]
