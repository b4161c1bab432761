"""What the worker would have noted about the newest tickets, had it been there."""

from helpdesk.desk import Desk
from triage.severity.jobs import weigh_new
from triage.text.jobs import read_language

MOST = 60  # the newest; older ones are solved, and nobody asks why
OPENED = "SELECT id FROM events WHERE type = 'ticket.opened' ORDER BY id DESC LIMIT $1"


async def note_suggestions(desk: Desk) -> None:
    for row in await desk.pool.fetch(OPENED, MOST):
        await weigh_new.run(desk, row["id"])
        await read_language.run(desk, row["id"])
