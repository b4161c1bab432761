"""The mails about alerts: subject and text."""

from datetime import datetime

from helpdesk.core.formats import local_time

from .models import Alert, AlertUpdate, Stage
from .words import STAGES


def news(
    alert: Alert, update: AlertUpdate, time_zone: str, link: str, stop: str
) -> tuple[str, str]:
    """To somebody with an account: each update of what they said affects them."""
    subject = f"{STAGES[update.stage]}: {alert.title}"
    return subject, (
        f"Hello,\n\nyou asked us to tell you about “{alert.title}”.\n\n"
        f"{STAGES[update.stage]}, {at(update.at, time_zone)}:\n\n{update.body}\n"
        f"{outlook(alert, update, time_zone)}"
        f"\nEverything about it: {link}\n"
        f"\nTo hear no more about it: {stop}\n\nHelpdesk\n"
    )


def solved(alert: Alert, update: AlertUpdate, link: str, stop: str) -> tuple[str, str]:
    """To an address that a visitor left: the only mail it gets about this."""
    return f"Solved: {alert.title}", (
        "Hello,\n\nsomebody, probably you, asked us to tell this address when "
        f"“{alert.title}” is solved. It is, since {at(update.at, 'UTC')}:\n\n{update.body}\n"
        f"\nEverything about it: {link}\n"
        "\nThis is the only mail about it. If you did not ask for it, you need do nothing. "
        f"To make us forget the address: {stop}\n\nHelpdesk\n"
    )


def reminder(alert: Alert, time_zone: str, link: str) -> tuple[str, str]:
    assert alert.next_update_at is not None
    return f"Update overdue: {alert.title}", (
        f"Hello,\n\nyour alert “{alert.title}” promised an update by "
        f"{at(alert.next_update_at, time_zone)}, and everybody who reads it sees that it is late.\n"
        f"\nSay how it stands, if only that you are still looking: {link}\n\nHelpdesk\n"
    )


def outlook(alert: Alert, update: AlertUpdate, time_zone: str) -> str:
    if update.stage == Stage.RESOLVED or alert.next_update_at is None:
        return ""
    return f"\nNext update by {at(alert.next_update_at, time_zone)}.\n"


def at(moment: datetime, time_zone: str) -> str:
    return f"{local_time(moment, time_zone)} ({time_zone})"
