"""Requests of the same person that a report may repeat, shown before it is sent.

Strong: it names the same contract or transaction, and the desk refuses it without a reason.
Possible: only the words are alike, and nothing stands in the way.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from helpdesk.catalogue import queries as catalogue
from helpdesk.catalogue.document import TicketType
from helpdesk.contracts.queries import OwnContract
from helpdesk.core.formats import iso
from helpdesk.desk import Desk
from helpdesk.permissions import Actor
from helpdesk.security import canonical_url
from helpdesk.sla.promises.shown import told_of
from helpdesk.tickets.claims import TRANSACTION, about_of, holders_of
from helpdesk.tickets.filing import Filing
from helpdesk.tickets.models import reference
from helpdesk.tickets.silence import WITH_US
from helpdesk.tickets.states import Status
from helpdesk.tickets.words import turn
from triage.engine.report import Report
from triage.twins.own import own_alike, several_report_it, typed

from .forms import Fields, asks_contract
from .queries import contract_typed

log = logging.getLogger("helpdesk.twins")

STRONG = "strong"
POSSIBLE = "possible"
MOST = 3

SHOWN = """
SELECT t.id, t.subject, t.status, t.severity, t.catalogue_version, t.opened_at,
    t.first_answered_at, g.name AS department
FROM tickets t JOIN groups g ON g.id = t.group_id
WHERE t.id = ANY($1::bigint[]) AND t.requester_id = $2
"""


@dataclass(frozen=True)
class Twin:
    id: int
    strength: str
    subject: str
    status: Status
    department: str
    promised: str  # when the first answer comes; "" when there is one already
    opened_at: datetime

    @property
    def reference(self) -> str:
        return reference(self.id)

    @property
    def waits_for(self) -> str:
        """What happens with it now."""
        return turn(self.status, self.department).now

    @property
    def is_strong(self) -> bool:
        return self.strength == STRONG


async def shown(
    desk: Desk, actor: Actor, ids: Sequence[int], strength: str = STRONG
) -> tuple[Twin, ...]:
    """Those that are theirs, in this order."""
    if not ids:
        return ()
    rows = await desk.pool.fetch(SHOWN, list(ids[:MOST]), actor.id)
    by_id = {row["id"]: row for row in rows}
    return tuple(
        [
            await _twin(desk, by_id[id], strength, actor.time_zone)
            for id in ids[:MOST]
            if id in by_id
        ]
    )


async def _twin(desk: Desk, row: Any, strength: str, reader: str) -> Twin:
    promised = ""
    if row["first_answered_at"] is None and row["status"] in WITH_US:
        promised = (await told_of(desk, row["id"], reader)).when
    return Twin(
        row["id"],
        strength,
        row["subject"],
        Status(row["status"]),
        row["department"],
        promised,
        row["opened_at"],
    )


def duplicates_shown(desk: Desk, twins: Sequence[Twin]) -> list[dict[str, Any]]:
    """As the API names them."""
    return [
        {
            "ref": twin.reference,
            "strength": twin.strength,
            "status": twin.status.value,
            "subject": twin.subject,
            "waits_for": twin.waits_for,
            "eta": twin.promised or None,
            "opened_at": iso(twin.opened_at),
            "url": canonical_url(desk.settings, f"/requests/{twin.reference}"),
        }
        for twin in twins
    ]


@dataclass(frozen=True)
class Look:
    """Requests of theirs that a report may repeat, and whether several people report the like."""

    twins: tuple[Twin, ...] = ()
    several: bool = False


async def look_at(desk: Desk, actor: Actor, type: TicketType, filing: Filing) -> Look:
    """At a report that is complete."""
    now = desk.clock.now()
    ids = await holders_of(desk.pool, actor.id, filing.type_key, filing.about, now)
    report = Report(filing.subject, filing.description, now)
    return await _with_alike(desk, actor, type, report, await shown(desk, actor, ids))


async def look_while_typing(
    desk: Desk, actor: Actor, type: TicketType, fields: Fields, words: str
) -> Look:
    strong = await strong_twins(desk, actor, type, fields)
    return await _with_alike(desk, actor, type, Report(words, "", desk.clock.now()), strong)


async def _with_alike(
    desk: Desk, actor: Actor, type: TicketType, report: Report, strong: tuple[Twin, ...]
) -> Look:
    """Whatever fails here is advice that is missing, and no more."""
    try:
        asked = await typed(desk, report)
        if asked is None:
            return Look(strong)
        found, several = await asyncio.gather(
            own_alike(desk, actor, asked, MOST, [twin.id for twin in strong]),
            several_report_it(desk, actor, asked, await _area(desk, type)),
        )
        possible = await shown(desk, actor, [one.ticket_id for one in found], POSSIBLE)
    except Exception:
        log.exception("contact.twins_failed")
        return Look(strong)
    return Look((*strong, *possible)[:MOST], several)


async def _area(desk: Desk, type: TicketType) -> list[str]:
    """Types whose reports are compared with this one; none for what is private."""
    offered = (await catalogue.current(desk)).catalogue
    found = [one.key for one in offered.types_of(type.service) if not one.is_restricted]
    return [] if type.is_restricted else found


async def strong_twins(
    desk: Desk, actor: Actor, type: TicketType | None, fields: Fields
) -> tuple[Twin, ...]:
    """Of what is typed so far."""
    if not actor.id or type is None:
        return ()
    contract: OwnContract | None = None
    if asks_contract(type):
        contract = await contract_typed(desk, actor, fields)
    answers = {}
    if type.question(TRANSACTION):
        answers[TRANSACTION] = fields.get(f"answers.{TRANSACTION}", "").replace("\0", "")
    about = about_of(contract.id if contract else None, answers)
    ids = await holders_of(desk.pool, actor.id, type.key, about, desk.clock.now())
    return await shown(desk, actor, ids)
