"""A report as somebody typed it, and what becomes of it when nothing is wrong.

Page, saved draft and API all send the same flat fields: `subject`, `answers.amount`,
`lacking.screenshot`, `evidence.emails`. Errors are keyed by them, in the order of the page.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones as read_time_zones

from email_validator import EmailNotValidError, validate_email

from helpdesk.catalogue.answers import check_answers, missing_evidence
from helpdesk.catalogue.document import Accepts, Catalogue, Need, Severity, TicketType
from helpdesk.catalogue.queries import CatalogueVersion
from helpdesk.contracts.queries import OwnContract, OwnMilestone
from helpdesk.core.text import BadText, clean_line, clean_text, is_blank
from helpdesk.permissions import Actor
from helpdesk.tickets.claims import about_of
from helpdesk.tickets.filing import Filing, Piece
from triage.subject import subject_error

from .hiding import without_personal
from .pieces import DraftFile, pieces_of
from .seen import PREFIX, met_before_filing
from .urgency import Surroundings, Urgency, nothing_known, urgency_of

Fields = Mapping[str, str]  # as typed

PLAIN = (
    "service", "type", "contract", "milestone", "contract_text", "subject", "description",
    "severity", "severity_reason", "private", "name", "email", "time_zone", "screen", "catalogue",
    "despite", "severity_usual", "severity_asked",
)  # fmt: skip
NAMED = ("answers.", "lacking.", "evidence.", PREFIX)
LONGEST_NAME = 90
MOST_FIELDS = 200
MOST_TEXT = 2_000_000  # characters of all fields together
NOT_LISTED = "other"  # the choice “it is not in the list”
NAME = 120
CONTRACT_TEXT = 60


@dataclass(frozen=True)
class Known:
    """What the desk knows about what was typed."""

    actor: Actor
    version: CatalogueVersion
    today: date
    contract: OwnContract | None = None
    files: Collection[DraftFile] = ()
    user_agent: str = ""
    source: str = "form"
    around: Surroundings | None = None  # what may make it more urgent, or less

    @property
    def surroundings(self) -> Surroundings:
        return self.around or nothing_known(self.today)

    @property
    def catalogue(self) -> Catalogue:
        return self.version.catalogue


@dataclass
class Report:
    """The outcome of a check: a filing, or what is wrong with which field."""

    errors: dict[str, str] = field(default_factory=dict)
    filing: Filing | None = None
    type: TicketType | None = None
    severity: Severity | None = None  # what it begins with
    urgency: Urgency | None = None
    milestone: OwnMilestone | None = None
    guest_name: str = ""
    guest_email: str = ""
    time_zone: str = ""

    def refuse(self, name: str, words: str) -> None:
        """The first fault of a field is told; a bad reason stands for what it excuses."""
        place, _, key = name.partition(".")
        if place in ("answers", "evidence") and f"lacking.{key}" in self.errors:
            return
        self.errors.setdefault(name, words)


@cache
def time_zones() -> frozenset[str]:
    return frozenset(read_time_zones())


def known_fields(pairs: Iterable[tuple[str, Any]]) -> dict[str, str]:
    """The fields of a report among those that came. Of a name that comes twice, the last."""
    fields: dict[str, str] = {}
    room = MOST_TEXT
    for name, value in pairs:
        if not isinstance(value, str):
            continue
        if name in PLAIN or (name.startswith(NAMED) and len(name) <= LONGEST_NAME):
            if (room := room - len(value)) < 0:
                break
            fields[name] = value
            if len(fields) >= MOST_FIELDS:
                break
    return fields


def under(prefix: str, fields: Fields) -> dict[str, str]:
    """`answers.amount` → `amount`, of those that hold anything."""
    return {name[len(prefix) :]: value for name, value in fields.items() if name.startswith(prefix)}


def chosen_type(catalogue: Catalogue, fields: Fields) -> TicketType | None:
    """The type, when it is one of the chosen service."""
    type = catalogue.type(fields.get("type", ""))
    service = fields.get("service", "")
    if type is None or (service and type not in catalogue.types_of(service)):
        return None
    return type


def asks_contract(type: TicketType) -> bool:
    return type.contract is not Need.NONE


def check(fields: Fields, known: Known, once: UUID, draft_id: UUID | None = None) -> Report:
    """Everything that is wrong at once, each beside its field."""
    report = Report()
    type = report.type = _type(report, fields, known)
    contract_text = ""
    answers: dict[str, Any] = {}
    lacking = {key: why for key, why in under("lacking.", fields).items() if not is_blank(why)}
    if type is not None:
        contract_text = _contract(report, type, fields, known)
        lacking = _lacking(report, type, fields)
    subject = _subject(report, fields)
    description = _description(report, fields, known.catalogue)
    if type is not None:
        typed = under("answers.", fields)
        answers, wrong = check_answers(type, typed, known.today, lacking)
        for name, words in wrong.items():
            report.refuse(name, words)
    severity_reason = _severity(report, type, fields, known, answers)
    pieces: list[Piece] = []
    if type is not None:
        pieces = _evidence(report, type, fields, known, lacking, answers, contract_text)
    _person(report, fields, known.actor)
    despite = _line(report, "despite", fields.get("despite", ""), known.catalogue.limits.reason_max)
    contract_id = known.contract.id if known.contract and type and asks_contract(type) else None
    if report.errors or type is None or report.severity is None:
        return report
    filing = Filing(
        once=once,
        draft_id=draft_id,
        subject=subject,
        description=description,
        type_key=type.key,
        group_key=type.group_for(answers),
        catalogue_version=known.version.number,
        severity=report.severity.level,
        restricted=type.is_restricted or bool(fields.get("private")),
        severity_reason=severity_reason,
        chosen_severity=report.urgency.chosen.level if report.urgency else 0,
        contract_id=contract_id,
        milestone_id=report.milestone.id if report.milestone else None,
        contract_text=contract_text,
        answers=answers,
        lacking={key: why for key, why in lacking.items() if type.evidence_item(key)},
        pieces=pieces,
        source=known.source,
        seen=met_before_filing(fields),
        about=about_of(contract_id, answers),
        despite="" if is_blank(despite) else despite,
    )
    report.filing = without_personal(filing, type)
    return report


def _type(report: Report, fields: Fields, known: Known) -> TicketType | None:
    service, key = fields.get("service", ""), fields.get("type", "")
    if service and known.catalogue.service(service) is None:
        report.refuse("service", "This service is not offered. Choose one of those below.")
        return None
    if not service and known.source == "form":
        report.refuse("service", "Choose the service you need.")
        return None
    if not key:
        report.refuse("type", "Choose the kind of problem.")
        return None
    type = chosen_type(known.catalogue, fields)
    if type is None:
        report.refuse("type", "This kind of problem is not in the list. Choose one that is.")
    elif not known.actor.id and not type.works_signed_out:
        report.refuse("type", "Sign in to report this: it is about your account.")
    return type


def _contract(report: Report, type: TicketType, fields: Fields, known: Known) -> str:
    """Sets the milestone; answers what was typed by hand instead of choosing."""
    if not asks_contract(type):
        return ""
    chosen = fields.get("contract", "").strip()
    if chosen and chosen != NOT_LISTED:
        if known.contract is None:
            report.refuse(
                "contract", "This is not one of your contracts. Choose one, or write it in below."
            )
        else:
            _milestone(report, type, fields, known.contract)
        return ""
    typed = _line(report, "contract_text", fields.get("contract_text", ""), CONTRACT_TEXT)
    if known.contract is not None:  # its number was typed: as good as chosen
        _milestone(report, type, fields, known.contract)
        return ""
    if not typed and type.contract is Need.REQUIRED and "contract_text" not in report.errors:
        listed = known.actor.id and chosen != NOT_LISTED
        words = "Choose the contract, or write its number." if listed else "Write its number."
        report.refuse("contract" if listed else "contract_text", words)
    return typed


def _milestone(report: Report, type: TicketType, fields: Fields, contract: OwnContract) -> None:
    typed = fields.get("milestone", "").strip()
    if type.milestone is Need.NONE or not contract.milestones:
        return
    if not typed:
        if type.milestone is Need.REQUIRED:
            report.refuse("milestone", "Choose the milestone it is about.")
        return
    figures = typed.isascii() and typed.isdigit() and len(typed) < 6
    report.milestone = contract.milestone(int(typed)) if figures else None
    if report.milestone is None:
        report.refuse("milestone", "This contract has no such milestone. Choose one of the list.")


def _lacking(report: Report, type: TicketType, fields: Fields) -> dict[str, str]:
    """Reasons that were given, for questions and pieces the type asks for."""
    reasons: dict[str, str] = {}
    for key, typed in under("lacking.", fields).items():
        if type.question(key) is None and type.evidence_item(key) is None:
            continue
        ticked = f"lacking.{key}.on" in fields
        if key.endswith(".on") or (is_blank(typed) and "\0" not in typed and not ticked):
            continue
        reasons[key] = _line(report, f"lacking.{key}", typed, 500)
    return reasons


def _subject(report: Report, fields: Fields) -> str:
    subject = _line(report, "subject", fields.get("subject", ""), 2_000)
    if words := subject_error(subject):
        report.refuse("subject", words)
    return subject


def _description(report: Report, fields: Fields, catalogue: Catalogue) -> str:
    limits = catalogue.limits
    typed = fields.get("description", "")
    if is_blank(typed) and "\0" not in typed:
        report.refuse("description", "Describe what happened.")
        return ""
    try:
        description = clean_text(typed, limits.description_max)
    except BadText as error:
        report.refuse("description", str(error))
        return ""
    if len(description) < limits.description_min:
        report.refuse(
            "description",
            f"Describe it in a little more detail, at least {limits.description_min} characters.",
        )
    return description


def _severity(
    report: Report,
    type: TicketType | None,
    fields: Fields,
    known: Known,
    answers: Mapping[str, Any],
) -> str:
    """Sets the level; answers the sentence that explains a choice far from the suggested one."""
    catalogue = known.catalogue
    reason = _line(
        report, "severity_reason", fields.get("severity_reason", ""), catalogue.limits.reason_max
    )
    key = fields.get("severity", "").strip()
    if key and all(level.key != key for level in catalogue.severities):
        report.refuse("severity", "Choose one of the four levels.")
        return reason
    if type is None:
        return reason
    said = "" if is_blank(reason) else reason
    found = urgency_of(type, fields, answers, catalogue, known.surroundings, said)
    report.urgency = found
    report.severity = found.working if found else catalogue.severity(type.severity)
    if found and found.asks:
        chosen = found.chosen.title.lower()
        report.refuse("severity_reason", f"Say in one sentence why this is {chosen}.")
    return said


def _evidence(
    report: Report,
    type: TicketType,
    fields: Fields,
    known: Known,
    lacking: Mapping[str, str],
    answers: Mapping[str, Any],
    contract_text: str,
) -> list[Piece]:
    texts = {}
    for item in type.evidence:
        if item.accepts is Accepts.TEXT and not is_blank(fields.get(item.field, "")):
            texts[item.key] = _text(report, item.field, fields[item.field], 5_000)
    present = {file.evidence_key for file in known.files} | texts.keys()
    for name, words in missing_evidence(type, present, lacking).items():
        report.refuse(name, words)
    if len(known.files) > known.catalogue.limits.files_per_request:
        most = known.catalogue.limits.files_per_request
        report.refuse("files", f"Remove some files: at most {most} fit one report.")
    contract = (known.contract, report.milestone, contract_text)
    return pieces_of(known.catalogue, type, known.files, texts, answers, contract, known.user_agent)


def _person(report: Report, fields: Fields, actor: Actor) -> None:
    zone = fields.get("time_zone", "").strip()
    if zone and zone not in time_zones():
        report.refuse("time_zone", "Choose a time zone from the list.")
    report.time_zone = zone
    if actor.id:
        return
    report.guest_name = _line(report, "name", fields.get("name", ""), NAME)
    if is_blank(report.guest_name):
        report.refuse("name", "Enter your name.")
    email = fields.get("email", "")
    if is_blank(email):
        report.refuse("email", "Enter your e-mail address, so that we can answer.")
        return
    try:
        typed = clean_line(email, 254)
        report.guest_email = validate_email(typed, check_deliverability=False).normalized
    except (EmailNotValidError, BadText):
        report.refuse("email", "Enter an e-mail address like name@example.com.")


def _line(report: Report, name: str, typed: str, max: int) -> str:
    try:
        return clean_line(typed, max)
    except BadText as error:
        report.refuse(name, str(error))
        return ""


def _text(report: Report, name: str, typed: str, max: int) -> str:
    try:
        return clean_text(typed, max)
    except BadText as error:
        report.refuse(name, str(error))
        return ""
