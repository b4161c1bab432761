"""Changing the rules: what a draft makes of each."""

from typing import Any

from helpdesk.desk import Desk, Transaction
from helpdesk.permissions import SYSTEM
from helpdesk.versions import commands as versions
from helpdesk.versions.commands import Moved, ensure_first

from .models import RULES, SeverityRules
from .queries import look_again
from .rules import Effect, Rule, Rules


class NoSuchRule(LookupError):
    pass


async def ensure_rules(desk: Desk) -> None:
    async with desk.transaction(SYSTEM) as tx:
        await ensure_first(tx, RULES)
    look_again(desk)


async def change_rules(
    tx: Transaction, wanted: dict[str, tuple[bool, Effect]], seen: tuple[int, int]
) -> SeverityRules:
    """`wanted`: rule → (in use, effect). Rules it does not name stay as they are."""

    def edit(rules: Rules) -> tuple[Rules, Moved]:
        if not wanted.keys() <= rules.by_key.keys():
            raise NoSuchRule
        changed = tuple(_changed(rule, wanted) for rule in rules.rules)
        pairs = zip(rules.rules, changed, strict=True)
        moved = [_change(old, new) for old, new in pairs if old != new]
        return rules.model_copy(update={"rules": changed}), moved

    return await versions.change(tx, RULES, seen, edit)


def _changed(rule: Rule, wanted: dict[str, tuple[bool, Effect]]) -> Rule:
    on, effect = wanted.get(rule.key, (rule.on, rule.effect))
    return rule.model_copy(update={"on": on, "effect": effect})


def _change(old: Rule, new: Rule) -> dict[str, Any]:
    return {
        "rule": new.key,
        "title": new.title,
        "old": {"on": old.on, "effect": old.effect.value},
        "new": {"on": new.on, "effect": new.effect.value},
    }


async def publish_rules(tx: Transaction, note: str, seen: tuple[int, int]) -> SeverityRules:
    """From now on the draft decides. Tickets keep the trace they have."""
    return await versions.publish(tx, RULES, note, seen)
