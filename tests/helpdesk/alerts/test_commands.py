"""The life of an alert: posted once, updated, solved, reopened, put right."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlmodel import func, select

from helpdesk.alerts.commands import (
    Details,
    NoSuchAlert,
    NotPossible,
    edit_alert,
    post_alert,
    reopen_alert,
    resolve_alert,
    update_alert,
)
from helpdesk.alerts.models import Alert, AlertUpdate, Level, Stage
from helpdesk.alerts.queries import alerts_now, updates_of
from tests.people import Cast

from .build import BODY, TITLE, an_alert, now


async def test_a_form_sent_five_times_at_once_is_one_alert(cast: Cast) -> None:
    once, tess = uuid4(), await cast.actor("tess")

    async def post() -> int:
        async with cast.desk.transaction(tess) as tx:
            return (await post_alert(tx, once, Details(title=TITLE), BODY)).id

    ids = await asyncio.gather(*(post() for _ in range(5)))
    assert len(set(ids)) == 1
    async with cast.desk.reading() as db:
        assert (await db.exec(select(func.count()).select_from(Alert))).one() == 1
        assert (await db.exec(select(func.count()).select_from(AlertUpdate))).one() == 1


async def test_updates_are_numbered_in_order_and_the_last_one_is_shown(cast: Cast) -> None:
    alert = await an_alert(cast)
    due = cast.desk.clock.now() + timedelta(hours=1)
    async with cast.desk.transaction(await cast.actor("amy")) as tx:
        await update_alert(tx, alert.id, uuid4(), "A cable.", Stage.IDENTIFIED, due)
    (shown,) = await alerts_now(cast.desk)
    assert (shown.latest, shown.stage, shown.next_update_at) == ("A cable.", Stage.IDENTIFIED, due)
    rows = await updates_of(cast.desk, alert.id)
    assert [(row["number"], row["body"], row["author"]) for row in rows] == [
        (1, BODY, "Tess"),
        (2, "A cable.", "Amy"),
    ]


async def test_an_update_sent_twice_is_one_update(cast: Cast) -> None:
    alert, once = await an_alert(cast), uuid4()
    for _ in range(2):
        async with cast.desk.transaction(await cast.actor("tess")) as tx:
            await update_alert(tx, alert.id, once, "Still looking.")
    assert (await now(cast, alert.id)).last_number == 2


async def test_an_update_after_it_was_solved_is_refused_and_changes_nothing(cast: Cast) -> None:
    alert = await an_alert(cast)
    tess = await cast.actor("tess")
    async with cast.desk.transaction(tess) as tx:
        await resolve_alert(tx, alert.id, uuid4(), "A new cable.")
    assert await alerts_now(cast.desk) == ()
    with pytest.raises(NotPossible, match="solved"):
        async with cast.desk.transaction(tess) as tx:
            await update_alert(tx, alert.id, uuid4(), "Wait, more news.")
    with pytest.raises(NotPossible, match="solved already"):
        async with cast.desk.transaction(tess) as tx:
            await resolve_alert(tx, alert.id, uuid4())
    with pytest.raises(NotPossible, match="solved"):
        async with cast.desk.transaction(tess) as tx:
            await edit_alert(tx, alert.id, Details(title="Another"))
    assert (await now(cast, alert.id)).last_number == 2


async def test_it_can_be_reopened_on_purpose_and_only_when_it_is_solved(cast: Cast) -> None:
    alert, tess = await an_alert(cast), await cast.actor("tess")
    with pytest.raises(NotPossible, match="open already"):
        async with cast.desk.transaction(tess) as tx:
            await reopen_alert(tx, alert.id, uuid4(), "It is back.", None)
    async with cast.desk.transaction(tess) as tx:
        await resolve_alert(tx, alert.id, uuid4())
    async with cast.desk.transaction(tess) as tx:
        await reopen_alert(tx, alert.id, uuid4(), "It is back.", None)
    (shown,) = await alerts_now(cast.desk)
    assert (shown.latest, shown.stage) == ("It is back.", Stage.INVESTIGATING)


async def test_what_it_is_about_can_be_put_right(cast: Cast) -> None:
    alert = await an_alert(cast)
    async with cast.desk.transaction(await cast.actor("amy")) as tx:
        await edit_alert(
            tx,
            alert.id,
            Details(title="Payouts are slow", area="", level=Level.OUTAGE, countries=("PT",)),
        )
    (shown,) = await alerts_now(cast.desk)
    assert (shown.title, shown.area_title, shown.level) == (
        "Payouts are slow",
        "All services",
        Level.OUTAGE,
    )
    assert shown.countries == {"PT"}


@pytest.mark.parametrize("id", [0, -1, 999_999, 2**63, 2**70])
async def test_what_is_not_there_cannot_be_updated(cast: Cast, id: int) -> None:
    with pytest.raises(NoSuchAlert):
        async with cast.desk.transaction(await cast.actor("tess")) as tx:
            await update_alert(tx, id, uuid4(), "x")


async def test_the_worst_is_first_and_planned_work_last(cast: Cast) -> None:
    soon = cast.desk.clock.now() + timedelta(hours=2)
    for title, level in (("n", "notice"), ("d", "degraded"), ("m", "maintenance"), ("o", "outage")):
        starts_at = soon if level == "maintenance" else None
        await an_alert(cast, title=title, level=Level(level), starts_at=starts_at)
    assert [alert.title for alert in await alerts_now(cast.desk)] == ["o", "d", "n", "m"]


async def test_open_alerts_are_read_once_until_something_changes(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    await an_alert(cast)
    first = await alerts_now(cast.desk)

    async def no_question(*_: object) -> object:
        raise AssertionError("the database was asked")

    monkeypatch.setattr("asyncpg.Pool.fetch", no_question)
    assert await alerts_now(cast.desk) == first
    monkeypatch.undo()
    await an_alert(cast, title="Another")
    assert len(await alerts_now(cast.desk)) == 2
