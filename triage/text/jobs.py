"""After the commit: the language of a new ticket, looked at more carefully."""

import asyncio

from sqlmodel import col, select

from helpdesk.cases.models import Event, Message
from helpdesk.cases.receipts import already_done
from helpdesk.core.jobs import job
from helpdesk.desk import Desk, Transaction
from helpdesk.permissions import SYSTEM
from helpdesk.tickets.models import Ticket
from triage.models import TriageSuggestion

from .language import language_of
from .shelf import classifier_of, is_ready, when_ready

ENGINE = "eldc, py3langid"


async def text_of(tx: Transaction, ticket: Ticket) -> str:
    """Subject and first message."""
    query = select(Message.body).where(
        Message.case_id == ticket.case_id, Message.ticket_id == ticket.id
    )
    first = (await tx.db.exec(query.order_by(col(Message.id)).limit(1))).first()
    return f"{ticket.subject}\n{first or ''}"


@job
async def read_language(desk: Desk, event_id: int) -> None:
    async with desk.transaction(SYSTEM) as tx:
        event = await tx.db.get_one(Event, event_id)
        if event.ticket_id is None:
            return
        text = await text_of(tx, await tx.db.get_one(Ticket, event.ticket_id))
    # Outside of any transaction: the second model may have to be loaded first.
    found = await asyncio.to_thread(language_of, text, True)
    async with desk.transaction(SYSTEM) as tx:
        if await already_done(tx, event_id, "triage.read_language"):
            return
        ticket = await tx.db.get_one(Ticket, event.ticket_id, with_for_update=True)
        ticket.language = found.code if found.sure else None
        if found.code:
            tx.db.add(
                TriageSuggestion(
                    kind="language",
                    ticket_id=ticket.id,
                    value=found.code if found.sure else "",
                    engine=ENGINE,
                    at=tx.now,
                )
            )


@job
async def suggest_type(desk: Desk, event_id: int) -> None:
    """What the text sounds like, beside what the person chose. Other work never waits for the
    first model: until it is loaded, the suggestion follows by itself."""
    if is_ready(desk):
        await note_type(desk, event_id)
    else:
        when_ready(desk, lambda: note_type(desk, event_id))


async def note_type(desk: Desk, event_id: int) -> None:
    async with desk.transaction(SYSTEM) as tx:
        event = await tx.db.get(Event, event_id)
        ticket = await tx.db.get(Ticket, event.ticket_id) if event and event.ticket_id else None
        if ticket is None:
            return
        text = await text_of(tx, ticket)
    classifier = await classifier_of(desk)
    guess = await asyncio.to_thread(classifier.guess, text) if classifier else None
    if classifier is None or guess is None:
        return
    async with desk.transaction(SYSTEM) as tx:
        if await already_done(tx, event_id, "triage.suggest_type"):
            return
        tx.db.add(
            TriageSuggestion(
                kind="type",
                ticket_id=ticket.id,
                value=guess.type_key,
                probability=guess.probability,
                engine=classifier.version,
                at=tx.now,
                accepted_value=ticket.type_key,
                by_id=ticket.requester_id,
                decided_at=ticket.opened_at,
            )
        )
