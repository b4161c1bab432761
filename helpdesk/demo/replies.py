"""Canned replies of the demonstration, and that some of them are used."""

import tomllib
from importlib.resources import files
from random import Random
from uuid import UUID

from sqlmodel import select

from helpdesk.console.replies.commands import Wording, count_use, find_reply, write_reply
from helpdesk.console.replies.doing import Doing
from helpdesk.console.replies.models import Reach
from helpdesk.desk import Desk
from helpdesk.people.models import Group
from helpdesk.people.queries import actor_of

PLAIN = ("status", "ask_kind", "ask_label", "ask_days")
TICKETS = "SELECT id FROM tickets ORDER BY id DESC LIMIT 40"


async def write_replies(desk: Desk, random: Random, people: dict[str, int]) -> None:
    """`people`: first name → id."""
    told = tomllib.loads(files(__package__).joinpath("replies.toml").read_text())["reply"]
    tickets = [row["id"] for row in await desk.pool.fetch(TICKETS)]
    for one in told:
        async with desk.transaction(await actor_of(desk, people[one["by"]])) as tx:
            groups = dict((await tx.db.exec(select(Group.key, Group.id))).all())
            doing = Doing(
                **{name: one[name] for name in PLAIN if name in one},
                tags=tuple(one.get("tags", ())),
                department=one.get("department_to", ""),
                department_reason=one.get("department_reason", ""),
            )
            group_id = groups[one["department"]] if "department" in one else None
            reach = Reach.GROUP if group_id else Reach.EVERYBODY
            if one.get("mine"):
                reach = Reach.MINE
            reply = await write_reply(tx, Wording(one["name"], reach, group_id, one["body"], doing))
            for number in range(random.randrange(1, 14) if tickets else 0):
                once = UUID(int=reply.id << 32 | number, version=4)
                face = f"ticket:{random.choice(tickets)}"
                await count_use(tx, await find_reply(tx, reply.id), face, once)
