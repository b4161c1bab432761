"""Card numbers, passwords and the like are hidden in a report before it is stored.

What the type needs is kept as a private piece of evidence: a bank account for a payment that is
traced, an identity number where an identity is proven. Cards and passwords are kept nowhere.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from helpdesk.catalogue.document import QuestionKind, Sensitivity, TicketType
from helpdesk.core.personal import NAMES, Kind, find_personal, kinds_in, mask_personal
from helpdesk.tickets.filing import Filing, Piece

SUBJECT = 120
WRITTEN = (QuestionKind.TEXT, QuestionKind.LONG)
NAMED_BY_US = ("_id", "_reference", "reference")  # answers that are numbers of ours
PROOF = {Kind.IBAN: "bank_slip", Kind.IDENTITY: "identity_document"}
SAFETY = "TAS"  # what somebody else was paid on, or claims to be, is proof for them


def found_in(fields: Mapping[str, str]) -> tuple[Kind, ...]:
    """In what people write freely, while they write it."""
    written = [
        text
        for name, text in fields.items()
        if name in ("subject", "description", "severity_reason")
        or (name.startswith(("answers.", "evidence.")) and not name.endswith(NAMED_BY_US))
    ]
    return kinds_in(written)


def without_personal(filing: Filing, type: TicketType) -> Filing:
    answers = {key: _answer(type, key, value) for key, value in filing.answers.items()}
    said = (filing.subject, filing.description, filing.severity_reason, filing.despite)
    others = filing.lacking or filing.pieces or answers != filing.answers
    if not others and not kinds_in(["\n".join(said)]):
        return filing
    return replace(
        filing,
        subject=mask_personal(filing.subject)[:SUBJECT],
        description=mask_personal(filing.description),
        severity_reason=mask_personal(filing.severity_reason),
        despite=mask_personal(filing.despite),
        answers=answers,
        lacking={key: mask_personal(why) for key, why in filing.lacking.items()},
        pieces=[*(_piece(piece) for piece in filing.pieces), *_kept(filing, type)],
    )


def _answer(type: TicketType, key: str, value: Any) -> Any:
    question = type.question(key)
    if not isinstance(value, str) or question is None or question.kind not in WRITTEN:
        return value
    return value if key.endswith(NAMED_BY_US) else mask_personal(value)


def _piece(piece: Piece) -> Piece:
    """Of facts, the words somebody wrote; what is private stays as it came."""
    if piece.sensitivity in (Sensitivity.PRIVATE, Sensitivity.RESTRICTED):
        return piece
    facts = {
        label: mask_personal(value) if label == "Text" and isinstance(value, str) else value
        for label, value in piece.facts.items()
    }
    return replace(piece, facts=facts)


def _kept(filing: Filing, type: TicketType) -> Iterator[Piece]:
    text = f"{filing.subject}\n{filing.description}"
    needed = {item.kind for item in type.evidence}
    originals: dict[Kind, list[str]] = {}
    for one in find_personal(text):
        proof = PROOF.get(one.kind)
        if proof is not None and (proof in needed or type.group == SAFETY):
            originals.setdefault(one.kind, []).append(text[one.start : one.end])
    for kind, numbers in originals.items():
        label = f"{NAMES[kind].capitalize()} from the text"
        facts = {f"{n}" if len(numbers) > 1 else "Number": each
                 for n, each in enumerate(dict.fromkeys(numbers), start=1)}  # fmt: skip
        yield Piece("", PROOF[kind], label, Sensitivity.PRIVATE, facts=facts)
