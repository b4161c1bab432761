"""The people of a department, as `pick_agent` takes them: read from what the desk knows today."""

from datetime import timedelta

from sqlalchemy import text

from helpdesk.desk import Desk, Transaction
from triage.routing.logic.phrases import normal

from .agents import Candidate

FRESH = timedelta(minutes=2)  # since an agent's page was last heard of
LEADS = {"manager", "admin"}  # work is not given to them by itself

# Members of the owning department may see its restricted tickets too.
MEMBERS = text("""
SELECT p.id, p.name, p.roles, p.languages, p.skills,
    coalesce(a.available AND a.seen_at > :fresh, false) AS present,
    EXISTS (SELECT FROM absences l WHERE l.person_id = p.id AND l.withdrawn_at IS NULL
        AND l.begins_at <= :now AND l.ends_at > :now) AS absent,
    (SELECT count(*) FROM tickets t WHERE t.assignee_id = p.id
        AND t.status IN ('new', 'open', 'waiting_on_user', 'on_hold')) AS open_tickets
FROM memberships m JOIN people p ON p.id = m.person_id
LEFT JOIN availability a ON a.person_id = p.id
WHERE m.group_id = :group AND p.deactivated_at IS NULL
ORDER BY p.id
""")


async def candidates(desk: Desk, tx: Transaction, group_id: int) -> list[Candidate]:
    connection = await tx.db.connection()
    values = {"group": group_id, "fresh": tx.now - FRESH, "now": tx.now}
    rows = (await connection.execute(MEMBERS, values)).mappings()
    return [
        Candidate(
            row["id"],
            row["name"],
            may_see=True,
            languages=frozenset(row["languages"]),
            skills=frozenset(normal(skill) for skill in row["skills"]),
            open_tickets=row["open_tickets"],
            present=row["present"],
            absent=row["absent"],
            takes_work=LEADS.isdisjoint(row["roles"]),
        )
        for row in rows
    ]
