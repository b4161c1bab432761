"""“Did this solve it?”: one answer for each ticket, changeable for a while."""

from datetime import datetime, timedelta

import asyncpg
from sqlmodel import col, select, update

from helpdesk.cases.events import record
from helpdesk.core.tokens import secret_token
from helpdesk.desk import Desk, Transaction
from helpdesk.identity import stored_hash

from .commands import NotAllowed
from .models import RatingLink, Ticket, TicketRating, reference
from .queries import hold_ticket, note_reach, staff_audience
from .states import UNSOLVED, Status

SCALE = {5: "Completely", 4: "Mostly", 3: "Partly", 2: "Hardly", 1: "Not at all"}
POOR = 2  # up to here the requester is offered to reopen
COMMENT_LIMIT = 2000  # characters
CHANGEABLE = timedelta(days=14)
LINK_LASTS = timedelta(days=30)


def may_rate(status: Status, rated_at: datetime | None, now: datetime) -> bool:
    """Once there is an answer; and again for a while after the first time."""
    if status in UNSOLVED:
        return False
    return rated_at is None or now <= rated_at + CHANGEABLE


async def rate(tx: Transaction, ticket_id: int, score: int, comment: str) -> TicketRating:
    """By somebody of the requester's side."""
    if score not in SCALE:
        raise ValueError(f"{score} is not on the scale")
    if tx.actor.is_staff or not tx.actor.id:
        raise NotAllowed("Only who asked can say whether it is solved.")
    case, ticket = await hold_ticket(tx, ticket_id, follow=True)
    query = select(TicketRating).where(TicketRating.ticket_id == ticket.id)
    rating = (await tx.db.exec(query)).one_or_none()
    if ticket.status in UNSOLVED:
        raise NotAllowed("This request is open again. We ask you when it is solved.")
    if not may_rate(ticket.status, rating.created_at if rating else None, tx.now):
        raise NotAllowed(f"An answer can be changed for {CHANGEABLE.days} days, which are over.")
    if rating is not None and (rating.score, rating.comment) == (score, comment):
        return rating
    rating = rating or TicketRating(
        ticket_id=ticket.id,
        score=score,
        type_key=ticket.type_key,
        group_id=ticket.group_id,
        agent_id=ticket.assignee_id,
        created_at=tx.now,
        changed_at=tx.now,
    )
    rating.score, rating.comment = score, comment
    rating.person_id, rating.changed_at = tx.actor.id, tx.now
    tx.db.add(rating)
    record(
        tx,
        case,
        "ticket.rated",
        staff_audience(ticket),
        ticket_id=ticket.id,
        reference=reference(ticket.id),
        new=SCALE[score].lower(),
        score=score,
        **note_reach(ticket),
    )
    return rating


# Links in mails

LINKED = """
    SELECT t.id AS ticket_id, t.subject, t.requester_id, t.status, r.score, r.comment
    FROM rating_links l JOIN tickets asked ON asked.id = l.ticket_id
        JOIN tickets t ON t.id = coalesce(asked.merged_into_id, asked.id)
        LEFT JOIN ticket_ratings r ON r.ticket_id = t.id
    WHERE l.token_hash = $1 AND l.used_at IS NULL AND l.expires_at > $2"""
FORGET = "DELETE FROM rating_links WHERE expires_at <= $1"


async def issue_rating_link(tx: Transaction, ticket_id: int) -> str:
    """The token of a new link; the ones before it stop working."""
    unused = (col(RatingLink.ticket_id) == ticket_id) & col(RatingLink.used_at).is_(None)
    await tx.db.exec(update(RatingLink).where(unused).values(used_at=tx.now))
    token = secret_token()
    tx.db.add(
        RatingLink(
            token_hash=stored_hash(token),
            ticket_id=ticket_id,
            created_at=tx.now,
            expires_at=tx.now + LINK_LASTS,
        )
    )
    return token


async def linked_ticket(desk: Desk, token: str) -> asyncpg.Record | None:
    """What a link is about, while it works. Looking changes nothing."""
    return await desk.pool.fetchrow(LINKED, stored_hash(token), desk.clock.now())


async def rate_by_link(tx: Transaction, token: str, score: int, comment: str) -> Ticket | None:
    """Once, for whoever holds the link; None when it does not work any more."""
    usable = (
        (col(RatingLink.token_hash) == stored_hash(token))
        & col(RatingLink.used_at).is_(None)
        & (col(RatingLink.expires_at) > tx.now)
    )
    statement = update(RatingLink).where(usable).values(used_at=tx.now)
    used = (await tx.db.exec(statement.returning(col(RatingLink.ticket_id)))).all()
    if not used:
        return None
    rating = await rate(tx, used[0][0], score, comment)
    return await tx.db.get_one(Ticket, rating.ticket_id)
