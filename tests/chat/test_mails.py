"""A guest can come back to a chat; whoever left it hears of the answer, once per silence."""

import re
from collections.abc import Sequence
from dataclasses import replace
from uuid import uuid4

import pytest
from sqlmodel import col, select

from chat.agents.converting import turn_into_ticket
from chat.commands import Opening, TicketWish, claim, end, open_conversation
from chat.jobs import mail_unread_answers
from chat.models import Conversation
from helpdesk.cases.commands import post_message
from helpdesk.cases.models import Audience, ReadMark
from helpdesk.cases.queries import hold_case
from helpdesk.core.clock import FrozenClock
from helpdesk.desk import Desk
from helpdesk.mail.models import Mail
from helpdesk.people.commands import open_guest
from helpdesk.people.queries import actor_of
from helpdesk.permissions import ANONYMOUS, SYSTEM, Actor
from helpdesk.relay import relay_once
from helpdesk.wiring import SUBSCRIBERS
from tests.people import Cast

from .live import begin_chat


@pytest.fixture(autouse=True)
def _looks_at_once(desk: Desk) -> None:
    desk.parts.pop("chat.looked_at", None)


async def guest_chat(desk: Desk, cast: Cast) -> tuple[Conversation, Actor]:
    async with desk.transaction(ANONYMOUS) as tx:
        guest, _ = await open_guest(tx, "Gwen", "gwen@example.org")
    visitor = await actor_of(desk, guest.id)
    async with desk.transaction(visitor) as tx:
        chat = await open_conversation(tx, Opening(uuid4(), "PAY", "Where is my money", "Hello"))
    async with desk.transaction(await cast.actor("pete")) as tx:
        await claim(tx, chat.id)
    return chat, visitor


async def mails(desk: Desk) -> Sequence[Mail]:
    while await relay_once(desk, SUBSCRIBERS):
        pass
    async with desk.reading() as db:
        return (await db.exec(select(Mail).order_by(col(Mail.id)))).all()


async def say(desk: Desk, cast: Cast, chat: Conversation, who: str) -> int:
    actor = await cast.actor(who)
    async with desk.transaction(actor) as tx:
        case = await hold_case(replace(tx, actor=SYSTEM), chat.case_id)
        await post_message(
            tx,
            case,
            "canaryanswer",
            Audience.SIDE,
            side_id=chat.side_id,
            conversation_id=chat.id,
        )
        return case.last_seq


async def looked(desk: Desk, clock: FrozenClock, minutes: float) -> int:
    clock.advance(minutes=minutes)
    return await mail_unread_answers(desk)


async def test_a_guest_gets_the_link_when_the_chat_ends(desk: Desk, cast: Cast, site: str) -> None:
    chat, _ = await guest_chat(desk, cast)
    async with desk.transaction(await cast.actor("pete")) as tx:
        await end(tx, chat.id)
    (mail,) = await mails(desk)
    assert mail.to_address == "gwen@example.org"
    link = re.search(r"http\S+", mail.body)
    assert link
    async with await cast.browser(site) as browser:
        answer = await browser.get(link[0].removeprefix(desk.settings.public_url))
    assert (answer.status_code, answer.headers["location"]) == (303, f"/chat/{chat.id}")


async def test_a_guest_gets_the_link_and_the_reference_when_it_becomes_a_ticket(
    desk: Desk, cast: Cast
) -> None:
    chat, _ = await guest_chat(desk, cast)
    wish = TicketWish("guidance", "PAY", 1, 2, "Where is my money", "It has not come.")
    filed = await turn_into_ticket(desk, await cast.actor("pete"), chat, wish)
    async with desk.transaction(await cast.actor("pete")) as tx:
        await end(tx, chat.id)
    (mail,) = await mails(desk)
    assert filed.reference in mail.subject
    assert f"?next=/requests/{filed.reference}" in mail.body


async def test_somebody_with_an_account_is_not_mailed_at_the_end(desk: Desk, cast: Cast) -> None:
    chat = await begin_chat(desk, cast)
    async with desk.transaction(await cast.actor("pete")) as tx:
        await end(tx, chat.id)
    assert await mails(desk) == []


async def test_an_answer_nobody_read_is_told_once_per_silence(
    desk: Desk, cast: Cast, clock: FrozenClock
) -> None:
    chat = await begin_chat(desk, cast)
    await say(desk, cast, chat, "pete")
    assert await looked(desk, clock, 4) == 0, "she may still come back"
    assert await looked(desk, clock, 2) == 1
    newest = await say(desk, cast, chat, "pete")
    assert await looked(desk, clock, 10) == 0, "one mail for one silence"
    (mail,) = await mails(desk)
    assert mail.subject.startswith("You have an answer")
    assert f"/chat/{chat.id}" in mail.body
    assert "canaryanswer" not in mail.body
    # She comes back, reads, and leaves again.
    async with desk.transaction(SYSTEM) as tx:
        tx.db.add(ReadMark(case_id=chat.case_id, person_id=cast.nina.id, seq=newest, at=tx.now))
    assert await looked(desk, clock, 10) == 0
    await say(desk, cast, chat, "pete")
    assert await looked(desk, clock, 6) == 1
    assert len(await mails(desk)) == 2


async def test_what_was_seen_or_is_the_visitor_s_own_is_not_told(
    desk: Desk, cast: Cast, clock: FrozenClock
) -> None:
    chat = await begin_chat(desk, cast)
    seq = await say(desk, cast, chat, "pete")
    async with desk.transaction(SYSTEM) as tx:
        tx.db.add(ReadMark(case_id=chat.case_id, person_id=cast.nina.id, seq=seq, at=tx.now))
    await say(desk, cast, chat, "nina")
    assert await looked(desk, clock, 10) == 0
    assert await mails(desk) == []
