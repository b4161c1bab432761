"""New versions of the rules. What waits is looked at again by them at once."""

from sqlalchemy import text

from helpdesk.desk import Transaction
from helpdesk.versions.commands import EditedMeanwhile
from helpdesk.versions.models import FIRST_NUMBER

from .models import EscalationRules
from .queries import InUse, rules_in
from .rules import FIRST_NOTE, Rules, changes, default_rules, document

ONE_EDITOR = text("LOCK TABLE escalation_rules IN SHARE ROW EXCLUSIVE MODE")
LOOK_AGAIN = text("""
UPDATE timers SET due_at = least(due_at, :now), generation = generation + 1
WHERE kind = 'escalation_level' AND fired_at IS NULL
""")


async def publish(tx: Transaction, wanted: Rules, seen: int, note: str = "") -> InUse:
    """From now on they decide. Nothing is stored when they are as they were."""
    await (await tx.db.connection()).execute(ONE_EDITOR)
    stands = await rules_in(tx)
    if seen != stands.number:
        raise EditedMeanwhile
    moved = changes(stands.rules, wanted)
    if not moved:
        return stands
    await keep_first(tx, stands)
    tx.db.add(
        EscalationRules(
            number=stands.number + 1,
            document=document(wanted),
            changes=moved,
            note=note,
            published_at=tx.now,
            published_by_id=tx.actor.id,
        )
    )
    await tx.db.flush()
    await (await tx.db.connection()).execute(LOOK_AGAIN, {"now": tx.now})
    tx.has_work = True
    return InUse(stands.number + 1, wanted)


async def keep_first(tx: Transaction, stands: InUse) -> None:
    """What we ship is stored with the first change, as the version before it."""
    if await tx.db.get(EscalationRules, FIRST_NUMBER) is None and stands.number == FIRST_NUMBER:
        first = EscalationRules(
            number=FIRST_NUMBER,
            document=document(default_rules()),
            note=FIRST_NOTE,
            published_at=tx.now,
        )
        tx.db.add(first)
        await tx.db.flush()
