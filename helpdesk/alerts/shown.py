"""Alerts as readers get them: what is shown, to whom, and which one fits what somebody types."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from helpdesk.permissions import Actor

from .models import Level, Stage


@dataclass(frozen=True, slots=True)
class AlertShown:
    """One alert with its latest words, as a web process keeps it."""

    id: int
    title: str
    area: str  # a service, or "" for everything
    area_title: str
    level: Level
    stage: Stage
    words: tuple[str, ...]
    type_keys: frozenset[str]
    covers: frozenset[str]  # the ticket types of its area
    countries: frozenset[str]
    roles: frozenset[str]
    app_versions: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime | None
    next_update_at: datetime | None
    updated_at: datetime
    changed_at: datetime
    resolved_at: datetime | None
    affected: int
    last_number: int
    latest: str  # the body of its last update

    @property
    def restricted(self) -> bool:
        return bool(self.countries or self.roles or self.app_versions)

    def is_over(self, now: datetime) -> bool:
        return self.resolved_at is not None or (self.ends_at is not None and self.ends_at <= now)

    def is_planned(self, now: datetime) -> bool:
        return not self.is_over(now) and self.starts_at > now

    def is_overdue(self, now: datetime) -> bool:
        due = self.next_update_at
        return not self.is_over(now) and due is not None and due <= now


# Who sees it


@dataclass(frozen=True, slots=True)
class Reader:
    """What decides which alerts somebody sees. Nobody knows a visitor's country or role."""

    country: str = ""
    roles: frozenset[str] = frozenset()
    app_version: str = ""  # which they say they use
    is_staff: bool = False


def reader_of(actor: Actor, app_version: str = "") -> Reader:
    roles = frozenset(role.value for role in actor.roles)
    return Reader(actor.country, roles, app_version, actor.is_staff)


class Audience(Protocol):
    """Empty lists are everybody."""

    @property
    def countries(self) -> Collection[str]: ...
    @property
    def roles(self) -> Collection[str]: ...
    @property
    def app_versions(self) -> Collection[str]: ...


def reaches(alert: Audience, reader: Reader) -> bool:
    """The one rule of every surface: page, fragment, feed, API and mail. Staff see all."""
    if reader.is_staff:
        return True
    return (
        (not alert.countries or reader.country in alert.countries)
        and (not alert.roles or not reader.roles.isdisjoint(alert.roles))
        and (not alert.app_versions or uses(reader.app_version, alert.app_versions))
    )


def for_reader(alerts: Iterable[AlertShown], reader: Reader) -> tuple[AlertShown, ...]:
    return tuple(alert for alert in alerts if reaches(alert, reader))


def uses(version: str, versions: Iterable[str]) -> bool:
    """`3.2` stands for itself and for 3.2.1, not for 3.20."""
    return any(version == one or version.startswith(f"{one}.") for one in versions)


# Which one fits

WORD = re.compile(r"\w{3,}")
ENDINGS = ("ations", "ation", "ings", "ing", "ers", "ies", "ed", "er", "es", "ly", "s", "e", "y")
EVERYWHERE = frozenset(
    WORD.findall(
        "all and any are been but can cannot does doesnt error for from has have help how into "
        "issue its may new not now off our out please problem slow some that the their there this "
        "too very was were what when which while who will with work working works you your"
    )
)


def stem(word: str) -> str:
    """Enough to find `payments` in `payment`; both sides pass through here."""
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word.removesuffix(ending)
    return word


def stems(text: str) -> frozenset[str]:
    found = WORD.findall(text.casefold().replace("’", "").replace("'", ""))
    return frozenset(stem(word) for word in found if word not in EVERYWHERE)


def matching(
    alerts: Iterable[AlertShown], words: str, type_key: str = ""
) -> tuple[AlertShown, ...]:
    """Those that may be what somebody is writing about, the surest first.

    An alert fits the types it names; within its area also whoever uses one of its words; without
    a type, whoever uses one of the people's words it was given, or two words of its title.
    """
    typed = stems(words[:2_000])
    found = [(fit, alert) for alert in alerts if (fit := how_well(alert, typed, type_key))]
    return tuple(alert for _, alert in sorted(found, key=lambda pair: -pair[0]))


def how_well(alert: AlertShown, typed: frozenset[str], type_key: str) -> int:
    said = any(phrase and phrase <= typed for phrase in map(stems, alert.words))
    title = len(stems(alert.title) & typed)
    if type_key and type_key in alert.type_keys:
        return 4 + said + (title > 0)
    if type_key and type_key not in alert.covers:
        return 0
    if type_key:
        return 2 + said if said or title else 0
    return 1 if said or title > 1 else 0
