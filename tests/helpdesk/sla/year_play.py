"""Plays the year on a real desk, with a worker that is late, interrupted and killed."""

import asyncio
import os
import random
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from helpdesk.calendars.commands import another
from helpdesk.calendars.models import Calendar, DayOff, WorkingWeek
from helpdesk.core.clock import FrozenClock
from helpdesk.desk import Desk
from helpdesk.people.models import Group, Membership
from helpdesk.permissions import SYSTEM
from helpdesk.relay import fire_due_timers, relay_once
from helpdesk.sla import jobs as sla
from helpdesk.tickets.assigning import assign, hand_over
from helpdesk.tickets.commands import add_message, change_severity, change_status, reopen, reply
from helpdesk.tickets.filing import file_ticket
from helpdesk.tickets.states import Severity, Status
from helpdesk.wiring import TIMERS
from tests.build import a_filing
from tests.people import Cast

from .year import MINUTE, START, WEEKS, Act, Department, Script

FOLLOWED = frozenset(sla.FOLLOWED)
SUBSCRIBERS = {type: [sla.follow] for type in sla.FOLLOWED}


async def work(desk: Desk) -> None:
    """Until nothing is left. Events before dates, as a worker that was off would find them."""
    while await relay_once(desk, SUBSCRIBERS) + await fire_due_timers(desk, TIMERS):
        pass


async def furnish(cast: Cast, made: Sequence[Department]) -> dict[str, int]:
    """Departments with their calendars, and Max in all of them; the ids by key."""
    ids = {}
    async with cast.desk.transaction(SYSTEM) as tx:
        for one in made:
            group = Group(key=one.key, name=f"Department {one.key}")
            tx.db.add(group)
            await tx.db.flush()
            tx.db.add(Membership(group_id=group.id, person_id=cast.people["max"].id))
            tx.db.add(Calendar(group_id=group.id, edition=another(), changed_at=tx.now))
            await tx.db.flush()
            for since, week in one.weeks:
                spans = [list(span) for span in WEEKS[week]]
                row = WorkingWeek(
                    group_id=group.id, zone=one.zone, spans=spans, since=since, saved_at=tx.now
                )
                tx.db.add(row)
            tx.db.add_all(DayOff(group_id=group.id, day=day, name="Off") for day in one.closed)
            ids[one.key] = group.id
    return ids


@dataclass
class Player:
    cast: Cast
    clock: FrozenClock
    chance: random.Random
    groups: dict[str, int]
    tickets: dict[int, int]  # script → ticket
    interrupted: int = 0
    killed: int = 0

    async def play(self, scripts: Sequence[Script], kills: int) -> None:
        acts = sorted(
            ((act.minute, n, act) for n, script in enumerate(scripts) for act in script.acts),
            key=lambda one: one[:2],
        )
        moments = set(self.chance.sample(range(len(acts)), min(kills, len(acts))))
        rest_until = 0
        for at, (minute, n, act) in enumerate(acts):
            self.clock.set(START + minute * MINUTE)
            await self.do(n, act)
            if at in moments:
                await self.killed_worker()
            elif minute >= rest_until and self.chance.random() < 0.5:
                await self.some_work()
                if self.chance.random() < 0.02:
                    rest_until = minute + self.chance.choice((60, 600, 2880))
        self.clock.set(START + timedelta(days=600))
        await work(self.cast.desk)

    async def some_work(self) -> None:
        """Sometimes it is interrupted, wherever it just is."""
        if self.chance.random() > 0.1:
            await work(self.cast.desk)
            return
        working = asyncio.create_task(work(self.cast.desk))
        await asyncio.sleep(self.chance.random() * 0.02)
        if not working.done():
            working.cancel()
            self.interrupted += 1
        with suppress(asyncio.CancelledError):
            await working

    async def killed_worker(self) -> None:
        """A process of its own, ended by the system in the midst of it; and Valkey with it."""
        settings = self.cast.desk.settings
        environment = os.environ | {
            "DATABASE_URL": settings.database_url,
            "REDIS_URL": settings.redis_url,
            "HELPDESK_DATA_DIR": str(settings.data_dir),
            "HELPDESK_SECRET_KEY": settings.secret_key,
        }
        command = ("-m", "tests.helpdesk.sla.worker_at", self.clock.now().isoformat())
        process = await asyncio.create_subprocess_exec(
            sys.executable, *command, env=environment, stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        await process.stdout.readline()
        await asyncio.sleep(self.chance.random() * 0.1)
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        self.killed += process.returncode == -signal.SIGKILL
        valkey = settings.data_dir / "valkey" / "pid"
        if valkey.exists():
            with suppress(ProcessLookupError, ValueError):
                os.kill(int(valkey.read_text()), signal.SIGKILL)

    async def do(self, n: int, act: Act) -> None:
        cast, desk = self.cast, self.cast.desk
        if act.what == "file":
            key, severity = act.value
            filing = a_filing(group_key=key, severity=severity)
            self.tickets[n] = (await file_ticket(desk, await cast.actor("nina"), filing)).ticket_id
            return
        id = self.tickets[n]
        theirs = act.what in ("ask", "reopen")
        async with desk.transaction(await cast.actor("nina" if theirs else "max")) as tx:
            match act.what:
                case "answer":
                    await reply(tx, id, "We look into it", uuid4())
                case "ask":
                    await add_message(tx, id, "Is there any news?", uuid4())
                case "take":
                    await assign(tx, id, None)
                    await assign(tx, id, cast.people["max"].id)
                case "grade":
                    await change_severity(tx, id, Severity(act.value), "As it is")
                case "hand":
                    await hand_over(tx, id, self.groups[act.value], "It is yours")
                case "reopen":
                    await reopen(tx, id, "It is not solved", uuid4())
                case "status":
                    await change_status(tx, id, Status(act.value))
