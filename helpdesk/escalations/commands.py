"""Whose an escalation is, and at which level. A step that is not possible raises NotAllowed."""

from sqlmodel import col, select

from helpdesk.cases.models import Case
from helpdesk.desk import Transaction
from helpdesk.people.models import Membership, Person
from helpdesk.permissions import Actor, Role
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.states import NotAllowed

from .due import decided_by, watch_level
from .models import Escalation
from .queries import Held, hold_escalation, person_of, rules_in
from .states import Level, State, lift, own, release
from .states import Person as Somebody
from .telling import stand, whisper
from .words import TO


async def take(tx: Transaction, id: int) -> Escalation:
    """By whoever is asking; over the head of nobody."""
    held = await hold_escalation(tx, id)
    if held.escalation.owner_id not in (None, tx.actor.id) and held.escalation.standing.is_live:
        owner = await tx.db.get_one(Person, held.escalation.owner_id)
        raise NotAllowed(f"{owner.name} has it already.")
    return hand(tx, held, person_of(tx.actor), tx.actor.name)


async def give(tx: Transaction, id: int, person_id: int) -> Escalation:
    """To a colleague, who may own it at its level."""
    held = await hold_escalation(tx, id)
    who, name = await colleague(tx, held.ticket, person_id)
    return hand(tx, held, who, name)


def hand(tx: Transaction, held: Held, who: Somebody, name: str) -> Escalation:
    escalation = held.escalation
    if escalation.owner_id == who.id and escalation.state == State.OWNED:
        return escalation
    stand(escalation, own(escalation.standing, who))
    escalation.owned_at = tx.now
    whisper(tx, held, "escalation.owned", to=name, to_id=who.id)
    return escalation


async def put_back(tx: Transaction, id: int, words: str) -> Escalation:
    """Nobody has it any more."""
    held = await hold_escalation(tx, id)
    stand(held.escalation, release(held.escalation.standing))
    held.escalation.owned_at = None
    whisper(tx, held, "escalation.released", because=words)
    return held.escalation


async def colleague(tx: Transaction, ticket: Ticket, person_id: int) -> tuple[Somebody, str]:
    """Somebody of the desk who sees the ticket."""
    person = await tx.db.get(Person, person_id)
    if person is None or person.deactivated_at is not None:
        raise NotAllowed("Choose somebody from the list.")
    roles = frozenset(map(Role, person.roles))
    actor = Actor(person.id, person.name, roles=roles)
    if not actor.is_staff:
        raise NotAllowed("Choose somebody of the desk.")
    somebody = person_of(actor)
    if ticket.restricted and not somebody.is_manager and not await of_group(tx, ticket, person_id):
        raise NotAllowed(f"{person.name} may not see this ticket.")
    return somebody, person.name


async def of_group(tx: Transaction, ticket: Ticket, person_id: int) -> bool:
    query = select(Membership.id).where(
        Membership.group_id == ticket.group_id, Membership.person_id == person_id
    )
    return (await tx.db.exec(query)).first() is not None


async def move_up(tx: Transaction, id: int, level: Level, words: str) -> Escalation:
    held = await hold_escalation(tx, id)
    await lift_held(tx, held, level, words)
    return held.escalation


async def lift_held(tx: Transaction, held: Held, level: Level, words: str) -> None:
    escalation, old = held.escalation, Level(held.escalation.level)
    manages = await owner_manages(tx, escalation.owner_id)
    stand(escalation, lift(escalation.standing, level, manages))
    rules = (await rules_in(tx)).rules
    escalation.level_since, escalation.rules_done = tx.now, []
    escalation.due_at = await decided_by(tx, held.ticket, rules, level)
    escalation.owned_at = escalation.owned_at if escalation.owner_id else None
    whisper(tx, held, "escalation.moved", old=TO[old], new=TO[level], level=int(level),
            because=words)  # fmt: skip
    await watch_level(tx, held.ticket, escalation, rules)


async def owner_manages(tx: Transaction, owner_id: int | None) -> bool:
    person = await tx.db.get(Person, owner_id) if owner_id else None
    if person is None:
        return False
    return person_of(Actor(roles=frozenset(map(Role, person.roles)))).is_manager


async def take_next(tx: Transaction) -> Escalation | None:
    """What is due first and nobody has. The case is locked, skipping those in use."""
    query = (
        select(Escalation.id)
        .join(Ticket, col(Ticket.id) == col(Escalation.ticket_id))
        .join(Case, col(Case.id) == col(Ticket.case_id))
        .where(Escalation.state == State.OPEN)
        .order_by(col(Escalation.due_at), col(Escalation.id))
        .limit(1)
        .with_for_update(skip_locked=True, of=Case)
    )
    id = (await tx.db.exec(query)).one_or_none()
    return None if id is None else await take(tx, id)
