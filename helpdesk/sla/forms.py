"""The form of a target: what was typed, checked field by field. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from starlette.datastructures import FormData

from .policy import MINUTES_A_DAY, PAUSING, Clock, Kind, Target

UNITS = {"minutes": 1, "hours": 60, "days": MINUTES_A_DAY}
MOST_DIGITS = 6


class Faulty(Exception):
    """What is wrong, by field."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(next(iter(errors.values())))
        self.errors = errors


@dataclass
class Typed:
    """As it stands in the form."""

    kind: str = Kind.FIRST_RESPONSE.value
    amount: str = ""
    unit: str = "hours"
    clock: str = Clock.BUSINESS.value
    warnings: str = "75"
    pauses: Sequence[str] = PAUSING
    severities: Sequence[str] = ()
    types: Sequence[str] = ()
    groups: Sequence[str] = field(default_factory=tuple)

    @property
    def picked(self) -> int:
        return len(self.types)


def typed_in(form: FormData) -> Typed:
    def one(name: str) -> str:
        value = form.get(name, "")
        return value.strip()[:80] if isinstance(value, str) else ""

    def many(name: str) -> tuple[str, ...]:
        return tuple(str(value)[:40] for value in form.getlist(name))

    return Typed(
        one("kind"),
        one("amount"),
        one("unit"),
        one("clock"),
        one("warnings"),
        many("pauses"),
        many("severities"),
        many("types"),
        many("groups"),
    )


def typed_from(target: Target) -> Typed:
    unit = next(
        unit
        for unit, length in reversed(UNITS.items())
        if target.minutes % length == 0 and (unit != "days" or target.clock == Clock.CALENDAR)
    )
    return Typed(
        target.kind.value,
        str(target.minutes // UNITS[unit]),
        unit,
        target.clock.value,
        ", ".join(str(percent) for percent in target.warnings),
        target.pauses,
        tuple(str(level) for level in target.severities),
        target.types,
        target.groups,
    )


def read_target(typed: Typed, key: str, types: Collection[str], groups: Collection[str]) -> Target:
    """Raises Faulty with the fields in the order of the page."""
    errors: dict[str, str] = {}
    if typed.kind not in set(Kind):
        errors["kind"] = "Choose what is promised."
    minutes = _minutes(typed, errors)
    if typed.clock not in set(Clock):
        errors["clock"] = "Choose which time counts."
    elif typed.clock == Clock.BUSINESS and typed.unit == "days":
        errors["clock"] = "Working time is given in hours: days have different lengths."
    warnings = _warnings(typed.warnings, errors)
    _chosen(typed.pauses, PAUSING, "pauses", "Time stands still only in these two cases.", errors)
    _chosen(typed.severities, "1234", "severities", "Choose from the four severities.", errors)
    _chosen(typed.types, types, "types", "Choose from the list.", errors)
    _chosen(typed.groups, groups, "groups", "Choose from the list.", errors)
    if errors:
        raise Faulty(errors)
    return Target(
        key=key,
        kind=Kind(typed.kind),
        minutes=minutes,
        clock=Clock(typed.clock),
        warnings=tuple(warnings),
        pauses=tuple(typed.pauses),
        severities=tuple(sorted(int(level) for level in set(typed.severities))),
        types=tuple(dict.fromkeys(typed.types)),
        groups=tuple(dict.fromkeys(typed.groups)),
    )


def _minutes(typed: Typed, errors: dict[str, str]) -> int:
    if typed.unit not in UNITS:
        errors["unit"] = "Choose minutes, hours or days."
        return 0
    if not typed.amount.isascii() or not typed.amount.isdigit():
        errors["amount"] = "Give a whole number, like 4."
        return 0
    if len(typed.amount) > MOST_DIGITS:
        errors["amount"] = "Give a time of at most 400 days."
        return 0
    minutes = int(typed.amount) * UNITS[typed.unit]
    if minutes <= 0:
        errors["amount"] = "Give a time of at least a minute."
    elif minutes > 400 * MINUTES_A_DAY:
        errors["amount"] = "Give a time of at most 400 days."
    return minutes


def _warnings(typed: str, errors: dict[str, str]) -> list[int]:
    """`75, 90` per cent."""
    parts = [part.strip().removesuffix("%").strip() for part in typed.split(",") if part.strip()]
    if not all(part.isascii() and part.isdigit() and len(part) < 6 for part in parts):
        errors["warnings"] = "Give per cents with commas between them, like 50, 75."
        return []
    warnings = sorted({int(part) for part in parts})
    if any(percent >= 100 for percent in warnings):
        errors["warnings"] = "A warning comes before the breach: give less than 100 per cent."
    elif any(percent < 1 for percent in warnings):
        errors["warnings"] = "Warn at 1 per cent of the time at the earliest."
    elif len(warnings) > 4:
        errors["warnings"] = "Give at most four warnings."
    return warnings


def _chosen(
    given: Collection[str], known: Collection[str], field: str, said: str, errors: dict[str, str]
) -> None:
    if not set(given) <= set(known):
        errors[field] = said
