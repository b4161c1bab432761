"""What somebody fills in to start a chat."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from email_validator import EmailNotValidError, validate_email

from helpdesk.catalogue.document import Catalogue, Channel, TicketType
from helpdesk.core.text import BadText, clean_line, clean_text, is_blank
from helpdesk.permissions import Actor
from helpdesk.tickets.models import from_reference

MESSAGE = 10_000  # characters
NAME = 120
SUBJECT = 120


class Errors(dict[str, str]):
    """Field → what is wrong with it; a template may ask for any field."""

    def __missing__(self, name: str) -> str:
        return ""


@dataclass
class Start:
    """The form as typed, and what is wrong with it."""

    once: UUID
    type: TicketType | None = None
    name: str = ""
    email: str = ""
    message: str = ""
    ticket_id: int | None = None
    gone: bool = False  # a link named a kind that there is no more
    errors: Errors = field(default_factory=Errors)

    @property
    def ticket_only(self) -> bool:
        return self.type is not None and self.type.channel is Channel.TICKET_ONLY

    @property
    def subject(self) -> str:
        """The first line, as far as it fits."""
        line = self.message.strip().partition("\n")[0].strip()
        return line if len(line) <= SUBJECT else f"{line[: SUBJECT - 1].rstrip()}…"


def read_start(typed: Mapping[str, str], catalogue: Catalogue) -> Start:
    """Without a verdict: also for links, which fill in a part."""
    try:
        once = UUID(typed.get("once", ""))
    except ValueError:
        once = uuid4()
    type = catalogue.type(typed.get("type", ""))
    return Start(
        once,
        type,
        typed.get("name", ""),
        typed.get("email", ""),
        typed.get("description", ""),
        from_reference(typed.get("ticket", "")),
        gone=type is None and bool(typed.get("type")),
    )


def check_start(start: Start, actor: Actor) -> None:
    if start.type is None:
        start.errors["type"] = "Choose what it is about."
    elif start.ticket_only:
        start.errors["type"] = f"This is not handled in chat. {start.type.channel_reason}"
    if not actor.id:
        check_guest(start)
    try:
        start.message = clean_text(start.message, MESSAGE)
        if is_blank(start.message):
            start.errors["description"] = "Write your first message."
    except BadText as fault:
        start.errors["description"] = str(fault)


def check_guest(start: Start) -> None:
    try:
        start.name = clean_line(start.name, NAME)
        if is_blank(start.name):
            start.errors["name"] = "Enter the name we should use."
    except BadText as fault:
        start.errors["name"] = str(fault)
    try:
        found = validate_email(start.email.strip(), check_deliverability=False)
        start.email = found.normalized
    except EmailNotValidError:
        start.errors["email"] = "Enter an e-mail address like name@example.com."
