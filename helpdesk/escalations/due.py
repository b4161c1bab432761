"""By when something is decided, in the working hours of the ticket's department."""

from datetime import datetime, timedelta

from sqlalchemy import text

from helpdesk.calendars.hours import Hours, NoOpenTime
from helpdesk.calendars.queries import hours_in
from helpdesk.cases.timers import clear_timer, set_timer
from helpdesk.desk import Transaction
from helpdesk.tickets.models import Ticket

from .models import Escalation
from .rules import Rules, When
from .states import Level

PROMISED = text("""
SELECT (s.level->>'first_response_hours')::integer AS hours
FROM tickets t JOIN catalogue_versions c ON c.number = t.catalogue_version
CROSS JOIN LATERAL jsonb_array_elements(c.document->'severities') AS s (level)
WHERE t.id = :ticket AND (s.level->>'level')::integer = t.severity
""")
TOLD = text("""
SELECT coalesce(most_until, aim_at) FROM promises WHERE ticket_id = :ticket
ORDER BY because_of DESC LIMIT 1
""")
OWED = text("""
SELECT coalesce(due_at, breached_at) AS at FROM sla_obligations
WHERE ticket_id = :ticket AND kind = 'first_response' ORDER BY id DESC LIMIT 1
""")


async def decided_by(tx: Transaction, ticket: Ticket, rules: Rules, level: Level) -> datetime:
    hours = await hours_in(tx.db, ticket.group_id)
    return after(hours, tx.now, timedelta(hours=rules.decide[level]))


def after(hours: Hours, start: datetime, work: timedelta) -> datetime:
    """A department that never opens still has to decide: by the clock, then."""
    try:
        return hours.due_at(start, work)
    except NoOpenTime:
        return start + work


async def promise_passed(tx: Transaction, ticket: Ticket) -> bool:
    """There was no answer yet, and the time for it is over: as it was told, or as it is owed."""
    if ticket.first_answered_at is not None:
        return False
    connection, named = await tx.db.connection(), {"ticket": ticket.id}
    known = [(await connection.execute(one, named)).scalar_one_or_none() for one in (TOLD, OWED)]
    if any(known):
        return any(at is not None and tx.now >= at for at in known)
    promised = (await connection.execute(PROMISED, named)).scalar_one_or_none()
    hours = await hours_in(tx.db, ticket.group_id)
    return tx.now >= after(hours, ticket.opened_at, timedelta(hours=promised or 0))


async def hours_at_level(tx: Transaction, ticket: Ticket, escalation: Escalation) -> float:
    hours = await hours_in(tx.db, ticket.group_id)
    return hours.elapsed(escalation.level_since, tx.now) / timedelta(hours=1)


async def watch_level(
    tx: Transaction, ticket: Ticket, escalation: Escalation, rules: Rules
) -> None:
    """The next moment at which a rule asks how long it has been at its level."""
    waiting = [
        rule.hours
        for rule in rules.of(When.AT_LEVEL)
        if rule.at == escalation.level and rule.key not in escalation.rules_done
    ]
    if not waiting or not escalation.standing.is_live:
        await clear_timer(tx, ticket.case_id, "escalation_level", ticket.id)
        return
    hours = await hours_in(tx.db, ticket.group_id)
    at = after(hours, escalation.level_since, timedelta(hours=min(waiting)))
    await set_timer(tx, ticket.case_id, "escalation_level", at, ticket.id)
