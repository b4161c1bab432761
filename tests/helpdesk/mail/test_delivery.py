"""The outbox: every mail arrives, once if nothing breaks, recognisably again if something does."""

import asyncio
from contextlib import suppress
from email.message import EmailMessage
from uuid import uuid4

import pytest
from aiosmtpd.controller import Controller
from sqlmodel import col, func, select

from helpdesk.desk import Desk
from helpdesk.mail.commands import send_mail
from helpdesk.mail.deliver import MOST_TRIES, deliver_due, lease, mark, wait_after
from helpdesk.mail.message import as_message, sender_of
from helpdesk.mail.models import Mail
from helpdesk.mail.smtp import MailServer, connected
from helpdesk.permissions import SYSTEM
from tests.conftest import free_port

from .conftest import Letterbox, with_server


async def write(desk: Desk, key: str = "one", **changes: str) -> None:
    given = {
        "to_name": "Ida Holm",
        "to_address": "ida@example.com",
        "subject": "Your request",
        "body": "Hello Ida,\n\nwe look into it. Grüße, 你好.\n",
    }
    async with desk.transaction(SYSTEM) as tx:
        await send_mail(tx, key, **{**given, **changes})


async def mails(desk: Desk) -> list[Mail]:
    async with desk.reading() as db:
        return list((await db.exec(select(Mail).order_by(col(Mail.id)))).all())


def text_of(message: EmailMessage) -> str:
    return str(message.get_content()).replace("\r\n", "\n")


async def test_a_mail_goes_out_once_and_is_marked(posting: Desk, letterbox: Letterbox) -> None:
    await write(posting)
    await write(posting)  # the same effect, asked for again
    assert await deliver_due(posting) == 1
    assert await deliver_due(posting) == 0
    (message,) = letterbox.taken
    assert message["To"] == "Ida Holm <ida@example.com>"
    assert message["From"] == posting.settings.mail_from
    assert message["Subject"] == "Your request"
    assert message["Auto-Submitted"] == "auto-generated"
    assert text_of(message) == "Hello Ida,\n\nwe look into it. Grüße, 你好.\n"
    (mail,) = await mails(posting)
    assert mail.sent_at == posting.clock.now()
    assert (mail.kept_locally, mail.error) == (False, "")


async def test_a_mail_of_a_transaction_that_failed_does_not_exist(desk: Desk) -> None:
    with suppress(RuntimeError):
        async with desk.transaction(SYSTEM) as tx:
            await send_mail(tx, "one", "Ida", "ida@example.com", "No", "No")
            raise RuntimeError
    assert await mails(desk) == []


async def test_a_refused_mail_is_tried_again_later(posting: Desk, letterbox: Letterbox) -> None:
    letterbox.refusals = ["451 try later", "550 no"]
    await write(posting)
    await deliver_due(posting)
    (mail,) = await mails(posting)
    assert mail.sent_at is None
    assert "451" in mail.error
    assert await deliver_due(posting) == 0  # not due yet
    posting.clock.advance(seconds=6)  # type: ignore[attr-defined]
    await deliver_due(posting)
    assert letterbox.taken == []
    posting.clock.advance(seconds=12)  # type: ignore[attr-defined]
    await deliver_due(posting)
    assert len(letterbox.taken) == 1
    (mail,) = await mails(posting)
    assert (mail.tries, mail.error) == (3, "")


async def test_who_dies_between_sending_and_marking_leaves_a_mail_that_can_be_told_as_the_same(
    posting: Desk, letterbox: Letterbox
) -> None:
    await write(posting)
    (leased,) = await lease(posting, uuid4())
    async with connected(MailServer.of(posting.settings.smtp_url)) as client:
        await client.send_message(
            as_message(leased, posting.settings), sender=sender_of(posting.settings)
        )
    assert await deliver_due(posting) == 0  # the lease still runs
    posting.clock.advance(seconds=61)  # type: ignore[attr-defined]
    assert await deliver_due(posting) == 1
    first, second = letterbox.taken
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Date"] == second["Date"]


async def test_a_lease_that_ran_out_marks_nothing(posting: Desk, letterbox: Letterbox) -> None:
    await write(posting)
    late, next_one = uuid4(), uuid4()
    (mail,) = await lease(posting, late)
    posting.clock.advance(seconds=61)  # type: ignore[attr-defined]
    await lease(posting, next_one)
    await mark(posting, mail, late, dead_at=posting.clock.now())
    (now,) = await mails(posting)
    assert (now.dead_at, now.lease_token) == (None, next_one)


async def test_several_workers_share_the_work(posting: Desk, letterbox: Letterbox) -> None:
    for n in range(45):
        await write(posting, key=f"mail {n}", subject=f"Number {n}")
    while sum(await asyncio.gather(*(deliver_due(posting) for _ in range(4)))):
        pass
    subjects = [message["Subject"] for message in letterbox.taken]
    assert sorted(subjects) == sorted(f"Number {n}" for n in range(45))


async def test_a_mail_server_that_is_away_costs_time_and_no_mail(desk: Desk) -> None:
    away = with_server(desk, f"smtp://127.0.0.1:{free_port()}")
    await write(away)
    for _ in range(MOST_TRIES):
        assert await deliver_due(away) == 1
        away.clock.advance(hours=8)  # type: ignore[attr-defined]
    assert await deliver_due(away) == 0
    (mail,) = await mails(away)
    assert mail.tries == MOST_TRIES
    assert mail.dead_at is not None
    assert mail.sent_at is None


def test_the_waits_grow_from_seconds_to_hours() -> None:
    waits = [wait_after(tries).total_seconds() for tries in range(1, 16)]
    assert 4 <= waits[0] <= 6
    assert all(wait <= 6 * 3600 * 1.2 for wait in waits)
    assert waits[-1] >= 6 * 3600 * 0.8
    assert len({wait_after(5) for _ in range(20)}) > 1


async def test_nothing_that_was_typed_can_begin_another_header(
    posting: Desk, letterbox: Letterbox
) -> None:
    hostile = "Ida\r\nBcc: everybody@example.com\r\n\r\nBuy!\x0b\x85\u2028Cc: more@example.com\0"
    await write(posting, to_name=hostile, subject=hostile * 9, body=f".\r\n.\r\nMAIL\0 {hostile}")
    await deliver_due(posting)
    (message,) = letterbox.taken
    assert letterbox.recipients == [["ida@example.com"]]
    assert message["Bcc"] is None
    assert message["Cc"] is None
    assert [address.addr_spec for address in message["To"].addresses] == ["ida@example.com"]
    assert len(message["Subject"]) <= 250
    assert text_of(message).startswith(".\n.\nMAIL")


@pytest.mark.parametrize(
    "address",
    [
        "ida@example.com\r\nRCPT TO:<eve@example.com>",
        "ida@example.com, eve@example.com",
        "ida@example.com eve@example.com",
        '"ida@example.com" <eve@example.com>',
        "ida@example.com)eve@example.com",
        "<ida@example.com>",
        "ida@example.com>",
        "@example.com:ida@example.com",
        "ida",
        "",
        "idä@example.com",
    ],
)
async def test_what_is_not_exactly_one_address_gets_nothing(
    posting: Desk, letterbox: Letterbox, address: str
) -> None:
    await write(posting, to_address=address)
    await write(posting, key="two")
    await deliver_due(posting)
    assert letterbox.recipients == [["ida@example.com"]]  # the other one
    first, second = await mails(posting)
    assert first.dead_at is not None
    assert second.sent_at is not None


@pytest.mark.parametrize(
    "name", ['a@b" <c@d>', "A, B", "Ida <x@example.com>", "=?utf-8?q?x?=", "💌"]
)
async def test_odd_names_do_not_add_recipients(
    posting: Desk, letterbox: Letterbox, name: str
) -> None:
    await write(posting, to_name=name)
    await deliver_due(posting)
    (message,) = letterbox.taken
    assert letterbox.recipients == [["ida@example.com"]]
    assert [address.addr_spec for address in message["To"].addresses] == ["ida@example.com"]


@pytest.mark.parametrize("scheme", ["starttls", "smtps"])
async def test_where_encryption_is_asked_for_nothing_goes_without(
    desk: Desk, letterbox: Letterbox, scheme: str
) -> None:
    strict = with_server(desk, f"{scheme}://127.0.0.1:{letterbox.port}")
    await write(strict)
    await deliver_due(strict)
    assert letterbox.taken == []
    (mail,) = await mails(strict)
    assert mail.error


async def test_a_password_does_not_travel_in_the_clear(desk: Desk) -> None:
    box = Letterbox(free_port(), "127.0.0.2")  # not this machine, as far as names tell
    controller = Controller(box, hostname=box.host, port=box.port)
    controller.start()
    try:
        open_line = with_server(desk, f"smtp://desk:secret@{box.host}:{box.port}")
        await write(open_line)
        await deliver_due(open_line)
    finally:
        controller.stop()
    assert box.taken == []
    (mail,) = await mails(open_line)
    assert mail.error.startswith("Unencrypted")
    assert "secret" not in mail.error


async def test_without_a_mail_server_mail_is_kept_here(desk: Desk) -> None:
    await write(desk)
    assert await deliver_due(desk) == 1
    assert await deliver_due(desk) == 0
    (mail,) = await mails(desk)
    assert mail.kept_locally
    async with desk.reading() as db:
        waiting = select(func.count()).where(col(Mail.sent_at).is_(None))
        assert (await db.exec(waiting)).one() == 0
