"""Each rule as one plain sentence; the same rule always reads the same."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from helpdesk.core.money import Money

from .actions import BEST, MANAGERS, ONE_UP, Action, By, Do
from .conditions import Group, Join, Test
from .phrases import normal
from .rules import Mode, Rule
from .vocabulary import CONTRACTS, DAYS, ROLES, SOURCES, UNKNOWN, YES, About, Moment, Op

MOMENTS = {
    Moment.FILED: "is filed",
    Moment.SEVERITY: "gets another severity",
    Moment.DEPARTMENT: "is handed to another department",
    Moment.TYPE: "is found to be about something else",
    Moment.FOLLOW_UP: "is followed up",
}
DAY_NAMES = dict(
    zip(
        DAYS,
        ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
        strict=True,
    )
)
JOINTS = {Join.ALL: " and ", Join.ANY: " or ", Join.NONE: " or "}


@dataclass(frozen=True)
class Names:
    """What keys are called. A key nobody knows any more is said to be gone."""

    types: Mapping[str, str] = field(default_factory=dict)
    departments: Mapping[str, str] = field(default_factory=dict)
    people: Mapping[str, str] = field(default_factory=dict)
    languages: Mapping[str, str] = field(default_factory=dict)
    evidence: Mapping[str, str] = field(default_factory=dict)

    def of(self, kind: Mapping[str, str], key: str) -> str:
        return kind.get(key) or f"“{key}”, which is gone"


def sentence(rule: Rule, names: Names) -> str:
    """`When a ticket is filed and …: send it to Payments. Later rules are not read.`"""
    moments = listed([MOMENTS[moment] for moment in Moment if moment in rule.when.moments])
    asked = condition(rule.when.condition, names)
    begins = f"When a ticket {moments}" + (f" and {asked}" if asked else "")
    does = listed([action_words(action, names) for action in rule.then], " and ")
    ends = " Later rules are not read." if rule.mode == Mode.STOP else ""
    return f"{begins}: {does}.{ends}"


def condition(group: Group, names: Names, within: bool = False) -> str:
    """Without brackets as long as it is clear without them."""
    if not group.of:
        return ""
    parts = [
        condition(part, names, True) if isinstance(part, Group) else test_words(part, names)
        for part in group.of
    ]
    text = JOINTS[group.join].join(parts)
    if group.join == Join.NONE:
        return f"it is not so that ({text})"
    bracketed = len(parts) > 1 and (within or group.join == Join.ANY)
    return f"({text})" if bracketed else text


def test_words(test: Test, names: Names) -> str:
    return WORDED[test.about](test, names)


def listed(words: Sequence[str], last: str = " or ") -> str:
    if len(words) < 2:
        return "".join(words)
    return ", ".join(words[:-1]) + last + words[-1]


def quoted(values: Sequence[str]) -> str:
    return listed([f"“{value}”" for value in values])


def amount(test: Test) -> str:
    return str(Money(int(test.values[0]), test.unit))


def bound(test: Test) -> str:
    return "at least" if test.op == Op.LEAST else "at most"


def chosen(values: Sequence[str], known: Callable[[str], str]) -> str:
    named = [known(value) for value in values if value != UNKNOWN]
    return listed([*named, *(["not known"] if UNKNOWN in values else [])])


def owner(unit: str, names: Names) -> str:
    return names.of(names.departments, unit) if unit else "its department"


def clock(test: Test, names: Names) -> str:
    if "/" in test.unit or test.unit == "UTC":
        return f" in {test.unit.split('/')[-1].replace('_', ' ')}"
    return f" where {owner(test.unit, names)} is"


def hours(test: Test, names: Names) -> str:
    first, last = (f"{int(value):02}:00" for value in test.values)
    return f"it is from {first} to {last}{clock(test, names)}"


def days(test: Test, names: Names) -> str:
    return f"it is {listed([DAY_NAMES[day] for day in test.values])}{clock(test, names)}"


def yes_no(yes: str, no: str) -> Callable[[Test, Names], str]:
    return lambda test, names: yes if test.values[0] == YES else no


WORDED: dict[About, Callable[[Test, Names], str]] = {
    About.TYPE: lambda t, n: "it is about " + chosen(t.values, lambda v: f"“{n.of(n.types, v)}”"),
    About.SEVERITY: lambda t, n: f"its severity is {bound(t)} {t.values[0].title()}",
    About.LANGUAGE: lambda t, n: (
        "its language is " + chosen(t.values, lambda v: n.languages.get(v, v))
    ),
    About.WORDS: lambda t, n: f"it says {quoted(t.values)}",
    About.CONTRACT: lambda t, n: f"it names {listed([CONTRACTS.get(v, v) for v in t.values])}",
    About.CONTRACT_ID: lambda t, n: f"its contract is {listed(t.values)}",
    About.AMOUNT: lambda t, n: f"the amount is {bound(t)} {amount(t)}",
    About.ROLE: lambda t, n: f"the requester is {listed([ROLES.get(v, v) for v in t.values])}",
    About.COMPANY: lambda t, n: f"the requester works for {quoted(t.values)}",
    About.DEPARTMENT: lambda t, n: (
        "it is with " + chosen(t.values, lambda v: n.of(n.departments, v))
    ),
    About.LOAD: lambda t, n: f"{owner(t.unit, n)} has {bound(t)} {int(t.values[0]):,} open tickets",
    About.WEEKDAY: days,
    About.HOUR: hours,
    About.OPEN: lambda t, n: f"{owner(t.unit, n)} is {'open' if t.values[0] == YES else 'closed'}",
    About.PREVIOUS_SEVERITY: lambda t, n: (
        f"its severity was {listed([v.title() for v in t.values])}"
    ),
    About.PREVIOUS_DEPARTMENT: lambda t, n: (
        "it was with " + chosen(t.values, lambda v: n.of(n.departments, v))
    ),
    About.PREVIOUS_TYPE: lambda t, n: (
        "it was about " + chosen(t.values, lambda v: f"“{n.of(n.types, v)}”")
    ),
    About.FOLLOW_UPS: lambda t, n: f"it was asked about again {bound(t)} {t.values[0]} times",
    About.SOURCE: lambda t, n: f"it came by {listed([SOURCES.get(v, v) for v in t.values])}",
    About.RESTRICTED: yes_no("it is restricted", "it is not restricted"),
    About.TAG: lambda t, n: f"it has the tag {quoted([normal(v) for v in t.values])}",
}


def action_words(action: Action, names: Names) -> str:
    value = action.value
    match action.do:
        case Do.DEPARTMENT:
            return f"send it to {names.of(names.departments, value)}"
        case Do.AGENT if value == BEST:
            return "assign it to whoever fits best"
        case Do.AGENT:
            return f"assign it to {names.of(names.people, value)}"
        case Do.SKILL:
            return f"it needs somebody who knows “{normal(value)}”"
        case Do.SEVERITY if value == ONE_UP:
            return "raise its severity by one level"
        case Do.SEVERITY:
            return f"raise its severity to {value.title()} at least"
        case Do.TAG:
            return f"add the tag “{normal(value)}”"
        case Do.NOTIFY:
            how = " by mail" if action.by == By.MAIL else ""
            return f"tell {told(value, names)}{how}{said(action.text)}"
        case Do.ASK:
            return f"ask for {names.of(names.evidence, value)}{said(action.text)}"
        case Do.ESCALATE:
            return f"escalate it to the managers{said(action.text)}"


def told(value: str, names: Names) -> str:
    kind, _, whom = value.partition(":")
    if value == MANAGERS:
        return "the managers"
    return names.of(names.departments if kind == "department" else names.people, whom)


def said(text: str) -> str:
    return f", saying “{text.strip()}”" if text.strip() else ""


def differences(old: Sequence[Rule], new: Sequence[Rule], names: Names) -> list[str]:
    """What one version changed of another, in sentences."""
    before = {rule.key: rule for rule in old}
    after = {rule.key: rule for rule in new}
    found = [f"“{rule.name}” was removed." for rule in old if rule.key not in after]
    for rule in new:
        was = before.get(rule.key)
        if was is None:
            found.append(f"“{rule.name}” was added: {sentence(rule, names)}")
        else:
            found += changes(was, rule, names)
    kept = [rule.key for rule in old if rule.key in after]
    place = {rule.key: at for at, rule in enumerate(new)}
    if any(place[a] > place[b] for a, b in pairwise(kept)):
        order = listed([f"“{rule.name}”" for rule in new][:12], ", then ")
        found.append(f"The order is now {order}{' …' if len(new) > 12 else ''}.")
    return found


def changes(was: Rule, now: Rule, names: Names) -> list[str]:
    found = []
    if was.name != now.name:
        found.append(f"“{was.name}” is now called “{now.name}”.")
    if was.on != now.on:
        found.append(f"“{now.name}” was switched {'on' if now.on else 'off'}.")
    if (was.when, was.then, was.mode) != (now.when, now.then, now.mode):
        told, telling = sentence(was, names), sentence(now, names)
        found.append(f"“{now.name}” said: {told} It now says: {telling}")
    return found
