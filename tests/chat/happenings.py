"""Something of every type that can happen on a case, in any order, to compare what shows it."""

import random
import re
from typing import Any
from uuid import uuid4

from chat.models import Conversation
from helpdesk.cases.events import EVENT_TYPES, record
from helpdesk.cases.models import Audience, Message
from helpdesk.cases.queries import hold_case
from helpdesk.desk import Desk, Transaction
from helpdesk.evidence.models import Evidence
from tests.people import Cast

SAID = ("message.posted", "note.added", "conversation.whispered")
ALSO_SAID = ("ticket.severity_changed", "ticket.handed_over", "conversation.transferred")
TEXTS = ("plain", "<b>bold</b> & {{ 7 * 7 }}", "line\nbreak", "שלום 🙂", "“quoted” it’s")
ACTORS = ("nina", "pete", "amy", "tess")
ONLY_STAFF = frozenset(type for type in EVENT_TYPES if type.startswith(("sla.", "escalation.")))


async def happen(
    desk: Desk, cast: Cast, chat: Conversation, type: str, dice: random.Random
) -> None:
    """One event of this type, each in a transaction of its own, by anybody, seen by anybody."""
    who = dice.choice(ACTORS)
    internal = type in ("note.added", "conversation.whispered") or type in ONLY_STAFF
    audience = dice.choice(list(Audience))
    if internal and audience in (Audience.SIDE, Audience.EVERYONE):
        audience = Audience.STAFF
    reach: dict[str, Any] = {}
    if audience is Audience.SIDE:
        reach["side_id"] = chat.side_id
    if audience is Audience.PRIVATE:
        group = cast.groups[dice.choice(("PAY", "DIS"))].id
        reach |= {"group_id": group, "owner_id": None if internal else cast.nina.id}
    async with desk.transaction(await cast.actor(who)) as tx:
        case = await hold_case(tx, chat.case_id)
        data = {word: f"{word} {dice.choice(TEXTS)}" for word in words_of(type)}
        if type in ("conversation.article_shared", "conversation.steered"):
            data |= {"link": "/help/articles/x", "label": "A label", "summary": "In short"}
        if type == "conversation.article_shared":
            data["article"] = "7"
        if type == "evidence.added" and audience is Audience.STAFF:
            data["note"] = True  # type: ignore[assignment]
        more = dict(data)
        await record_one(tx, case, chat, type, audience, reach, more, dice)


def words_of(type: str) -> set[str]:
    return set(re.findall(r"{(\w+)}", EVENT_TYPES[type])) - {"by"}


async def record_one(
    tx: Transaction,
    case: Any,
    chat: Conversation,
    type: str,
    audience: Audience,
    reach: dict[str, Any],
    data: dict[str, Any],
    dice: random.Random,
) -> None:
    message = piece = None
    if type in SAID or (type in ALSO_SAID and dice.random() < 0.5):
        message = Message(
            case_id=case.id,
            client_id=uuid4(),
            author_id=tx.actor.id,
            audience=audience,
            conversation_id=chat.id,
            body=dice.choice(TEXTS),
            posted_at=tx.now,
            **reach,
        )
        tx.db.add(message)
    if type == "evidence.added":
        row = Evidence(
            case_id=case.id,
            kind="screenshot",
            label="a picture",
            audience=audience,
            conversation_id=chat.id,
            name="picture.png",
            size=dice.choice((0, 999, 1_234, 99_999, 5_000_000)),
            media_type="image/png",
            added_by_id=tx.actor.id,
            added_at=tx.now,
            **reach,
        )
        tx.db.add(row)
        await tx.db.flush()
        piece = {
            "id": row.id,
            "kind": row.kind,
            "name": row.name,
            "size": row.size,
            "media": row.media_type,
            "thumb": False,
        }
    await tx.db.flush()
    record(
        tx,
        case,
        type,
        audience,
        conversation_id=chat.id,
        message=message,
        evidence=piece,
        **reach,
        **data,
    )
