"""A month of a desk, as reports count it."""

from uuid import uuid4

from helpdesk.tickets.assigning import claim
from helpdesk.tickets.commands import reply
from helpdesk.tickets.coverage import mark_coverage
from helpdesk.tickets.filing import Filed
from helpdesk.tickets.rating import rate
from helpdesk.tickets.states import Coverage, Status
from tests.build import a_ticket
from tests.people import Cast


async def a_closed_ticket(
    cast: Cast,
    slug: str = "",
    agent: str = "amy",
    who: str = "finn",
    score: int = 0,
    **more: object,
) -> Filed:
    """Solved by the agent: unique, or covered by the article; perhaps rated."""
    filed = await a_ticket(cast, who, **more)
    async with cast.desk.transaction(await cast.actor(agent)) as tx:
        await claim(tx, filed.ticket_id)
        mark = Coverage.COVERED if slug else Coverage.UNIQUE
        await mark_coverage(tx, filed.ticket_id, mark, slug)
        await reply(tx, filed.ticket_id, "This is the answer", uuid4(), Status.SOLVED)
    if score:
        async with cast.desk.transaction(await cast.actor(who)) as tx:
            await rate(tx, filed.ticket_id, score, "")
    return filed
