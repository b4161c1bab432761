"""What stands between double braces in a canned reply. Pure.

`{{requester.first_name}}` becomes a value; without one, a mark that nobody takes for text:
`[[requester.first_name]]`.
"""

import re
from collections.abc import Mapping
from difflib import get_close_matches

WORDS = {
    "requester.first_name": "First name of the person who asks",
    "requester.name": "Their whole name",
    "requester.local_time": "What time it is where they are",
    "agent.first_name": "Your first name",
    "agent.name": "Your whole name",
    "department": "The department that has it",
    "promise": "When they hear from us, as it was promised",
    "ticket.reference": "Its reference, HD-10001",
    "ticket.subject": "Its subject",
    "ticket.link": "The address where they follow it",
    "contract.reference": "The number of the contract it is about",
    "contract.title": "The title of that contract",
    "help_centre": "The address of the help centre",
}
_PLACE = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_GAP = re.compile(r"\[\[(" + "|".join(map(re.escape, WORDS)) + r")\]\]")


def faults(text: str) -> list[str]:
    """What is wrong with the placeholders of a text, each in a sentence."""
    found = []
    for name in dict.fromkeys(_PLACE.findall(text)):
        if name in WORDS:
            continue
        near = get_close_matches(name, WORDS, 1, 0.6)
        meant = f" Did you mean {{{{{near[0]}}}}}?" if near else ""
        found.append(f"There is no placeholder {{{{{name}}}}}.{meant}")
    rest = _PLACE.sub("", text)
    if "{{" in rest or "}}" in rest:
        found.append("Two braces stand alone. A placeholder looks like {{requester.first_name}}.")
    return found


def filled(text: str, values: Mapping[str, str]) -> str:
    """Read once from left to right: what a value holds is never taken for a placeholder."""

    def value(place: re.Match[str]) -> str:
        name = place[1]
        return values.get(name) or f"[[{name}]]"

    return _PLACE.sub(value, text)


def gaps(text: str) -> list[str]:
    """Names of placeholders that were left without a value."""
    return list(dict.fromkeys(_GAP.findall(text)))
