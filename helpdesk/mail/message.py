"""One row of the outbox as a message on the wire."""

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from email_validator import EmailNotValidError, validate_email

from helpdesk.core.settings import Settings

from .models import Mail


class BadAddress(ValueError):
    """Nothing that mail can be sent to."""


def as_message(mail: Mail, settings: Settings) -> EmailMessage:
    """The same row gives the same message, so a second delivery can be told from a second mail."""
    sender_name, sender = parseaddr(settings.mail_from)
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(sender_name, addr_spec=sender)
    message["To"] = Address(mail.to_name, addr_spec=deliverable(mail.to_address))
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(mail.created_at)
    message["Message-ID"] = message_id(mail, sender)
    message["Auto-Submitted"] = "auto-generated"  # holiday notices stay away
    message.set_content(mail.body, charset="utf-8", cte="quoted-printable")
    return message


def message_id(mail: Mail, sender: str) -> str:
    domain = sender.rpartition("@")[2] or "localhost"
    return f"<mail.{mail.id}.{int(mail.created_at.timestamp())}@{domain}>"


def sender_of(settings: Settings) -> str:
    return parseaddr(settings.mail_from)[1]


def deliverable(address: str) -> str:
    """One recipient as SMTP takes it, whatever the row says."""
    try:
        found = validate_email(
            address, check_deliverability=False, allow_smtputf8=False, test_environment=True
        )
    except EmailNotValidError:
        raise BadAddress("not an address that mail can be sent to") from None
    assert found.ascii_email is not None  # without SMTPUTF8 there always is one
    return found.ascii_email
