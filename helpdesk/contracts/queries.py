"""Whose contract is whose. A contract is somebody's own when they, or a colleague, signed it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from helpdesk.desk import Desk
from helpdesk.permissions import Actor

from .models import MilestoneState

MOST_LISTED = 200  # the newest; older ones are found by typing their reference


@dataclass(frozen=True)
class OwnMilestone:
    id: int
    position: int
    title: str
    amount_minor: int
    state: MilestoneState
    due_on: date | None


@dataclass(frozen=True)
class OwnContract:
    """A contract as one of its parties sees it."""

    id: int
    reference: str
    title: str
    currency: str
    role: str  # client | freelancer: which party the viewer is
    other: str  # the name of the other party
    ended: bool
    milestones: tuple[OwnMilestone, ...]

    @property
    def total_minor(self) -> int:
        return sum(milestone.amount_minor for milestone in self.milestones)

    def milestone(self, position: int) -> OwnMilestone | None:
        return next((m for m in self.milestones if m.position == position), None)


# :me and :company, or $1 and $2: one text for both drivers.
OWN = """
SELECT c.id, c.reference, c.title, c.currency, c.ended_on IS NOT NULL AS ended,
    CASE WHEN {client_is_mine} THEN 'client' ELSE 'freelancer' END AS role,
    CASE WHEN {client_is_mine} THEN freelancer.name ELSE client.name END AS other,
    (SELECT coalesce(jsonb_agg(
            jsonb_build_array(m.id, m.position, m.title, m.amount_minor, m.state, m.due_on)
            ORDER BY m.position), '[]')
        FROM milestones m WHERE m.contract_id = c.id) AS milestones
FROM contracts c
JOIN people client ON client.id = c.client_id
JOIN people freelancer ON freelancer.id = c.freelancer_id
WHERE ({client_is_mine} OR freelancer.id = {me} OR freelancer.company_id = {company})
"""
CLIENT_IS_MINE = "(client.id = {me} OR client.company_id IS NOT DISTINCT FROM {company}"
CLIENT_IS_MINE += " AND client.company_id IS NOT NULL)"


def _own(me: str, company: str) -> str:
    mine = CLIENT_IS_MINE.format(me=me, company=company)
    return OWN.format(client_is_mine=mine, me=me, company=company)


LISTED = text(
    _own("CAST(:me AS bigint)", "CAST(:company AS bigint)")
    + "ORDER BY c.ended_on IS NOT NULL, c.started_on DESC, c.id DESC LIMIT :most"
)
BY_REFERENCE = _own("$1::bigint", "$2::bigint") + "AND upper(c.reference) = upper($3)"


async def contracts_of(db: AsyncSession, actor: Actor) -> list[OwnContract]:
    """Running ones first, then the newest."""
    if not actor.id:
        return []
    values = {"me": actor.id, "company": actor.company_id, "most": MOST_LISTED}
    connection = await db.connection()
    rows = (await connection.execute(LISTED, values)).mappings()
    return [_contract(row) for row in rows]


async def own_contract(desk: Desk, actor: Actor, reference: str) -> OwnContract | None:
    """None for an unknown contract and for somebody else's: nobody can tell which."""
    if not actor.id or not reference:
        return None
    row = await desk.pool.fetchrow(BY_REFERENCE, actor.id, actor.company_id, reference)
    return None if row is None else _contract(row)


def _contract(row: Mapping[Any, Any]) -> OwnContract:
    return OwnContract(
        row["id"],
        row["reference"],
        row["title"],
        row["currency"],
        row["role"],
        row["other"],
        row["ended"],
        tuple(_milestone(*milestone) for milestone in row["milestones"]),
    )


def _milestone(
    id: int, position: int, title: str, amount: int, state: str, due: str | None
) -> OwnMilestone:
    day = date.fromisoformat(due) if due else None
    return OwnMilestone(id, position, title, amount, MilestoneState(state), day)
