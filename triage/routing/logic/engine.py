"""Reading a set of rules over the facts of one ticket. Pure: the same facts, the same answer.

Rules are read once, from the first to the last; each sees what those before it did, and the
last word counts. So a run ends after as many steps as there are rules, and none fires twice.
Rules that send a ticket to and fro from one moment to the next are stopped too: after
`MOST_MOVES` moves without a person in between it stays where it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .actions import BEST, ONE_UP, Action, Do
from .conditions import Leaf, evaluate, holds
from .facts import Facts
from .phrases import normal
from .rules import Mode, Rule
from .vocabulary import LEVELS

MOST_MOVES = 3


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the ticket is to become. Two runs that end equal did the same."""

    department: str
    severity: int
    agent: str = ""  # a person's number, `best`, or nobody
    skills: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()  # added
    others: tuple[Action, ...] = ()  # notices, requests, escalations
    matched: tuple[str, ...] = ()  # keys of the rules, in order
    refused: tuple[str, ...] = ()  # what was stopped, in words


@dataclass
class Step:
    """A rule that was read: what it met, and what came of it."""

    rule: Rule
    held: bool
    leaves: tuple[Leaf, ...]
    refused: list[str] = field(default_factory=list)


@dataclass
class Working:
    """A ticket on its way through the rules."""

    facts: Facts
    agent: str = ""
    skills: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    others: list[Action] = field(default_factory=list)
    matched: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def outcome(self) -> Outcome:
        return Outcome(
            self.facts.department,
            self.facts.severity,
            self.agent,
            tuple(self.skills),
            tuple(self.tags),
            tuple(self.others),
            tuple(self.matched),
            tuple(self.refused),
        )


def applies(rule: Rule, facts: Facts) -> bool:
    return rule.on and facts.moment in rule.when.moments


def run(rules: Sequence[Rule], facts: Facts) -> Outcome:
    """The outcome alone, as fast as it goes: for a replay of thousands."""
    working = Working(facts)
    for rule in rules:
        if applies(rule, facts) and holds(rule.when.condition, working.facts.read):
            fire(rule, working)
            if rule.mode == Mode.STOP:
                break
    return working.outcome()


def explain(rules: Sequence[Rule], facts: Facts) -> tuple[Outcome, list[Step]]:
    """The same outcome, with every rule that was read and why it matched or did not."""
    working = Working(facts)
    steps: list[Step] = []
    for rule in rules:
        if not applies(rule, facts):
            continue
        held, leaves = evaluate(rule.when.condition, working.facts.read)
        step = Step(rule, held, leaves)
        steps.append(step)
        if held:
            before = len(working.refused)
            fire(rule, working)
            step.refused = working.refused[before:]
            if rule.mode == Mode.STOP:
                break
    return working.outcome(), steps


def fire(rule: Rule, working: Working) -> None:
    working.matched.append(str(rule.key))
    for action in rule.then:
        act(action, working)


def act(action: Action, working: Working) -> None:
    facts, value = working.facts, action.value
    match action.do:
        case Do.DEPARTMENT:
            send(value, working)
        case Do.AGENT:
            # Somebody named counts more than whoever fits.
            working.agent = working.agent if value == BEST and working.agent else value
        case Do.SKILL:
            skill = normal(value)
            working.skills += [skill] if skill not in working.skills else []
        case Do.SEVERITY:
            level = facts.severity + 1 if value == ONE_UP else LEVELS.index(value) + 1
            # Rules raise; lowering is for people, who say why.
            working.facts = facts.moved(severity=max(facts.severity, min(level, len(LEVELS))))
        case Do.TAG:
            add_tag(value, working)
        case Do.NOTIFY | Do.ASK:
            working.others += [action] if action not in working.others else []
        case Do.ESCALATE:
            if not any(other.do == Do.ESCALATE for other in working.others):
                working.others.append(action)
            add_tag("escalated", working)


def send(department: str, working: Working) -> None:
    facts = working.facts
    if department == facts.department:
        return
    if facts.moves >= MOST_MOVES:
        working.refused.append(f"Rules have moved it {MOST_MOVES} times; now it stays.")
        return
    working.facts = facts.moved(department=department)


def add_tag(name: str, working: Working) -> None:
    tag = normal(name)
    if tag not in working.facts.tags:
        working.tags.append(tag)
        working.facts = working.facts.moved(tags=working.facts.tags | {tag})


def trace(steps: Sequence[Step], most: int = 200) -> list[dict[str, Any]]:
    """As a run keeps it: all that matched, and of the others the first `most`."""
    spared = {id(step) for step in [step for step in steps if not step.held][most:]}
    return [
        {
            "rule": str(step.rule.key),
            "name": step.rule.name,
            "held": step.held,
            "refused": step.refused,
            "stopped": step.held and step.rule.mode == Mode.STOP,
            "why": [leaf_document(leaf) for leaf in step.leaves],
        }
        for step in steps
        if id(step) not in spared
    ]


def leaf_document(leaf: Leaf) -> dict[str, Any]:
    value = sorted(leaf.value) if isinstance(leaf.value, frozenset) else leaf.value
    return leaf.test.model_dump(mode="json") | {"met": value, "held": leaf.held}
