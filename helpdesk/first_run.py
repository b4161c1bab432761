"""What a desk needs before people can use it: its schema, its first accounts, a word of welcome."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from helpdesk.core.services import plain_dsn
from helpdesk.core.settings import Settings
from helpdesk.desk import Desk, open_desk
from helpdesk.migrations import migrate
from helpdesk.permissions import SYSTEM, Role

ACCOUNTS = "SELECT email FROM people WHERE is_account AND email = ANY($1)"

SignIn = tuple[str, str, str]  # e-mail, password, role


def prepare(settings: Settings, tickets: int) -> list[SignIn]:
    """Migrate, fill an empty desk with demo data, and return the demo's sign-ins if it has any."""
    # The demo is made of many transactions; a start killed among them is begun anew.
    unfinished = settings.data_dir / "demo.unfinished"
    if unfinished.exists():
        asyncio.run(empty_if_unused(settings.database_url))
    migrate(settings.database_url)
    if tickets and asyncio.run(is_empty(settings)):
        print("Filling the empty desk with demo people, tickets and chats …", flush=True)
        unfinished.touch()
        asyncio.run(fill(settings, tickets))
    unfinished.unlink(missing_ok=True)
    return asyncio.run(working_sign_ins(settings))


async def is_empty(settings: Settings) -> bool:
    async with working_desk(settings) as desk:
        return not await desk.pool.fetchval("SELECT EXISTS (SELECT FROM people)")


async def fill(settings: Settings, tickets: int) -> None:
    from helpdesk import demo

    async with working_desk(settings) as desk:
        await demo.seed(desk, tickets=tickets)


async def working_sign_ins(settings: Settings) -> list[SignIn]:
    """Those of the demo's accounts that are there."""
    from helpdesk import demo

    async with working_desk(settings) as desk:
        rows = await desk.pool.fetch(ACCOUNTS, [email for email, *_ in demo.sign_ins()])
    there = {row["email"] for row in rows}
    return [sign_in for sign_in in demo.sign_ins() if sign_in[0] in there]


async def empty_if_unused(database_url: str) -> None:
    """Nobody signed in, so all there is came from the demo."""
    connection = await asyncpg.connect(plain_dsn(database_url))
    try:
        if not await connection.fetchval("SELECT EXISTS (SELECT FROM sessions)"):
            await connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    finally:
        await connection.close()


@asynccontextmanager
async def working_desk(settings: Settings) -> AsyncIterator[Desk]:
    """A desk as web processes have it, for commands from the command line."""
    from helpdesk.rooms import furnish, start_parts
    from helpdesk.wiring import SUBSCRIBERS

    async with open_desk(settings, None, frozenset(SUBSCRIBERS)) as desk:
        await furnish(desk)
        async with start_parts(desk):
            yield desk


def welcome(settings: Settings, running: Settings, sign_ins: list[SignIn]) -> str:
    """`settings` as given, `running` as they became."""
    lines = ["", f"  Helpdesk: {running.public_url}"]
    if not settings.database_url:
        lines.append(f"  Data:     {running.data_dir}")
        moved = running.data_dir / "postgres.moved-to"
        if moved.exists():
            place = moved.read_text().strip()
            lines.append(f"            {place} (PostgreSQL, which does not run as root)")
    if sign_ins:
        widest = max(len(email) for email, *_ in sign_ins)
        lines += ["", "  Demo sign-ins:"]
        lines += [
            f"    {email:<{widest}}  {password}  ({role})" for email, password, role in sign_ins
        ]
    return "\n".join([*lines, ""])


async def add_account(
    settings: Settings, email: str, name: str, roles: list[str], password: str
) -> None:
    from helpdesk.people.commands import add_person

    async with working_desk(settings) as desk, desk.transaction(SYSTEM) as tx:
        await add_person(
            tx, email=email, name=name, roles=[Role(role) for role in roles], password=password
        )
