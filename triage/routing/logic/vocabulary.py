"""The closed language of conditions: what can be asked about a ticket, and how."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Moment(StrEnum):
    """When rules are read. A rule names its moments; a new one waits for filing alone."""

    FILED = "filed"
    SEVERITY = "severity_changed"
    DEPARTMENT = "department_changed"
    TYPE = "type_changed"
    FOLLOW_UP = "followed_up"


class About(StrEnum):
    TYPE = "type"
    SEVERITY = "severity"
    LANGUAGE = "language"
    WORDS = "words"
    CONTRACT = "contract"
    CONTRACT_ID = "contract_id"
    AMOUNT = "amount"
    ROLE = "role"
    COMPANY = "company"
    DEPARTMENT = "department"
    LOAD = "load"
    WEEKDAY = "weekday"
    HOUR = "hour"
    OPEN = "open"
    PREVIOUS_SEVERITY = "previous_severity"
    PREVIOUS_DEPARTMENT = "previous_department"
    PREVIOUS_TYPE = "previous_type"
    FOLLOW_UPS = "follow_ups"
    SOURCE = "source"
    RESTRICTED = "restricted"
    TAG = "tag"


class Op(StrEnum):
    AMONG = "among"  # it, or one of its several, is one of these
    LEAST = "least"
    MOST = "most"
    BETWEEN = "between"  # hours: from the first, up to but not including the second
    IS = "is"  # yes or no


class Kind(StrEnum):
    """How values are chosen and written."""

    CHOICE = "choice"  # from a list the desk has
    LIST = "list"  # typed, separated by commas
    LEVEL = "level"  # of severity: a key whose order counts
    NUMBER = "number"
    HOURS = "hours"
    YES_NO = "yes_no"


class Unit(StrEnum):
    """What a value is of; kept beside it."""

    NONE = ""
    CURRENCY = "currency"
    DEPARTMENT = "department"  # "" is the ticket's own
    CLOCK = "clock"  # a department's key, a time zone, or "" for the ticket's own department


@dataclass(frozen=True, slots=True)
class Shape:
    label: str
    kind: Kind
    ops: tuple[Op, ...]
    unit: Unit = Unit.NONE
    several: bool = False  # a ticket may have several of these at once


_AMONG, _RANGE = (Op.AMONG,), (Op.LEAST, Op.MOST)
SHAPES: Mapping[About, Shape] = {
    About.TYPE: Shape("Type", Kind.CHOICE, _AMONG),
    About.SEVERITY: Shape("Severity", Kind.LEVEL, _RANGE),
    About.LANGUAGE: Shape("Language", Kind.CHOICE, _AMONG),
    About.WORDS: Shape("Words in it", Kind.LIST, _AMONG, several=True),
    About.CONTRACT: Shape("Contract", Kind.CHOICE, _AMONG),
    About.CONTRACT_ID: Shape("Contract number", Kind.LIST, _AMONG),
    About.AMOUNT: Shape("Amount", Kind.NUMBER, _RANGE, Unit.CURRENCY),
    About.ROLE: Shape("Requester", Kind.CHOICE, _AMONG, several=True),
    About.COMPANY: Shape("Company", Kind.LIST, _AMONG),
    About.DEPARTMENT: Shape("Department", Kind.CHOICE, _AMONG),
    About.LOAD: Shape("Open tickets of a department", Kind.NUMBER, _RANGE, Unit.DEPARTMENT),
    About.WEEKDAY: Shape("Day of the week", Kind.CHOICE, _AMONG, Unit.CLOCK),
    About.HOUR: Shape("Hour of the day", Kind.HOURS, (Op.BETWEEN,), Unit.CLOCK),
    About.OPEN: Shape("Department is open", Kind.YES_NO, (Op.IS,), Unit.DEPARTMENT),
    About.PREVIOUS_SEVERITY: Shape("Severity before the change", Kind.CHOICE, _AMONG),
    About.PREVIOUS_DEPARTMENT: Shape("Department before the change", Kind.CHOICE, _AMONG),
    About.PREVIOUS_TYPE: Shape("Type before the change", Kind.CHOICE, _AMONG),
    About.FOLLOW_UPS: Shape("Times asked again", Kind.NUMBER, _RANGE),
    About.SOURCE: Shape("Came by", Kind.CHOICE, _AMONG),
    About.RESTRICTED: Shape("Restricted", Kind.YES_NO, (Op.IS,)),
    About.TAG: Shape("Tag", Kind.LIST, _AMONG, several=True),
}

UNKNOWN = "unknown"  # the one value that asks for what is not known
YES, NO = "yes", "no"
LEVELS = ("low", "normal", "high", "urgent")  # severity 1 to 4
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CONTRACTS = {
    "any": "a contract",
    "none": "no contract",
    "running": "a running contract",
    "ended": "an ended contract",
}
ROLES = {"client": "a client", "freelancer": "a freelancer", "guest": "a guest"}
SOURCES = {"form": "the form", "api": "a program", "chat": "a chat"}
LANGUAGES = {
    "af": "Afrikaans", "ar": "Arabic", "ca": "Catalan", "gl": "Galician", "mk": "Macedonian",
    "bg": "Bulgarian", "bn": "Bengali", "cs": "Czech", "da": "Danish",
    "de": "German", "el": "Greek", "en": "English", "es": "Spanish", "et": "Estonian",
    "fa": "Persian", "fi": "Finnish", "fr": "French", "he": "Hebrew", "hi": "Hindi",
    "hr": "Croatian", "hu": "Hungarian", "id": "Indonesian", "it": "Italian", "ja": "Japanese",
    "ko": "Korean", "lt": "Lithuanian", "lv": "Latvian", "nl": "Dutch", "nb": "Norwegian",
    "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sk": "Slovak",
    "sl": "Slovenian", "sr": "Serbian", "sv": "Swedish", "sw": "Swahili", "ta": "Tamil",
    "th": "Thai", "tl": "Tagalog", "tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu",
    "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip
