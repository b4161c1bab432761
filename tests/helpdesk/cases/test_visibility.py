"""Who sees which row is said three times: for SQLAlchemy, for asyncpg, in memory. They agree."""

from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from sqlmodel import col, select

from helpdesk.cases.models import Audience, Case, Event, Side
from helpdesk.cases.queries import rows_visible_to, view_for, view_of, visible_to
from helpdesk.cases.stream import sides_of
from helpdesk.cases.timeline import Wish, read_page, read_pages
from helpdesk.desk import Desk
from helpdesk.permissions import ANONYMOUS, SYSTEM, Actor
from tests.people import Cast

VIEWERS = ("cora", "dora", "finn", "nina", "otto", "amy", "pete", "mia", "max", "admin")
OWNERS = ("cora", "finn", None)


async def make_case(desk: Desk, cast: Cast, sides: frozenset[str]) -> dict[int, dict[str, Any]]:
    """A case with an event for every audience, side, department and owner; its rows' reach."""
    async with desk.transaction(SYSTEM) as tx:
        case = Case(opened_at=tx.now)
        tx.db.add(case)
        await tx.db.flush()
        made = []
        for name in sorted(sides):
            person = cast.people[name]
            side = Side(
                case_id=case.id, person_id=person.id, company_id=person.company_id, role="client"
            )
            tx.db.add(side)
            await tx.db.flush()
            made.append(side.id)
        groups = [None, cast.groups["PAY"].id, cast.groups["DIS"].id]
        owners = [cast.people[name].id if name else None for name in OWNERS]
        for audience, side_id, group_id, owner_id in product(
            Audience, [None, *made], groups, owners
        ):
            case.last_seq += 1
            tx.db.add(
                Event(
                    case_id=case.id,
                    seq=case.last_seq,
                    type="note.added",
                    audience=audience,
                    side_id=side_id,
                    group_id=group_id,
                    owner_id=owner_id,
                    occurred_at=tx.now,
                    relayed_at=tx.now,
                )
            )
        await tx.db.flush()
        rows = (await tx.db.exec(select(Event).where(Event.case_id == case.id))).all()
        return {
            row.seq: {
                "case": case.id,
                "audience": row.audience.value,
                "side_id": row.side_id,
                "group_id": row.group_id,
                "owner_id": row.owner_id,
            }
            for row in rows
        }


async def seen_three_ways(desk: Desk, viewer: Actor, rows: dict[int, dict[str, Any]]) -> None:
    case_id = rows[1]["case"]
    async with desk.reading() as db:
        may = (await db.exec(select(Case.id).where(Case.id == case_id, visible_to(viewer)))).all()
        query = (
            select(Event.seq)
            .join(Case, col(Case.id) == col(Event.case_id))
            .where(Event.case_id == case_id, rows_visible_to(viewer), visible_to(viewer))
        )
        by_orm = set((await db.exec(query)).all())
        view = await view_of(db, viewer, case_id)
        parties = (await db.exec(select(Side).where(Side.case_id == case_id))).all()
    in_memory = {seq for seq, reach in rows.items() if not view.empty and view.sees(reach)}

    everybody = [Wish(viewer, case_id), Wish(SYSTEM, case_id), Wish(ANONYMOUS, case_id)]
    together = await read_pages(desk.pool, everybody)
    alone = [await read_page(desk.pool, wish.viewer, case_id) for wish in everybody]
    assert together == alone

    by_sql: set[int] = set()
    after = 0
    while page := await read_page(desk.pool, viewer, case_id, after):
        by_sql |= {entry.seq for entry in page.entries}
        assert page.view == view
        assert page.newest == max(by_orm, default=0)
        if not page.full:
            break
        after = page.reaches

    assert by_orm == in_memory == by_sql
    assert bool(may) == (not view.empty)
    known = tuple((side.id, side.person_id, side.company_id or 0) for side in parties)
    assert view_for(viewer, sides_of(viewer, known)) == view


@pytest.mark.parametrize("sides", [{"cora"}, {"dora", "finn"}, {"cora", "finn"}, {"nina"}, set()])
async def test_the_three_forms_of_the_rule_agree_for_everybody(
    desk: Desk, cast: Cast, sides: set[str]
) -> None:
    rows = await make_case(desk, cast, frozenset(sides))
    for name in VIEWERS:
        await seen_three_ways(desk, await cast.actor(name), rows)
    await seen_three_ways(desk, ANONYMOUS, rows)


REACHES = some.fixed_dictionaries(
    {
        "audience": some.sampled_from([audience.value for audience in Audience]),
        "side_id": some.sampled_from([None, 1, 2, 3]),
        "group_id": some.sampled_from([None, 1, 2]),
        "owner_id": some.sampled_from([None, 1, 2, 3]),
    }
)
VISITORS = some.builds(
    lambda id, sides: view_for(Actor(id=id), sides),
    some.integers(1, 3),
    some.frozensets(some.integers(1, 3)),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(VISITORS, REACHES)
def test_a_visitor_never_sees_a_note_or_the_side_or_the_secret_of_another(
    view: Any, reach: dict[str, Any]
) -> None:
    if not view.sees(reach):
        return
    assert reach["audience"] != Audience.STAFF
    if reach["audience"] == Audience.SIDE:
        assert reach["side_id"] in view.side_ids
    if reach["audience"] == Audience.PRIVATE:
        assert reach["owner_id"] == view.person_id
