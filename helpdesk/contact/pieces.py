"""Which pieces of evidence a report brings: its files, its texts, and what answers tell."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from helpdesk.catalogue.answers import show_answer
from helpdesk.catalogue.document import Accepts, Catalogue, EvidenceItem, Sensitivity, TicketType
from helpdesk.contracts.queries import OwnContract, OwnMilestone
from helpdesk.core.formats import money
from helpdesk.tickets.filing import Piece

# The contract, the milestone, and what was typed by hand instead.
About = tuple[OwnContract | None, OwnMilestone | None, str]


@dataclass(frozen=True)
class DraftFile:
    """A file that was uploaded for a report and waits to be sent with it."""

    id: UUID
    evidence_key: str
    name: str
    size: int
    media_type: str
    has_thumbnail: bool
    created_at: datetime

    def under(self, key: str) -> "DraftFile":
        return replace(self, evidence_key=key)


def pieces_of(
    catalogue: Catalogue,
    type: TicketType,
    files: Collection[DraftFile],
    texts: Mapping[str, str],
    answers: Mapping[str, Any],
    about: About,
    user_agent: str,
) -> list[Piece]:
    pieces = [_file(catalogue, type, file) for file in files]
    for key, text in texts.items():
        if item := type.evidence_item(key):
            pieces.append(_made(item, {"Text": text}))
    pieces.extend(_from_answers(catalogue, type, answers, user_agent))
    if (item := _line_for(type, Accepts.CONTRACT)) and (facts := _contract_facts(*about)):
        pieces.append(_made(item, facts))
    return pieces


def kind_of(catalogue: Catalogue, file: DraftFile) -> str:
    """What a file without a line of the checklist most likely is."""
    image = file.media_type.startswith("image/")
    for kind in catalogue.evidence_kinds:
        if image and kind.holds == "image":
            return kind.key
    return "other"


def _file(catalogue: Catalogue, type: TicketType, file: DraftFile) -> Piece:
    if item := type.evidence_item(file.evidence_key):
        return Piece(item.key, item.kind, item.label, Sensitivity(item.sensitivity), file.id)
    kind = catalogue.evidence_kind(kind_of(catalogue, file))
    if kind is None:
        return Piece("", "other", "Something else", Sensitivity.SUPPORT, file.id)
    return Piece("", kind.key, kind.label, Sensitivity(kind.sensitivity), file.id)


def _from_answers(
    catalogue: Catalogue, type: TicketType, answers: Mapping[str, Any], user_agent: str
) -> Iterator[Piece]:
    """One piece per kind that answers are a part of: the transaction, the environment."""
    facts: dict[str, dict[str, Any]] = {}
    for question in type.questions:
        if question.evidence and question.key in answers and not question.private:
            shown = show_answer(question, answers[question.key])
            facts.setdefault(question.evidence, {})[question.label] = shown
    if user_agent and "environment" in facts:
        facts["environment"]["Browser’s own words"] = user_agent
    for key, told in facts.items():
        line = next((i for i in type.evidence if i.kind == key and i.made_by_us), None)
        kind = catalogue.evidence_kind(key)
        if line is not None:
            yield _made(line, told)
        elif kind is not None:
            yield Piece("", key, kind.label, Sensitivity(kind.sensitivity), facts=told)


def _line_for(type: TicketType, accepts: Accepts) -> EvidenceItem | None:
    return next((item for item in type.evidence if item.accepts is accepts), None)


def _made(item: EvidenceItem, facts: dict[str, Any]) -> Piece:
    return Piece(item.key, item.kind, item.label, Sensitivity(item.sensitivity), facts=facts)


def _contract_facts(
    contract: OwnContract | None, milestone: OwnMilestone | None, typed: str
) -> dict[str, Any]:
    if contract is None:
        return {"Contract": typed, "Checked": "No: written by hand"} if typed else {}
    facts = {
        "Contract": f"{contract.reference} {contract.title}",
        "Value": money(contract.total_minor, contract.currency),
    }
    if milestone is not None:
        facts["Milestone"] = (
            f"{milestone.position}. {milestone.title}, "
            f"{money(milestone.amount_minor, contract.currency)}, {milestone.state.value}"
        )
    return facts
