"""What is about to be sent, in words, for the last look."""

from dataclasses import dataclass

from helpdesk.catalogue.answers import show_answer
from helpdesk.catalogue.document import Severity, TicketType
from helpdesk.core.formats import money, size

from .forms import Fields, Known, Report


@dataclass(frozen=True)
class Row:
    label: str
    lines: tuple[str, ...]
    field: str  # where “Change” leads


@dataclass(frozen=True)
class Summary:
    rows: tuple[Row, ...]
    evidence: tuple[Row, ...]
    type: TicketType
    department: str
    group_key: str
    level: int
    severity: str


def summary_of(fields: Fields, known: Known, found: Report) -> Summary:
    filing, type, severity = found.filing, found.type, found.severity
    assert filing is not None
    assert type is not None
    assert severity is not None
    catalogue = known.catalogue
    service = catalogue.service(fields.get("service", ""))
    rows = [
        Row("Service", (service.title if service else "",), "service"),
        Row("About", (type.title,), "type"),
        *_contract(known, found),
        Row("In one line", (filing.subject,), "subject"),
        Row(type.description_label, (filing.description,), "description"),
    ]
    for question in type.questions:
        if question.key in filing.answers:
            shown = show_answer(question, filing.answers[question.key])
            rows.append(Row(question.label, (shown,), question.field))
    rows.append(Row("How urgent", _urgency(found, severity), "severity"))
    if not known.actor.id:
        rows.append(Row("Your name", (found.guest_name,), "name"))
        rows.append(Row("E-mail", (found.guest_email,), "email"))
    group = catalogue.group(filing.group_key)
    return Summary(
        tuple(rows),
        tuple(_evidence(type, known, found)),
        type,
        group.name if group else "",
        filing.group_key,
        severity.level,
        severity.key,
    )


def _urgency(found: Report, severity: Severity) -> tuple[str, ...]:
    """The level it begins with, and why, where choice and suggestion differ."""
    urgency, reason = found.urgency, found.filing.severity_reason if found.filing else ""
    lines = [severity.title, *([reason] if reason else [])]
    if urgency and urgency.working != urgency.chosen:
        lines.append(
            f"You chose {urgency.chosen.title}: that stays beside it. "
            "Without a sentence that says why, it begins where we suggest."
        )
    elif urgency and not urgency.is_own and urgency.suggestion.counted:
        lines.append(" ".join(urgency.suggestion.reasons))
    return tuple(lines)


def _contract(known: Known, found: Report) -> list[Row]:
    contract, milestone = known.contract, found.milestone
    if found.filing is None or found.filing.contract_id is None or contract is None:
        typed = found.filing.contract_text if found.filing else ""
        lines = (typed, "Written by hand: we check it.")
        return [Row("Contract", lines, "contract")] if typed else []
    rows = [
        Row("Contract", (f"{contract.reference} {contract.title}", f"with {contract.other}"),
            "contract"),
    ]  # fmt: skip
    if milestone is not None:
        amount = money(milestone.amount_minor, contract.currency)
        line = f"{milestone.position}. {milestone.title}, {amount}"
        rows.append(Row("Milestone", (line,), "milestone"))
    return rows


def _evidence(type: TicketType, known: Known, found: Report) -> list[Row]:
    filing = found.filing
    assert filing is not None
    rows = []
    made = {piece.evidence_key for piece in filing.pieces}
    for item in type.evidence:
        files = [file for file in known.files if file.evidence_key == item.key]
        if files:
            lines = tuple(f"{file.name} ({size(file.size)})" for file in files)
        elif item.key in filing.lacking:
            lines = (f"None: {filing.lacking[item.key]}",)
        elif item.key in made:
            lines = ("Added by us" if item.made_by_us else "Written in the form",)
        else:
            continue
        rows.append(Row(item.label, lines, item.field))
    keys = {item.key for item in type.evidence}
    loose = [file for file in known.files if file.evidence_key not in keys]
    if loose:
        lines = tuple(f"{file.name} ({size(file.size)})" for file in loose)
        rows.append(Row("Other files", lines, "files"))
    return rows
