"""What one version of the catalogue holds: services, departments, severities, ticket types."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
Words = Annotated[str, StringConstraints(min_length=1, max_length=1_000)]
Party = Literal["client", "freelancer"]
Cue = Literal["did", "expected", "happened", "since"]


class Channel(StrEnum):
    """Which way of contact suits a type."""

    TICKET_ONLY = "ticket_only"  # chat is never offered
    TICKET = "ticket"
    CHAT = "chat"
    EITHER = "either"
    SELF_SERVICE = "self_service"  # people can settle it themselves; else `otherwise`


class Privacy(StrEnum):
    """How much of a ticket others of the desk, and the other side, are kept from."""

    NONE = "none"
    PROOF_ONLY = "proof_only"  # the pieces marked private, nothing else
    PRIVATE = "private"  # the owning department only
    RESTRICTED = "restricted"  # the owning department only; reading is recorded
    REPORTER_HIDDEN = "reporter_hidden"  # the other side never learns who reported
    INHERITED = "inherited"  # as the ticket it is about


class Sensitivity(StrEnum):
    SHARED = "shared"  # both parties of the case
    SUPPORT = "support"  # the owner's side and staff
    PRIVATE = "private"  # the owner and the owning department
    RESTRICTED = "restricted"  # as private; every read is a matter of record


class Need(StrEnum):
    REQUIRED = "required"
    OPTIONAL = "optional"
    NONE = "none"


class QuestionKind(StrEnum):
    TEXT = "text"
    LONG = "long"
    DATE = "date"
    AMOUNT = "amount"
    CHOICE = "choice"
    COUNTRY = "country"
    EMAIL = "email"
    URL = "url"
    NUMBER = "number"
    LAST4 = "last4"


class Accepts(StrEnum):
    FILES = "files"
    TEXT = "text"
    # Made from what the form already knows; nothing to upload.
    ENVIRONMENT = "environment"
    CONTRACT = "contract"
    TRANSACTION = "transaction"


class Piece(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Severity(Piece):
    level: int = Field(ge=1, le=4)
    key: Literal["low", "normal", "high", "urgent"]
    title: Words
    definition: Words  # the sentence people read: how urgent, not how annoying
    first_response_hours: int = Field(gt=0)  # business hours of the department


class Group(Piece):
    key: str = Field(pattern=r"^[A-Z]{2,8}$")
    name: Words
    hours: Words
    languages: tuple[str, ...] = ("en",)


class Service(Piece):
    """What people choose first. A type may be listed by several services; one is its home."""

    key: Key
    title: Words
    description: Words
    icon: Key
    types: tuple[Key, ...] = Field(min_length=1)


class Choice(Piece):
    value: Key
    label: Words
    group: str | None = None  # the department that owns a ticket answered like this


class Question(Piece):
    key: Key
    label: Words
    hint: str = ""
    example: str = ""
    kind: QuestionKind = QuestionKind.TEXT
    required: bool = False
    may_lack: bool = False  # required, unless the person says why they do not have it
    choices: tuple[Choice, ...] = ()
    min: float | None = None  # characters of text, or the smallest number
    max: float | None = None
    pattern: str = ""
    dates: Literal["any", "past", "future"] = "any"  # today is both
    private: bool = False
    prefill: Literal["", "os", "browser", "email", "user_id", "country"] = ""
    evidence: Key | None = None  # the kind of evidence this answer becomes a part of

    @property
    def field(self) -> str:
        return f"answers.{self.key}"

    def choice(self, value: str) -> Choice | None:
        return next((choice for choice in self.choices if choice.value == value), None)

    @model_validator(mode="after")
    def _make_sense(self) -> Self:
        if (self.kind is QuestionKind.CHOICE) != bool(self.choices):
            raise ValueError(f"{self.key}: choices belong to questions of the kind choice")
        _unique(f"choices of {self.key}", (choice.value for choice in self.choices))
        re.compile(self.pattern)
        return self


class EvidenceKind(Piece):
    """A word of the vocabulary that form, chat and dispute share."""

    key: Key
    label: Words
    sensitivity: Sensitivity = Sensitivity.SUPPORT
    holds: Literal["image", "log", "any"] = "any"  # what it mostly is; nothing is refused by it


class EvidenceItem(Piece):
    """A line of a type's checklist."""

    key: Key
    kind: Key
    label: Words
    hint: str = ""
    required: bool = False
    may_lack: bool = False  # "I have none", with a reason
    sensitivity: Sensitivity = Sensitivity.SUPPORT
    accepts: Accepts = Accepts.FILES

    @property
    def field(self) -> str:
        return f"evidence.{self.key}"

    @property
    def made_by_us(self) -> bool:
        return self.accepts not in (Accepts.FILES, Accepts.TEXT)


class TicketType(Piece):
    key: Key
    title: Words
    summary: Words
    service: Key
    group: str
    severity: int = Field(ge=1, le=4)
    channel: Channel
    channel_otherwise: Channel = Channel.TICKET  # for self-service that is not to be had
    channel_reason: Words
    cs_only: bool = False  # only the desk can do it: no article stands in the way
    to_managers: bool = False
    works_signed_out: bool = False
    contact_first: bool = False  # ask whether the other side was asked
    privacy: Privacy = Privacy.NONE
    roles: tuple[Party, ...] = ("client", "freelancer")
    contract: Need = Need.NONE
    milestone: Need = Need.NONE
    questions: tuple[Question, ...] = ()
    evidence: tuple[EvidenceItem, ...] = ()
    description_label: Words = "What happened?"
    description_hint: str = ""
    describe: tuple[Cue, ...] = ("did", "expected", "happened", "since")  # what it should say
    subject_example: str = Field(min_length=10, max_length=120)
    what_we_do: Words
    have_ready: Words

    @property
    def is_restricted(self) -> bool:
        """Only the owning department and managers open such a ticket."""
        return self.privacy in (Privacy.PRIVATE, Privacy.RESTRICTED)

    def question(self, key: str) -> Question | None:
        return next((question for question in self.questions if question.key == key), None)

    def evidence_item(self, key: str) -> EvidenceItem | None:
        return next((item for item in self.evidence if item.key == key), None)

    def suits(self, roles: Collection[str]) -> bool:
        """For somebody who is neither client nor freelancer yet, everything does."""
        parties = {"client", "freelancer"}.intersection(roles)
        return not parties or not parties.isdisjoint(self.roles)

    def group_for(self, answers: Mapping[str, Any]) -> str:
        """The owning department: the type's, unless an answer names a better one."""
        for question in self.questions:
            chosen = question.choice(str(answers.get(question.key, "")))
            if chosen is not None and chosen.group is not None:
                return chosen.group
        return self.group

    @model_validator(mode="after")
    def _make_sense(self) -> Self:
        _unique(f"questions of {self.key}", (question.key for question in self.questions))
        _unique(f"evidence of {self.key}", (item.key for item in self.evidence))
        return self


class Limits(Piece):
    image_megabytes: int = Field(gt=0)
    log_megabytes: int = Field(gt=0)
    other_megabytes: int = Field(gt=0)
    files_per_request: int = Field(gt=0)
    subject_min: int = 10
    subject_max: int = 120
    description_min: int = 30
    description_max: int = 20_000
    reason_max: int = 500  # why a piece is missing, why this is urgent

    @property
    def sentence(self) -> str:
        """Read before anything is uploaded."""
        return (
            f"Up to {self.files_per_request} files: images up to {self.image_megabytes} MB each, "
            f"logs up to {self.log_megabytes} MB, anything else up to {self.other_megabytes} MB."
        )


class Catalogue(Piece):
    services: tuple[Service, ...]
    groups: tuple[Group, ...]
    severities: tuple[Severity, ...]
    types: tuple[TicketType, ...]
    evidence_kinds: tuple[EvidenceKind, ...]
    limits: Limits

    def type(self, key: str) -> TicketType | None:
        return self.by_key.get(key)

    def service(self, key: str) -> Service | None:
        return next((service for service in self.services if service.key == key), None)

    def group(self, key: str) -> Group | None:
        return next((group for group in self.groups if group.key == key), None)

    def severity(self, level: int) -> Severity | None:
        return next((severity for severity in self.severities if severity.level == level), None)

    def evidence_kind(self, key: str) -> EvidenceKind | None:
        return next((kind for kind in self.evidence_kinds if kind.key == key), None)

    def types_of(self, service: str) -> tuple[TicketType, ...]:
        """In the order the service lists them."""
        found = self.service(service)
        return tuple(self.by_key[key] for key in found.types) if found else ()

    @cached_property
    def by_key(self) -> dict[str, TicketType]:
        return {type.key: type for type in self.types}

    @model_validator(mode="after")
    def _make_sense(self) -> Self:
        for name in ("services", "groups", "severities", "types", "evidence_kinds"):
            _unique(name, (piece.key for piece in getattr(self, name)))
        _unique("severity levels", (str(severity.level) for severity in self.severities))
        for service in self.services:
            _unique(f"types of {service.key}", service.types)
            _known(f"types of {service.key}", service.types, (type.key for type in self.types))
        for type in self.types:
            self._check_references(type)
        return self

    def _check_references(self, type: TicketType) -> None:
        home = self.service(type.service)
        if home is None or type.key not in home.types:
            raise ValueError(f"{type.key}: its service does not list it")
        if self.severity(type.severity) is None:
            raise ValueError(f"{type.key}: no severity has the level {type.severity}")
        choices = [choice for question in type.questions for choice in question.choices]
        named = [choice.group for choice in choices if choice.group is not None]
        _known(f"departments of {type.key}", [type.group, *named], (g.key for g in self.groups))
        kinds = [item.kind for item in type.evidence]
        kinds += [question.evidence for question in type.questions if question.evidence]
        _known(f"evidence of {type.key}", kinds, (kind.key for kind in self.evidence_kinds))


def _unique(what: str, keys: Iterable[str]) -> None:
    twice = [key for key, count in Counter(keys).items() if count > 1]
    if twice:
        raise ValueError(f"{what}: {', '.join(twice)} is there twice")


def _known(what: str, keys: Iterable[str], known: Iterable[str]) -> None:
    unknown = sorted(set(keys) - set(known))
    if unknown:
        raise ValueError(f"{what}: {', '.join(unknown)} is not in the catalogue")
