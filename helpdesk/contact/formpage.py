"""What the report page shows for what was typed so far. It decides nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

from helpdesk.catalogue.countries import COUNTRIES, country_code
from helpdesk.catalogue.document import (
    Accepts,
    Catalogue,
    EvidenceItem,
    Question,
    QuestionKind,
    Sensitivity,
    TicketType,
)
from helpdesk.contracts.queries import OwnContract
from helpdesk.core.money import CURRENCIES
from helpdesk.core.personal import notice_of
from helpdesk.permissions import Actor
from triage.completeness import Completeness, completeness
from triage.subject import subject_nudge
from triage.text.language import language_of
from triage.text.notices import Notice, notice_for

from .browser import read_user_agent
from .forms import PLAIN, Fields, Known, asks_contract, chosen_type, time_zones, under
from .hiding import found_in
from .pieces import DraftFile
from .seen import PREFIX
from .urgency import Urgency, urgency_of

CONTRACT = ("contract", "milestone", "contract_text")
ICONS = {"person": "user", "wrench": "gear"}  # the catalogue's words → names in icons.svg


@dataclass(frozen=True)
class About:
    """What the desk knows of the person, to save them typing."""

    user_id: str = ""
    country: str = ""


@dataclass(frozen=True)
class Line:
    """A line of the evidence checklist."""

    item: EvidenceItem
    files: tuple[DraftFile, ...]
    text: str
    reason: str
    error: str
    who_sees: str
    made: bool = False  # by us, from what is in the form already

    @property
    def state(self) -> str:
        if self.made or self.files or self.text:
            return "ready"
        if self.reason:
            return "none"
        return "required" if self.item.required else "missing"


@dataclass(frozen=True)
class Asked:
    """A question with what was answered, or with what we know already."""

    question: Question
    value: str
    currency: str
    reason: str
    error: str
    fixed: bool

    @property
    def options(self) -> list[tuple[str, str]]:
        return [(choice.value, choice.label) for choice in self.question.choices]

    @property
    def hint(self) -> str:
        example = self.question.example
        if not example:
            return self.question.hint
        shown = f"For example: {example}" + ("" if example[-1] in ".?" else ".")
        return f"{self.question.hint} {shown}".strip()

    @property
    def attributes(self) -> dict[str, str | bool]:
        attributes: dict[str, str | bool] = {}
        kind = self.question.kind
        if self.question.prefill in ("os", "browser"):
            attributes |= {"data-prefill": self.question.prefill, "data-guess": self.value}
        if self.fixed:
            attributes["readonly"] = True
        if kind in (QuestionKind.NUMBER, QuestionKind.LAST4):
            attributes["inputmode"] = "decimal" if kind is QuestionKind.NUMBER else "numeric"
        return attributes


@dataclass(frozen=True)
class FormPage:
    """Everything the template needs."""

    fields: Fields
    catalogue: Catalogue
    type: TicketType | None
    types: tuple[TicketType, ...]
    actor: Actor
    about: About
    contract: OwnContract | None
    contracts: tuple[OwnContract, ...]
    questions: tuple[Asked, ...] = ()
    lines: tuple[Line, ...] = ()
    loose_files: tuple[DraftFile, ...] = ()
    severity: str = ""
    urgency: Urgency | None = None
    ask_reason: bool = False
    department: str = ""
    group_key: str = ""
    level: int = 0  # its severity begins with
    subject_advice: str = ""
    hints: tuple[str, ...] = ()
    complete: int = 0
    usual_severity: str = ""
    language: Notice | None = None  # the text is in another one than English
    personal: str = ""  # what in it should not be there

    @property
    def services(self) -> list[tuple[str, str, str, str]]:
        return service_options(self.catalogue)

    @property
    def type_options(self) -> list[tuple[str, str]]:
        return [(type.key, type.title) for type in self.types]

    @property
    def tags(self) -> list[tuple[str, str]]:
        """What a file that was dropped may be."""
        items = self.type.evidence if self.type else ()
        return [(item.key, item.label) for item in items if item.accepts is Accepts.FILES]

    @property
    def severities(self) -> list[tuple[str, str, str]]:
        levels = sorted(self.catalogue.severities, key=lambda level: -level.level)
        return [(level.key, level.title, level.definition) for level in levels]

    @property
    def currencies(self) -> list[tuple[str, str]]:
        return [(code, code) for code in CURRENCIES]

    @property
    def countries(self) -> list[tuple[str, str]]:
        return list(COUNTRIES.items())

    @property
    def asks_contract(self) -> bool:
        return self.type is not None and asks_contract(self.type)

    @property
    def carried(self) -> list[tuple[str, str]]:
        """What was typed where this type asks nothing: it may be asked for again."""
        shown = {"service", "type", "catalogue"}
        if self.type is not None:
            shown |= {*PLAIN} - ({*CONTRACT} if not self.asks_contract else set())
            for question in self.type.questions:
                shown |= {question.field, f"{question.field}.currency", f"lacking.{question.key}"}
            for item in self.type.evidence:
                shown |= {item.field, f"lacking.{item.key}"}
        return [
            (name, text)
            for name, text in self.fields.items()
            if name not in shown and text and not name.startswith(PREFIX)
        ]

    @property
    def ready(self) -> int:
        return sum(1 for line in self.lines if line.state in ("ready", "none"))


def form_page(
    fields: Fields,
    known: Known,
    about: About,
    contracts: tuple[OwnContract, ...],
    errors: Mapping[str, str],
) -> FormPage:
    catalogue = known.catalogue
    type = chosen_type(catalogue, fields)
    service = fields.get("service", "")
    types = tuple(
        offered
        for offered in catalogue.types_of(service)
        if offered.suits(known.actor.roles) or offered == type
    )
    page = FormPage(fields, catalogue, type, types, known.actor, about, known.contract, contracts)
    return page if type is None else _with_type(page, type, known, errors)


def _with_type(
    page: FormPage, type: TicketType, known: Known, errors: Mapping[str, str]
) -> FormPage:
    fields, catalogue = page.fields, page.catalogue
    chosen = {key: fields.get(f"answers.{key}", "") for key in (q.key for q in type.questions)}
    group = catalogue.group(type.group_for(chosen))
    usual = catalogue.severity(type.severity)
    urgency = urgency_of(
        type, fields, under("answers.", fields), catalogue, known.surroundings,
        fields.get("severity_reason", "").strip(),
    )  # fmt: skip
    level = urgency.chosen if urgency else usual
    subject, description = fields.get("subject", ""), fields.get("description", "")
    department = group.name if group else ""
    language = language_of(f"{subject}\n{description}")
    needed = _completeness(type, fields, known, not language.is_other)
    keys = {item.key for item in type.evidence}
    return replace(
        page,
        questions=tuple(_asked(question, page, known, errors) for question in type.questions),
        lines=tuple(_line(item, page, known, errors, department) for item in type.evidence),
        loose_files=tuple(file for file in known.files if file.evidence_key not in keys),
        severity=level.key if level else "",
        urgency=urgency,
        ask_reason=bool(urgency and urgency.is_far) or bool(fields.get("severity_reason")),
        department=department,
        group_key=group.key if group else "",
        level=urgency.working.level if urgency else type.severity,
        subject_advice=(subject_nudge(subject, type) or "") if subject else "",
        hints=tuple(hint.text for hint in needed.hints),
        complete=needed.percent,
        usual_severity=usual.title if usual else "",
        language=notice_for(language),
        personal=notice_of(found_in(fields)),
    )


def _completeness(type: TicketType, fields: Fields, known: Known, in_english: bool) -> Completeness:
    """Questions and pieces count as there when they are, or when somebody said why they are not."""
    lacking = {key for key, why in under("lacking.", fields).items() if why.strip()}
    answered = {key for key, value in under("answers.", fields).items() if value.strip()}
    present = {key for key, value in under("evidence.", fields).items() if value.strip()}
    files = {file.evidence_key for file in known.files}
    description = fields.get("description", "")
    there = present | files | lacking
    return completeness(type, description, answered | lacking, there, in_english)


def _asked(question: Question, page: FormPage, known: Known, errors: Mapping[str, str]) -> Asked:
    fields, name = page.fields, question.field
    prefill = _prefill(question, page, known)
    return Asked(
        question,
        _code_of(question, fields.get(name, prefill)),
        fields.get(f"{name}.currency", page.contract.currency if page.contract else "USD"),
        fields.get(f"lacking.{question.key}", ""),
        errors.get(name, "") or errors.get(f"lacking.{question.key}", ""),
        question.prefill == "user_id" and bool(page.about.user_id),
    )


def _code_of(question: Question, typed: str) -> str:
    """A country that was written out is chosen in the list."""
    if question.kind is QuestionKind.COUNTRY:
        return country_code(typed) or typed
    return typed


def _prefill(question: Question, page: FormPage, known: Known) -> str:
    system, browser = read_user_agent(known.user_agent)
    return {
        "os": system,
        "browser": browser,
        "email": page.actor.email,
        "user_id": page.about.user_id,
        "country": page.about.country,
    }.get(question.prefill, "")


def _line(
    item: EvidenceItem, page: FormPage, known: Known, errors: Mapping[str, str], department: str
) -> Line:
    return Line(
        item,
        tuple(file for file in known.files if file.evidence_key == item.key),
        page.fields.get(item.field, "") if item.accepts is Accepts.TEXT else "",
        page.fields.get(f"lacking.{item.key}", "").strip(),
        errors.get(item.field, "") or errors.get(f"lacking.{item.key}", ""),
        # The hint may have said so already.
        "" if "Only you and" in item.hint else who_sees(item.sensitivity, department),
        item.made_by_us and _is_made(item, page, known),
    )


def _is_made(item: EvidenceItem, page: FormPage, known: Known) -> bool:
    if item.accepts is Accepts.CONTRACT:
        return known.contract is not None or bool(page.fields.get("contract_text"))
    asked = page.type.questions if page.type else ()
    return all(
        page.fields.get(question.field) or _prefill(question, page, known)
        for question in asked
        if question.evidence == item.kind and question.required and not question.may_lack
    )


def service_options(catalogue: Catalogue) -> list[tuple[str, str, str, str]]:
    return [
        (service.key, service.title, service.description, ICONS.get(service.icon, service.icon))
        for service in catalogue.services
    ]


def who_sees(sensitivity: Sensitivity, department: str) -> str:
    if sensitivity is Sensitivity.SHARED:
        return "Both sides of the contract and our team see this."
    if sensitivity is Sensitivity.SUPPORT:
        return "You and our team see this."
    seen = f"Only you and the {department} team see this."
    if sensitivity is Sensitivity.RESTRICTED:
        return f"{seen} Every reading is recorded."
    return seen


@cache
def zone_options() -> list[tuple[str, str]]:
    """Zones people know, by region; odd aliases are left out."""
    regions = ("Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
    names = sorted(name for name in time_zones() if name.split("/")[0] in regions and "/" in name)
    return [("UTC", "UTC"), *((name, name.replace("_", " ")) for name in names)]
