"""What every page of versions does with its forms."""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.responses import Response

from helpdesk.core.text import BadText, clean_line
from helpdesk.desk import Transaction
from helpdesk.web import WebRequest, transaction

from .commands import EditedMeanwhile, NothingToPublish

NOTE = 200  # characters
CROSSED = "Somebody else changed this meanwhile. Look at it again; nothing of yours is saved."
# The page itself, with a status, what is wrong by field, and the note that was typed.
Board = Callable[[WebRequest, int, dict[str, str], str], Awaitable[Response]]
Publish = Callable[[Transaction, str, tuple[int, int]], Awaitable[Any]]


async def refusal(request: WebRequest, board: Board, publish: Publish) -> Response | None:
    """Publishes the draft; otherwise the page that says why not."""
    form = await request.form(max_files=0, max_fields=10)
    typed = str(form.get("note", ""))
    try:
        note = clean_line(typed, NOTE)
    except BadText as fault:
        return await board(request, 422, {"note": str(fault)}, typed)
    try:
        async with transaction(request) as tx:
            await publish(tx, note, seen_of(form.get("seen")))
    except EditedMeanwhile:
        return await board(request, 409, {"draft": CROSSED}, typed)
    except NothingToPublish:
        return await board(request, 409, {"draft": "The draft changes nothing."}, typed)
    return None


def seen_of(value: object) -> tuple[int, int]:
    """Version and number of changes, as the page carries them: `3.1`."""
    version, _, changes = str(value or "").partition(".")
    if all(part.isascii() and part.isdigit() and len(part) < 9 for part in (version, changes)):
        return int(version), int(changes)
    return 0, 0
