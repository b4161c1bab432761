"""What is told live is what a reader of the table finds later, for everything that can happen."""

import random
from typing import Any

from helpdesk.cases.events import EVENT_TYPES
from helpdesk.cases.queries import view_of
from helpdesk.cases.timeline import read_page
from helpdesk.core.live import Envelope
from helpdesk.desk import Desk
from tests.people import Cast

from .happenings import happen
from .live import begin_chat

READERS = ("nina", "omar", "pete", "amy", "tess", "max")


async def test_what_is_told_live_is_what_is_found_later(desk: Desk, cast: Cast) -> None:
    chat = await begin_chat(desk, cast)
    told: list[Envelope] = []
    unfollow = desk.live.follow(f"case:{chat.case_id}", told.append)
    dice = random.Random(chat.case_id)
    types = [type for type in EVENT_TYPES for _ in range(3)]
    dice.shuffle(types)
    for type in types:
        await happen(desk, cast, chat, type, dice)
    unfollow()
    assert {envelope.frame["type"] for envelope in told} == set(EVENT_TYPES)
    for who in READERS:
        actor = await cast.actor(who)
        async with desk.reading() as db:
            view = await view_of(db, actor, chat.case_id)
        live = [envelope.frame for envelope in told if not view.empty and view.sees(envelope.reach)]
        found: list[dict[str, Any]] = []
        after = told[0].seq - 1
        while page := await read_page(desk.pool, actor, chat.case_id, after):
            found += [entry.frame for entry in page.entries]
            after = page.reaches
            if not page.full:
                break
        assert live == found, who
        assert bool(live) == (who != "omar")
