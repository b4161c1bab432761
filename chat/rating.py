"""“How was this chat?”, asked at its end: one answer for each chat, changeable for a while."""

from datetime import datetime, timedelta

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from helpdesk.cases.events import record
from helpdesk.cases.models import Audience
from helpdesk.core.tables import names, references
from helpdesk.core.text import clean_text
from helpdesk.desk import Transaction

from .commands import NotAllowed
from .models import ConversationStatus
from .queries import hold_conversation

SCALE = {5: "Very good", 4: "Good", 3: "Fair", 2: "Poor", 1: "Very poor"}
COMMENT = 2_000  # characters
CHANGEABLE = timedelta(days=14)


class ChatRating(SQLModel, table=True):
    __tablename__ = "chat_ratings"
    __table_args__ = (Index("ix_chat_ratings_rated", "rated_at"),)

    conversation_id: int = references("conversations.id", index=False, primary_key=True)
    score: int  # 1 to 5
    comment: str = Field(default="", max_length=COMMENT)
    type_key: str = Field(default="", max_length=40)
    group_id: int = names("groups")
    agent_id: int | None = names("people", default=None)  # who had it at the end
    person_id: int = names("people")
    rated_at: datetime
    changed_at: datetime


async def rate_chat(
    tx: Transaction, conversation_id: int, score: int, comment: str = ""
) -> ChatRating:
    """By the visitor, once the chat has ended; nobody rates a line they only waited in."""
    if score not in SCALE:
        raise ValueError(f"{score} is not on the scale")
    comment = clean_text(comment, COMMENT).strip()
    case, conversation = await hold_conversation(tx, conversation_id)
    if tx.actor.id != conversation.visitor_id:
        raise NotAllowed("Only the visitor of a chat can rate it.")
    if conversation.status != ConversationStatus.ENDED or conversation.claimed_at is None:
        raise NotAllowed("This chat can be rated once somebody has answered and it has ended.")
    rating = await tx.db.get(ChatRating, conversation.id)
    if rating is not None and tx.now > rating.rated_at + CHANGEABLE:
        raise NotAllowed(f"An answer can be changed for {CHANGEABLE.days} days, which are over.")
    if rating is not None and (rating.score, rating.comment) == (score, comment):
        return rating
    rating = rating or ChatRating(
        conversation_id=conversation.id,
        score=score,
        type_key=conversation.type_key,
        group_id=conversation.group_id,
        agent_id=conversation.agent_id,
        person_id=tx.actor.id,
        rated_at=tx.now,
        changed_at=tx.now,
    )
    rating.score, rating.comment, rating.changed_at = score, comment, tx.now
    tx.db.add(rating)
    record(
        tx,
        case,
        "conversation.rated",
        Audience.STAFF,
        conversation_id=conversation.id,
        new=SCALE[score].lower(),
        score=score,
    )
    return rating
