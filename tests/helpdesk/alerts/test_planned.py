"""As time passes: planned work is announced, begins and ends by itself; authors are reminded."""

from datetime import timedelta
from uuid import uuid4

from helpdesk.alerts.commands import resolve_alert, update_alert
from helpdesk.alerts.jobs import sweep_alerts
from helpdesk.alerts.models import Level, Stage
from helpdesk.alerts.queries import alerts_now, shelf_of, updates_of
from helpdesk.core.clock import FrozenClock
from tests.people import Cast

from .build import an_alert, mails, now


async def planned(cast: Cast, **ahead: float) -> int:
    starts_at = cast.desk.clock.now() + timedelta(**ahead)
    alert = await an_alert(
        cast,
        level=Level.MAINTENANCE,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=2),
    )
    return alert.id


async def open_ids(cast: Cast) -> list[int]:
    shelf_of(cast.desk).look_again()  # the tests' clock stands still for the process's memory
    return [alert.id for alert in await alerts_now(cast.desk)]


async def test_planned_work_is_announced_three_days_before(cast: Cast, clock: FrozenClock) -> None:
    id = await planned(cast, days=5)
    assert await open_ids(cast) == []
    clock.advance(days=2, minutes=-1)
    assert await open_ids(cast) == []
    clock.advance(minutes=1)
    (shown,) = await alerts_now(cast.desk)
    assert (shown.id, shown.is_planned(clock.now())) == (id, True)


async def test_it_begins_and_ends_by_itself_and_says_so(cast: Cast, clock: FrozenClock) -> None:
    id = await planned(cast, hours=1)
    await sweep_alerts(cast.desk)
    assert (await now(cast, id)).stage == Stage.SCHEDULED
    clock.advance(hours=1)
    await sweep_alerts(cast.desk)
    assert (await now(cast, id)).stage == Stage.UNDER_WAY
    clock.advance(hours=2)
    assert await open_ids(cast) == []  # at its end, whether or not the worker has been there
    await sweep_alerts(cast.desk)
    await sweep_alerts(cast.desk)
    ended = await now(cast, id)
    assert (ended.stage, ended.resolved_at) == (Stage.RESOLVED, ended.ends_at)
    bodies = [row["body"] for row in await updates_of(cast.desk, id)]
    assert bodies[1:] == ["It has begun as planned.", "It has ended as planned."]


async def test_a_worker_that_was_away_ends_it_once(cast: Cast, clock: FrozenClock) -> None:
    id = await planned(cast, hours=1)
    clock.advance(days=4)
    await sweep_alerts(cast.desk)
    await sweep_alerts(cast.desk)
    assert (await now(cast, id)).last_number == 2


async def test_planned_work_without_an_end_goes_on_until_it_is_solved(
    cast: Cast, clock: FrozenClock
) -> None:
    alert = await an_alert(cast, level=Level.MAINTENANCE)
    clock.advance(days=30)
    await sweep_alerts(cast.desk)
    assert await open_ids(cast) == [alert.id]
    assert await mails(cast.desk) == []  # nothing was promised


async def test_the_author_is_reminded_once_of_a_promise_and_readers_see_it(
    cast: Cast, clock: FrozenClock
) -> None:
    alert = await an_alert(cast)
    clock.advance(minutes=29)
    await sweep_alerts(cast.desk)
    assert await mails(cast.desk) == []
    clock.advance(minutes=1)
    for _ in range(3):
        await sweep_alerts(cast.desk)
    (mail,) = await mails(cast.desk)
    assert mail.to_address == "tess@desk.example.com"
    assert f"/desk/alerts/{alert.id}" in mail.body
    (shown,) = await alerts_now(cast.desk)
    assert shown.is_overdue(clock.now())


async def test_a_new_promise_can_be_broken_anew(cast: Cast, clock: FrozenClock) -> None:
    alert = await an_alert(cast)
    clock.advance(minutes=30)
    await sweep_alerts(cast.desk)
    async with cast.desk.transaction(await cast.actor("amy")) as tx:
        await update_alert(tx, alert.id, uuid4(), "More.", None, tx.now + timedelta(minutes=30))
    await sweep_alerts(cast.desk)
    assert len(await mails(cast.desk)) == 1
    clock.advance(minutes=30)
    await sweep_alerts(cast.desk)
    assert [mail.to_address for mail in await mails(cast.desk)] == [
        "tess@desk.example.com",
        "amy@desk.example.com",  # who promised it
    ]


async def test_nobody_is_reminded_of_what_is_solved(cast: Cast, clock: FrozenClock) -> None:
    alert = await an_alert(cast)
    async with cast.desk.transaction(await cast.actor("tess")) as tx:
        await resolve_alert(tx, alert.id, uuid4())
    clock.advance(days=1)
    await sweep_alerts(cast.desk)
    assert await mails(cast.desk) == []
