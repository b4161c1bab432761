"""The board's forms: each field checked, each fault in words beside its field, nothing lost."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from starlette.datastructures import FormData

from helpdesk.catalogue.countries import COUNTRIES
from helpdesk.catalogue.document import Catalogue
from helpdesk.core.formats import zone
from helpdesk.core.text import BadText, clean_line, clean_text, is_blank

from .commands import Details
from .models import Alert, Level, Stage
from .words import LEVELS, ROLES

TITLE, BODY = 120, 2_000
MOST_WORDS, WORD = 20, 40
MOST_VERSIONS, VERSION = 20, 20
LONGEST_AHEAD = timedelta(days=366)
OLDEST_START = timedelta(days=30)
SOON = {"30": "In 30 minutes", "60": "In an hour", "240": "In 4 hours"}
LISTS = ("type_keys", "countries", "roles")
OPEN_STAGES = (Stage.INVESTIGATING, Stage.IDENTIFIED, Stage.WATCHING)
PLANNED = (Level.MAINTENANCE, Level.NOTICE)  # may begin later and end by themselves


@dataclass
class Typed:
    """A form as it was sent, in the agent's zone. Reading a field notes what is wrong with it."""

    values: Mapping[str, str]
    chosen: Mapping[str, Sequence[str]]
    time_zone: str
    now: datetime
    errors: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")

    def once(self) -> UUID:
        try:
            return UUID(self["once"])
        except ValueError:
            self.errors[""] = "The page was incomplete. Reload it and try again."
            return UUID(int=0)

    def line(self, name: str, longest: int, missing: str) -> str:
        try:
            text = clean_line(self[name], longest)
        except BadText as fault:
            self.errors[name] = str(fault)
            return ""
        if is_blank(text):
            self.errors[name] = missing
        return text

    def text(self, name: str, longest: int, missing: str = "") -> str:
        try:
            text = clean_text(self[name], longest)
        except BadText as fault:
            self.errors[name] = str(fault)
            return ""
        if is_blank(text):
            if missing:
                self.errors[name] = missing
            return ""
        return text

    def items(self, name: str, most: int, longest: int) -> tuple[str, ...]:
        """What is separated by commas or lines, each once."""
        try:
            text = clean_text(self[name], most * (longest + 2))
            parts = [clean_line(part, longest) for part in text.replace("\n", ",").split(",")]
        except BadText as fault:
            self.errors[name] = str(fault)
            return ()
        found = tuple(dict.fromkeys(part for part in parts if not is_blank(part)))
        if len(found) > most:
            self.errors[name] = f"These are {len(found)}. Give {most} or fewer."
        return found

    def picked(self, name: str, known: Iterable[str]) -> tuple[str, ...]:
        wanted = tuple(dict.fromkeys(self.chosen.get(name, ())))
        if not set(wanted) <= set(known):
            self.errors[name] = "Choose from the list."
        return wanted

    def moment(self, name: str) -> datetime | None:
        """`2026-07-03T14:30` by the agent's clock; None when it is left empty."""
        text = self[name].strip()
        if not text:
            return None
        try:
            read = datetime.fromisoformat(text)
            if read.tzinfo is not None or len(text) < 16:
                raise ValueError(text)
            at = read.replace(tzinfo=zone(self.time_zone)).astimezone(UTC)
        except (ValueError, OverflowError):
            self.errors[name] = "Enter a day and a time."
            return None
        if abs(at - self.now) > LONGEST_AHEAD:
            self.errors[name] = "Enter a day within a year."
        return at

    def next_update(self, level: Level, starts_at: datetime | None) -> datetime | None:
        """Planned work has its times; everything else must say when more is heard of it."""
        begins = max(starts_at or self.now, self.now)
        planned = level == Level.MAINTENANCE
        if self["next"] in SOON and not (planned and begins > self.now):
            return begins + timedelta(minutes=int(self["next"]))
        at = self.moment("next_at") if self["next"] not in SOON else None
        if at is None and not planned and "next_at" not in self.errors:
            self.errors["next"] = "Say when the next update is due. People wait for it."
        elif at is not None and at <= self.now:
            self.errors["next_at"] = "This has passed. Choose a time to come."
        return at

    @property
    def shown(self) -> dict[str, Any]:
        """What goes back into the fields."""
        return {**self.values, **self.chosen}


def typed_of(form: FormData, time_zone: str, now: datetime) -> Typed:
    pairs = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    values = {name: value for name, value in pairs if name not in LISTS}
    chosen = {name: [value for key, value in pairs if key == name] for name in LISTS}
    return Typed(values, chosen, time_zone, now)


def read_details(typed: Typed, offered: Catalogue, before: Alert | None = None) -> Details:
    level = typed["level"]
    if level not in set(LEVELS):
        typed.errors["level"] = "Choose how bad it is."
    areas = {"", *(service.key for service in offered.services)}
    if typed["area"] not in areas | ({before.area} if before else set()):
        typed.errors["area"] = "Choose a service from the list."
    types = {type.key for type in offered.types} | set(before.type_keys if before else ())
    details = Details(
        title=typed.line("title", TITLE, "Say in one line what is wrong."),
        area=typed["area"],
        level=Level(level) if level in set(LEVELS) else Level.DEGRADED,
        words=typed.items("words", MOST_WORDS, WORD),
        type_keys=typed.picked("type_keys", types),
        countries=typed.picked("countries", COUNTRIES),
        roles=typed.picked("roles", ROLES),
        app_versions=typed.items("app_versions", MOST_VERSIONS, VERSION),
        starts_at=typed.moment("starts_at"),
        ends_at=typed.moment("ends_at"),
    )
    check_times(typed, details, before)
    return details


def check_times(typed: Typed, details: Details, before: Alert | None) -> None:
    starts_at = details.starts_at or (before.starts_at if before else typed.now)
    planned = details.level in PLANNED
    if "starts_at" not in typed.errors and details.starts_at:
        if details.starts_at > typed.now and not planned:
            typed.errors["starts_at"] = "Only planned work and notices begin later."
        elif details.starts_at < typed.now - OLDEST_START and before is None:
            typed.errors["starts_at"] = "Enter a day within the last 30 days, or one to come."
    if details.ends_at is None or "ends_at" in typed.errors:
        return
    if not planned:
        typed.errors["ends_at"] = (
            "Nobody knows when this ends. Leave it empty, and post updates until it is solved."
        )
    elif details.ends_at <= starts_at:
        typed.errors["ends_at"] = "It ends before it starts."
    elif details.ends_at <= typed.now:
        typed.errors["ends_at"] = "This has passed. Choose a time to come."


def read_stage(typed: Typed, alert: Alert) -> Stage | None:
    """The stage an update moves to; None leaves it."""
    chosen = typed["stage"]
    if not chosen or chosen == alert.stage:
        return None
    if chosen not in set(OPEN_STAGES):
        typed.errors["stage"] = "Choose how far it is."
        return None
    return Stage(chosen)


def as_typed(alert: Alert, time_zone: str) -> dict[str, Any]:
    """The alert as its form shows it."""
    return {
        "title": alert.title,
        "area": alert.area,
        "level": alert.level.value,
        "words": ", ".join(alert.words),
        "type_keys": alert.type_keys,
        "countries": alert.countries,
        "roles": alert.roles,
        "app_versions": ", ".join(alert.app_versions),
        "starts_at": local_field(alert.starts_at, time_zone),
        "ends_at": local_field(alert.ends_at, time_zone) if alert.ends_at else "",
    }


def local_field(at: datetime, time_zone: str) -> str:
    return at.astimezone(zone(time_zone)).strftime("%Y-%m-%dT%H:%M")
