"""The mails about accounts: subject and text. Plain text, so nothing in them can be a script."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Letter:
    subject: str
    body: str


SIGNATURE = "\n\nHelpdesk\n"


def confirm_address(link: str) -> Letter:
    # No name: whoever fills in the form could write to strangers through it.
    return Letter(
        "Confirm your e-mail address",
        "Hello,\n\n"
        "somebody, probably you, made an account with this address. "
        "To confirm it, open this link and enter the password you chose:\n\n"
        f"{link}\n\n"
        "The link works once, for three days. If it was not you, do nothing: without the link "
        f"and the password the account stays closed.{SIGNATURE}",
    )


def known_address(name: str, sign_in: str, reset: str) -> Letter:
    return Letter(
        "You already have an account",
        f"Hello {name},\n\n"
        "somebody, probably you, tried to make an account with this address. You have one "
        f"already. Sign in:\n\n{sign_in}\n\n"
        f"If you do not know your password any more, choose a new one:\n\n{reset}\n\n"
        f"If it was not you, do nothing. Nothing has changed.{SIGNATURE}",
    )


def reset_password(name: str, link: str) -> Letter:
    return Letter(
        "Choose a new password",
        f"Hello {name},\n\n"
        "somebody, probably you, asked for a new password. Choose it here:\n\n"
        f"{link}\n\n"
        "The link works once, for 15 minutes. Then every browser that is signed in with your "
        "account is signed out.\n\n"
        f"If it was not you, do nothing. Your password stays as it is.{SIGNATURE}",
    )


def password_changed(name: str, reset: str) -> Letter:
    return Letter(
        "Your password was changed",
        f"Hello {name},\n\n"
        "the password of your account was changed just now, and your other browsers were signed "
        f"out.\n\nIf it was not you, choose a new one at once:\n\n{reset}{SIGNATURE}",
    )
