"""Alerts of the last weeks with their updates, and maintenance that is still to come."""

import tomllib
from datetime import datetime, timedelta
from importlib.resources import files
from random import Random
from typing import Any
from uuid import UUID

from helpdesk.alerts.commands import Details, post_alert, resolve_alert, update_alert
from helpdesk.alerts.models import Level, Stage
from helpdesk.core.clock import FrozenClock
from helpdesk.desk import Desk
from helpdesk.people.queries import actor_of
from helpdesk.permissions import Actor

from .people import Company

ALERTS: list[dict[str, Any]] = tomllib.loads(
    files(__package__).joinpath("alerts.toml").read_text("utf-8")
)["alert"]


async def play_alerts(
    desk: Desk, clock: FrozenClock, now: datetime, random: Random, company: Company
) -> None:
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    for told in ALERTS:
        author = await actor_of(desk, company.people[told["author"]].id)
        starts_at = midnight + timedelta(days=-told["days"], hours=told["hour"])
        clock.at = min(starts_at, now)
        id = await post(desk, author, told, starts_at, random)
        for update in told.get("update", []):
            clock.at = starts_at + timedelta(hours=update["after"])
            await go_on(desk, author, id, update, uuid(random))


async def post(
    desk: Desk, author: Actor, told: dict[str, Any], starts_at: datetime, random: Random
) -> int:
    ends = told.get("ends_after")
    details = Details(
        title=told["title"],
        area=told["area"],
        level=Level(told["level"]),
        words=tuple(told["words"]),
        type_keys=tuple(told["types"]),
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=ends) if ends else None,
    )
    async with desk.transaction(author) as tx:
        return (await post_alert(tx, uuid(random), details, told["text"])).id


async def go_on(desk: Desk, author: Actor, id: int, update: dict[str, Any], once: UUID) -> None:
    async with desk.transaction(author) as tx:
        if update["stage"] == Stage.RESOLVED:
            await resolve_alert(tx, id, once, update["text"])
        else:
            await update_alert(tx, id, once, update["text"], Stage(update["stage"]))


def uuid(random: Random) -> UUID:
    return UUID(int=random.getrandbits(128), version=4)
