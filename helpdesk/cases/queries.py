"""The only doors to a case, and the one rule of who sees which row.

The rule exists twice, as SQL for reading and in memory for live delivery;
tests/helpdesk/cases/test_visibility.py holds the two equal.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, true
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from helpdesk.desk import Transaction
from helpdesk.permissions import Actor, Can, allowed

from .models import Audience, Case, Event, Side


class NoSuchCase(Exception):
    """Absent, or hidden from whoever asked; they are not told which."""


def own_side(viewer: Actor) -> ColumnElement[bool]:
    """The sides that are the viewer, or the viewer's company."""
    mine = col(Side.person_id) == viewer.id
    if viewer.company_id is not None:
        return or_(mine, col(Side.company_id) == viewer.company_id)
    return mine


def visible_to(viewer: Actor) -> ColumnElement[bool]:
    """The cases a person may see, as a condition for any query over Case."""
    if allowed(viewer, Can.READ_ALL_CASES):
        return true()
    if not viewer.id:
        return false()
    return col(Case.id).in_(select(Side.case_id).where(own_side(viewer)))


def rows_visible_to(viewer: Actor, table: Any = Event) -> ColumnElement[bool]:
    """Which rows of a visible case a person may see; `table` is Event or Evidence."""
    if allowed(viewer, Can.READ_ALL_CASES):
        open_rows = col(table.audience) != Audience.PRIVATE
        if allowed(viewer, Can.READ_ALL_PRIVATE):
            return true()
        own = or_(col(table.owner_id) == viewer.id, col(table.group_id).in_(viewer.groups))
        return or_(open_rows, own)
    if not viewer.id:
        return false()
    return or_(
        col(table.audience) == Audience.EVERYONE,
        and_(
            col(table.audience) == Audience.SIDE,
            col(table.side_id).in_(select(Side.id).where(own_side(viewer))),
        ),
        and_(col(table.audience) == Audience.PRIVATE, col(table.owner_id) == viewer.id),
    )


@dataclass(frozen=True, slots=True)
class View:
    """What one person may see of one case; the same rule, in memory."""

    person_id: int
    side_ids: frozenset[int]
    staff: bool
    groups: frozenset[int]
    all_private: bool

    def sees(self, reach: Mapping[str, Any]) -> bool:
        """`reach`: audience, side_id, group_id, owner_id of a row."""
        audience = reach["audience"]
        if self.staff:
            if audience != Audience.PRIVATE or self.all_private:
                return True
            return bool(reach["owner_id"] == self.person_id or reach["group_id"] in self.groups)
        if audience == Audience.EVERYONE:
            return True
        if audience == Audience.SIDE:
            return reach["side_id"] in self.side_ids
        return bool(audience == Audience.PRIVATE and reach["owner_id"] == self.person_id)

    @property
    def empty(self) -> bool:
        return not self.staff and not self.side_ids


def view_for(viewer: Actor, side_ids: frozenset[int]) -> View:
    return View(
        viewer.id,
        side_ids,
        allowed(viewer, Can.READ_ALL_CASES),
        viewer.groups,
        allowed(viewer, Can.READ_ALL_PRIVATE),
    )


async def view_of(db: AsyncSession, viewer: Actor, case_id: int) -> View:
    if not viewer.id:
        return view_for(viewer, frozenset())
    sides = await db.exec(select(Side.id).where(Side.case_id == case_id, own_side(viewer)))
    return view_for(viewer, frozenset(sides.all()))


async def hold_case(tx: Transaction, case_id: int) -> Case:
    """Find a case and lock it until commit: a case has one writer at a time."""
    query = select(Case).where(Case.id == case_id)
    if not tx.actor.is_system:
        query = query.where(visible_to(tx.actor))
    query = query.with_for_update().execution_options(populate_existing=True)
    if case := (await tx.db.exec(query)).one_or_none():
        return case
    raise NoSuchCase
