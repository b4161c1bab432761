"""The bodies of the API: what programs send and what they get. The OpenAPI document is made
from these models."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .forms import Fields

Key = Annotated[str, Field(max_length=60)]
SeverityKey = Literal["low", "normal", "high", "urgent"]


class Body(BaseModel):
    """Strict: a text is a text, and a field nobody knows is an error."""

    model_config = ConfigDict(extra="forbid", strict=True)


class AmountIn(Body):
    amount: str = Field(description="Figures with a point before the cents.", examples=["1250.50"])
    currency: str = Field(description="ISO 4217.", examples=["USD"])


class TicketIn(Body):
    type: str = Field(description="Key of a ticket type of the catalogue.")
    service: str = Field("", description="May be left out: every type has a home service.")
    subject: str = Field("", description="Your question in one line, 10 to 120 characters.")
    description: str = Field("", description="What happened.")
    severity: SeverityKey | None = Field(None, description="Left out: what the desk suggests.")
    severity_reason: str = Field(
        "", description="Asked for when it is two levels or more from what the desk suggests."
    )
    contract: str = Field("", description="Reference of one of your own contracts.")
    milestone: int | None = Field(None, description="Its number on the contract, from 1.")
    contract_text: str = Field("", description="A contract that is not listed; checked by hand.")
    answers: dict[Key, str | AmountIn] = Field(
        default_factory=dict, description="Question key → answer. Dates are 2026-07-03."
    )
    lacking: dict[Key, str] = Field(
        default_factory=dict, description="Key of a question or piece → why you do not have it."
    )
    evidence: dict[Key, str | list[str]] = Field(
        default_factory=dict, description="Checklist key → ids of uploads, or a text."
    )
    files: list[str] = Field(default_factory=list, description="Ids of uploads for no line.")
    private: bool = Field(False, description="It holds sensitive data: one department reads it.")
    time_zone: str = Field("", examples=["Europe/Lisbon"])
    articles_seen: list[str] = Field(
        default_factory=list,
        max_length=20,
        description="Slugs of articles the person has read and that did not help.",
        examples=[["when-will-my-withdrawal-arrive"]],
    )
    add_to: str = Field(
        "",
        description="Reference of one of your own tickets: this report becomes a message and "
        "evidence there, and no new ticket is made. Only what is new needs to be filled in.",
        examples=["HD-10001"],
    )
    not_duplicate: str = Field(
        "",
        description="One sentence that says what is different, to file a ticket though one of "
        "yours is about the same (duplicate_of).",
    )


class MessageIn(Body):
    body: str = Field(description="What you want to add, up to 20,000 characters.")


class SpanOut(BaseModel):
    from_: datetime = Field(alias="from")
    until: datetime


class PromiseOut(BaseModel):
    given_at: datetime
    known: bool = Field(description="False: too little is known for a range; there is an aim.")
    likely: SpanOut | None = Field(description="Half of all answers come within it.")
    nine_of_ten: SpanOut | None
    aim: datetime | None = Field(description="When an answer is due, by the calendar.")
    work_begins: datetime | None = Field(description="Now, or when the department opens.")
    words: str
    reason: str


class TicketOut(BaseModel):
    reference: str = Field(examples=["HD-10001"])
    url: str
    type: str
    subject: str
    status: str = Field(description="new, open, waiting_on_user, on_hold, solved or closed.")
    severity: SeverityKey
    department: str
    department_hours: str
    first_answer_within_hours: int = Field(description="Working hours of the department.")
    first_answer: PromiseOut | None = Field(
        description="When the first answer is likely to come; null once there is one."
    )
    opened_at: datetime
    updated_at: datetime


class NextStepOut(BaseModel):
    what: str
    who: str = Field(description="`us`, the desk; `you`, the requester; or `other`.")
    until: datetime | None = Field(description="Empty while it is not known.")


class MessageOut(BaseModel):
    number: int = Field(description="Its place in the case of its request; grows.")
    reference: str = Field(description="Where it was written: another one's, if it was merged.")
    at: datetime
    by: str
    staff: bool
    body: str
    next_step: NextStepOut | None = Field(description="What the desk said happens after it.")


class PieceOut(BaseModel):
    key: str
    kind: str
    label: str
    name: str
    size: int
    sha256: str = Field(description="Empty for a piece that is not a file.")
    added_at: datetime


class TicketDetails(TicketOut):
    messages: list[MessageOut]
    evidence: list[PieceOut]


class TicketList(BaseModel):
    items: list[TicketOut]
    next: str | None = Field(description="Send it as after for the next page; null at the end.")


class MessageAdded(BaseModel):
    number: int | None
    reference: str


class UploadOut(BaseModel):
    id: UUID
    name: str
    size: int
    media_type: str = Field(description="Found in the content, not taken from the name.")
    evidence_key: str
    thumb: str | None = Field(description="Where a small picture of it is.")
    details: dict[str, Any] = Field(description="Width and height, or the number of lines.")


class FieldError(BaseModel):
    field: str = Field(examples=["evidence.team_log"])
    message: str


class DuplicateOut(BaseModel):
    """One of your own tickets; never anybody else's."""

    ref: str = Field(examples=["HD-10001"])
    strength: Literal["strong", "possible"] = Field(
        description="strong: the same type and contract or transaction; a new ticket is refused "
        "without not_duplicate. possible: only the words are alike."
    )
    status: str
    subject: str
    waits_for: str = Field(description="What happens with it now.")
    eta: str | None = Field(description="When its first answer is likely to come, in words.")
    opened_at: datetime
    url: str


class ProblemOut(BaseModel):
    """RFC 9457."""

    type: str = Field(description="urn:problem:duplicate_of, or about:blank.")
    title: str
    status: int
    detail: str = ""
    request_id: str
    duplicate_of: str = Field("", description="Your ticket that is about the same.")
    duplicates: list[DuplicateOut] = Field(default_factory=list)
    errors: list[FieldError] = Field(default_factory=list)


class CatalogueOut(BaseModel):
    version: int
    services: list[dict[str, Any]]
    types: list[dict[str, Any]]
    severities: list[dict[str, Any]]
    limits: dict[str, Any]


class ArticleFound(BaseModel):
    slug: str
    title: str
    summary: str
    answer: str = Field(description="Its first sentence.")
    why: str = Field(description="The sentence that has most of what was searched, or nothing.")
    score: float = Field(description="From 0 to 1; comparable within one answer.")
    language: str
    url: str
    highlights: dict[str, list[tuple[int, int]]] = Field(
        description="By field, where found words begin and end, in characters."
    )


class AlertFound(BaseModel):
    id: int
    title: str
    area: str
    level: str
    stage: str
    text: str
    starts_at: str
    updated_at: str
    url: str


class HelpFound(BaseModel):
    q: str
    corrected: dict[str, str] = Field(description="Typing errors, and what was searched instead.")
    articles: list[ArticleFound]


class WaitOut(BaseModel):
    """Most people wait between the two."""

    low_s: int
    high_s: int
    words: str


class DepartmentChat(BaseModel):
    department: str
    name: str
    available: bool
    reason: str | None
    next_open: str | None
    wait: WaitOut | None
    waiting: int


class ChatAvailability(BaseModel):
    available: bool
    reason: str | None = Field(description="outside_hours, holiday, all_away or full.")
    next_open: str | None
    wait: WaitOut | None
    departments: list[DepartmentChat]


class HelpSuggested(BaseModel):
    q: str
    type: str
    alerts: list[AlertFound]
    articles: list[ArticleFound]


class PreviewOut(BaseModel):
    """What would come of a report; nothing is stored."""

    first_answer: PromiseOut | None = Field(
        description="When its first answer would be likely; null without a type."
    )
    duplicates: list[DuplicateOut]
    alerts: list[AlertFound] = Field(description="Known issues that may be the cause.")
    several_report_it: bool = Field(description="Several people report the like right now.")
    articles: list[ArticleFound] = Field(description="What may answer it.")
    missing: dict[str, str] = Field(description="What a ticket would be refused for, by field.")


WORDS = {
    "extra_forbidden": "There is no such field.",
    "missing": "This is needed.",
    "string_type": "This must be a text.",
    "int_type": "This must be a whole number.",
    "bool_type": "This must be true or false.",
    "dict_type": "This must be an object.",
    "list_type": "This must be a list.",
    "literal_error": "Choose one of the values that are allowed.",
    "string_too_long": "This is too long.",
    "too_long": "This list is too long.",
}


def errors_of(error: ValidationError) -> dict[str, str]:
    """By field, in the words of the form."""
    found: dict[str, str] = {}
    for fault in error.errors(include_url=False, include_context=False, include_input=False):
        # Where several kinds are allowed, the place ends in the name of one of them.
        place = [str(part) for part in fault["loc"] if part not in ("str", "AmountIn", "list[str]")]
        name = ".".join(place)[:100] or "body"
        found.setdefault(name, WORDS.get(fault["type"], fault["msg"]))
    return found


def as_fields(body: TicketIn) -> Fields:
    """The flat fields that the form sends."""
    fields = {
        name: getattr(body, name)
        for name in ("type", "service", "subject", "description", "severity_reason", "contract",
                     "contract_text", "time_zone")
    }  # fmt: skip
    fields["severity"] = body.severity or ""
    fields["despite"] = body.not_duplicate
    fields["milestone"] = "" if body.milestone is None else str(body.milestone)
    fields["private"] = "1" if body.private else ""
    for key, answer in body.answers.items():
        if isinstance(answer, AmountIn):
            fields[f"answers.{key}"] = answer.amount
            fields[f"answers.{key}.currency"] = answer.currency
        else:
            fields[f"answers.{key}"] = answer
    fields |= {f"lacking.{key}": why for key, why in body.lacking.items()}
    fields |= {
        f"evidence.{key}": text for key, text in body.evidence.items() if isinstance(text, str)
    }
    return fields
