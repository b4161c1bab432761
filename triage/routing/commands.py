"""Changing the rules: one draft, published as a version that never changes again."""

from collections.abc import Callable, Sequence
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, delete, func, select

from helpdesk.desk import Transaction
from helpdesk.versions.commands import EditedMeanwhile, NothingToPublish

from .logic.lint import Finding, Level, lint
from .logic.rules import MOST_RULES, Rule
from .logic.sentences import Names
from .models import Replay, Ruleset, RulesetState, StoredRule
from .queries import rule_from
from .replay.replaying import period

ONE_EDITOR = text("LOCK TABLE routing_rulesets IN SHARE ROW EXCLUSIVE MODE")
Change = Callable[[list[Rule]], list[Rule]]


class NoSuchRule(LookupError):
    pass


class NotPublishable(Exception):
    """The findings say what is wrong."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__(findings[0].text)
        self.findings = findings


class TooManyRules(Exception):
    pass


async def save_draft(tx: Transaction, seen: str, rules: Sequence[Rule]) -> Ruleset:
    """All rules at once, in their order."""
    return await change_draft(tx, seen, lambda _: list(rules))


async def save_rule(tx: Transaction, seen: str, rule: Rule) -> Ruleset:
    """In its place, or at the end."""

    def change(rules: list[Rule]) -> list[Rule]:
        if all(one.key != rule.key for one in rules):
            return [*rules, rule]
        return [rule if one.key == rule.key else one for one in rules]

    return await change_draft(tx, seen, change)


async def remove_rule(tx: Transaction, seen: str, key: UUID) -> Ruleset:
    def change(rules: list[Rule]) -> list[Rule]:
        find(rules, key)
        return [rule for rule in rules if rule.key != key]

    return await change_draft(tx, seen, change)


async def move_rule(tx: Transaction, seen: str, key: UUID, by: int) -> Ruleset:
    """Up (-1) or down (1); at an end it stays where it is."""

    def change(rules: list[Rule]) -> list[Rule]:
        at = find(rules, key)
        rule = rules.pop(at)
        rules.insert(max(0, min(at + by, len(rules))), rule)
        return rules

    return await change_draft(tx, seen, change)


async def switch_rule(tx: Transaction, seen: str, key: UUID, on: bool) -> Ruleset:
    def change(rules: list[Rule]) -> list[Rule]:
        at = find(rules, key)
        rules[at] = rules[at].model_copy(update={"on": on})
        return rules

    return await change_draft(tx, seen, change)


async def restore(tx: Transaction, seen: str, version: int) -> Ruleset:
    """The draft becomes what that version said; publishing it makes a new version."""
    found = await tx.db.exec(select(Ruleset).where(Ruleset.version == version))
    ruleset = found.one_or_none()
    if ruleset is None:
        raise NoSuchRule
    rules = await stored(tx, ruleset)
    return await change_draft(tx, seen, lambda _: rules)


async def discard_draft(tx: Transaction, seen: str) -> None:
    draft = await hold_draft(tx, seen)
    if draft is not None:
        await tx.db.delete(draft)
        await tx.db.flush()


async def publish(tx: Transaction, seen: str, note: str, names: Names) -> Ruleset:
    """From now on these rules are read. Raises NotPublishable for errors of the lint."""
    draft = await hold_draft(tx, seen)
    old = await in_state(tx, RulesetState.PUBLISHED)
    if draft is None:
        raise NothingToPublish
    rules = await stored(tx, draft)
    if rules == (await stored(tx, old) if old else []):
        raise NothingToPublish
    if wrong := [one for one in lint(rules, names) if one.level == Level.ERROR]:
        raise NotPublishable(wrong)
    if old is not None:
        old.state = RulesetState.REPLACED
        await tx.db.flush()
    newest = (await tx.db.exec(select(func.max(Ruleset.version)))).one()
    draft.version, draft.state, draft.note = (newest or 0) + 1, RulesetState.PUBLISHED, note
    draft.published_at, draft.published_by_id = tx.now, tx.actor.id or None
    await tx.db.flush()
    return draft


async def ask_replay(tx: Transaction, days: int) -> Replay:
    """Test the draft, or what is published when there is none, on the last days."""
    draft = await in_state(tx, RulesetState.DRAFT)
    published = await in_state(tx, RulesetState.PUBLISHED)
    tested = draft or published
    rules = await stored(tx, tested) if tested else []
    since, until = period(tx.now, days)
    replay = Replay(
        edition=draft.edition if draft else 0,
        days=days,
        since=since,
        until=until,
        rules=[rule.model_dump(mode="json") for rule in rules],
        against_version=published.version if published else None,
        asked_by_id=tx.actor.id or None,
        asked_at=tx.now,
    )
    tx.db.add(replay)
    await tx.db.flush()
    tx.has_work = True
    return replay


# The draft


async def change_draft(tx: Transaction, seen: str, change: Change) -> Ruleset:
    """One editor at a time; the draft begins as a copy of what is published."""
    draft = await hold_draft(tx, seen)
    published = await in_state(tx, RulesetState.PUBLISHED)
    begun_from = draft or published
    rules = change(await stored(tx, begun_from) if begun_from else [])
    if len(rules) > MOST_RULES:
        raise TooManyRules(f"A desk can have {MOST_RULES:,} rules.")
    if draft is None:
        draft = Ruleset(
            edition=0,
            base_version=published.version if published else None,
            created_by_id=tx.actor.id or None,
            created_at=tx.now,
            changed_at=tx.now,
        )
        tx.db.add(draft)
        await tx.db.flush()
    draft.edition += 1
    draft.changed_at, draft.changed_by_id = tx.now, tx.actor.id or None
    await store(tx, draft, rules)
    return draft


async def hold_draft(tx: Transaction, seen: str) -> Ruleset | None:
    await (await tx.db.connection()).execute(ONE_EDITOR)
    published = await in_state(tx, RulesetState.PUBLISHED)
    draft = await in_state(tx, RulesetState.DRAFT)
    version = published.version if published else 0
    if seen != f"{version}.{draft.edition if draft else 0}":
        raise EditedMeanwhile
    return draft


async def in_state(tx: Transaction, state: RulesetState) -> Ruleset | None:
    query = select(Ruleset).where(Ruleset.state == state)
    return (await tx.db.exec(query)).one_or_none()


async def stored(tx: Transaction, ruleset: Ruleset) -> list[Rule]:
    query = select(StoredRule).where(StoredRule.ruleset_id == ruleset.id)
    rows = (await tx.db.exec(query.order_by(col(StoredRule.position)))).all()
    return [rule_from(row.model_dump(exclude={"id", "ruleset_id", "position"})) for row in rows]


async def store(tx: Transaction, draft: Ruleset, rules: Sequence[Rule]) -> None:
    if len({rule.key for rule in rules}) < len(rules):
        raise ValueError("a key stands for one rule")
    await tx.db.exec(delete(StoredRule).where(col(StoredRule.ruleset_id) == draft.id))
    tx.db.add_all(
        StoredRule(ruleset_id=draft.id, position=position, **rule.model_dump(mode="json") | {
            "key": rule.key, "mode": rule.mode,
        })
        for position, rule in enumerate(rules, start=1)
    )  # fmt: skip
    await tx.db.flush()


def find(rules: Sequence[Rule], key: UUID) -> int:
    for at, rule in enumerate(rules):
        if rule.key == key:
            return at
    raise NoSuchRule
