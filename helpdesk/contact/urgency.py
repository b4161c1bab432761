"""How urgent a report is: what the person chose, beside what the rules suggest.

The choice counts. Where it is two levels or more from the suggestion, one sentence is asked for,
once; who sends it again without one is not stopped: the report begins at the suggested level, and
the choice stays beside it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from helpdesk.alerts.queries import reader_of
from helpdesk.catalogue.document import Catalogue, Severity, TicketType
from helpdesk.contracts.queries import OwnContract
from helpdesk.desk import Desk
from helpdesk.permissions import Actor
from triage.severity.facts import Around, facts_of
from triage.severity.queries import Matter, around, rules_in_use
from triage.severity.rules import Rules, default_rules
from triage.severity.weighing import Suggestion, suggest_severity

from .seen import seen_in

FAR = 2  # levels between choice and suggestion that ask for a sentence
Fields = Mapping[str, str]


@dataclass(frozen=True)
class Surroundings:
    """What the desk knows beyond the form."""

    around: Around
    rules: Rules


def nothing_known(today: date) -> Surroundings:
    return Surroundings(Around(datetime.combine(today, time(12), UTC)), default_rules())


@dataclass(frozen=True)
class Urgency:
    suggestion: Suggestion
    suggested: Severity
    chosen: Severity  # by the person; the suggested one while they went along with it
    is_own: bool  # they chose another level than the form had chosen for them
    reason: str = ""
    asked: bool = False  # for the sentence, about this very choice

    @property
    def is_far(self) -> bool:
        return self.is_own and abs(self.chosen.level - self.suggested.level) >= FAR

    @property
    def asks(self) -> bool:
        return self.is_far and not self.reason and not self.asked

    @property
    def working(self) -> Severity:
        """What the ticket begins with."""
        return self.suggested if self.is_far and not self.reason else self.chosen


def urgency_of(
    type: TicketType,
    fields: Fields,
    answers: Mapping[str, Any],
    catalogue: Catalogue,
    known: Surroundings,
    reason: str,
) -> Urgency | None:
    """None for a level that does not exist."""
    subject, description = fields.get("subject", ""), fields.get("description", "")
    facts = facts_of(type, subject, description, answers, known.around, known.rules)
    suggestion = suggest_severity(facts, known.rules)
    levels: dict[str, Severity] = {level.key: level for level in catalogue.severities}
    suggested = catalogue.severity(suggestion.level) or catalogue.severity(type.severity)
    key = fields.get("severity", "").strip()
    if suggested is None or (key and key not in levels):
        return None
    is_own = bool(key) and key != fields.get("severity_usual", "")
    chosen = levels[key] if is_own else suggested
    asked = fields.get("severity_asked", "") == chosen.key
    return Urgency(suggestion, suggested, chosen, is_own, reason, asked)


async def surroundings(
    desk: Desk,
    actor: Actor,
    type: TicketType | None,
    fields: Fields,
    contract: OwnContract | None,
) -> Surroundings:
    at = desk.clock.now()
    used = await rules_in_use(desk)
    if type is None:
        return Surroundings(Around(at), used.rules)
    answers = {
        name.removeprefix("answers."): text
        for name, text in fields.items()
        if name.startswith("answers.")
    }
    matter = Matter(
        type,
        actor.id,
        reader_of(actor, answers.get("app_version", "")[:40]),
        fields.get("subject", ""),
        answers,
        contract.id if contract else None,
        _milestone(contract, fields.get("milestone", "").strip()),
        seen_in(fields).alerts,
    )
    return Surroundings(await around(desk, matter, used.rules, at), used.rules)


def _milestone(contract: OwnContract | None, position: str) -> int | None:
    figures = position.isascii() and position.isdigit() and len(position) < 6
    found = contract.milestone(int(position)) if contract and figures else None
    return found.id if found else None
