"""What the account pages take: each field cleaned, each fault in words beside its field."""

from collections.abc import Mapping
from functools import cache
from zoneinfo import available_timezones

from helpdesk.core.addresses import LONGEST_MAIL_ADDRESS, clean_mail_address
from helpdesk.core.text import BadText, clean_line
from helpdesk.permissions import Role
from helpdesk.web import Problem, WebRequest

from .passwords import LONGEST, weakness

ROLES = {Role.CLIENT.value: Role.CLIENT, Role.FREELANCER.value: Role.FREELANCER}


class Typed:
    """A form as it was sent. Asking for a field notes what is wrong with it in `errors`."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = values
        self.errors: dict[str, str] = {}

    def raw(self, name: str) -> str:
        return self.values.get(name, "")

    def line(self, name: str, longest: int, missing: str) -> str:
        try:
            text = clean_line(self.raw(name), longest)
        except BadText as fault:
            self.errors[name] = str(fault)
            return ""
        if not text:
            self.errors[name] = missing
        return text

    def mail_address(self, name: str = "email") -> str:
        try:
            return clean_mail_address(self.raw(name))
        except BadText as fault:
            self.errors[name] = str(fault)
            return ""

    def password(self, name: str = "password") -> str:
        """One that should be known already: nothing is said about its shape."""
        text = self.raw(name)
        if not text:
            self.errors[name] = "Enter your password."
        return text[: LONGEST + 1]

    def new_password(self, name: str, *words: str) -> str:
        text = self.raw(name)
        if reason := weakness(text, *words):
            self.errors[name] = reason
        return text

    def role(self, name: str = "role") -> Role:
        if self.raw(name) not in ROLES:
            self.errors[name] = "Choose whether you hire or work."
        return ROLES.get(self.raw(name), Role.CLIENT)

    def time_zone(self, name: str = "time_zone") -> str:
        if self.raw(name) not in time_zones():
            self.errors[name] = "Choose a time zone from the list."
        return self.raw(name)

    def shown(self) -> dict[str, str]:
        """What goes back into the fields: never a password."""
        kept = {name: text for name, text in self.values.items() if "password" not in name}
        return {name: text[:LONGEST_MAIL_ADDRESS] for name, text in kept.items()}


@cache
def time_zones() -> tuple[str, ...]:
    """Those people know by a city, and UTC."""
    cities = (name for name in available_timezones() if "/" in name)
    return ("UTC", *sorted(name for name in cities if not name.startswith("Etc/")))


async def read(request: WebRequest) -> Typed:
    """The form of this request. A field that comes twice has no one meaning."""
    async with request.form(max_files=0, max_fields=20) as form:
        sent = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    if len(dict(sent)) != len(sent):
        raise Problem(422, "This form was not understood", "A field was sent twice.")
    return Typed(dict(sent))
