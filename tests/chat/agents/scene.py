"""Agents and chats for the tests of lines."""

from datetime import timedelta
from uuid import uuid4

from chat.agents.models import LineRules
from chat.commands import Opening, open_conversation, set_availability
from chat.models import Conversation
from helpdesk.desk import Desk
from tests.people import Cast

TYPES = {"PAY": "withdrawal_not_received", "GEN": "guidance", "TECH": "team_app_bug"}


async def is_there(
    desk: Desk, cast: Cast, name: str, capacity: int | None = None, there: bool = True
) -> None:
    """Available, with a page open now."""
    async with desk.transaction(await cast.actor(name)) as tx:
        await set_availability(tx, there)
    if capacity is not None:
        await desk.pool.execute(
            "UPDATE availability SET capacity = $2 WHERE person_id = $1",
            cast.people[name].id,
            capacity,
        )


async def page_seen(desk: Desk, cast: Cast, *names: str) -> None:
    """Their pages are still open, as the heartbeat of a socket says; and those of visitors."""
    await desk.pool.execute("UPDATE conversations SET visitor_seen_at = $1", desk.clock.now())
    ids = [cast.people[name].id for name in names]
    await desk.pool.execute(
        "UPDATE availability SET seen_at = $2 WHERE person_id = ANY($1)", ids, desk.clock.now()
    )


async def ask(
    desk: Desk, cast: Cast, visitor: str = "nina", group: str = "PAY", body: str = "Hello"
) -> Conversation:
    async with desk.transaction(await cast.actor(visitor)) as tx:
        opening = Opening(uuid4(), group, f"{visitor} asks", body, TYPES[group])
        return await open_conversation(tx, opening)


async def run_line(desk: Desk, cast: Cast, group: str, **rules: object) -> None:
    async with desk.sessions.begin() as db:
        db.add(LineRules(group_id=cast.groups[group].id, **rules))


async def offered_to(desk: Desk, chat: Conversation) -> str | None:
    name = await desk.pool.fetchval(
        "SELECT p.name FROM chat_offers o JOIN people p ON p.id = o.agent_id"
        " WHERE o.conversation_id = $1 AND o.answer IS NULL",
        chat.id,
    )
    return str(name).lower() if name else None


async def row_of(desk: Desk, chat: Conversation) -> Conversation:
    async with desk.reading() as db:
        return await db.get_one(Conversation, chat.id)


async def types_of(desk: Desk, chat: Conversation) -> list[str]:
    rows = await desk.pool.fetch(
        "SELECT type FROM events WHERE case_id = $1 AND conversation_id = $2 ORDER BY seq",
        chat.case_id,
        chat.id,
    )
    return [row["type"] for row in rows]


MINUTE = timedelta(minutes=1)
