"""Changing the rules: a draft, who moved what, and its publication."""

from typing import Any

from sqlalchemy import text
from sqlmodel import col, select

from helpdesk.desk import Desk, Transaction

from .models import SeverityRules
from .queries import look_again
from .rules import FIRST_NOTE, FIRST_NUMBER, Effect, Rule, Rules, default_rules

ONE_EDITOR = text("LOCK TABLE severity_rules IN SHARE ROW EXCLUSIVE MODE")
FIRST = """
INSERT INTO severity_rules (number, document, changes, note, made_at, published_at)
SELECT $4::integer, $1::jsonb, '[]', $2, $3, $3 WHERE NOT EXISTS (SELECT FROM severity_rules)
ON CONFLICT (number) DO NOTHING
"""


class NoSuchRule(LookupError):
    pass


class NothingToPublish(Exception):
    """There is no draft, or it changes nothing."""


class EditedMeanwhile(Exception):
    """The draft was made of an older version, or somebody saved it since it was read."""


async def ensure_rules(desk: Desk) -> None:
    """A desk without rules gets those we ship, as version 1."""
    document = default_rules().model_dump(mode="json")
    await desk.pool.execute(FIRST, document, FIRST_NOTE, desk.clock.now(), FIRST_NUMBER)
    look_again(desk)


async def published(tx: Transaction) -> SeverityRules:
    query = (
        select(SeverityRules)
        .where(col(SeverityRules.published_at).is_not(None))
        .order_by(col(SeverityRules.number).desc())
        .limit(1)
    )
    if stored := (await tx.db.exec(query)).one_or_none():
        return stored
    first = SeverityRules(
        number=FIRST_NUMBER,
        document=default_rules().model_dump(mode="json"),
        note=FIRST_NOTE,
        made_at=tx.now,
        published_at=tx.now,
    )
    tx.db.add(first)
    await tx.db.flush()
    return first


async def draft_of(tx: Transaction) -> SeverityRules | None:
    query = select(SeverityRules).where(col(SeverityRules.published_at).is_(None))
    return (await tx.db.exec(query)).one_or_none()


async def change_rules(
    tx: Transaction, wanted: dict[str, tuple[bool, Effect]], seen: tuple[int, int]
) -> SeverityRules:
    """Into the draft, which is made if there is none. `wanted`: rule → (in use, effect).

    `seen` is the version and the number of changes its editor read.
    """
    await (await tx.db.connection()).execute(ONE_EDITOR)
    base, draft = await published(tx), await draft_of(tx)
    stands = draft or base
    if seen != (stands.number, len(stands.changes) if draft else 0):
        raise EditedMeanwhile
    rules = Rules.model_validate(stands.document)
    if not wanted.keys() <= rules.by_key.keys():
        raise NoSuchRule
    changed = [_changed(rule, wanted) for rule in rules.rules]
    moved = [
        _change(tx, old, new) for old, new in zip(rules.rules, changed, strict=True) if old != new
    ]
    if not moved:
        return stands
    document = rules.model_copy(update={"rules": tuple(changed)}).model_dump(mode="json")
    if draft is None:
        draft = SeverityRules(number=base.number + 1, made_at=tx.now, made_by_id=tx.actor.id)
    draft.document, draft.changes = document, [*draft.changes, *moved]
    tx.db.add(draft)
    await tx.db.flush()
    return draft


def _changed(rule: Rule, wanted: dict[str, tuple[bool, Effect]]) -> Rule:
    on, effect = wanted.get(rule.key, (rule.on, rule.effect))
    return rule.model_copy(update={"on": on, "effect": effect})


def _change(tx: Transaction, old: Rule, new: Rule) -> dict[str, Any]:
    return {
        "rule": new.key,
        "title": new.title,
        "old": {"on": old.on, "effect": old.effect.value},
        "new": {"on": new.on, "effect": new.effect.value},
        "by": tx.actor.name,
        "by_id": tx.actor.id,
        "at": tx.now.isoformat(),
    }


async def publish_rules(tx: Transaction, note: str, seen: tuple[int, int]) -> SeverityRules:
    """From now on the draft decides. Tickets keep the trace they have."""
    await (await tx.db.connection()).execute(ONE_EDITOR)
    draft = await draft_of(tx)
    if draft is None:
        raise NothingToPublish
    if seen != (draft.number, len(draft.changes)):
        raise EditedMeanwhile
    if Rules.model_validate(draft.document) == Rules.model_validate((await published(tx)).document):
        raise NothingToPublish
    draft.note, draft.published_at, draft.published_by_id = note, tx.now, tx.actor.id
    await tx.db.flush()
    return draft


async def discard_draft(tx: Transaction) -> None:
    await (await tx.db.connection()).execute(ONE_EDITOR)
    if draft := await draft_of(tx):
        await tx.db.delete(draft)
