"""Two people saved the same article: what the one wrote beside what the other wrote."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .diff import Line, compare
from .forms import Choices, Typed

WORDS = {
    "title": "Title",
    "summary": "Summary",
    "body": "Text",
    "keywords": "Words people use",
}
DETAILS = {
    "slug": "Address",
    "category": "Category",
    "group": "Department",
    "check_every_days": "Check every (days)",
    "related": "Related articles",
}
TYPES = "types"


@dataclass(frozen=True, slots=True)
class Clash:
    name: str
    label: str
    theirs: str
    mine: str
    lines: tuple[Line, ...]  # from theirs to mine


def clashes(mine: Typed, theirs: Typed, choices: Choices) -> tuple[Clash, ...]:
    """Every field the two do not agree about, in the order of the form."""
    found = [
        clash(name, label, shown(name, theirs, choices), shown(name, mine, choices))
        for name, label in (WORDS | DETAILS).items()
    ]
    listed = ["\n".join(sorted(form.types)) for form in (theirs, mine)]
    found.append(clash(TYPES, "Ticket types", *listed))
    return tuple(one for one in found if one.theirs != one.mine)


def clash(name: str, label: str, theirs: str, mine: str) -> Clash:
    return Clash(name, label, theirs, mine, compare(theirs, mine))


def shown(name: str, form: Typed, choices: Choices) -> str:
    value = form.values[name]
    named: Mapping[str, Mapping[int, str]] = {
        "category": choices.categories,
        "group": choices.groups,
    }
    if name in named:
        return named[name].get(form.number(name), "None")
    if name in ("keywords", "related"):
        return "\n".join(part.strip() for part in value.replace(",", "\n").split("\n") if part)
    return value.strip()


def take(names: Sequence[str], mine: Typed, theirs: Typed) -> None:
    """The other's words for these fields."""
    for name in names:
        if name == TYPES:
            mine.types = list(theirs.types)
        elif name in WORDS or name in DETAILS:
            mine.values[name] = theirs.values[name]
