"""What a desk needs before people can use it: its schema, its first accounts, a word of welcome.

A desk that has all that starts at once; only the others pay for loading the whole program here.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import asyncpg

from helpdesk.core.services import plain_dsn
from helpdesk.core.settings import Settings
from helpdesk.migrations import HAS_VERSION, VERSIONS, known_heads, migrate

if TYPE_CHECKING:
    from helpdesk.desk import Desk

SignIn = tuple[str, str, str]  # e-mail, password, role

IS_FURNISHED = "SELECT EXISTS (SELECT FROM catalogue_versions)"
HAS_PEOPLE = "SELECT EXISTS (SELECT FROM people)"
HAS_SESSIONS = "SELECT EXISTS (SELECT FROM sessions)"


def prepare(settings: Settings, tickets: int) -> None:
    """Migrate, furnish, and fill an empty desk with demo data."""
    # The demo is made of many transactions; a start killed among them is begun anew.
    unfinished = settings.data_dir / "demo.unfinished"
    if not unfinished.exists() and asyncio.run(is_prepared(settings, tickets)):
        return
    if unfinished.exists():
        asyncio.run(empty_if_unused(settings))
    migrate(settings.database_url)
    if asyncio.run(furnish_desk(settings)) and tickets:
        print("Filling the empty desk with demo people, tickets and chats …", flush=True)
        unfinished.touch()
        sign_ins = asyncio.run(fill(settings, tickets))
        (settings.data_dir / "demo.json").write_text(json.dumps(sign_ins, indent=1))
    unfinished.unlink(missing_ok=True)


async def is_prepared(settings: Settings, tickets: int) -> bool:
    connection = await asyncpg.connect(plain_dsn(settings.database_url))
    try:
        if not await connection.fetchval(HAS_VERSION):
            return False
        versions = await connection.fetch(VERSIONS)
        if {row["version_num"] for row in versions} != known_heads():
            return False
        if not await connection.fetchval(IS_FURNISHED):
            return False
        return not tickets or bool(await connection.fetchval(HAS_PEOPLE))
    finally:
        await connection.close()


async def empty_if_unused(settings: Settings) -> None:
    """Nobody signed in, so all there is came from the demo."""
    connection = await asyncpg.connect(plain_dsn(settings.database_url))
    try:
        if not await connection.fetchval(HAS_SESSIONS):
            await connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    finally:
        await connection.close()


async def furnish_desk(settings: Settings) -> bool:
    """Give it its catalogue and departments; the answer is whether nobody is there yet."""
    from helpdesk.rooms import furnish

    async with working_desk(settings) as desk:
        await furnish(desk)
        return not await desk.pool.fetchval(HAS_PEOPLE)


async def fill(settings: Settings, tickets: int) -> list[SignIn]:
    from helpdesk import demo

    async with working_desk(settings) as desk:
        await demo.seed(desk, tickets=tickets)
    return demo.sign_ins()


@asynccontextmanager
async def working_desk(settings: Settings) -> AsyncIterator["Desk"]:
    """A desk as web processes have it, for commands from the command line."""
    from helpdesk.desk import open_desk
    from helpdesk.rooms import start_parts
    from helpdesk.wiring import SUBSCRIBERS

    async with open_desk(settings, None, frozenset(SUBSCRIBERS)) as desk, start_parts(desk):
        yield desk


def welcome(settings: Settings, running: Settings) -> str:
    """`settings` as given, `running` as they became."""
    lines = ["", f"  Helpdesk: {running.public_url}"]
    if not settings.database_url:
        lines.append(f"  Data:     {running.data_dir}")
        moved = running.data_dir / "postgres.moved-to"
        if moved.exists():
            place = moved.read_text().strip()
            lines.append(f"            {place} (PostgreSQL, which does not run as root)")
    demo = running.data_dir / "demo.json"
    if demo.exists():
        sign_ins: list[SignIn] = json.loads(demo.read_text())
        widest = max(len(email) for email, *_ in sign_ins)
        lines += ["", "  Demo sign-ins:"]
        lines += [
            f"    {email:<{widest}}  {password}  ({role})" for email, password, role in sign_ins
        ]
    return "\n".join([*lines, ""])


async def add_account(
    settings: Settings,
    email: str,
    name: str,
    roles: list[str],
    password: str,
    departments: list[str] | None = None,
) -> None:
    from helpdesk.people.commands import add_person
    from helpdesk.permissions import SYSTEM, Role

    async with working_desk(settings) as desk, desk.transaction(SYSTEM) as tx:
        await add_person(
            tx,
            email=email,
            name=name,
            roles=[Role(role) for role in roles],
            password=password,
            groups=departments or (),
        )


async def change_account(
    settings: Settings,
    email: str,
    roles: list[str] | None,
    departments: list[str] | None,
    languages: list[str] | None = None,
) -> str:
    """Who it is now, in a line."""
    from helpdesk.people.commands import change_person
    from helpdesk.people.queries import departments_of
    from helpdesk.permissions import SYSTEM, Role

    wanted = [Role(role) for role in roles] if roles else None
    async with working_desk(settings) as desk, desk.transaction(SYSTEM) as tx:
        person = await change_person(tx, email, wanted, departments, languages)
        groups = await departments_of(tx.db, person.id)
        return f"{person.email}: {', '.join(person.roles)}; {', '.join(groups) or 'no department'}"


async def recount(settings: Settings) -> int:
    """Make the figures of the dashboard anew: how many cases were counted."""
    from helpdesk.reports.counting.commands import rebuild

    async with working_desk(settings) as desk:
        return await rebuild(desk)
