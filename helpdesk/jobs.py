"""`helpdesk jobs`: the follow-up work that was given up, and trying it again."""

import asyncio
from collections.abc import Sequence

from sqlmodel import select

import helpdesk.schema  # noqa: F401 - every table must be known before one is written
from helpdesk.cases.failures import EVENT, given_up, try_again, waiting_failures
from helpdesk.cases.models import Event, Failure, Timer
from helpdesk.core.formats import local_time
from helpdesk.core.services import services
from helpdesk.core.settings import Settings
from helpdesk.desk import Desk, open_desk
from helpdesk.permissions import SYSTEM


def show_jobs(settings: Settings) -> None:
    with services(settings) as running:
        for line in asyncio.run(listed(running)):
            print(line)


def retry_jobs(settings: Settings, ids: Sequence[int]) -> int:
    with services(settings) as running:
        again = asyncio.run(retried(running, ids))
    if ids and again < len(set(ids)):
        print(f"Of these numbers {again} name work that was given up; helpdesk jobs lists it.")
    print(f"{again} to be tried again, by the worker and within seconds.")
    return int(bool(ids) and not again)


async def retried(settings: Settings, ids: Sequence[int]) -> int:
    async with open_desk(settings) as desk, desk.transaction(SYSTEM) as tx:
        return await try_again(tx, ids or None)


async def listed(settings: Settings) -> list[str]:
    async with open_desk(settings) as desk:
        async with desk.reading() as db:
            failures = await given_up(db)
            waiting = await waiting_failures(db)
        lines = [await line_of(desk, failure) for failure in failures]
    if waiting:
        lines.append(f"{waiting} failed and will be tried again by the worker.")
    if failures:
        lines.append("Put the cause right, then: helpdesk jobs retry [number …]")
    return lines or ["No work has failed."]


async def line_of(desk: Desk, failure: Failure) -> str:
    """`12  tickets.mail_answer  case 7, event message.posted  given up 3 May …  after 10 tries`"""
    async with desk.reading() as db:
        if failure.source == EVENT:
            query = select(Event.case_id, Event.type).where(Event.id == failure.source_id)
        else:
            query = select(Timer.case_id, Timer.kind).where(Timer.id == failure.source_id)
        found = (await db.exec(query)).one_or_none()
    about = f"case {found[0]}, {failure.source} {found[1]}" if found else "gone"
    at = local_time(failure.given_up_at, "UTC") if failure.given_up_at else ""
    return (
        f"{failure.id}  {failure.job}  {about}  given up {at} UTC "
        f"after {failure.tries} tries: {failure.error}"
    )
