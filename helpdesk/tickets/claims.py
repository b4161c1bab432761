"""What a ticket is about is held by it: nobody opens a second one about the same by accident.

A claim is one row for a requester, a type, and a contract or a transaction. It is held while a
ticket about it is open and for a week after the last was solved. Whoever files all the same, with
a reason, holds it too.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import ARRAY, Uuid, text
from sqlmodel import Field, SQLModel

from helpdesk.core.tables import names
from helpdesk.desk import Transaction

from .models import Ticket

HELD_AFTER = timedelta(days=7)  # the last ticket about it was solved
MOST_HOLDERS = 20
NAMES = re.compile(r"[^\W_][\w/-]*[^\W_]")  # T-77, C-1002
TRANSACTION = "transaction_id"  # the question of the catalogue


class TicketClaim(SQLModel, table=True):
    """`holders` name tickets by the `once` of their requester: it is known before the ticket is."""

    __tablename__ = "ticket_claims"

    requester_id: int = names("people", primary_key=True)
    type_key: str = Field(max_length=40, primary_key=True)
    about: str = Field(max_length=90, primary_key=True)
    holders: list[UUID] = Field(sa_type=ARRAY(Uuid))  # newest first
    free_at: datetime | None = None  # empty while one of them is open


class AlreadyReported(Exception):
    """The requester has told the desk about this already, in `tickets`, the best one first."""

    def __init__(self, tickets: tuple[int, ...]) -> None:
        super().__init__(tickets)
        self.tickets = tickets


def about_of(contract_id: int | None, answers: Mapping[str, Any]) -> tuple[str, ...]:
    """What a report claims. A contract that was only written by hand is not known to be one."""
    about = [] if contract_id is None else [f"contract:{contract_id}"]
    typed = answers.get(TRANSACTION, "")
    transaction = "".join(typed.upper().split()) if isinstance(typed, str) else ""
    if any(map(str.isdigit, transaction)):  # “none” is no number
        about.append(f"transaction:{transaction[:70]}")
    return tuple(about)


# A part of the statement that files. The rows are taken in one order, so that two never wait for
# each other; the key decides, whatever happens at the same time.
CLAIMED = f"""claimed AS (
    INSERT INTO ticket_claims AS c (requester_id, type_key, about, holders)
    SELECT given.requester, given.type_key, a.about, ARRAY[given.once]
    FROM unnest(given.about) AS a (about)
    WHERE NOT EXISTS (SELECT FROM earlier) {{unless}}
    ORDER BY a.about
    ON CONFLICT (requester_id, type_key, about) DO UPDATE
    SET holders = (excluded.holders || c.holders)[1:{MOST_HOLDERS}], free_at = NULL
    WHERE c.free_at <= given.now OR given.despite
    RETURNING c.about
)"""
ALL_CLAIMED = "AND (SELECT count(*) FROM claimed) = cardinality(given.about)"

OPEN = "m.status IN ('new', 'open', 'waiting_on_user', 'on_hold')"
# A ticket that was merged speaks through the one that goes on.
SPEAKS = "tickets t JOIN tickets m ON m.id = coalesce(t.merged_into_id, t.id)"
# Who holds what: open tickets first, then the newest.
HOLDERS = f"""
SELECT m.id FROM {SPEAKS} WHERE t.requester_id = $1 AND ({OPEN} OR m.solved_at > $4)
AND t.once IN (
    SELECT unnest(c.holders) FROM ticket_claims c
    WHERE c.requester_id = $1 AND c.type_key = $2 AND c.about = ANY($3::text[]))
GROUP BY m.id ORDER BY NOT ({OPEN}), m.id DESC
"""
FREE = """
UPDATE ticket_claims SET free_at = '-infinity'
WHERE requester_id = $1 AND type_key = $2 AND about = ANY($3::text[])
"""
LINK = """
INSERT INTO ticket_links (ticket_id, other_id, kind, by_id, reason, at)
SELECT $1, o.id, 'possible_duplicate', $2, $3, $4 FROM unnest($5::bigint[]) AS o (id)
ON CONFLICT DO NOTHING
"""


async def holders_of(
    connection: asyncpg.Connection | asyncpg.Pool,
    requester_id: int,
    type_key: str,
    about: tuple[str, ...],
    now: datetime,
) -> tuple[int, ...]:
    """Tickets of theirs about the same that are open, or were solved a short while ago."""
    if not about or not requester_id:
        return ()
    since = now - HELD_AFTER
    rows = await connection.fetch(HOLDERS, requester_id, type_key, list(about), since)
    return tuple(row["id"] for row in rows)


# Private tickets stay out of it: a chat is read by more people.
NAMED = f"""
SELECT m.id, coalesce(k.reference, split_part(c.about, ':', 2)) AS name FROM ticket_claims c
JOIN tickets t ON t.requester_id = c.requester_id AND t.once = ANY(c.holders)
JOIN tickets m ON m.id = coalesce(t.merged_into_id, t.id)
LEFT JOIN contracts k ON c.about = 'contract:' || k.id
WHERE c.requester_id = :requester AND c.free_at IS NULL AND {OPEN} AND NOT m.restricted
ORDER BY c.about DESC, m.id DESC LIMIT 100
"""


async def ticket_named(tx: Transaction, words: str) -> int | None:
    """The actor's own open ticket about a transaction, or else a contract, that the words name."""
    rows = await (await tx.db.connection()).execute(text(NAMED), {"requester": tx.actor.id})
    said = set(NAMES.findall(words.upper()))
    return next((row.id for row in rows if row.name.upper() in said), None)


ITS_OWN = """c.requester_id = :requester AND c.holders && ARRAY(
    SELECT once FROM tickets WHERE id = :ticket OR merged_into_id = :ticket)"""
HELD = f"""
SELECT c.about FROM ticket_claims c WHERE {ITS_OWN} ORDER BY c.type_key, c.about FOR UPDATE
"""
SETTLE = f"""
UPDATE ticket_claims c SET free_at = (
    SELECT CASE WHEN bool_or({OPEN}) THEN NULL
        ELSE coalesce(max(m.solved_at) + interval '{HELD_AFTER.days} days', :now) END
    FROM {SPEAKS} WHERE t.requester_id = c.requester_id AND t.once = ANY(c.holders))
WHERE {ITS_OWN}
"""


async def settle_claims(tx: Transaction, ticket: Ticket) -> None:
    """After the ticket was solved, opened again, merged or taken out of another. The rows are
    locked first: of two tickets that are solved at once, the second sees the first."""
    await tx.db.flush()
    connection = await tx.db.connection()
    named = {"requester": ticket.requester_id, "ticket": ticket.id}
    if (await connection.execute(text(HELD), named)).first():
        await connection.execute(text(SETTLE), {**named, "now": tx.now})


JOIN = f"""
WITH old AS (DELETE FROM ticket_claims WHERE requester_id = :old RETURNING *)
INSERT INTO ticket_claims AS c (requester_id, type_key, about, holders, free_at)
SELECT :new, type_key, about, holders, free_at FROM old ORDER BY type_key, about
ON CONFLICT (requester_id, type_key, about) DO UPDATE SET
    holders = (excluded.holders || c.holders)[1:{MOST_HOLDERS}],
    free_at = CASE WHEN c.free_at IS NULL OR excluded.free_at IS NULL THEN NULL
        ELSE greatest(c.free_at, excluded.free_at) END
"""


async def join_claims(tx: Transaction, old: int, new: int) -> None:
    """What a guest claimed, the account claims."""
    await (await tx.db.connection()).execute(text(JOIN), {"old": old, "new": new})


# Of tickets from before there were claims; as `about_of` does.
CLAIM_EARLIER = f"""
INSERT INTO ticket_claims (requester_id, type_key, about, holders)
SELECT t.requester_id, t.type_key, a.about, (array_agg(t.once ORDER BY t.id DESC))[1:{MOST_HOLDERS}]
FROM tickets t CROSS JOIN LATERAL (
    SELECT 'contract:' || t.contract_id WHERE t.contract_id IS NOT NULL
    UNION ALL
    SELECT 'transaction:' || left(upper(regexp_replace(typed, '[[:space:]]', '', 'g')), 70)
    FROM (SELECT t.answers->>'{TRANSACTION}' AS typed) AS answer
    WHERE jsonb_typeof(t.answers->'{TRANSACTION}') = 'string' AND typed ~ '[0-9]'
) AS a (about)
WHERE t.status IN ('new', 'open', 'waiting_on_user', 'on_hold') AND t.source <> 'chat'
    AND NOT EXISTS (SELECT FROM ticket_claims)
GROUP BY t.requester_id, t.type_key, a.about
ON CONFLICT DO NOTHING
"""


async def claim_earlier_tickets(tx: Transaction) -> None:
    """Once: a desk whose tickets claim something is left as it is."""
    await (await tx.db.connection()).exec_driver_sql(CLAIM_EARLIER)
