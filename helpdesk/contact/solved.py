"""A report that an article made needless: thanks, and the way back if it was not so."""

from starlette.exceptions import HTTPException
from starlette.responses import Response

from helpdesk.help.readers import language_of, reader_key
from helpdesk.help.verdicts import withdraw_solved
from helpdesk.web import WebRequest, redirect, render

from .queries import KeptDraft
from .seen import Seen, seen_in, with_seen
from .showing import opened
from .suggesting import OPEN, article_open
from .visits import Visit, keep_typed, visit


async def show(request: WebRequest) -> Response:
    here = visit(request)
    found = await put_away(here)
    if isinstance(found, Response):
        return found
    draft, seen = found
    asked = {OPEN: str(seen.solved_by)}
    return render(
        request,
        "contact/solved.html",
        draft_id=draft.id,
        article=await article_open(here.desk, asked, language_of(request)),
    )


async def take_back(request: WebRequest) -> Response:
    """The article is not counted any more, and the report goes on with everything in it."""
    here = visit(request)
    found = await put_away(here)
    if isinstance(found, Response):
        return found
    draft, seen = found
    if reader := reader_key(here.actor, here.token):
        async with here.desk.transaction(here.actor) as tx:
            await withdraw_solved(tx, seen.solved_by, reader)
    await keep_typed(here, draft.id, with_seen(draft.fields, seen.once_more()))
    return here.remembered(redirect(f"/report/{draft.id}"))


async def put_away(here: Visit) -> tuple[KeptDraft, Seen] | Response:
    """The draft of the address, if it was; else where its report is now."""
    draft = await opened(here)
    if isinstance(draft, Response):
        return draft
    if not draft.stored:
        raise HTTPException(404)
    seen = seen_in(draft.fields)
    return (draft, seen) if seen.helped else redirect(f"/report/{draft.id}")
