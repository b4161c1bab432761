"""What the worker does: rules at their moments, letters, and what ends by itself."""

from sqlalchemy import text

from helpdesk.cases.models import Case, Event, Timer
from helpdesk.cases.receipts import already_done
from helpdesk.catalogue import queries as catalogue
from helpdesk.core.jobs import job
from helpdesk.desk import Desk, Transaction
from helpdesk.permissions import SYSTEM
from helpdesk.tickets.models import Ticket
from helpdesk.tickets.queries import hold_ticket
from helpdesk.tickets.states import UNSOLVED, NotAllowed

from .deciding import settle_of
from .due import hours_at_level, watch_level
from .following import follow
from .moving import bring_along, bring_back, leave_department
from .queries import live_of, rules_in
from .raising import Raising, raise_held
from .rules import Facts, When
from .stake import stake_of
from .states import Cause, Level

NO_HELP = "an answer did not help"
SOLVED = "the request is solved"
# The warning before this one, of the same obligation.
BEFORE = text("""
SELECT coalesce(max((e.data->>'percent')::integer), 0) FROM events e
WHERE e.case_id = :case AND e.seq < :seq AND e.type = 'sla.warned' AND e.ticket_id = :ticket
    AND e.data->>'kind' = :kind AND e.data->>'began_by' IS NOT DISTINCT FROM :began
""")


async def begin(tx: Transaction, event_id: int, name: str) -> tuple[Event, Case, Ticket] | None:
    """The event with its ticket held; None when it was done, or is part of another."""
    if await already_done(tx, event_id, name):
        return None
    event = await tx.db.get_one(Event, event_id)
    if event.ticket_id is None:
        return None
    try:
        return event, *await hold_ticket(tx, event.ticket_id)
    except NotAllowed:
        return None


@job
async def heed_warning(desk: Desk, event_id: int) -> None:
    """A share of the time for an answer, or all of it, has passed."""
    async with desk.transaction(SYSTEM) as tx:
        if (begun := await begin(tx, event_id, "escalations.heed_warning")) is None:
            return
        event, case, ticket = begun
        if event.type == "sla.breached":
            facts = Facts(When.BREACHED, severity=ticket.severity)
        else:
            named = {"case": case.id, "seq": event.seq, "ticket": ticket.id,
                     "kind": str(event.data.get("kind", "")),
                     "began": _text(event.data.get("began_by"))}  # fmt: skip
            before = (await (await tx.db.connection()).execute(BEFORE, named)).scalar_one()
            percent = int(event.data.get("percent", 0))
            facts = Facts(When.WARNED, ticket.severity, percent, before)
        await follow(tx, case, ticket, facts)


def _text(value: object) -> str | None:
    return None if value is None else str(value)


@job
async def heed_follow_up(desk: Desk, event_id: int) -> None:
    async with desk.transaction(SYSTEM) as tx:
        if (begun := await begin(tx, event_id, "escalations.heed_follow_up")) is None:
            return
        event, case, ticket = begun
        count = int(event.data.get("count", 0))
        await follow(tx, case, ticket, Facts(When.FOLLOW_UPS, ticket.severity, follow_ups=count))


@job
async def heed_filing(desk: Desk, event_id: int) -> None:
    """What managers read by its type, and how much money the ticket is about."""
    async with desk.transaction(SYSTEM) as tx:
        if (begun := await begin(tx, event_id, "escalations.heed_filing")) is None:
            return
        _, case, ticket = begun
        version = await catalogue.version(desk, ticket.catalogue_version)
        type = version.catalogue.type(ticket.type_key)
        if type is not None and type.to_managers:
            await raise_held(tx, case, ticket, Raising(Cause.USER, Level.MANAGER, NO_HELP))
        if stake := await stake_of(tx, ticket):
            amounts = {stake.currency: stake.minor}
            await follow(tx, case, ticket, Facts(When.MONEY, ticket.severity, amounts=amounts))


@job
async def settle_solved(desk: Desk, event_id: int) -> None:
    """A ticket that is solved leaves nothing to decide."""
    async with desk.transaction(SYSTEM) as tx:
        if (begun := await begin(tx, event_id, "escalations.settle_solved")) is None:
            return
        _, _, ticket = begun
        if ticket.status not in UNSOLVED:
            await settle_of(tx, ticket.id, SOLVED)


@job
async def follow_merge(desk: Desk, event_id: int) -> None:
    """What was merged away takes its escalation along."""
    async with desk.transaction(SYSTEM) as tx:
        if (begun := await begin(tx, event_id, "escalations.follow_merge")) is not None:
            await bring_along(tx, begun[2])


@job
async def follow_undone_merge(desk: Desk, event_id: int) -> None:
    """And has it back when the two are apart again."""
    async with desk.transaction(SYSTEM) as tx:
        if await already_done(tx, event_id, "escalations.follow_undone_merge"):
            return
        event = await tx.db.get_one(Event, event_id)
        if event.ticket_id is not None:
            await bring_back(tx, event.ticket_id)


@job
async def follow_hand_over(desk: Desk, event_id: int) -> None:
    """The department that had it does not decide any more."""
    async with desk.transaction(SYSTEM) as tx:
        if (begun := await begin(tx, event_id, "escalations.follow_hand_over")) is not None:
            await leave_department(tx, *begun[1:])


async def level_waits(tx: Transaction, timer: Timer) -> None:
    """By timer: it has been long at its level."""
    try:
        case, ticket = await hold_ticket(tx, timer.subject_id)
    except NotAllowed:
        return
    found = await live_of(tx, ticket.id)
    if found is None:
        return
    hours = await hours_at_level(tx, ticket, found)
    level, done = Level(found.level), list(found.rules_done)
    facts = Facts(When.AT_LEVEL, ticket.severity, level=level, hours=hours)
    followed = await follow(tx, case, ticket, facts, done)
    if found.level == level:  # else it begins anew there
        found.rules_done = [*done, *followed]
        await watch_level(tx, ticket, found, (await rules_in(tx)).rules)
