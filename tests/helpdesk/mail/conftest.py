"""A real mail server that keeps what it gets, and can be told to refuse."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast

import pytest
from aiosmtpd.controller import Controller

from helpdesk.desk import Desk
from tests.conftest import free_port


@dataclass
class Letterbox:
    """What the server answered to is in `refusals`; what it took is in `taken`."""

    port: int
    host: str = "127.0.0.1"
    taken: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)  # given out one by one
    spoken_to: int = 0

    async def handle_EHLO(
        self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        self.spoken_to += 1
        session.host_name = hostname
        return responses

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.refusals:
            return self.refusals.pop(0)
        message = message_from_bytes(envelope.content, policy=cast(Any, default))
        self.taken.append(cast(EmailMessage, message))
        self.recipients.append(list(envelope.rcpt_tos))
        return "250 OK"


@pytest.fixture
def letterbox() -> Iterator[Letterbox]:
    box = Letterbox(free_port())
    controller = Controller(box, hostname=box.host, port=box.port)
    controller.start()
    yield box
    controller.stop()


@pytest.fixture
def posting(desk: Desk, letterbox: Letterbox) -> Desk:
    """The desk with that mail server set up."""
    return with_server(desk, f"smtp://{letterbox.host}:{letterbox.port}")


def with_server(desk: Desk, url: str) -> Desk:
    return replace(desk, settings=desk.settings.model_copy(update={"smtp_url": url}))
