"""A note, or a later date, for many: each is looked at before it is done."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from starlette.datastructures import FormData
from starlette.responses import Response

from helpdesk.core.text import BadText, clean_text, is_blank
from helpdesk.escalations import bulk, many
from helpdesk.escalations.deciding import LATEST
from helpdesk.escalations.words import LEVELS
from helpdesk.tickets.models import reference
from helpdesk.web import WebRequest, redirect, render, transaction

from .acts import REASON, REASONS, Refused, moment
from .board import BOARD, LATER, queue_page
from .together import NONE_CHOSEN, chosen, named

FIELDS = 2 * bulk.MOST + 20


def words(form: FormData, name: str, limit: int, missing: str) -> str:
    try:
        given = clean_text(str(form.get(name, "")), limit).strip()
    except BadText as fault:
        raise Refused({name: str(fault)}) from None
    if is_blank(given):
        raise Refused({name: missing})
    return given


def read_once(form: FormData) -> UUID:
    try:
        return UUID(str(form.get("once", "")))
    except ValueError:
        raise Refused({"bulk": "The page was incomplete. Reload it and try again."}) from None


async def rows_chosen(request: WebRequest, form: FormData) -> list[tuple[bulk.Row, Any]]:
    """Those that are there, with what they are called."""
    ids = chosen(form)
    async with transaction(request) as tx:
        rows = await bulk.rows_of(tx, ids)
    names = await named(request, ids)
    if not (found := [(row, names[row.id]) for row in rows if row.id in names]):
        raise Refused({"bulk": NONE_CHOSEN})
    return found


async def answered(request: WebRequest, refused: Refused, form: FormData) -> Response:
    typed = {name: value for name, value in form.items() if isinstance(value, str)}
    return await queue_page(request, None, 422, refused.errors, typed)


async def preview_note(request: WebRequest) -> Response:
    form = await request.form(max_files=0, max_fields=FIELDS)
    try:
        note = words(form, "note", REASONS, "Write the note.")
        rows = await rows_chosen(request, form)
    except Refused as refused:
        return await answered(request, refused, form)
    planned = [
        (row, name, "", "" if row.is_live else "It was decided meanwhile.") for row, name in rows
    ]
    return look(request, "note", note, planned)


async def preview_dates(request: WebRequest) -> Response:
    form = await request.form(max_files=0, max_fields=FIELDS)
    zone = request.state["actor"].time_zone
    now, later = request.state["desk"].clock.now(), str(form.get("later", ""))
    try:
        if later not in LATER:
            raise Refused({"later": "Choose how much later."})
        until = None if later else moment(str(form.get("until", "")), zone)
        reason = words(form, "extend_reason", REASON, "Say why. The requesters read it.")
        rows = await rows_chosen(request, form)
    except Refused as refused:
        return await answered(request, refused, form)
    planned = []
    for row, name in rows:
        base = max(name["due_at"], now)
        date = until or base + timedelta(hours=int(later))
        planned.append((row, name, date, not_later(row, date, base, now)))
    return look(request, "dates", reason, planned)


def not_later(row: bulk.Row, date: datetime, base: datetime, now: datetime) -> str:
    """Why it is left as it is; "" when it is moved."""
    if not row.is_live:
        return "It was decided meanwhile."
    if date <= base:
        return "This is not after the date it has, or over." if date > now else "This is over."
    return "That is more than a year from now." if date > now + LATEST else ""


def look(
    request: WebRequest, what: str, words: str, planned: list[tuple[bulk.Row, Any, Any, str]]
) -> Response:
    return render(
        request,
        "managing/preview_many.html",
        what=what,
        words=words,
        planned=planned,
        changing=[one for one in planned if not one[3]],
        once=uuid4(),
        levels=LEVELS,
        reference=reference,
    )


async def note(request: WebRequest) -> Response:
    form = await request.form(max_files=0, max_fields=FIELDS)
    try:
        body, once = words(form, "note", REASONS, "Write the note."), read_once(form)
    except Refused as refused:
        return await answered(request, refused, form)
    async with transaction(request) as tx:
        number, noted = await many.note_many(tx, chosen(form), body, once)
    return redirect(f"{BOARD}?noted={noted}&bulk={number}")


async def extend(request: WebRequest) -> Response:
    """As the preview said: `id` and `date` come in pairs."""
    form = await request.form(max_files=0, max_fields=FIELDS)
    ids = chosen(form)
    try:
        reason = words(form, "extend_reason", REASON, "Say why. The requesters read it.")
        once, dates = read_once(form), [date_in(str(one)) for one in form.getlist("date")]
        if not ids or len(ids) != len(dates):
            raise Refused({"bulk": NONE_CHOSEN})
    except Refused as refused:
        return await answered(request, refused, form)
    async with transaction(request) as tx:
        wanted = dict(zip(ids, dates, strict=True))
        number, extended = await many.extend_many(tx, wanted, reason, once)
    return redirect(f"{BOARD}?extended={extended}&bulk={number}")


def date_in(given: str) -> datetime:
    try:
        at = datetime.fromisoformat(given)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise Refused({"bulk": "The page was incomplete. Reload it and try again."})
    return at
