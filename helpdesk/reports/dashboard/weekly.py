"""The key numbers of the week before, by mail to those who asked for it, on Monday morning."""

from datetime import date, datetime, timedelta

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, delete, select
from starlette.responses import Response

from helpdesk.core.formats import local_date, localised
from helpdesk.desk import Desk, Transaction
from helpdesk.mail.commands import send_mail
from helpdesk.people.models import Person
from helpdesk.people.queries import actor_of
from helpdesk.permissions import SYSTEM, Can, allowed
from helpdesk.reports.counting.models import ReportReader
from helpdesk.web import WebRequest, page, redirect, transaction

from .asked import Asked
from .periods import Period, midnight
from .sums import Filter, departments
from .tiles import both, tiles

MORNING = 7  # o'clock on Monday, where they live
# Monday begins somewhere on Sunday already; who is due is decided by their own clock.
WAITING = """
    SELECT r.person_id, p.time_zone, r.since, r.mailed_on
    FROM report_readers r JOIN people p ON p.id = r.person_id
    WHERE p.deactivated_at IS NULL AND (r.mailed_on IS NULL OR r.mailed_on < $1)
    ORDER BY r.person_id LIMIT 1000"""


async def set_weekly(tx: Transaction, wanted: bool) -> None:
    """Whether the actor gets it."""
    if not wanted:
        await tx.db.exec(delete(ReportReader).where(col(ReportReader.person_id) == tx.actor.id))
        return
    row = insert(ReportReader).values(person_id=tx.actor.id, since=tx.now)
    await tx.db.exec(row.on_conflict_do_nothing())


async def choose_weekly(request: WebRequest) -> Response:
    form = await request.form()
    async with transaction(request) as tx:
        await set_weekly(tx, form.get("wanted") == "yes")
    place = "/desk/dashboard" if form.get("back") == "dashboard" else "/account"
    return redirect(f"{place}#weekly")


def monday(now: datetime, tz: str) -> date:
    """Of the week it is there; before the morning, of the week before."""
    local = localised(now, tz) - timedelta(hours=MORNING)
    return local.date() - timedelta(days=local.weekday())


async def mail_weekly(desk: Desk) -> int:
    """As a sweep: how many were sent. Each once, however often the worker looks."""
    now, sent = desk.clock.now(), 0
    latest = monday(now + timedelta(days=1), "UTC")
    for row in await desk.pool.fetch(WAITING, latest):
        due = monday(now, row["time_zone"])
        if row["mailed_on"] is not None and row["mailed_on"] >= due:
            continue
        if row["mailed_on"] is None and midnight(due, row["time_zone"]) <= row["since"]:
            continue  # asked for it this week: the first one comes on Monday
        sent += await mail_one(desk, row["person_id"], due)
    return sent


async def mail_one(desk: Desk, person_id: int, due: date) -> int:
    actor = await actor_of(desk, person_id)
    told = allowed(actor, Can.READ_REPORTS)
    body = await figures(desk, due, actor.time_zone) if told else ""
    async with desk.transaction(SYSTEM) as tx:
        held = select(ReportReader).where(ReportReader.person_id == person_id).with_for_update()
        reader = (await tx.db.exec(held)).one_or_none()
        if reader is None or (reader.mailed_on is not None and reader.mailed_on >= due):
            return 0
        reader.mailed_on = due
        if told:
            person = await tx.db.get_one(Person, person_id)
            subject = f"The week until {due - timedelta(days=1):%-d %B} in figures"
            key = f"weekly:{person_id}:{due}"
            await send_mail(tx, key, person.name, person.email, subject, body)
    return int(told)


async def figures(desk: Desk, due: date, tz: str) -> str:
    """As text: one line for each number, its change, and the address of the same week."""
    first, last = due - timedelta(days=7), due - timedelta(days=1)
    period = Period("", "The week", midnight(first, tz), midnight(due, tz), tz)
    chosen = {"from": str(first), "to": str(last)}
    asked = Asked(period, Filter(), await departments(desk), *chosen.values())
    told = [f"{local_date(period.since, tz)} to {period.words.split(' to ')[-1]}:", ""]
    for tile in await tiles(desk, await both(desk, asked)):
        if tile.key in NOW:
            continue
        note = f" ({tile.note})" if tile.note else ""
        told.append(f"{tile.title}: {tile.value}{note}")
        if tile.change:
            told.append(f"   {tile.change.sign} {tile.change.words}")
    told += ["", f"{desk.settings.public_url}/desk/dashboard?{asked.query}", "", STOP]
    return "\n".join(told)


NOW = frozenset({"open", "chat_waiting"})  # nothing of the past week
STOP = "You asked for this mail on your account page, where you can stop it."
routes = [page("/account/weekly-figures", choose_weekly, can=Can.READ_REPORTS, method="POST")]
