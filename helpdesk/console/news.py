"""What an agent's open pages are told together: own chats to follow, and what may ring."""

from datetime import datetime, timedelta
from typing import Any

from asyncpg import Record

from chat.agents.alarms import alarm_words
from chat.agents.models import AlarmKind
from helpdesk.desk import Desk
from helpdesk.permissions import Actor, Can, allowed
from helpdesk.tickets.models import reference

LOOK_BACK = timedelta(minutes=10)  # a page that was away longer does not ring for all of it
MOST = 20

OWN = """
    SELECT c.id, c.case_id, k.last_seq, v.name FROM conversations c
        JOIN cases k ON k.id = c.case_id JOIN people v ON v.id = c.visitor_id
    WHERE c.status = 'active' AND c.agent_id = $1 ORDER BY c.id LIMIT 50"""
WAITING = f"""
    SELECT c.id, v.name, g.name AS group_name, c.opened_at AS at FROM conversations c
        JOIN people v ON v.id = c.visitor_id JOIN groups g ON g.id = c.group_id
    WHERE c.status = 'waiting' AND c.group_id = ANY($1) AND c.opened_at > $2
    ORDER BY c.opened_at LIMIT {MOST}"""
OFFERED = """
    SELECT o.id, o.conversation_id, v.name, c.subject, g.name AS group_name,
        o.offered_at AS at, o.expires_at
    FROM chat_offers o JOIN conversations c ON c.id = o.conversation_id
        JOIN people v ON v.id = c.visitor_id JOIN groups g ON g.id = c.group_id
    WHERE o.agent_id = $1 AND o.answer IS NULL AND o.expires_at > $2 ORDER BY o.id"""
# A notice about what somebody may not see any more is none.
NOTICES = f"""
    SELECT n.id, n.text, n.at, n.ticket_id, n.conversation_id, v.name
    FROM desk_notices n
        LEFT JOIN tickets t ON t.id = n.ticket_id
        LEFT JOIN conversations c ON c.id = n.conversation_id
        LEFT JOIN people v ON v.id = c.visitor_id
    WHERE n.person_id = $1 AND n.read_at IS NULL AND n.at > $2
        AND (NOT t.restricted OR $3 OR t.group_id = ANY($4) OR (c.id IS NOT NULL AND $5))
    ORDER BY n.id DESC LIMIT {MOST}"""

ALARMS = f"""
    SELECT a.id, a.kind, a.threshold, a.value, g.name FROM chat_alarms a
        JOIN groups g ON g.id = a.group_id JOIN chat_lines l ON l.group_id = a.group_id
    WHERE a.raised_at > $1 AND l.sound ORDER BY a.raised_at LIMIT {MOST}"""


async def offers_to(desk: Desk, actor: Actor) -> list[dict[str, Any]]:
    """Chats held out to this person now, the first to lapse first."""
    now = desk.clock.now()
    return [
        {
            "id": row["conversation_id"],
            "offer": row["id"],
            "name": row["name"],
            "subject": row["subject"],
            "group": row["group_name"],
            "until": row["expires_at"].isoformat(),
        }
        for row in await desk.pool.fetch(OFFERED, actor.id, now)
    ]


async def own_chats(desk: Desk, actor: Actor) -> list[dict[str, Any]]:
    return [
        {
            "face": f"chat:{row['id']}",
            "case": row["case_id"],
            "newest": row["last_seq"],
            "name": row["name"],
        }
        for row in await desk.pool.fetch(OWN, actor.id)
    ]


async def rings(desk: Desk, actor: Actor, since: datetime) -> list[dict[str, str]]:
    """What happened after `since` that may ring; a key each, so that none rings twice."""
    since = max(since, desk.clock.now() - LOOK_BACK)
    waiting = await desk.pool.fetch(WAITING, list(actor.groups), since)
    everything = allowed(actor, Can.READ_ALL_PRIVATE)
    chats = allowed(actor, Can.WORK_CHATS)
    notices = await desk.pool.fetch(NOTICES, actor.id, since, everything, list(actor.groups), chats)
    supervises = allowed(actor, Can.SUPERVISE_CHATS)
    alarms = await desk.pool.fetch(ALARMS, since) if supervises else []
    return [
        *(
            ring("alarm", row["id"], row["name"],
                 alarm_words(AlarmKind(row["kind"]), row["threshold"], row["value"]),
                 "/desk/chats/board")
            for row in alarms
        ),
        *(
            ring("waiting", row["id"], f"{row['name']} waits", f"for {row['group_name']}",
                 f"/desk/chats/{row['id']}")
            for row in waiting
        ),
        *(
            ring("mention", row["id"], title, row["text"], href)
            for row in notices
            for title, href in [about(row)]
        ),
    ]  # fmt: skip


def about(row: Record) -> tuple[str, str]:
    """What a notice is about, and where that is."""
    if row["ticket_id"] is None:
        return f"Chat with {row['name']}", f"/desk/chats/{row['conversation_id']}"
    name = reference(row["ticket_id"])
    return name, f"/desk/tickets/{name}"


def ring(kind: str, number: int, title: str, body: str, href: str) -> dict[str, str]:
    return {"kind": kind, "key": f"{kind}:{number}", "title": title, "body": body, "href": href}
